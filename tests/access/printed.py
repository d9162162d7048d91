"""The school whose statistics the guide prints (seed 003, §5.6), constructed class by class."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import insert

from app.access.models import AccessRefusal, ActivationCode, PortalAccount, PupilRefusal
from app.core import clock
from app.core.db import admin_db
from app.schools.models import Division, Programme, School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from tests.factories import make_division, make_programme

THIS_YEAR, EARLIER = date(2026, 11, 12), date(2025, 11, 12)
NOW = datetime(2026, 11, 26, 9, tzinfo=UTC)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Own:
    """Figures of people who hold codes; those of this year come first, accounts before mere notifications."""

    people: int
    refused: int = 0
    notified: int = 0
    notified_year: int = 0
    accounts: int = 0
    accounts_year: int = 0


@dataclass(frozen=True)
class Printed:
    """One class: its pupils' own codes, its guardians', and how many pupils the guardians with accounts have."""

    division: str
    pupils: Own
    guardians: Own
    reached: int


# Division, then pupils (number, refusals, notified, accounts), then guardians (number, refusals, notified, accounts),
# then the pupils behind « % élèves ayant au moins un resp. avec compte créé ».
THIRD = (
    ("3A", (18, 5, 14, 1), (29, 0, 29, 11), 9), ("3B", (21, 3, 19, 0), (40, 0, 39, 8), 7),
    ("3C", (25, 6, 21, 1), (47, 0, 35, 9), 7), ("3D", (25, 7, 19, 0), (44, 0, 44, 2), 2),
    ("3E", (22, 3, 18, 1), (41, 0, 41, 0), 0), ("3F", (25, 4, 23, 0), (46, 0, 34, 0), 0),
    ("3G", (25, 2, 23, 0), (46, 1, 34, 1), 1), ("3H", (22, 3, 20, 0), (38, 0, 38, 0), 0),
)  # fmt: skip
# What is left of the school's line once the eight classes are taken off it.
REST = Printed("4A", Own(632, 6, 626, 626, 0, 0), Own(1156, 0, 25, 9, 18, 2), 9)

PUPILS = """
815 39 783 3 0.37 % 0.37 %
3A 18 5 14 1 5.56 % 5.56 %
3B 21 3 19 0 0 % 0 %
3C 25 6 21 1 4 % 4 %
3D 25 7 19 0 0 % 0 %
3E 22 3 18 1 4.55 % 4.55 %
3F 25 4 23 0 0 % 0 %
3G 25 2 23 0 0 % 0 %
3H 22 3 20 0 0 % 0 %
Somme 183 33 157 3 1.64 % 1.64 %
"""
GUARDIANS = """
1487 1 319 303 49 3.3 % 2.22 % 4.29 %
3A 29 0 29 29 11 37.93 % 37.93 % 50 %
3B 40 0 39 39 8 20 % 20 % 33.33 %
3C 47 0 35 35 9 19.15 % 19.15 % 28 %
3D 44 0 44 44 2 4.55 % 4.55 % 8 %
3E 41 0 41 41 0 0 % 0 % 0 %
3F 46 0 34 34 0 0 % 0 % 0 %
3G 46 1 34 34 1 2.17 % 2.17 % 4 %
3H 38 0 38 38 0 0 % 0 % 0 %
Somme 331 1 294 294 31 9.37 % 9.37 % 14.21 %
"""


def printed_lines(table: str) -> list[str]:
    """The guide's lines with a decimal comma."""
    return table.strip().replace(".", ",").splitlines()


def printed_school(school: School) -> None:
    """The whole school. Callers are inside a scope and a unit of work."""
    third = make_programme(school, "10310019110", "3EME GENE")
    for division, (p, p_refused, p_notified, p_accounts), (g, refused, notified, accounts), reached in THIRD:
        own = Own(p, p_refused, p_notified, p_notified, p_accounts, p_accounts)
        theirs = Own(g, refused, notified, notified, accounts, accounts)
        fill_class(school, make_division(school, division), third, Printed(division, own, theirs, reached))
    fourth = make_programme(school, "10210001110", "4EME")
    fill_class(school, make_division(school, REST.division), fourth, REST)


