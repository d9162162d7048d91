"""Spreadsheets that come back: read safely, compared cell by cell, applied whole or not at all."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.exchange.roundtrip.applying import SomethingChanged, apply_sheet
from app.exchange.roundtrip.columns import GUARDIANS, PUPILS, STAFF, PeopleSheet
from app.exchange.roundtrip.comparing import Plan, make_plan
from app.exchange.roundtrip.lines import ReadSheet, read_sheet
from app.exchange.roundtrip.writing import write_people
from app.schools.people import Guardian, Pupil
from tests.factories import World

pytestmark = pytest.mark.row("C04")
Edit = Callable[[Any], None]


def anything(_values: Any, _judged: set[str]) -> list[str]:
    """No rule of a form: those are tested with the page."""
    return []


@pytest.fixture
def here(world: World) -> Any:
    """Inside school a, on both kinds of database."""
    with school_scope(world.a):
        yield world


def brought_back(folder: Path, sheet: PeopleSheet, edit: Edit) -> Path:
    """The export of a sheet, edited and saved by openpyxl."""
    out = BytesIO()
    write_people(out, sheet)
    book = load_workbook(BytesIO(out.getvalue()))
    edit(book.active)
    book.save(folder / "retour.xlsx")
    return folder / "retour.xlsx"


def column(sheet: Any, title: str) -> int:
    """The number of a column by its heading."""
    return next(cell.column for cell in sheet[1] if cell.value == title)


def plan_of(folder: Path, sheet: PeopleSheet, edit: Edit) -> tuple[Plan, ReadSheet]:
    """What an edited export would do."""
    read = read_sheet(sheet, brought_back(folder, sheet, edit), "retour.xlsx")
    return make_plan(sheet, read, anything, may_add=True), read


def apply(folder: Path, sheet: PeopleSheet, edit: Edit, world: World) -> Plan:
    """Preview, then apply."""
    plan, read = plan_of(folder, sheet, edit)
    admin_db.session.rollback()
    apply_sheet(sheet, read, anything, seen=plan.fingerprint, school_id=world.a, actor=SYSTEM)
    return plan


@pytest.mark.parametrize("sheet", [PUPILS, GUARDIANS, STAFF], ids=lambda sheet: sheet.name)
def test_an_export_brought_back_untouched_changes_nothing(sheet: PeopleSheet, here: World, tmp_path: Path) -> None:
    """Every type survives the way out and back."""
    plan, read = plan_of(tmp_path, sheet, lambda _sheet: None)
    assert not plan.changes and not plan.remarks
    assert plan.unchanged == len(read.lines) == admin_db.session.scalar(select(func.count()).select_from(sheet.model))


def test_the_sheet_is_typed_frozen_and_filtered(here: World, tmp_path: Path) -> None:
    """Dates are dates, codes are text even in cells nobody has filled in yet, and no cell is a formula."""
    with unit_of_work():
        admin_db.session.scalars(select(Guardian)).first().last_name = '=HYPERLINK("http://evil.example","x")'
    sheet = load_workbook(brought_back(tmp_path, GUARDIANS, lambda _s: None)).active
    code = sheet.cell(2, column(sheet, "Code postal"))
    assert code.value == "99000" and code.data_type == "s" and code.number_format == "@"
    assert sheet.column_dimensions[code.column_letter].number_format == "@"
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref.startswith("A1:")
    assert {cell.data_type for row in sheet.iter_rows(min_row=2) for cell in row} <= {"s", "n"}
    pupils = load_workbook(brought_back(tmp_path, PUPILS, lambda _s: None)).active
    born = pupils.cell(2, column(pupils, "Date de naissance"))
    assert isinstance(born.value, datetime) and born.number_format == "dd/mm/yyyy"
    assert isinstance(pupils.cell(2, 1).value, int)
    assert pupils.cell(2, column(pupils, "Classe")).value in ("6A", "5B")


def test_differences_are_told_cell_by_cell_and_written_together(here: World, tmp_path: Path) -> None:
    """Old → new, the digest emptied as by the form, one line of the trail for each person and one for the whole."""
    with unit_of_work():
        admin_db.session.get_one(Pupil, here.of[here.a]["pupils"][0]).digest = "a" * 64

    def edit(sheet: Any) -> None:
        row = next(r for r in range(2, sheet.max_row + 1) if sheet.cell(r, 1).value == here.of[here.a]["pupils"][0])
        sheet.cell(row, column(sheet, "Date de naissance")).value = date(2013, 2, 3)
        sheet.cell(row, column(sheet, "Nom d'usage")).value = "Neuf"

    plan = apply(tmp_path, PUPILS, edit, here)
    assert [(cell.title, cell.new) for cell in plan.changes[0].cells] == [
        ("Nom d'usage", "Neuf"), ("Date de naissance", date(2013, 2, 3))]
    assert plan.changes[0].sourced and plan.counts["cells"] == 2
    pupil = admin_db.session.get_one(Pupil, here.of[here.a]["pupils"][0])
    assert (pupil.birth_date, pupil.usage_name, pupil.digest) == (date(2013, 2, 3), "Neuf", "")
    acts = admin_db.session.scalars(select(AuditLine.action).where(AuditLine.action.startswith("pupil."))).all()
    assert sorted(acts) == ["pupil.edit", "pupil.spreadsheet"]


def test_a_line_without_identifier_adds_somebody_once(here: World, tmp_path: Path) -> None:
    """As typed by hand; the same person on two lines, or known already, is one too many."""
    known = admin_db.session.get_one(Pupil, here.of[here.a]["pupils"][0])

    def edit(sheet: Any) -> None:
        for names in (("Rivière", "Zoé"), ("RIVIERE", "Zoe"), (known.last_name, known.first_name)):
            born = known.birth_date if names[0] == known.last_name else date(2014, 5, 17)
            row = sheet.max_row + 1
            for title, value in zip(("Nom", "Prénom", "Date de naissance"), (*names, born), strict=True):
                sheet.cell(row, column(sheet, title)).value = value

    plan = apply(tmp_path, PUPILS, edit, here)
    assert plan.counts["made"] == 1 and plan.counts["left_out"] == 2
    assert all("existe déjà" in remark.message for remark in plan.remarks)
    made = admin_db.session.scalars(select(Pupil).where(Pupil.last_name == "Rivière")).one()
    assert (made.source, made.school_id, made.first_name) == ("manual", here.a, "Zoé")


@pytest.mark.parametrize(("title", "value", "said"), [
    ("Date de naissance", "31/02/2014", "n'est pas une date"), ("Date de naissance", 41776, "n'est pas une date"),
    ("Sexe", "X", "F ou M"), ("INE", 123456789, "zéros"), ("Nom", "=1+1", "formule"), ("Nom", True, "pas du texte"),
    ("Identifiant", "Dupont", "identifiant"), ("Identifiant", 987654321, "Personne n'a l'identifiant"),
    ("Nom", date(2014, 1, 1), "date"),
])  # fmt: skip
def test_a_wrong_cell_leaves_its_line_out_and_says_why(
    title: str, value: Any, said: str, here: World, tmp_path: Path
) -> None:
    """The other lines are applied."""
    def edit(sheet: Any) -> None:
        cell = sheet.cell(2, column(sheet, title))
        cell.value, cell.number_format = value, "dd/mm/yyyy" if isinstance(value, date) else "General"
        sheet.cell(3, column(sheet, "Prénom")).value = "Changé"

    plan, _read = plan_of(tmp_path, PUPILS, edit)
    assert [remark.line for remark in plan.remarks] == [2] and said in plan.remarks[0].message
    assert [change.line for change in plan.changes] == [3]


def test_merged_cells_duplicates_and_unknown_columns(here: World, tmp_path: Path) -> None:
    """Each with its line; of two lines with one identifier neither is taken."""
    def edit(sheet: Any) -> None:
        sheet.cell(2, column(sheet, "Prénom")).value = "Changé"
        sheet.cell(4, 1).value = sheet.cell(2, 1).value
        sheet.merge_cells("B3:C3")
        sheet.cell(1, sheet.max_column + 1).value = "Cantine"

    plan, _read = plan_of(tmp_path, PUPILS, edit)
    assert not plan.changes
    assert [(r.line, r.blocks) for r in plan.remarks] == [(1, False), (2, True), (3, True), (4, True)]
    assert "Cantine" in plan.remarks[0].message and "B3:C3" in plan.remarks[2].message


def test_reminders_and_missing_columns_change_nothing(here: World, tmp_path: Path) -> None:
    """A class is not moved from here, and a column taken away is not emptied."""
    def edit(sheet: Any) -> None:
        sheet.cell(2, column(sheet, "Classe")).value = "3Z"
        sheet.delete_cols(column(sheet, "Date de naissance"))

    plan, _read = plan_of(tmp_path, PUPILS, edit)
    assert not plan.changes and not plan.remarks


def test_what_changed_since_the_preview_is_not_overwritten(here: World, tmp_path: Path) -> None:
    """Somebody corrects the same person in between: nothing is written."""
    def edit(sheet: Any) -> None:
        sheet.cell(2, column(sheet, "Prénom")).value = "Changé"

    plan, read = plan_of(tmp_path, PUPILS, edit)
    with unit_of_work():
        admin_db.session.get_one(Pupil, plan.changes[0].id).first_name = "Autre"
    with pytest.raises(SomethingChanged):
        apply_sheet(PUPILS, read, anything, seen=plan.fingerprint, school_id=here.a, actor=SYSTEM)
    assert admin_db.session.get_one(Pupil, plan.changes[0].id).first_name == "Autre"


def test_another_schools_people_do_not_exist(here: World, tmp_path: Path) -> None:
    """An identifier of school b, brought to school a."""
    plan, _read = plan_of(tmp_path, PUPILS, lambda s: setattr(s.cell(2, 1), "value", here.of[here.b]["pupils"][0]))
    assert "dans cet établissement" in plan.remarks[0].message


def saved(folder: Path, rows: int, title: str = "Identifiant") -> Path:
    """A workbook with so many lines."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Élèves")
    sheet.append([title, "Nom"])
    for number in range(rows):
        sheet.append([number + 1, "Nom"])
    book.save(folder / "gros.xlsx")
    return folder / "gros.xlsx"


