"""stats: the statistics of guardians' codes of one school, then of 1,000 schools, against the bare SQL of the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, text

from app.access.models import ActivationCode, PortalAccount
from app.access.statistics import school_lines, school_statistics
from app.core import clock
from app.core.db import admin_db, refresh_statistics
from app.core.scope import academy_scope, school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import Division, Programme, School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from benchmarks.common import KINDS, databases, line, timed
from tests.factories import build_world, uai
from tests.statements import statements

SCHOOLS, SMALL, LARGE, CLASS = 1000, 100, 815, 25
# Written by hand: no scope, no objects, the rows as they come. {keys} is what a line stands for.
BARE = """
WITH people AS (
  SELECT e.school_id, e.programme_id, e.division_id, e.pupil_id, l.guardian_id,
         CASE WHEN r.id IS NOT NULL THEN 1 ELSE 0 END AS refused,
         CASE WHEN c.notified_on IS NOT NULL THEN 1 ELSE 0 END AS notified,
         CASE WHEN c.notified_on BETWEEN y.starts_on AND y.ends_on THEN 1 ELSE 0 END AS notified_year,
         CASE WHEN a.id IS NOT NULL THEN 1 ELSE 0 END AS accounts,
         CASE WHEN a.created_at >= :since AND a.created_at < :until THEN 1 ELSE 0 END AS accounts_year
  FROM enrolment e JOIN school s ON s.id = e.school_id JOIN school_year y ON y.id = s.school_year_id
  LEFT JOIN guardian_link l ON l.school_id = e.school_id AND l.pupil_id = e.pupil_id AND l.rank IS NOT NULL
    AND l.ended_on IS NULL AND l.certified
  LEFT JOIN activation_code c ON c.school_id = e.school_id AND c.pupil_id = e.pupil_id
    AND c.guardian_id = l.guardian_id AND c.state IN ('created', 'notified', 'used')
  LEFT JOIN access_refusal r ON r.school_id = e.school_id AND r.pupil_id = e.pupil_id
    AND r.guardian_id = l.guardian_id AND r.lifted_on IS NULL
  LEFT JOIN portal_account a ON a.id = c.account_id AND a.state IN ('provisional', 'confirmed')
  WHERE e.school_year_id = s.school_year_id AND (e.ends_on IS NULL OR e.ends_on > :today) {where})
SELECT {keys}, sum(people), sum(refused), sum(notified), sum(notified_year), sum(accounts), sum(accounts_year),
       sum(pupils), sum(reached)
FROM (SELECT {keys}, 1 AS people, max(refused) AS refused, max(notified) AS notified,
             max(notified_year) AS notified_year, max(accounts) AS accounts, max(accounts_year) AS accounts_year,
             0 AS pupils, 0 AS reached
      FROM people WHERE guardian_id IS NOT NULL GROUP BY {keys}, guardian_id
      UNION ALL
      SELECT {keys}, 0, 0, 0, 0, 0, 0, 1, max(accounts) FROM people GROUP BY {keys}, pupil_id) each_one
