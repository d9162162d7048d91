"""Tests and absences of an invented class, one short call each. Callers are inside a scope and a unit of work."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from app.online.absences import Absence
from app.online.papers import SPECIALS, Mark, TestPaper
from app.schools.models import Division
from tests.factories import add


def make_paper(division: Division, item: Any, **facts: Any) -> TestPaper:
    """A test of the first of three periods, out of 20, not published unless told."""
    facts = {"position": 1, "period_count": 3, "title": "Dictée", "taken_on": date(2026, 10, 5),
             "out_of": Decimal(20), "coefficient": Decimal(1)} | facts
    return add(TestPaper(school_id=division.school_id, school_year_id=division.school_year_id,
                         division_id=division.id, item_id=item.id, **facts))


def give(paper: TestPaper, *marks: tuple[int, str | float]) -> list[Mark]:
    """Marks of pupils: a number or a word."""
    return [add(Mark(school_id=paper.school_id, test_id=paper.id, pupil_id=pupil,
                     **({"special": mark} if mark in SPECIALS else {"value": Decimal(str(mark))})))
            for pupil, mark in marks]  # fmt: skip


def make_absence(school_id: int, pupil_id: int, day: date, half: str = "am", **facts: Any) -> Absence:
    """A half-day that families see, unless told otherwise."""
    facts = {"noted": True, "filed": True, "legitimate": True} | facts
    return add(Absence(school_id=school_id, pupil_id=pupil_id, day=day, half=half, **facts))