def refused(path: Path) -> str:
    """The sentence by which a file is refused."""
    with pytest.raises(BadInput) as caught:
        read_sheet(PUPILS, path, path.name)
    return caught.value.sentence()


def test_two_hundred_thousand_lines_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """openpyxl is not even called."""
    monkeypatch.setattr("app.exchange.roundtrip.workbook.load_workbook", lambda *_a, **_k: pytest.fail("was read"))
    assert "plus de 10\u202f000 lignes" in refused(saved(tmp_path, 200_000))


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """Its ratio is seen on the packed file."""
    path = tmp_path / "bombe.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (50 << 20))
    assert "démesuré" in refused(path)


def test_entities_are_refused(tmp_path: Path) -> None:
    """A workbook has no reason to declare any."""
    path, source = tmp_path / "entites.xlsx", saved(tmp_path, 2)
    with zipfile.ZipFile(source) as good, zipfile.ZipFile(path, "w") as bad:
        for entry in good.infolist():
            data = good.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                data = b'<!DOCTYPE a [<!ENTITY b "c">]>' + data
            bad.writestr(entry.filename, data)
    assert "DOCTYPE" in refused(path)


def test_what_is_no_workbook_or_no_export_of_ours(tmp_path: Path) -> None:
    """Each with what to do."""
    (tmp_path / "liste.csv").write_text("Identifiant;Nom\n1;A\n", encoding="utf-8")
    assert ".xlsx" in refused(tmp_path / "liste.csv")
    broken = tmp_path / "coupe.xlsx"
    broken.write_bytes(saved(tmp_path, 2).read_bytes()[:-2000])
    assert "abîmé" in refused(broken) or "lisible" in refused(broken)
    assert "Identifiant" in refused(saved(tmp_path, 2, "Numéro"))
    assert "plusieurs fois" in refused(saved(tmp_path, 2, "Nom"))


def test_empty_lines_far_below_are_nothing(here: World, tmp_path: Path) -> None:
    """Some programs write the very last line of a sheet, without anything on it."""
    plan, _read = plan_of(tmp_path, PUPILS, lambda sheet: setattr(sheet.row_dimensions[1_048_576], "height", 12.8))
    assert plan.unchanged == 3 and not plan.remarks
