"""Published marks and absences of the two invented families, as the replicator would have written them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from app.core.db import portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.models import PublishedPupil, PublishedSchool
from app.portal.records import PublishedAbsence, PublishedDivision, PublishedMark, PublishedTest

PERIODS = [[1, "Trimestre 1", "2026-09-01", "2026-11-30"], [2, "Trimestre 2", "2026-12-01", "2027-03-11"],
           [3, "Trimestre 3", "2027-03-12", "2027-07-06"]]  # fmt: skip
TEAM = [["Français", "Mme FAUVEL", True], ["Mathématiques", "M. BELHAJ", False], ["", "M. OZANNE", True]]
CANARY = "Canari d'une autre famille"


def test_row(id: int, school_id: int, **facts: Any) -> PublishedTest:
    """A published test out of 20 with the class's figures."""
    facts = {"subject": "Français", "place": 1, "title": "Dictée", "taken_on": date(2026, 10, 5), "position": 1,
             "out_of": Decimal(20), "coefficient": Decimal(1), "average": Decimal("11.25"), "lowest": Decimal(4),
             "highest": Decimal("18.5")} | facts
    return PublishedTest(id=id, digest="x", school_id=school_id, **facts)


test_row.__test__ = False  # type: ignore[attr-defined]


def mark(id: int, school_id: int, pupil_id: int, test_id: int, said: str) -> PublishedMark:
    """A number or a word."""
    value = Decimal(said) if said[0].isdigit() else None
    return PublishedMark(id=id, digest=said, school_id=school_id, pupil_id=pupil_id, test_id=test_id, value=value,
                         special=None if value is not None else said)


def absence(id: int, school_id: int, pupil_id: int, day: date, half: str = "am") -> PublishedAbsence:
    """A half-day."""
    return PublishedAbsence(id=id, digest="x", school_id=school_id, pupil_id=pupil_id, day=day, half=half)


def _tests() -> list[PublishedTest]:
    return [
        test_row(1, 1), test_row(2, 1, title="Rédaction", taken_on=date(2026, 11, 16), coefficient=Decimal("0.5")),
        test_row(3, 1, subject="Mathématiques", place=2, title="Fractions", out_of=Decimal(10),
                 lowest=None, highest=None, average=None, taken_on=date(2026, 9, 21)),
        test_row(4, 1, subject="Mathématiques", place=2, title="Aires", taken_on=date(2026, 12, 7), position=2),
        test_row(5, 1, subject="Anglais", place=3, title="Verbes", taken_on=date(2026, 10, 12)),
        test_row(9, 2, subject=CANARY, title=CANARY),
    ]  # fmt: skip


def publish_records() -> None:
    """Both services open in schools 1 and 2: marks and absences of the siblings (11, 12) and of the other family's
    child (21), whose every word is a canary."""
    with system_scope("published rows of a test"), unit_of_work(portal_db) as session:
        for id in (1, 2):
            school = session.get_one(PublishedSchool, id)
            school.services = ["absences", "marks", "booklets"]
            school.school_life = {"email": f"vie-scolaire{id}@example.org", "phone": "03 99 00 00 01",
                                  "fax": "03 99 00 00 02"}  # fmt: skip
            session.add(PublishedDivision(id=60 + id, digest="x", school_id=id, starts_on=date(2026, 9, 1),
                                          ends_on=date(2027, 7, 6), periods=PERIODS,
                                          team=TEAM if id == 1 else [["Français", CANARY, True]]))  # fmt: skip
        for pupil_id, division_id in ((11, 61), (12, 61), (21, 62)):
            session.get_one(PublishedPupil, pupil_id).division_id = division_id
        session.flush()
        session.add_all(_tests())
        session.flush()
        session.add_all([
            mark(1, 1, 11, 1, "12.5"), mark(2, 1, 11, 2, "ABS"), mark(3, 1, 11, 3, "7.25"), mark(4, 1, 11, 4, "15"),
            mark(5, 1, 12, 1, "9"), mark(6, 1, 12, 5, "DIS"), mark(9, 2, 21, 9, "3.33"),
            absence(1, 1, 11, date(2026, 11, 9)), absence(2, 1, 11, date(2026, 11, 9), "pm"),
            absence(3, 1, 11, date(2026, 10, 30)), absence(4, 1, 12, date(2026, 11, 17)),
            absence(9, 2, 21, date(2026, 11, 24)),
        ])  # fmt: skip
