"""A secretary's campaign of 300: seen before, recalled, sent, with mailboxes that do not exist, a letter that came back
and a pile of slips. And « I lost my code », on the phone.

Every part is real: `run.py serve` with its worker, Chromium, an SMTP server that refuses some addresses, pdftotext.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.exchange.demo import write_demo
from tests.journeys.browser import judge, visitor
from tests.journeys.instance import Instance, new_instance, person, served
from tests.journeys.people import confirm, sign_in, wait_for_job
from tests.smtp import Mailbox

pytestmark = pytest.mark.browser
DESK = "/codes/notify/?population=all&only=new&rank=1&rank=2&mode=email&mode=paper"
REFUSED = 5


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Instance]:
    """A collège of 160 pupils, about 300 guardians with their codes, and its secretary; served."""
    home = tmp_path_factory.mktemp("campaign")
    college = write_demo(home / "export", pupils=160, seed=11).college
    made = new_instance(home, mailbox.url, college)
    made.run_all(
        ("school", "create", college.uai, "--name", "Collège Essai", "--kind", "college"),
        *person("secretariat", "secretary", college.uai, "Secrétariat", "ESSAI"),
        ("sync", college.uai, *map(str, college.files[:2])),
        ("service", "open", college.uai, "booklets"),
        ("codes", "create", college.uai),
    )  # fmt: skip
    with served(made):
        yield made


@pytest.mark.row("M084", "M085", "M087", "M090", "M095", "M138")
def test_a_campaign_of_300(instance: Instance, mailbox: Mailbox, browser: Browser, tmp_path: Path) -> None:
    with visitor(browser, instance.admin) as page:
        sign_in(page, "secretariat")
        mails, letters = rehearse(page, mailbox)
        assert mails > 50 and letters > 50 and mails + letters > 250
        recall(page, mailbox)
        refuse_some(page, mailbox)
        pdf = send(page, tmp_path)
        reached = len(mailbox.received)
        wait_until_settled(page, mails)
        assert len(mailbox.received) == mails - REFUSED + 1 >= reached  # and the copy to oneself
        never_reached(page)
        pile(page, pdf)


def rehearse(page: Page, mailbox: Mailbox) -> tuple[int, int]:
    """The counts, one letter, one e-mail, the people without an address, a copy to oneself."""
    page.goto(DESK)
    mails, letters = (int(re.sub(r"\D", "", page.locator(".figures .figure").nth(at).inner_text())) for at in (0, 1))
    judge(page, "campagne-repetition")
    letter = page.get_by_role("link", name=re.compile("^Voir le courrier")).first.get_attribute("href")
    document = page.request.get(f"{letter}")
    assert document.headers["content-type"] == "application/pdf" and document.body().startswith(b"%PDF")
    page.get_by_role("link", name=re.compile("^Voir le courriel")).first.click()
    expect(page.locator(".letter-text")).to_contain_text("code d'activation")
    judge(page, "campagne-courriel")
    page.get_by_role("link", name="Retour à la liste").click()
    page.locator('form[action^="/codes/notify/copy/"] button').click()
    expect(page.locator(".notice-success")).to_contain_text("secretariat@example.org")
    copied = mailbox.wait_for("secretariat@example.org")
    assert "XXX" in copied.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    return mails, letters


def recall(page: Page, mailbox: Mailbox) -> None:
    """Ten minutes to think again: nothing left, nobody is notified, the desk is as before."""
    page.goto(DESK)
    page.locator('form[action="/codes/notify/run"] button').click()
    confirm(page)
    expect(page.locator("main .notice-info")).to_contain_text("Départ prévu")
    judge(page, "campagne-en-attente")
    page.goto(DESK)
    expect(page.locator('form[action="/codes/notify/run"] button')).to_be_disabled()
    page.get_by_role("link", name="L'ouvrir").click()
    page.get_by_role("button", name="Rappeler l'envoi").click()
    expect(page.locator("main")).to_contain_text("Annulé")
    judge(page, "campagne-rappelee")
    assert len(mailbox.received) == 1


def refuse_some(page: Page, mailbox: Mailbox) -> None:
    """Mailboxes that do not exist: the server says so for good."""
    page.goto("/codes/notify/?population=all&only=new&rank=1&rank=2&mode=email")
    shown = re.findall(r"[\w.+-]+@[\w.-]+\.\w+", page.locator("main table").inner_text())
    for address in list(dict.fromkeys(shown))[:REFUSED]:
        mailbox.answers[address] = ["550 5.1.1 boite inconnue"] * 9


def send(page: Page, folder: Path) -> Path:
    """Sent off without waiting; the letters as one PDF."""
    page.goto(DESK)
    page.locator('form[action="/codes/notify/run"] button').click()
    confirm(page)
    page.get_by_role("button", name="Envoyer maintenant").click()
    confirm(page)
    wait_for_job(page)
    expect(page.locator("main .badge-ok").first).to_be_visible(timeout=90_000)
    with page.expect_download() as download:
        page.locator("main .links a", has_text="courriers.pdf").click()
    download.value.save_as(folder / "courriers.pdf")
    return folder / "courriers.pdf"


def wait_until_settled(page: Page, mails: int) -> None:
    """The outbox empties: every mail is sent or refused."""
    for _attempt in range(60):
        page.goto("/notification/list/?_flt_0_status=planned")
        if page.locator("tbody tr").count() == 0:
            return
        page.wait_for_timeout(1000)
    raise AssertionError(f"some of {mails} mails are still on their way")


def never_reached(page: Page) -> None:
    """By name; who refused an e-mail address is on the next paper run."""
    page.goto("/codes/unreached/?reason=mail-refused")
    expect(page.locator("tbody tr")).to_have_count(REFUSED)
    judge(page, "jamais-atteints")
    page.goto("/codes/notify/?population=all&only=new&rank=1&rank=2&mode=email&mode=paper")
    assert page.locator(".figures .figure").nth(0).inner_text() == "0"


def pile(page: Page, pdf: Path) -> None:
    """Slips and a letter that came back, typed as a scanner does; the last is taken back; the day's list."""
    said = ["pdftotext", "-layout", str(pdf), "-"]
    text = subprocess.run(said, capture_output=True, text=True, check=True).stdout
    slips = list(dict.fromkeys(re.findall(r"\bR\d+-\w\b", text)))[:7] + re.findall(r"\bE\d+-\w\b", text)[:1]
    [letter] = list(dict.fromkeys(re.findall(r"\bN\d+-\w\b", text)))[-1:]
    assert len(slips) == 8
    page.goto("/codes/returns/")
    for code in [*slips, letter]:
        page.keyboard.type(code)
        page.keyboard.press("Enter")
        expect(page.locator(".notice-success")).to_be_visible()
        expect(page.locator("#code")).to_be_focused()
        expect(page.locator("#code")).to_have_value("")
    page.keyboard.type(slips[0])
    page.keyboard.press("Enter")
    expect(page.locator(".notice-danger")).to_contain_text("déjà refusé")
    judge(page, "retours")
    page.goto("/codes/returns/")
    expect(page.locator("tbody tr")).to_have_count(9)
    page.locator("tbody tr").first.get_by_role("button").click()
    expect(page.locator("tbody tr")).to_have_count(8)
    page.get_by_role("link", name="Liste du jour à signer").click()
    expect(page.locator("tbody tr")).to_have_count(8)
    judge(page, "retours-du-jour")


@pytest.mark.row("M093", "M096", "M097")
def test_i_lost_my_code_on_the_phone(instance: Instance, browser: Browser) -> None:
    """One box on every page, one page with every action: name typed, new code, letter, without the mouse."""
    with visitor(browser, instance.admin) as page:
        sign_in(page, "secretariat")
        page.goto("/couples/")
        name = page.locator("tbody tr").first.locator("th").inner_text().split(" (")[0]
        page.goto("/")
        page.keyboard.press("/")
        page.keyboard.type(name)
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Gérer les codes").first.click()
        judge(page, "couple")
        page.get_by_role("button", name="Nouveau code").click()
        confirm(page)
        expect(page.locator(".notice-success")).to_be_visible()
        page.get_by_role("button", name=re.compile("par lettre|par courrier", re.I)).click()
        expect(page.locator("main .notice-success")).to_contain_text("Pensez à enregistrer", timeout=60_000)
        judge(page, "couple-notifie")
        page.goto("/pupil-codes/")
        judge(page, "codes-eleves")
        page.get_by_role("link", name="Gérer les codes").first.click()
        judge(page, "code-eleve")
