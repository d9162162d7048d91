"""In a real browser, on a phone and on a desktop: no accessibility fault, and the comforts that scripts add."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page

from app.portal.confirmation import confirm
from app.portal.signup import create_account
from app.portal.visitors import Visitor
from tests.browser import chromium, fits, serving  # noqa: F401 - chromium is a fixture
from tests.journeys.browser import judge
from tests.journeys.browser import visitor as browsing
from tests.portal.conftest import (
    ELSEWHERE,
    HUGO,
    MARGUERITE,
    PASSPHRASE,
    PORTAL_URL,
    accounts,
    line,
    link_of,
    mails,
    new_account,
)

pytestmark = pytest.mark.browser


@pytest.fixture
def address(portal: Flask) -> Iterator[str]:
    """The portal, listening."""
    portal.testing = False
    with serving(portal) as where:
        yield where


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:  # noqa: F811
    """A French visitor's telephone. Nothing may be asked of another host, no script may fail."""
    errors: list[str] = []
    with browsing(chromium, address, phone=True) as page:
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
    assert errors == []


def sound(page: Page, name: str) -> None:
    """No fault for axe on a phone and on a desk, and nothing wider than the phone."""
    judge(page, f"portail-{name}")
    assert fits(page), name


def sign_in(page: Page, identifier: str) -> None:
    """Fill the sign-in page."""
    page.goto("/connexion")
    page.fill("#identifier", identifier)
    page.fill("#passphrase", PASSPHRASE)
    page.click("text=Se connecter")


def test_every_page_is_accessible(page: Page, visitor: Visitor) -> None:
    create_account(new_account(line(MARGUERITE), line(HUGO)), visitor=visitor, portal_url=PORTAL_URL)
    confirm(link_of(mails()[0]))
    create_account(new_account(line(ELSEWHERE), identifier="prov"), visitor=visitor, portal_url=PORTAL_URL)
    alive = f"/confirmation/{link_of(mails()[1])}"
    for name, path in {
        "connexion": "/connexion", "inscription": "/activer", "inscription-eleve": "/activer/eleve",
        "compte-cree": "/compte-cree", "aide": "/aide", "accessibilite": "/accessibilite",
        "lien-inconnu": "/confirmation/inconnu", "lien": alive,
        "nulle-part": "/nulle-part", "identifiant-oublie": "/identifiant-oublie",
        "phrase-oubliee": "/phrase-oubliee", "oubli-envoye": "/phrase-oubliee?envoye=1",
        "compte-cree-guichet": "/compte-cree?guichet=1",
    }.items():  # fmt: skip
        page.goto(path)
        sound(page, name)
    page.goto("/activer")
    page.click("text=Créer mon compte")
    sound(page, "inscription-refusee")
    sign_in(page, "prov")
    sound(page, "a-confirmer")
    sign_in(page, "maude.berge")
    page.wait_for_url("/")
    sound(page, "accueil")
    page.click("text=Gérer son compte")
    sound(page, "compte")


@pytest.mark.row("M120")
def test_managing_ones_account_is_accessible(page: Page, visitor: Visitor) -> None:
    create_account(new_account(line(MARGUERITE), line(HUGO)), visitor=visitor, portal_url=PORTAL_URL)
    confirm(link_of(mails()[0]))
    sign_in(page, "maude.berge")
    for name in ("enfant", "identifiant", "phrase", "adresse", "code/1/detacher"):
        page.goto(f"/compte/{name}")
        sound(page, f"compte-{name.replace('/', '-')}")
        page.click("main form button:not([name]):not(.reveal):not([type=button])")
        if name != "code/1/detacher":  # that field is required: the browser itself says so
            assert page.locator("#summary").is_visible()
            sound(page, f"compte-{name}-refuse")


@pytest.mark.row("M114")
def test_the_qr_of_a_letter_fills_the_boxes_and_leaves_no_trace(page: Page, address: str) -> None:
    """Codes come in the fragment: no server sees them, and the address no longer shows them."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url + str(request.headers)))
    page.goto(f"/activer#codes={MARGUERITE[0]},{HUGO[0]}")
    assert [page.input_value(f"#lines-0-c{part}") for part in (1, 2, 3, 4)] == ["0MQU", "XR4", "3E7", "KNC"]
    assert page.input_value("#lines-1-c1") == "3807"
    assert page.url == f"{address}/activer"
    assert not [text for text in seen[1:] if "XR4" in text]


@pytest.mark.row("M114")
def test_boxes_follow_typing_and_paste(page: Page) -> None:
    page.goto("/activer")
    page.click("#lines-0-c1")
    page.keyboard.type("0mquxr43e7knc")
    assert [page.input_value(f"#lines-0-c{part}") for part in (1, 2, 3, 4)] == ["0MQU", "XR4", "3E7", "KNC"]
    page.evaluate("""text => {
        const data = new DataTransfer(); data.setData("text", text);
        document.getElementById("lines-1-c2").dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
    }""", " 3807 - NDE – EYE - sri\n")
    assert [page.input_value(f"#lines-1-c{part}") for part in (1, 2, 3, 4)] == ["3807", "NDE", "EYE", "SRI"]
    page.evaluate("""text => {
        const data = new DataTransfer(); data.setData("text", text);
        document.getElementById("lines-2-c1").dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
    }""", "Code d'activation : 0mqu - xr4 - 3e7 - knc")
    assert [page.input_value(f"#lines-2-c{part}") for part in (1, 2, 3, 4)] == ["0MQU", "XR4", "3E7", "KNC"]
    page.click("#lines-0-birth_date")
    page.keyboard.type("18012014")
    assert page.input_value("#lines-0-birth_date") == "18/01/2014"


@pytest.mark.row("M113", "M114", "M118", "M123")
def test_the_whole_first_visit_without_scripts(chromium: Browser, address: str) -> None:  # noqa: F811
    page = chromium.new_context(base_url=address, locale="fr-FR", java_script_enabled=False).new_page()
    page.goto("/connexion")
    page.click("text=Créez votre compte de parent")
    for part, text in enumerate(("0MQU", "XR4", "3E7", "KNC"), 1):
        page.fill(f"#lines-0-c{part}", text)
    page.fill("#lines-0-first_name", "Zoé Anaïs")
    page.fill("#lines-0-birth_date", "18/01/2014")
    page.fill("#identifier", "maude.berge")
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    page.fill("#email", "maude@example.org")
    page.click("text=Créer mon compte")
    assert "Votre compte a bien été créé" in page.inner_text("main")
    page.goto(f"/confirmation/{link_of(mails()[0])}")
    page.click("text=Confirmer mon compte")
    assert accounts()[0].state == "confirmed"
    sign_in(page, "maude.berge")
    assert "Bienvenue Maude" in page.inner_text("main")
    page.context.close()