GROUP BY {keys} ORDER BY {keys}
"""


def bench_stats() -> Iterator[dict[str, Any]]:
    """Two lines per kind of database; the school alone is timed before the others come, and again after."""
    for kind in KINDS:
        with databases(kind):
            world = build_world()
            one = _fill(world.authority, world.year, 1, LARGE)
            alone = _of_one(kind, one, 0.0)["seconds"]
            _fill(world.authority, world.year, SCHOOLS - 1, SMALL)
            yield _of_one(kind, one, alone)
            yield _of_all(kind, world.authority)


def _of_one(kind: str, one: int, alone: float) -> dict[str, Any]:
    with school_scope(one), statements() as sent:
        found = school_statistics("guardian", one)
    keys = ("school_id", "school_id, programme_id, division_id")
    bare = [_bare(one_of, "AND e.school_id = :school", school=one) for one_of in keys]
    assert found is not None and bare[0][0][1:] == astuple(found.school.figures)
    assert sorted(r[3:] for r in bare[1]) == sorted(astuple(c.figures) for table in found.tables for c in table.lines)
    with school_scope(one):
        seconds, floor = _both(lambda: school_statistics("guardian", one), lambda: [
            _bare(one_of, "AND e.school_id = :school", school=one) for one_of in keys], 20)  # fmt: skip
    count = len([statement for statement in sent if not statement.startswith("BEGIN")])
    work = (f"1 établissement de {LARGE} élèves parmi {SCHOOLS + 3}, {kind}, {count} requêtes SQL "
            f"(seul : {alone * 1000:.1f} ms)")  # fmt: skip
    return line("stats", work, seconds, floor)


def _of_all(kind: str, authority: int) -> dict[str, Any]:
    with academy_scope(authority):
        found = {one.id: astuple(one.figures) for one in school_lines("guardian") if one.figures.pupils}
    where = "AND s.authority_id = :authority"
    assert {row[0]: tuple(row[1:]) for row in _bare("school_id", where, authority=authority)} == found
    with academy_scope(authority):
        seconds, floor = _both(lambda: school_lines("guardian"),
                               lambda: _bare("school_id", where, authority=authority), 5)  # fmt: skip
    pupils = sum(one[-2] for one in found.values())
    return line("stats", f"{len(found)} établissements, {pupils} élèves, {kind}", seconds, floor)


def _bare(keys: str, where: str, **values: int) -> list[Any]:
    since, until = datetime(2026, 8, 31, 22, tzinfo=UTC), datetime(2027, 7, 6, 22, tzinfo=UTC)
    if admin_db.is_sqlite:
        since, until = (moment.strftime("%Y-%m-%d %H:%M:%S.%f") for moment in (since, until))  # type: ignore[assignment]
    today = clock.today().isoformat() if admin_db.is_sqlite else clock.today()
    statement = text(BARE.format(keys=keys, where=where))
    with admin_db.engine.connect() as connection:
        return list(connection.execute(statement, {"since": since, "until": until, "today": today, **values}))


def _both(work: Any, floor: Any, times: int) -> tuple[float, float]:
    """The shortest of a few runs of each, one after the other, each in a transaction of its own as a page has it."""

    def once() -> None:
        work()
        admin_db.session.remove()

    runs = [(timed(once), timed(floor)) for _ in range(times)]
    return min(mine for mine, _ in runs), min(bare for _, bare in runs)


def _fill(authority: int, year: int, schools: int, pupils: int) -> int:
    """Schools with as many pupils each, two guardians for nine pupils in ten; the id of the first."""
    with system_scope("bench"), unit_of_work() as session:
        first = 10 if schools == 1 else 11
        connection = session.connection()
        rows: dict[Any, list[dict[str, Any]]] = {model: [] for model in (
            School, Division, Programme, Pupil, Enrolment, Guardian, PortalAccount, GuardianLink,
            ActivationCode)}  # fmt: skip
        for school in range(first, first + schools):
            _school(rows, school, authority, year, pupils)
            if len(rows[Pupil]) > 5000 or school == first + schools - 1:
                for model, made in rows.items():
                    connection.execute(insert(model.__table__), made)
                    made.clear()
        refresh_statistics(session, *rows)
    return first


def _school(rows: dict[Any, list[dict[str, Any]]], school: int, authority: int, year: int, pupils: int) -> None:
    rows[School].append({"id": school, "authority_id": authority, "school_year_id": year, "uai": uai(100_000 + school),
                         "kind": "college", "name": f"Collège {school:04d}"})  # fmt: skip
    base = school * 10_000
    divisions = range(base, base + 1 + (pupils - 1) // CLASS)
    rows[Division] += [{"id": id, "school_id": school, "school_year_id": year, "code": f"D{id - base}",
                        "label": f"D{id - base}"} for id in divisions]  # fmt: skip
    programmes = range(base, base + 4)
    rows[Programme] += [{"id": id, "school_id": school, "mef_code": f"{id}", "label": f"MEF {id - base}"}
                        for id in programmes]  # fmt: skip
    for n in range(pupils):
        pupil, division = base + n, divisions[n // CLASS]
        rows[Pupil].append(_person(school, pupil) | {"birth_date": datetime(2013, 5, 1).date()})
        rows[Enrolment].append({"school_id": school, "pupil_id": pupil, "school_year_id": year,
                                "division_id": division, "programme_id": programmes[n // CLASS % 4]})  # fmt: skip
        for rank in (1, 2) if n % 10 else (1,):
            _guardian(rows, school, base + 2 * n + rank, pupil, rank)


def _guardian(rows: dict[Any, list[dict[str, Any]]], school: int, guardian: int, pupil: int, rank: int) -> None:
    rows[Guardian].append(_person(school, guardian))
    rows[GuardianLink].append({"school_id": school, "guardian_id": guardian, "pupil_id": pupil, "rank": rank,
                               "certified": True})  # fmt: skip
    account = guardian if guardian % 3 == 0 else None
    if account is not None:
        rows[PortalAccount].append({"id": account, "identifier": f"c{account}", "kind": "guardian",
                                    "state": "confirmed", "created_at": clock.now()})  # fmt: skip
    notified = clock.today() if guardian % 5 else None
    rows[ActivationCode].append({
        "school_id": school, "holder": "guardian", "guardian_id": guardian, "pupil_id": pupil, "hint": "0ABC",
        "lookup_key": "k", "lookup_hash": f"{guardian:064d}", "state": "used" if account else "created", "version": 1,
        "created_at": clock.now(), "changed_at": clock.now(), "notified_on": notified, "account_id": account,
    })  # fmt: skip


def _person(school: int, id: int) -> dict[str, Any]:
    return {"id": id, "school_id": school, "last_name": f"NOM{id}", "first_name": "Alix", "source": "siecle",
            "source_id": str(id)}  # fmt: skip
