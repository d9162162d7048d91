"""The set-up pages of booklets in a real browser: axe-core at both widths, native calendars, ticks that tick others."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from app.booklets.making import make_for_classes
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.admin.conftest import sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.factories import World, make_division
from tests.journeys.browser import judge, visitor

pytestmark = pytest.mark.browser


def look(page: Page, path: str, name: str) -> None:
    """Open a page, judge it; it never scrolls sideways."""
    if path:
        page.goto(path)
    judge(page, f"setup-{name}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.row("M004", "M008", "M009")
def test_periods_from_nothing_to_a_move(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    with school_scope(sqlite_world.a), unit_of_work() as session:
        for code in ("6B", "5A", "4A", "4B", "3A"):
            make_division(session.get_one(School, sqlite_world.a), code)
    sign_in(admin_app, "head", school_id=sqlite_world.a)
    with visitor(browser, address) as page:
        enter(page, f"head-1-{sqlite_world.a}")
        look(page, "/import-mode/", "import")
        page.get_by_role("link", name="Modifier le mode d'import").click()
        look(page, "", "import-modifier")
        look(page, "/periods/", "periodes-vides")
        _own(page)
        page.get_by_role("link", name="Associer des classes : Trimestre").click()
        look(page, "", "periodes-classes")
        page.get_by_label("Tout l'établissement").check()
        expect(page.get_by_label("6A", exact=True)).to_be_checked()
        page.get_by_label("3A", exact=True).uncheck()
        page.get_by_role("button", name="Associer").click()
        expect(page.get_by_text("6 classes sont associées")).to_be_visible()
        expect(page.get_by_text("n'est pas définie : 3A")).to_be_visible()
        look(page, "", "periodes")
        with school_scope(sqlite_world.a):
            make_for_classes(sqlite_world.of[sqlite_world.a]["divisions"], actor=SYSTEM)
        admin_db.session.remove()
        page.get_by_role("link", name="Associer des classes : Semestre").click()
        page.get_by_label("6A", exact=True).check()
        page.get_by_role("button", name="Associer").click()
        expect(page.get_by_text("6A (Trimestre) : 6 bilans vides seront remplacés.")).to_be_visible()
        look(page, "", "periodes-confirmer")
        page.get_by_role("button", name="Associer").click()
        expect(page.get_by_text("1 classe est associée à « Semestre »")).to_be_visible()


def _own(page: Page) -> None:
    page.get_by_role("link", name="Ajouter : Ajouter une nouvelle périodicité").click()
    page.get_by_label("Libellé de la périodicité").fill("Deux temps")
    page.get_by_label("Début", exact=True).first.fill("2026-09-01")
    page.get_by_label("Fin", exact=True).first.fill("2026-12-18")
    page.get_by_role("button", name="Ajouter une période").click()
    expect(page.get_by_label("Fin", exact=True).first).to_have_value("2026-12-18")
    page.get_by_label("Début", exact=True).nth(1).fill("2027-01-04")
    page.get_by_label("Fin", exact=True).nth(1).fill("2026-12-24")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("avant de commencer")).to_be_visible()
    look(page, "", "periode-faute")
    page.get_by_label("Fin", exact=True).nth(1).fill("2027-07-06")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_text("Jours de l'année sans période : du 19/12/2026 au 03/01/2027.")).to_be_visible()
