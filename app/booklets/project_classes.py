"""Which pupils of a class may join an EPI or AP group: those with an open booklet of the group's period (M054)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from app.booklets.models import SEALED_STATES, Booklet, GroupPupil, ProjectGroup
from app.booklets.rights import Target, Writer
from app.core.db import admin_db
from app.schools.models import Division, School
from app.schools.people import Enrolment, Pupil

NO_BOOKLET = "Pas encore de bilan pour cette période."
SEALED = "Bilan verrouillé."
OTHER_PERIODS = "Sa classe fonctionne avec d'autres périodes : saisissez pour elle un nouveau groupe, sur sa période."
ALREADY = "Déjà dans le groupe."


@dataclass(frozen=True, slots=True)
class Classmate:
    """A pupil of a class, with the booklet by which they may be added or why they may not."""

    name: str
    booklet_id: int | None
    why: str | None


def all_divisions() -> Sequence[Division]:
    """Every class of the school this year (M052)."""
    statement = select(Division).join(School, School.id == Division.school_id)
    return admin_db.session.scalars(
        statement.where(Division.school_year_id == School.school_year_id).order_by(Division.code)).all()  # fmt: skip


def classmates(group: ProjectGroup, division_id: int, writer: Writer) -> list[Classmate]:
    """The pupils of a class; four facts about each in one statement, whatever their number."""
    in_group = select(GroupPupil.booklet_id).where(GroupPupil.group_id == group.id)
    taken = set(admin_db.session.scalars(in_group))
    found: dict[int, list[Any]] = {}
    for row in admin_db.session.execute(_pupils(division_id)):
        found.setdefault(row.id, []).append(row)
    return [_classmate(group, rows, taken, writer) for rows in found.values()]


def _pupils(division_id: int) -> Any:
    """Each pupil enrolled in the class with each of their booklets of the year (one row without any)."""
    return (
        select(Pupil.id, Pupil.last_name, Pupil.first_name, Booklet.id.label("booklet_id"), Booklet.state,
               Booklet.position, Booklet.period_count, Booklet.division_id)
        .join(Enrolment, and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_id == Pupil.school_id))
        .outerjoin(Booklet, and_(Booklet.pupil_id == Pupil.id, Booklet.school_id == Pupil.school_id,
                                 Booklet.school_year_id == Enrolment.school_year_id, Booklet.model == "college"))
        .where(Enrolment.division_id == division_id, Enrolment.ends_on.is_(None))
        .order_by(Pupil.last_name, Pupil.first_name, Pupil.id, Booklet.position)
    )  # fmt: skip


def _classmate(group: ProjectGroup, rows: list[Any], taken: set[int], writer: Writer) -> Classmate:
    name = f"{rows[0].last_name} {rows[0].first_name}"
    row = next((r for r in rows if (r.position, r.period_count) == (group.position, group.period_count)), None)
    if row is None:
        elsewhere = any(r.booklet_id is not None and r.period_count != group.period_count for r in rows)
        return Classmate(name, None, OTHER_PERIODS if elsewhere else NO_BOOKLET)
    if row.booklet_id in taken:
        return Classmate(name, None, ALREADY)
    return Classmate(name, row.booklet_id, refusal(group, row, writer))


def refusal(group: ProjectGroup, booklet: Any, writer: Writer) -> str | None:
    """Why this booklet may not join or leave the group at this moment; None when it may."""
    if (booklet.position, booklet.period_count) != (group.position, group.period_count):
        return OTHER_PERIODS
    if booklet.state in SEALED_STATES:
        return SEALED
    term = (booklet.division_id, booklet.position, booklet.period_count)
    return writer.refusal(Target("member", "comment", term, group_id=group.id))
