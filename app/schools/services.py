"""Creating a school: its authority, its school year, its closed services. The rest comes from the pupil base."""

from __future__ import annotations

import csv
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.services import record
from app.core.actor import Actor
from app.core.clock import today
from app.core.errors import BadInput, Conflict
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.exchange.identifiers import key_letter, uai_is_valid
from app.online.services import add_missing_services
from app.schools.models import Authority, School, SchoolYear

ACADEMIES = Path(__file__).parent / "data" / "academies.csv"
KINDS = ("college", "ecole")
# Until the academy says otherwise on screen: from the first of September to the first days of July.
FIRST_DAY, LAST_DAY = (9, 1), (7, 6)


def create_school(
    uai: str, *, name: str, actor: Actor, kind: str = "college", authority: tuple[str, str] | None = None,
    first_year: int | None = None, **facts: Any,
) -> School:
    """A school with its five services closed, in the academy of its département (or the `authority` given: its code
    and name) and in the school year in course. `facts` are columns of `School`: address, head…

    Raises `BadInput` (UAI, name, kind) and `Conflict` when the UAI is taken.
    """
    uai, name = uai.strip().upper(), " ".join(name.split())
    _check(uai, name, kind)
    with system_scope("a new school belongs to nobody yet"), unit_of_work() as session:
        owner = _authority(session, *(authority or academy_of(uai)))
        year = school_year(session, owner, first_year or year_of(today()))
        school = School(authority_id=owner.id, school_year_id=year.id, uai=uai, kind=kind, name=name, **facts)
        session.add(school)
        try:
            session.flush()
        except IntegrityError as error:
            raise Conflict(f"L'établissement {uai} existe déjà.") from error
        add_missing_services(school.id)
        record(session, "school.create", school, actor=actor, school_id=school.id, data={"uai": uai})
        return school


def _check(uai: str, name: str, kind: str) -> None:
    if not uai_is_valid(uai):
        digits = uai[:7]
        expected = f" Sa lettre serait {key_letter(int(digits))}." if len(uai) == 8 and digits.isdecimal() else ""
        hint = f"Un UAI a sept chiffres et une lettre de contrôle.{expected}"
        raise BadInput(f"« {uai} » n'est pas un UAI.", hint=hint)
    if not name or len(name) > 100:
        raise BadInput("Il faut un nom d'établissement, de 100 caractères au plus.")
    if kind not in KINDS:
        raise BadInput(f"« {kind} » n'est pas un type d'établissement.", hint=f"Au choix : {', '.join(KINDS)}.")


def academy_of(uai: str) -> tuple[str, str]:
    """Code and name of the academy a UAI belongs to: its first three digits are the département."""
    department = uai[:3]
    return _academies().get(department, (department[1:], f"Académie du département {department}"))


@cache
def _academies() -> dict[str, tuple[str, str]]:
    with ACADEMIES.open(encoding="utf-8", newline="") as lines:
        return {row["department"]: (row["code"], row["name"]) for row in csv.DictReader(lines)}


def find_authority(session: Session, code: str) -> Authority | None:
    """The academy with this code, if it exists."""
    return session.scalar(select(Authority).where(Authority.code == code))


def _authority(session: Session, code: str, name: str) -> Authority:
    found = find_authority(session, code)
    if found is None:
        found = Authority(code=code, name=name)
        session.add(found)
        session.flush()
    return found


def year_of(day: date) -> int:
    """The year of September of the school year a day belongs to (it turns on 1 August)."""
    return day.year if day.month >= 8 else day.year - 1


def school_year(session: Session, authority: Authority, first_year: int) -> SchoolYear:
    """That year of that academy, made when it is new; its dates are then changed on screen."""
    of_authority = SchoolYear.authority_id == authority.id
    found = session.scalar(select(SchoolYear).where(of_authority, SchoolYear.first_year == first_year))
    if found is None:
        found = SchoolYear(authority_id=authority.id, first_year=first_year, starts_on=date(first_year, *FIRST_DAY),
                           ends_on=date(first_year + 1, *LAST_DAY))
        session.add(found)
        session.flush()
    return found
