"""An academy administrator reads the statistics of 20 schools, and a head the printed school, in a real browser."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import Authority, School, SchoolYear
from tests.access.printed import Own, Printed, fill_class, printed_school
from tests.admin.conftest import sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.factories import World, make_division, make_programme, make_school
from tests.journeys.browser import judge, visitor

pytestmark = pytest.mark.browser
SCHOOLS = 20


def look(page: Page, name: str) -> None:
    """Judge the page as it is; it never scrolls sideways."""
    judge(page, f"statistiques-{name}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def twenty_schools(world: World) -> None:
    """Seventeen more, with more guardians who made an account in each than in the one before."""
    with system_scope("twenty schools"), unit_of_work() as session:
        authority = session.get_one(Authority, world.authority)
        year = session.get_one(SchoolYear, world.year)
        for n in range(SCHOOLS - 3):
            school = make_school(authority, year, 100 + n, name=f"Collège n° {n:02d}", city="HAUTEBISE")
            wanted = Printed("6A", Own(30, 2, 25, 25, n, n), Own(50, 1, 40, 40, n, n), n)
            fill_class(school, make_division(school), make_programme(school), wanted)


@pytest.mark.row("M107", "M108")
def test_an_academy_reads_twenty_schools(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    """Sorted by the share of accounts, searched, down to a school; the spreadsheet is the table."""
    twenty_schools(sqlite_world)
    admin_db.session.remove()
    sign_in(admin_app, "academy_admin", authority_id=sqlite_world.authority)
    with visitor(browser, address) as page:
        enter(page, f"academy_admin-1-{sqlite_world.authority}")
        page.get_by_text("Académie", exact=True).first.click()
        page.get_by_role("link", name="Synthèse des codes responsables").click()
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(SCHOOLS)
        look(page, "academie")
        page.get_by_role("link", name="% de resp. avec comptes créés").click()
        expect(rows.first).to_contain_text("Collège n° 16")
        expect(rows.first).to_contain_text("32\u00a0%")
        expect(page.locator("th[aria-sort='descending']")).to_contain_text("% de resp.")
        expect(page.locator("tfoot")).to_contain_text("15,89\u00a0%")
        page.get_by_label("Nom, UAI ou commune").fill("hautebise")
        page.keyboard.press("Enter")
        expect(rows).to_have_count(SCHOOLS - 3)
        page.get_by_role("link", name="Collège n° 07").click()
        expect(page.locator("h1")).to_have_text("Collège n° 07")
        expect(page.locator("tbody").first).to_contain_text("14\u00a0%")
        look(page, "un-etablissement")
        with page.expect_download() as download:
            page.get_by_role("link", name="Exporter").click()
        assert download.value.suggested_filename.endswith(".xlsx")


@pytest.mark.row("M107", "M108", "M110")
def test_a_head_reads_down_to_the_names(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    """From the line of 3A to the eleven guardians with an account, by the keyboard too."""
    with school_scope(sqlite_world.ecole), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.ecole)
        school.kind = "college"
        printed_school(school)
    admin_db.session.remove()
    sign_in(admin_app, "head", school_id=sqlite_world.ecole)
    with visitor(browser, address) as page:
        enter(page, f"head-1-{sqlite_world.ecole}")
        page.goto("/statistics/pupils/")
        look(page, "eleves")
        page.goto("/statistics/guardians/")
        page.get_by_text("Ce que comptent les colonnes").click()
        look(page, "responsables")
        line = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="3A", exact=True))
        expect(line).to_contain_text("50\u00a0%")
        link = line.get_by_role("link", name="11 (voir les noms)")
        link.focus()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("Avec un compte · 3EME GENE · 3A 11")
        look(page, "noms")
        page.get_by_role("link", name="Responsable", exact=True).click()
        expect(page.locator("th[aria-sort='descending']")).to_contain_text("Responsable")
        page.get_by_label("Qui").select_option("no_account")
        page.get_by_role("form", name="Sélection").get_by_role("button").click()
        expect(page.locator("tbody tr")).to_have_count(18)
        page.get_by_role("link", name="Voir tout l'établissement").click()
        expect(page.locator("h1 .count")).to_have_text("1\u202f438")
