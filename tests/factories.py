"""Invented schools and people for tests, one short call each. Callers are inside a scope and a unit of work."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.online.models import SERVICES, OnlineService
from app.schools.models import Authority, Division, GradeLevel, Programme, School, SchoolYear
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil, Staff

UAI_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
_numbers = itertools.count(1)


def uai(number: int) -> str:
    """A UAI with its check letter."""
    return f"{number:07d}{UAI_LETTERS[number % 23]}"


def add(item: Any) -> Any:
    """Add and flush, so that ids exist."""
    admin_db.session.add(item)
    admin_db.session.flush()
    return item


def make_school(authority: Authority, year: SchoolYear, number: int, **facts: Any) -> School:
    """A school with its closed online services."""
    facts = {"kind": "college", "name": f"Collège Essai {number}", "address1": "1 rue des Tilleuls",
             "postal_code": "99000", "city": "MONTREVEL", "head_title": "La principale",
             "head_name": "Odile Marchenoir"} | facts
    school = add(School(authority_id=authority.id, school_year_id=year.id, uai=uai(990_000 + number), **facts))
    for code in SERVICES:
        add(OnlineService(school_id=school.id, code=code))
    return school


def make_division(school: School, code: str = "6A", **facts: Any) -> Division:
    """A class of the school's current year."""
    return add(Division(school_id=school.id, school_year_id=school.school_year_id, code=code, label=code, **facts))


def make_programme(school: School, mef_code: str = "10010012110", label: str = "6EME") -> Programme:
    """A programme (MEF)."""
    return add(Programme(school_id=school.id, mef_code=mef_code, label=label))


def make_pupil(
    school: School, division: Division | None = None, programme: Programme | None = None, **facts: Any
) -> Pupil:
    """An enrolled pupil."""
    n = next(_numbers)
    facts = {"last_name": f"ELEVE{n:05d}", "first_name": f"Alix{n}", "birth_date": date(2014, 1, 1 + n % 28),
             "sex": "F", "source": "siecle", "source_id": str(n)} | facts
    pupil = add(Pupil(school_id=school.id, **facts))
    add(Enrolment(school_id=school.id, pupil_id=pupil.id, school_year_id=school.school_year_id,
                  division_id=division.id if division else None, programme_id=programme.id if programme else None))
    return pupil


def make_guardian(school: School, *pupils: Pupil, rank: int | None = 1, **facts: Any) -> Guardian:
    """A guardian linked to `pupils` with one legal rank, with a postal address and no e-mail unless given."""
    n = next(_numbers)
    facts = {"title": "MME", "last_name": f"PARENT{n:05d}", "first_name": "Claude",
             "address1": f"{n} allée des Érables", "postal_code": "99000",
             "city": "MONTREVEL", "source": "siecle", "source_id": str(n)} | facts
    guardian = add(Guardian(school_id=school.id, **facts))
    for pupil in pupils:
        add(GuardianLink(school_id=school.id, guardian_id=guardian.id, pupil_id=pupil.id, rank=rank, level=1))
    return guardian


def make_staff(school: School, **facts: Any) -> Staff:
    """A member of staff."""
    n = next(_numbers)
    return add(Staff(school_id=school.id, **({"last_name": f"PROF{n:05d}", "first_name": "Camille", "source": "sts",
                                              "source_id": f"epp-{n}", "function": "ENS"} | facts)))


@dataclass
class World:
    """Ids of what `build_world` made. `a` and `b` are collèges with the same shape, `ecole` a school with no pupil.

    Each collège: divisions 6A and 5B; pupils 0 and 1 (siblings, 6A), 2 (5B); guardians: `mother` (rank 1, e-mail) of
    0 and 1, `father` (rank 2, paper) of 0, `other` (rank 1, no address and no e-mail) of 2; one teacher.
    """

    authority: int
    year: int
    a: int
    b: int
    ecole: int
    of: dict[int, dict[str, Any]] = field(default_factory=dict)


def build_world() -> World:
    """Write the academy described in `World`."""
    with system_scope("test world"), unit_of_work():
        authority = add(Authority(code="99", name="Académie de Montrevel"))
        year = add(SchoolYear(authority_id=authority.id, first_year=2026, starts_on=date(2026, 9, 1),
                              ends_on=date(2027, 7, 6)))
        add(GradeLevel(code="6EME", label="6e", cycle=3, rank=6))
        a, b = (make_school(authority, year, n) for n in (1, 2))
        ecole = make_school(authority, year, 3, kind="ecole", name="École Essai")
        world = World(authority.id, year.id, a.id, b.id, ecole.id)
        for school in (a, b):
            world.of[school.id] = _people(school)
    return world


def _people(school: School) -> dict[str, Any]:
    sixth, fifth, programme = make_division(school), make_division(school, "5B"), make_programme(school)
    pupils = [make_pupil(school, division, programme) for division in (sixth, sixth, fifth)]
    mother = make_guardian(school, *pupils[:2], email="mere@example.org", first_name="Maude")
    father = make_guardian(school, pupils[0], rank=2, title="M.", first_name="Paul")
    other = make_guardian(school, pupils[2], address1=None, first_name="Ida")
    return {"divisions": [sixth.id, fifth.id], "programme": programme.id, "pupils": [p.id for p in pupils],
            "mother": mother.id, "father": father.id, "other": other.id, "staff": make_staff(school).id}
