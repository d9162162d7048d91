"""Making the booklets of classes: one per pupil and period, with its lines, what the class remembers, its schemes.

A booklet is made when the class gets its periodicity, and for pupils who arrive later (DESIGN §7). What exists is left
alone: making twice makes nothing. A few statements, however many pupils there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.booklets.base import ENDS_A_CYCLE, class_staff, class_teachers, copied, enrolled, made_with
from app.booklets.lines import BOOKLET_ROW, add_lines
from app.booklets.models import Attainment, Booklet
from app.booklets.parameters import write_parameters
from app.booklets.remembered import add_schemes, copy_elements, copy_pathways
from app.core.actor import Actor
from app.core.db import admin_db, refresh_statistics
from app.core.uow import unit_of_work
from app.curriculum.items import ensure_items
from app.curriculum.models import TeachingItem
from app.schools.models import Division, School, SchoolYear
from app.schools.people import Enrolment
from app.schools.periods import DivisionScheme, Period
from app.workflow import bulk

BULK = 200  # so many new booklets make PostgreSQL's statistics worthless


@dataclass(frozen=True, slots=True)
class Made:
    """How many booklets were made, and the labels of the classes that have no periods."""

    booklets: int = 0
    unset: tuple[str, ...] = ()


def make_booklets(division_id: int, *, actor: Actor) -> Made:
    """The missing booklets of one class; nothing when its periods are not set (M015)."""
    return make_for_classes([division_id], actor=actor)


@unit_of_work()
def make_for_classes(division_ids: Iterable[int], *, actor: Actor) -> Made:
    """The missing booklets of some classes of the current school: one per pupil present at some moment of a period."""
    session = admin_db.session()
    classes = lock_classes(session, division_ids)
    periods = periods_of(session, {row.scheme_id for row in classes})
    ready = {row.id: periods[row.scheme_id] for row in classes if row.scheme_id in periods}
    unset = tuple(row.label for row in classes if row.id not in ready)
    if not ready:
        return Made(0, unset)
    staff = class_staff(session, list(ready))
    rows = []
    for pupil in enrolled(session, Enrolment.division_id.in_(ready)):
        facts = _facts(pupil, staff) | {"model": pupil.kind}
        mine = ready[pupil.division_id]
        rows += [facts | _period(period, len(mine)) for period in mine if present(pupil, period)]
    return Made(_insert(session, rows, list(ready), actor), unset)


@unit_of_work()
def make_for_school(*, actor: Actor) -> Made:
    """The missing booklets of every class of the year that has its periods: for who arrives in the course of it."""
    session = admin_db.session()
    classes = (
        select(DivisionScheme.division_id)
        .join(DivisionScheme.division)
        .join(School, School.id == Division.school_id)
        .where(Division.school_year_id == School.school_year_id)
    )
    return make_for_classes(session.scalars(classes).all(), actor=actor)


@unit_of_work()
def make_cycle_booklets(division_ids: Iterable[int], *, actor: Actor) -> Made:
    """The missing end-of-cycle booklets of the pupils of CE2, 6e and 3e of some classes; others get none."""
    session = admin_db.session()
    classes = [row.id for row in lock_classes(session, division_ids)]
    staff = class_staff(session, classes)
    years = {row.id: row for row in session.execute(select(SchoolYear.id, SchoolYear.starts_on, SchoolYear.ends_on))}
    rows = []
    for pupil in enrolled(session, Enrolment.division_id.in_(classes)):
        cycle, year = ENDS_A_CYCLE.get(pupil.level_code), years[pupil.school_year_id]
        if cycle and still_here(pupil, year.ends_on):
            rows.append(_facts(pupil, staff) | _end_of_cycle(cycle, year))
    return Made(_insert(session, rows, classes, actor))


def _facts(pupil: Any, staff: dict[int, list[tuple[str, bool]]]) -> dict[str, Any]:
    return made_with(pupil) | copied(pupil, class_teachers(staff.get(pupil.division_id, ())))


def lock_classes(session: Session, division_ids: Iterable[int]) -> Sequence[Any]:
    """Id, label and scheme of these classes, in order and locked: two who make at once make each booklet once."""
    held = select(Division.id).where(Division.id.in_(list(division_ids))).order_by(Division.id).with_for_update()
    ids = session.scalars(held).all()
    statement = (
        select(Division.id, Division.label, DivisionScheme.scheme_id)
        .outerjoin(DivisionScheme, (DivisionScheme.division_id == Division.id)
                   & (DivisionScheme.school_id == Division.school_id))
        .where(Division.id.in_(ids)).order_by(Division.label, Division.id)
    )  # fmt: skip
    return session.execute(statement).all()


def periods_of(session: Session, scheme_ids: Iterable[int]) -> dict[int, list[Any]]:
    """The periods of each scheme in order."""
    columns = (Period.scheme_id, Period.position, Period.label, Period.starts_on, Period.ends_on)
    found: dict[int, list[Any]] = {}
    for row in session.execute(select(*columns).where(Period.scheme_id.in_(scheme_ids)).order_by(Period.position)):
        found.setdefault(row.scheme_id, []).append(row)
    return found


def present(pupil: Any, period: Any) -> bool:
    """Whether the pupil was enrolled at some moment of the period."""
    arrived = pupil.starts_on is None or pupil.starts_on <= period.ends_on
    return arrived and still_here(pupil, period.starts_on)


def still_here(pupil: Any, day: date) -> bool:
    """Whether the pupil has not left before that day."""
    return pupil.ends_on is None or pupil.ends_on >= day


def _period(period: Any, count: int) -> dict[str, Any]:
    return {"position": period.position, "period_count": count, "period_label": period.label,
            "starts_on": period.starts_on, "ends_on": period.ends_on, "cycle_end": 0}  # fmt: skip


def _end_of_cycle(cycle: int, year: Any) -> dict[str, Any]:
    return {"model": "cycle", "cycle": cycle, "cycle_end": cycle, "position": 0, "period_count": 0,
            "period_label": f"Fin du cycle {cycle}", "starts_on": year.starts_on, "ends_on": year.ends_on}  # fmt: skip


_KEY = (Booklet.pupil_id, Booklet.position, Booklet.period_count, Booklet.cycle_end)


def _insert(session: Session, rows: list[dict[str, Any]], division_ids: list[int], actor: Actor) -> int:
    """Insert the booklets that are not there, and all that a new one holds."""
    if not rows:
        return 0
    pupils = list({row["pupil_id"] for row in rows})
    theirs = (Booklet.pupil_id.in_(pupils), Booklet.school_year_id == rows[0]["school_year_id"])
    known = {tuple(row) for row in session.execute(select(*_KEY).where(*theirs))}
    rows = [row for row in rows if tuple(row[column.key] for column in _KEY) not in known]
    if not rows:
        return 0
    session.execute(insert(Booklet), rows)
    if len(rows) >= BULK:
        refresh_statistics(session, Booklet)  # the guard of locked booklets looks one up for each line
    all_of_them = session.execute(select(*BOOKLET_ROW, Booklet.cycle_end).where(*theirs)).all()
    made = [row for row in all_of_them if (row.pupil_id, row.position, row.period_count, row.cycle_end) not in known]
    these = Booklet.id.in_([row.id for row in made])
    if session.scalar(select(TeachingItem.id).limit(1)) is None:
        ensure_items()
    add_lines(session, made, division_ids)
    if len(rows) >= BULK:
        refresh_statistics(session, Attainment)
    copy_elements(session, Attainment.booklet_id.in_([row.id for row in made]))
    copy_pathways(session, these)
    add_schemes(session, these)
    write_parameters(session, these)
    bulk.record_creation_many(Booklet, these, actor=actor, session=session)
    return len(made)
