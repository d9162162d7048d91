"""In a real browser, on a phone and on a desktop: no accessibility fault, and the comforts that scripts add."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from app.portal.confirmation import confirm
from app.portal.signup import create_account
from app.portal.visitors import Visitor
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
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def address(portal: Flask) -> Iterator[str]:
    """The portal, listening."""
    portal.testing = False
    server = make_server("127.0.0.1", 0, portal)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


def opened(browser: Browser, width: int, **options: Any) -> Page:
    """A page of a French visitor."""
    return browser.new_context(viewport={"width": width, "height": 800}, locale="fr-FR", **options).new_page()


def sound(page: Page) -> None:
    """No fault for axe, and nothing wider than the screen."""
    faults = Axe().run(page).response["violations"]
    assert [(f["id"], [n["html"] for n in f["nodes"]]) for f in faults] == [], page.url
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], page.url


def sign_in(page: Page, address: str, identifier: str) -> None:
    """Fill the sign-in page."""
    page.goto(f"{address}/connexion")
    page.fill("#identifier", identifier)
    page.fill("#passphrase", PASSPHRASE)
    page.click("text=Se connecter")


@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_is_accessible(browser: Browser, address: str, visitor: Visitor, width: int) -> None:
    create_account(new_account(line(MARGUERITE), line(HUGO)), visitor=visitor, portal_url=PORTAL_URL)
    confirm(link_of(mails()[0]))
    create_account(new_account(line(ELSEWHERE), identifier="prov"), visitor=visitor, portal_url=PORTAL_URL)
    page = opened(browser, width)
    for path in ("/connexion", "/activer", "/activer/eleve", "/compte-cree", "/aide", "/confirmation/inconnu",
                 f"/confirmation/{link_of(mails()[1])}", "/nulle-part"):
        page.goto(address + path)
        sound(page)
    page.goto(f"{address}/activer")
    page.click("text=Créer mon compte")
    sound(page)
    sign_in(page, address, "prov")
    sound(page)
    sign_in(page, address, "maude.berge")
    page.wait_for_url(f"{address}/")
    sound(page)
    page.click("text=Gérer son compte")
    sound(page)
    page.context.close()


@pytest.mark.row("M114")
def test_the_qr_of_a_letter_fills_the_boxes_and_leaves_no_trace(browser: Browser, address: str) -> None:
    """Codes come in the fragment: no server sees them, and the address no longer shows them."""
    seen: list[str] = []
    page = opened(browser, 360)
    page.on("request", lambda request: seen.append(request.url + str(request.headers)))
    page.goto(f"{address}/activer#codes={MARGUERITE[0]},{HUGO[0]}")
    assert [page.input_value(f"#lines-0-c{part}") for part in (1, 2, 3, 4)] == ["0MQU", "XR4", "3E7", "KNC"]
    assert page.input_value("#lines-1-c1") == "3807"
    assert page.url == f"{address}/activer"
    assert not [text for text in seen[1:] if "XR4" in text]
    page.context.close()


@pytest.mark.row("M114")
def test_boxes_follow_typing_and_paste(browser: Browser, address: str) -> None:
    page = opened(browser, 360)
    page.goto(f"{address}/activer")
    page.click("#lines-0-c1")
    page.keyboard.type("0mquxr43e7knc")
    assert [page.input_value(f"#lines-0-c{part}") for part in (1, 2, 3, 4)] == ["0MQU", "XR4", "3E7", "KNC"]
    page.evaluate("""text => {
        const data = new DataTransfer(); data.setData("text", text);
        document.getElementById("lines-1-c2").dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
    }""", " 3807 - NDE – EYE - sri\n")
    assert [page.input_value(f"#lines-1-c{part}") for part in (1, 2, 3, 4)] == ["3807", "NDE", "EYE", "SRI"]
    page.click("#lines-0-birth_date")
    page.keyboard.type("18012014")
    assert page.input_value("#lines-0-birth_date") == "18/01/2014"
    page.context.close()


@pytest.mark.row("M113", "M114", "M118", "M123")
def test_the_whole_first_visit_without_scripts(browser: Browser, address: str) -> None:
    page = opened(browser, 360, java_script_enabled=False)
    page.goto(f"{address}/connexion")
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
    page.goto(f"{address}/confirmation/{link_of(mails()[0])}")
    page.click("text=Confirmer mon compte")
    assert accounts()[0].state == "confirmed"
    sign_in(page, address, "maude.berge")
    assert "Bienvenue Maude" in page.inner_text("main")
    page.context.close()
