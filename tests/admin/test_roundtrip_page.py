"""The pages where people are edited in a spreadsheet: from the export to [Appliquer]."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from app.core.db import admin_db
from app.core.scope import school_scope
from app.schools.people import Guardian
from tests.admin.conftest import Browser, sign_in
from tests.factories import World

pytestmark = pytest.mark.row("C04")
PAGE = "/spreadsheet/guardians/"


def edited(head: Browser, **cells: Any) -> bytes:
    """The export with cells of its second line changed, by heading."""
    book = load_workbook(BytesIO(head.client.get(f"{PAGE}export.xlsx").data))
    titles = {cell.value: cell.column for cell in book.active[1]}
    for title, value in cells.items():
        book.active.cell(2, titles[title.replace("_", " ")]).value = value
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def bring(head: Browser, content: bytes, name: str = "retour.xlsx") -> Any:
    """Send the file."""
    return head.send(f"{PAGE}bring", PAGE, file=(BytesIO(content), name))


def test_from_the_export_to_the_row(head: Browser, sqlite_world: World, settings: Any) -> None:
    """Preview with old and new, applied, and the file is gone afterwards."""
    assert bring(head, edited(head, Commune="HAUTEBISE", Téléphone_portable="06 12 34 56 78")).status_code == 302
    page = head.get(f"{PAGE}preview")
    assert "MONTREVEL" in page and "HAUTEBISE" in page and "06 12 34 56 78" in page
    assert len(list((settings.home / "files" / "uploads").rglob("*.xlsx"))) == 1
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen
    assert head.send(f"{PAGE}apply", f"{PAGE}preview", seen=seen[1]).headers["Location"].endswith(PAGE)
    with school_scope(sqlite_world.a):
        assert [g.phone_mobile for g in admin_db.session.query(Guardian).filter_by(city="HAUTEBISE")] == [
            "06 12 34 56 78"]
    assert list((settings.home / "files" / "uploads").rglob("*")) == []


def test_the_forms_validators_judge_the_cells(head: Browser, sqlite_world: World) -> None:
    """An e-mail address that is none, a postcode too long: the line is left out with the form's words."""
    bring(head, edited(head, Adresse_électronique="nulle part", Code_postal="12345678901"))
    page = head.get(f"{PAGE}preview")
    assert "nom@exemple.fr" in page and "Rien à enregistrer" in page


def test_a_file_that_cannot_be_read_is_not_kept(head: Browser, settings: Any) -> None:
    """The page says why, and nothing waits."""
    bring(head, b"Identifiant;Nom", "liste.csv")
    assert "pas un classeur" in head.get(PAGE)
    assert list((settings.home / "files" / "uploads").rglob("*.*")) == []
    assert head.client.get(f"{PAGE}preview").status_code == 302


def test_an_old_preview_is_refused_and_drawn_again(head: Browser, sqlite_world: World) -> None:
    """What is applied is what was looked at."""
    bring(head, edited(head, Commune="HAUTEBISE"))
    answer = head.send(f"{PAGE}apply", f"{PAGE}preview", seen="0" * 64)
    assert answer.headers["Location"].endswith("/preview")
    assert "ont changé depuis l" in head.get(f"{PAGE}preview")


def test_giving_up_takes_the_file_away(head: Browser, settings: Path) -> None:
    """It holds people's data."""
    bring(head, edited(head, Commune="HAUTEBISE"))
    head.send(f"{PAGE}give-up", f"{PAGE}preview")
    assert head.client.get(f"{PAGE}preview").status_code == 302


def test_only_who_may_edit_takes_and_brings(admin_app: Flask, sqlite_world: World) -> None:
    """A CPE exports lists, and does not rewrite the base."""
    cpe = sign_in(admin_app, "cpe", school_id=sqlite_world.a)
    assert cpe.client.get(PAGE).status_code == cpe.client.get(f"{PAGE}export.xlsx").status_code == 403
    assert PAGE not in cpe.get("/guardian/list/")
    secretary = sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    assert PAGE in secretary.get("/guardian/list/")
