"""The spreadsheet that goes out and can come back: identifier, columns of the form, and what is only to be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from sqlalchemy import and_, select

from app.core.clock import today
from app.core.db import admin_db
from app.exchange.roundtrip.columns import IDENTIFIER, SOURCES, PeopleSheet, shown
from app.exchange.roundtrip.comparing import people_of
from app.exchange.spreadsheets import SheetColumn, write_sheet
from app.schools.models import Division, School
from app.schools.people import Enrolment


def write_people(out: IO[bytes], sheet: PeopleSheet, narrow: Any = None) -> int:
    """Write everybody; returns how many."""
    columns = [SheetColumn(IDENTIFIER, "number"), *(SheetColumn(c.title, c.kind) for c in sheet.fields),
               *(SheetColumn(title, width=16) for title in sheet.reminders)]  # fmt: skip
    return write_sheet(out, sheet.title, columns, _rows(sheet, narrow))


def _rows(sheet: PeopleSheet, narrow: Any) -> Iterator[list[Any]]:
    classes = _classes() if "Classe" in sheet.reminders else {}
    for person in admin_db.session.scalars(people_of(sheet, narrow)):
        values = [shown(column, getattr(person, column.name)) for column in sheet.fields]
        told = {"Classe": classes.get(person.id), "Source": SOURCES.get(person.source, person.source)}
        yield [person.id, *values, *(told[title] for title in sheet.reminders)]


def _classes() -> dict[int, str]:
    """Pupil → class of the school's year, for those who are present."""
    present = and_(Enrolment.school_year_id == School.school_year_id,
                   Enrolment.ends_on.is_(None) | (Enrolment.ends_on > today()))  # fmt: skip
    rows = admin_db.session.execute(
        select(Enrolment.pupil_id, Division.label)
        .join(School, School.id == Enrolment.school_id)
        .join(Enrolment.division)
        .where(present)
    )
    return dict(rows.all())  # type: ignore[arg-type]
