"""The spreadsheet of a list: as filtered and sorted, typed, without a formula (C04)."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from flask import Flask

from app.core import clock
from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.admin.conftest import Browser, sign_in
from tests.factories import World, make_pupil

HEADINGS = ["Nom", "Prénom", "Classe", "Date de naissance", "Sexe", "INE"]


@pytest.fixture
def odd_names(sqlite_world: World) -> World:
    """School a with names that a spreadsheet would run, or refuse."""
    with system_scope("odd names"), unit_of_work():
        school = admin_db.session.get_one(School, sqlite_world.a)
        for name in ('=HYPERLINK("http://evil.example","x")', "+33", "-1+1", "@SUM(A1)", "#N/A", "TAB\x0bULATION"):
            make_pupil(school, last_name=name, first_name="Formule", birth_date=datetime.date(2014, 5, 17))
    return sqlite_world


def rows(sheet: Any) -> list[tuple[Any, ...]]:
    """Values below the headings."""
    return list(sheet.iter_rows(min_row=2, values_only=True))


@pytest.mark.row("C04")
def test_export_holds_the_filtered_and_sorted_list(head: Browser, sqlite_world: World) -> None:
    """The same rows in the same order as the page, all pages at once."""
    sort = "_oc_PupilView=first_name&_od_PupilView=desc"
    everyone = rows(head.sheet(f"/pupil/export.xlsx?{sort}"))
    assert len(everyone) == 3
    assert [row[1] for row in everyone] == sorted((row[1] for row in everyone), reverse=True)
    only = rows(head.sheet("/pupil/export.xlsx?_flt_0_division=5b"))
    assert [row[2] for row in only] == ["5B"]


@pytest.mark.row("C04")
def test_export_goes_beyond_one_page(head: Browser, sqlite_world: World) -> None:
    """Paging belongs to the screen, not to the file."""
    with system_scope("many pupils"), unit_of_work():
        school = admin_db.session.get_one(School, sqlite_world.a)
        for _ in range(60):
            make_pupil(school)
    assert len(rows(head.sheet("/pupil/export.xlsx?psize_PupilView=25&page_PupilView=1"))) == 63


@pytest.mark.row("C04")
def test_export_is_typed_and_laid_out(head: Browser, odd_names: World) -> None:
    """Dates are dates, the heading row stays in sight and filters."""
    sheet = head.sheet("/pupil/export.xlsx?_flt_0_first_name=formule")
    assert [cell.value for cell in sheet[1]] == HEADINGS
    birth = sheet["D2"]
    assert birth.is_date and birth.number_format == "dd/mm/yyyy"
    assert birth.value.date() == datetime.date(2014, 5, 17)
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:F7"


@pytest.mark.row("C04")
def test_export_runs_nothing(head: Browser, odd_names: World) -> None:
    """Text that begins like a formula is text, a control character is left out."""
    sheet = head.sheet("/pupil/export.xlsx?_flt_0_first_name=formule")
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.value for cell in cells} >= {'=HYPERLINK("http://evil.example","x")', "#N/A", "TABULATION"}


@pytest.mark.row("C04")
def test_export_says_words_not_codes(head: Browser, sqlite_world: World) -> None:
    """States and choices read as on screen."""
    services = rows(head.sheet("/service/export.xlsx"))
    assert ("Consultation des notes", "Fermé") in services


@pytest.mark.row("C04")
def test_file_name_carries_school_and_date(head: Browser, sqlite_world: World) -> None:
    """« 0990001X-pupil-2026-11-22.xlsx »."""
    named = head.client.get("/pupil/export.xlsx").headers["Content-Disposition"]
    assert f"-pupil-{clock.today():%Y-%m-%d}.xlsx" in named and "099000" in named


@pytest.mark.row("C04")
def test_export_needs_its_own_permission(admin_app: Flask, sqlite_world: World) -> None:
    """A CPE reads classes but does not take the list of programmes away."""
    cpe = sign_in(admin_app, "cpe", school_id=sqlite_world.a)
    assert cpe.client.get("/programme/list/").status_code == 200
    assert cpe.client.get("/programme/export.xlsx").status_code == 403
    assert "Exporter" not in cpe.get("/programme/list/")
