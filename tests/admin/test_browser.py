"""The generated pages in a real browser: axe-core on a desk and on a phone, with and without scripts."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from app.admin.screens import SCREENS
from app.core.db import admin_db
from app.core.scope import system_scope
from app.schools.people import Pupil
from app.security.roles import RESOURCES
from tests.admin.conftest import PASSPHRASE, sign_in
from tests.factories import World
from tests.journeys.browser import PHONE, chromium, judge, visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def address(admin_app: Flask) -> Iterator[str]:
    """The application behind a port of its own."""
    server = make_server("127.0.0.1", 0, admin_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def browser() -> Iterator[Chromium]:
    """Debian's Chromium."""
    with chromium() as found:
        yield found


def enter(page: Page, name: str) -> None:
    """Through the door."""
    page.goto("/login/")
    page.get_by_label("Identifiant ou courriel").fill(name)
    page.get_by_label("Phrase de passe").fill(PASSPHRASE)
    page.get_by_role("button", name="Connexion").click()


def one_pupil(world: World) -> int:
    """A pupil of school a."""
    with system_scope("the test's pupil"):
        found = admin_db.session.scalars(select(Pupil.id).where(Pupil.school_id == world.a)).first()
    admin_db.session.remove()
    return int(found or 0)


@pytest.mark.row("M013", "C01")
def test_no_accessibility_fault_on_generated_pages(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World
) -> None:
    """Each kind of page on both sizes, lists by turns on a desk and on a phone; nothing breaks the content security
    policy."""
    pk = one_pupil(sqlite_world)
    sign_in(admin_app, "head", school_id=sqlite_world.a)
    with visitor(browser, address) as page:
        page.goto("/login/")
        judge(page, "connexion")
        enter(page, f"head-1-{sqlite_world.a}")
        paths = [f"{s.route}/list/" for s in SCREENS if "list" in RESOURCES[s.resource].rights.get("head", ())]
        paths += ["/pupil/add", f"/pupil/show/{pk}", f"/pupil/edit/{pk}", f"/pupil/delete/{pk}", "/enrolment/add",
                  "/pupil/list/?_flt_0_last_name=zzz", "/pupil/show/999999", "/authority/list/"]
        for number, path in enumerate(paths):
            page.goto(path)
            sizes = (("bureau", "telephone")[number % 2],) if path.endswith("/list/") and number > 1 else ()
            judge(page, "ecran" + path.replace("/", "-").replace("?", "-"), *sizes)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"


def test_everything_works_without_scripts(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World
) -> None:
    """Menu, search, form and deletion need no JavaScript, on a phone."""
    sign_in(admin_app, "head", school_id=sqlite_world.a)
    context = browser.new_context(base_url=address, viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    enter(page, f"head-1-{sqlite_world.a}")
    page.locator(".menu-switch summary").click()
    page.locator("nav.menu summary", has_text="Paramétrage").click()
    page.get_by_role("link", name="Responsables", exact=True).click()
    page.locator(".search-switch summary").click()
    page.get_by_label("Prénom").fill("maude")
    page.get_by_role("button", name="Rechercher").click()
    assert page.locator("tbody tr").count() == 1
    page.locator("tbody th a").click()
    page.get_by_role("link", name="Modifier").click()
    page.get_by_label("Commune").fill("BEAULIEU")
    page.get_by_role("button", name="Enregistrer").click()
    assert page.get_by_text("Modifications enregistrées.").is_visible()
    assert page.get_by_text("BEAULIEU").is_visible()
    context.close()


def test_menu_by_keyboard(admin_app: Flask, address: str, browser: Chromium, sqlite_world: World) -> None:
    """The skip link comes first; a menu opens with Enter, closes with Escape and keeps the focus."""
    sign_in(admin_app, "head", school_id=sqlite_world.a)
    with visitor(browser, address) as page:
        enter(page, f"head-1-{sqlite_world.a}")
        page.goto("/pupil/list/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip-link"
        summary = page.locator("nav.menu summary").first
        summary.focus()
        page.keyboard.press("Enter")
        assert page.locator("nav.menu details[open]").count() == 1
        page.keyboard.press("Escape")
        assert page.locator("nav.menu details[open]").count() == 0
        assert summary.evaluate("element => element === document.activeElement")


@pytest.mark.row("M062", "M093")
def test_search_box_and_long_menus(admin_app: Flask, address: str, browser: Chromium, sqlite_world: World) -> None:
    """« / » leads to the search box from anywhere but a field; the long menus fit a desk and a phone."""
    sign_in(admin_app, "head", school_id=sqlite_world.a)
    with visitor(browser, address) as page:
        enter(page, f"head-1-{sqlite_world.a}")
        page.goto("/pupil/list/")
        page.keyboard.press("/")
        box = page.locator("#quick-search")
        expect(box).to_be_focused()
        expect(box).to_have_value("")
        page.keyboard.type("maude/")
        expect(box).to_have_value("maude/")
        page.keyboard.press("Enter")
        page.wait_for_url("**/couples/?q=maude%2F")
        page.goto("/accessibility")
        page.uncheck("#shortcut")
        page.keyboard.press("/")
        expect(page.locator("#quick-search")).not_to_be_focused()
        for title in ("Paramétrage", "Téléservices"):
            page.goto("/pupil/list/")
            page.locator("nav.menu summary", has_text=title).focus()
            page.keyboard.press("Enter")
            shown = page.locator("nav.menu details[open] > ul")
            inside = "link => link.getBoundingClientRect().right <= innerWidth"
            assert all(link.is_visible() and link.evaluate(inside) for link in shown.locator("a").all()), title
            assert shown.evaluate("list => list.scrollWidth <= list.clientWidth"), title
            judge(page, f"menu-{title}", "bureau")
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.closest('details[open]') !== null"), "links follow their title"
            page.keyboard.press("Escape")
            page.set_viewport_size({"width": 390, "height": 844})
            page.locator(".menu-switch summary").click()
            page.locator("nav.menu summary", has_text=title).click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            judge(page, f"menu-{title}", "telephone")
            page.set_viewport_size({"width": 1280, "height": 900})
