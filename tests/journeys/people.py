"""What people do in every journey: sign in, say yes, wait for a job, make a family's account."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from playwright.sync_api import Browser, Page, expect

from tests.journeys.browser import judge, visitor
from tests.journeys.instance import PASSPHRASE, Instance
from tests.smtp import Mailbox

CODE = r"[0-9A-Z]{4} - [0-9A-Z]{3} - [0-9A-Z]{3} - [0-9A-Z]{3}"
FAMILY_PASSPHRASE = "trois mésanges sur le fil à linge"


class Child(NamedTuple):
    """What a family knows: a code, a first name, a birth date."""

    code: str
    first_name: str
    born: date


def sign_in(page: Page, username: str) -> None:
    """Through the admin's sign-in page."""
    page.goto("/login/")
    page.fill("#username", username)
    page.fill("#password", PASSPHRASE)
    page.click("main form button")
    expect(page.locator(".context-person")).to_be_visible()


def confirm(page: Page) -> None:
    """Say yes in the confirmation dialog."""
    page.click("#confirm [data-yes]")


def wait_for_job(page: Page) -> None:
    """Stay on a job's page until it says how it went."""
    expect(page).to_have_url(re.compile(r"/jobs/\d+"))
    expect(page.locator("[data-job]")).to_have_count(0, timeout=90_000)
    expect(page.locator("main .messages .notice-danger")).to_have_count(0)


def make_account(
    instance: Instance, browser: Browser, mailbox: Mailbox, child: Child, identifier: str, email: str, *,
    judged: bool = True,
) -> None:
    """A mother on her phone: code, account, confirmation link, home page; `judged` by axe-core on the way."""
    look = judge if judged else lambda *_: None
    already = len(mailbox.to(email))
    with visitor(browser, instance.portal, phone=True) as page:
        page.goto("/")
        look(page, "portail-connexion")
        page.goto(f"/activer#code={re.sub('[^0-9A-Z]', '', child.code)}")
        expect(page.locator("input.box").first).to_have_value(child.code[:4])
        assert "#" not in page.url
        look(page, "portail-compte")
        page.fill('[name="lines-0-first_name"]', child.first_name)
        page.fill('[name="lines-0-birth_date"]', child.born.strftime("%d/%m/%Y"))
        page.fill('[name="identifier"]', identifier)
        page.fill('[name="passphrase"]', FAMILY_PASSPHRASE)
        page.fill('[name="again"]', FAMILY_PASSPHRASE)
        page.fill('[name="email"]', email)
        page.get_by_role("button", name="Créer mon compte").click()
        expect(page.locator("main")).to_contain_text("Votre compte a bien été créé")
        look(page, "portail-compte-cree")
        message = mailbox.wait_for(email, seconds=60, count=already + 1)
        text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert FAMILY_PASSPHRASE not in text
        page.goto(re.search(r"http\S+/confirmation/\S+", text)[0])  # type: ignore[index]
        look(page, "portail-confirmation")
        page.get_by_role("button", name="Confirmer mon compte").click()
        look(page, "portail-confirme")
        family_sign_in(page, identifier)
        expect(page.locator("main")).to_contain_text(child.first_name)
        look(page, "portail-accueil")


def family_sign_in(page: Page, identifier: str) -> None:
    """Through the portal's sign-in page."""
    page.goto("/connexion")
    page.fill('[name="identifier"]', identifier)
    page.fill('[name="passphrase"]', FAMILY_PASSPHRASE)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.locator("h1")).to_contain_text("Bienvenue")
