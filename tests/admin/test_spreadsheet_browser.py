"""In a real browser: a spreadsheet brought back, an école's links certified, help read; all judged by axe-core."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import load_workbook
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from sqlalchemy import update

from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.exchange.roundtrip.columns import GUARDIANS
from app.exchange.roundtrip.writing import write_people
from app.schools.models import School
from app.schools.people import GuardianLink
from tests.admin.conftest import sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.factories import World, make_division, make_guardian, make_pupil
from tests.journeys.browser import judge, visitor

pytestmark = pytest.mark.browser


def edited(world: World, path: Path) -> Path:
    """An export with one change, one formula and one new line."""
    out = BytesIO()
    with school_scope(world.a):
        write_people(out, GUARDIANS)
    book = load_workbook(BytesIO(out.getvalue()))
    at = {cell.value: cell.column for cell in book.active[1]}
    book.active.cell(2, at["Commune"]).value = "HAUTEBISE"
    book.active.cell(3, at["Prénom"]).value = "=1+1"
    book.active.cell(5, at["Nom"]).value = "NEUF"
    book.save(path)
    return path


@pytest.mark.row("M142")
@pytest.mark.parametrize("phone", [False, True], ids=["bureau", "telephone"])
def test_a_spreadsheet_comes_back(
    phone: bool, admin_app: Flask, address: str, browser: Chromium, sqlite_world: World, tmp_path: Path  # noqa: F811
) -> None:
    sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    size = "telephone" if phone else "bureau"
    with visitor(browser, address, phone=phone) as page:
        page.goto("/login/")
        enter(page, f"secretary-1-{sqlite_world.a}")
        page.goto("/spreadsheet/guardians/")
        page.get_by_label("Classeur (.xlsx)").set_input_files(edited(sqlite_world, tmp_path / "retour.xlsx"))
        page.get_by_role("button", name="Voir les différences").click()
        expect(page.get_by_text("formule")).to_be_visible()
        judge(page, "spreadsheet-preview", size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("link", name="Aide", exact=True).click()
        expect(page.get_by_role("heading", name="Responsables dans un tableur")).to_be_visible()
        judge(page, "help-page", size)
        page.go_back()
        page.get_by_role("button", name="Appliquer").click()
        expect(page.locator(".notice-success")).to_contain_text("2 personnes modifiées ou ajoutées")
        page.get_by_role("contentinfo").get_by_role("link", name="Mentions légales").click()
        judge(page, "legal", size)


@pytest.mark.row("M077")
@pytest.mark.parametrize("phone", [False, True], ids=["bureau", "telephone"])
def test_an_ecole_certifies(
    phone: bool, admin_app: Flask, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    with system_scope("an école from ONDE"), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.ecole)
        for code in ("CP", "CE1", "CE2"):
            division = make_division(school, code)
            for _ in range(3):
                pupil = make_pupil(school, division, source="onde")
                for rank in (1, 2, None):
                    make_guardian(school, pupil, rank=rank, source="onde")
        session.execute(update(GuardianLink).where(GuardianLink.school_id == school.id).values(certified=False))
    sign_in(admin_app, "head", school_id=sqlite_world.ecole)
    size = "telephone" if phone else "bureau"
    with visitor(browser, address, phone=phone) as page:
        page.goto("/login/")
        enter(page, f"head-1-{sqlite_world.ecole}")
        judge(page, "home-ecole", size)
        page.goto("/codes/certify/")
        for box in page.locator("tbody input[type=checkbox]").all()[:2]:
            box.check()
        judge(page, "certify", size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Enregistrer et rester").click()
        expect(page.locator(".notice-success")).to_contain_text("2 liens certifiés")