def fill_class(school: School, division: Division, programme: Programme, wanted: Printed) -> None:
    """The people of a class with their codes, a few statements whatever their number."""
    count = wanted.pupils.people
    pupils = _people(Pupil, school, count, birth_date=date(2012, 3, 4))
    admin_db.session.execute(insert(Enrolment), [
        {"school_id": school.id, "pupil_id": pupil, "school_year_id": school.school_year_id,
         "division_id": division.id, "programme_id": programme.id} for pupil in pupils])  # fmt: skip
    guardians = _people(Guardian, school, wanted.guardians.people)
    # The first guardian of each pupil in order, then the second ones.
    couples = [(guardian, pupils[n % count]) for n, guardian in enumerate(guardians)]
    admin_db.session.execute(insert(GuardianLink), [
        {"school_id": school.id, "guardian_id": guardian, "pupil_id": pupil, "rank": 1 + n // count, "level": 1}
        for n, (guardian, pupil) in enumerate(couples)])  # fmt: skip
    # With accounts: one guardian of each pupil reached, then the second ones of the first of them.
    seconds = wanted.guardians.accounts - wanted.reached
    first = [*range(wanted.reached), *range(count, count + seconds)]
    order = [*first, *(n for n in range(len(couples)) if n not in set(first))]
    _codes(school, [couples[n] for n in order], wanted.guardians)
    _codes(school, [(None, pupil) for pupil in pupils], wanted.pupils)


def _people(model: Any, school: School, count: int, **facts: Any) -> list[int]:
    rows = [{"school_id": school.id, "last_name": f"NOM{n:06d}", "first_name": f"Prénom{n}", "source": "siecle",
             "source_id": f"p{n}"} | facts for n in itertools.islice(_numbers, count)]  # fmt: skip
    made = insert(model).returning(model.id, sort_by_parameter_order=True)
    return list(admin_db.session.scalars(made, rows)) if rows else []


def _codes(school: School, couples: Sequence[tuple[int | None, int]], own: Own) -> None:
    """Codes for everybody but those who refused (a pupil keeps theirs): accounts first, refusals last."""
    session = admin_db.session
    accounts = [{"id": next(_numbers) + 1_000_000, "identifier": f"compte{n}", "state": "confirmed", "kind": "guardian",
                 "created_at": datetime.combine(_day(n < own.accounts_year), datetime.min.time(), UTC)}
                for n in range(own.accounts)]  # fmt: skip
    if accounts:
        session.execute(insert(PortalAccount), accounts)
    ids = [account["id"] for account in accounts]
    refusing = couples[len(couples) - own.refused:] if own.refused else []
    guardians = couples[0][0] is not None
    rows = [_code(school, couple, n, ids, own) for n, couple in enumerate(couples)
            if not (guardians and couple in refusing)]  # fmt: skip
    store_codes(rows)
    if refusing and guardians:
        session.execute(insert(AccessRefusal), [
            {"school_id": school.id, "guardian_id": g, "pupil_id": p} for g, p in refusing])  # fmt: skip
    elif refusing:
        session.execute(insert(PupilRefusal), [{"school_id": school.id, "pupil_id": p} for _, p in refusing])


def store_codes(rows: list[dict[str, Any]]) -> None:
    """Codes as they stand after a life of their own: the session only knows lives that the engine leads."""
    if rows:
        table: Any = ActivationCode.__table__
        admin_db.session.connection().execute(insert(table), rows)


def _code(school: School, couple: tuple[int | None, int], n: int, accounts: list[int], own: Own) -> dict[str, Any]:
    notified, account = n < own.notified, accounts[n] if n < len(accounts) else None
    number = next(_numbers)
    return {
        "school_id": school.id, "holder": "guardian" if couple[0] else "pupil", "guardian_id": couple[0],
        "pupil_id": couple[1], "hint": "0ABC", "lookup_key": "k", "lookup_hash": f"{number:064d}", "version": 1,
        "state": "used" if account else "notified" if notified else "created", "account_id": account,
        "notified_on": _day(n < own.notified_year) if notified else None, "created_at": clock.now(),
        "changed_at": clock.now(), "used_at": clock.now() if account else None,
    }  # fmt: skip


def _day(this_year: bool) -> date:
    return THIS_YEAR if this_year else EARLIER
