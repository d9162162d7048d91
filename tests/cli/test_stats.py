"""`run.py stats`: the figures of a school in words, as JSON and as a workbook."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.access.printed import GUARDIANS, NOW, printed_school
from tests.cli.conftest import Run

UAI = "0382204P"


@pytest.fixture
def school(run: Run) -> str:
    """The guide's printed school, in an instance of its own."""
    assert run("school", "create", UAI, "--name", "Collège des Essais").status == 0
    with system_scope("the printed school"), unit_of_work() as session:
        found = session.scalars(select(School).where(School.uai == UAI)).one()
        found.school_year.first_year, found.school_year.starts_on, found.school_year.ends_on = (
            2026, NOW.date().replace(month=9, day=1), NOW.date().replace(year=2027, month=7, day=6))  # fmt: skip
        printed_school(found)
    admin_db.session.remove()
    return UAI


@pytest.mark.row("M107", "M108")
def test_a_workbook_with_typed_numbers(run: Run, school: str, tmp_path: Path) -> None:
    """Two sheets; counts are whole numbers, percentages numbers that show « 37,93 % »."""
    out = tmp_path / "codes.xlsx"
    answer = run("stats", school, "--out", str(out), "--json")
    assert answer.status == 0, answer.err
    [found] = answer.json["schools"]
    assert answer.json["out"] == str(out)
    assert [found["guardians"][name] for name in ("people", "refused", "notified", "accounts", "accounts_share",
                                                  "reached_share")] == [1487, 1, 319, 49, 3.3, 4.29]  # fmt: skip
    assert (found["pupils"]["people"], found["pupils"]["accounts_share"]) == (815, 0.37)
    book = load_workbook(out)
    assert book.sheetnames == ["Synthèse des codes élèves", "Synthèse des codes responsables"]
    sheet = book["Synthèse des codes responsables"]
    assert [cell.value for cell in sheet[1]] == [
        "MEF ou niveau", "Division", "Nombre de responsables", "Nombre de refus téléservices",
        "Nombre de codes notifiés", "Nombre de codes notifiés année courante", "Nombre de comptes créés",
        "% de resp. avec comptes créés", "% créés année courante",
        "% élèves ayant au moins un resp. avec compte créé"]  # fmt: skip
    rows = {row[1]: row for row in sheet.iter_rows(min_row=2, max_row=11, values_only=True)}
    assert rows["3A"] == ("3EME GENE", "3A", 29, 0, 29, 29, 11, 37.93, 37.93, 50)
    assert rows["Somme"] == ("3EME GENE", "Somme", 331, 1, 294, 294, 31, 9.37, 9.37, 14.21)
    assert sheet["H3"].number_format == 'General"\u00a0%"' and sheet.freeze_panes == "A2"
    assert len(GUARDIANS.strip().splitlines()) == 10


def test_in_words_and_of_several_schools(run: Run, school: str, tmp_path: Path) -> None:
    """One line for each; the workbook of several has a line for each and their sum."""
    assert run("school", "create", "0750001U", "--name", "Collège vide").status == 0
    out = tmp_path / "tous.xlsx"
    answer = run("stats", school.lower(), "0750001U", school, "--out", str(out))
    assert answer.status == 0
    assert f"{school} : 1487 responsables, 1 refus, 319 codes notifiés, 49 comptes créés (3,3 %).\n" in answer.out
    assert "0750001U : 0 élèves, 0 refus, 0 codes notifiés, 0 comptes créés.\n" in answer.out
    sheet = load_workbook(out)["Synthèse des codes élèves"]
    assert [row[:4] for row in sheet.iter_rows(min_row=2, values_only=True)] == [
        (school, "Collège des Essais", None, 815), ("0750001U", "Collège vide", None, 0), (None, "Somme", None, 815)]
    assert sheet["H3"].value is None, "a percentage of nobody is no number"


def test_what_cannot_be_done_is_one_line(run: Run, school: str, tmp_path: Path) -> None:
    """No school, an unknown one, a folder that is not there: nothing is written."""
    assert run("stats").status == 2
    assert "Aucun établissement 0000000X" in run("stats", "0000000X").err
    answer = run("stats", school, "--out", str(tmp_path / "ailleurs" / "x.xlsx"))
    assert answer.status == 2 and "n'existe pas" in answer.err
