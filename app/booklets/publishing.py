"""When families read the booklets of a class (C06), who was told and who has read: what the head sees and decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, case, delete, distinct, func, select
from sqlalchemy.orm import aliased

from app.access.models import VALID_STATES, ActivationCode, Notification
from app.audit.services import record
from app.booklets.households import legal_on
from app.booklets.models import (
    SEALED_STATES,
    Booklet,
    BookletEdition,
    BookletPublication,
    BookletReading,
    NotificationEdition,
    in_force,
)
from app.booklets.selection import Picked
from app.core.actor import Actor
from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import BadInput, NotFound
from app.core.uow import unit_of_work
from app.schools.models import Division, School
from app.schools.people import Guardian, GuardianLink


@dataclass(frozen=True, slots=True)
class ClassPublication:
    """One class in one period: its booklets, from which day they are read (None = as soon as they are edited), to how
    many guardians something was sent, and how many booklets somebody has read."""

    division_id: int
    division: str
    booklets: int
    edited: int
    publish_on: date | None
    told: int
    read: int

    @property
    def readable(self) -> bool:
        """Whether families read what is edited today."""
        return self.edited > 0 and (self.publish_on is None or self.publish_on <= today())


def publications(position: int, period_count: int) -> list[ClassPublication]:
    """Every class of the year in that period, in one statement."""
    told = select(func.count(distinct(Notification.guardian_id))).join(
        NotificationEdition, and_(NotificationEdition.notification_id == Notification.id,
                                  NotificationEdition.school_id == Notification.school_id))
    other, edition = aliased(Booklet), aliased(BookletEdition)
    told = told.join(edition, edition.id == NotificationEdition.edition_id).join(
        other, other.id == edition.booklet_id).where(
        other.division_id == Division.id, other.position == position, other.period_count == period_count,
        Notification.status != "failed").correlate(Division)  # fmt: skip
    rows = admin_db.session.execute(
        select(Division.id, Division.label, BookletPublication.publish_on,
               func.count(distinct(Booklet.id)).label("booklets"),
               func.count(distinct(case((Booklet.state == "edited", Booklet.id)))).label("edited"),
               func.count(distinct(case((BookletReading.id.is_not(None), Booklet.id)))).label("read"),
               told.scalar_subquery().label("told"))
        .join(School, School.id == Division.school_id)
        .join(Booklet, and_(Booklet.division_id == Division.id, Booklet.school_id == Division.school_id))
        .outerjoin(BookletEdition, and_(BookletEdition.booklet_id == Booklet.id,
                                        BookletEdition.school_id == Booklet.school_id, in_force()))
        .outerjoin(BookletReading, and_(BookletReading.edition_id == BookletEdition.id,
                                        BookletReading.school_id == BookletEdition.school_id))
        .outerjoin(BookletPublication, _of_the_class(position, period_count))
        .where(Division.school_year_id == School.school_year_id, Booklet.position == position,
               Booklet.period_count == period_count)
        .group_by(Division.id, Division.label, BookletPublication.publish_on)
        .order_by(Division.label, Division.id)
    )  # fmt: skip
    return [ClassPublication(row.id, row.label, row.booklets, row.edited, row.publish_on, row.told or 0, row.read)
            for row in rows]  # fmt: skip


def _of_the_class(position: int, period_count: int) -> Any:
    return and_(BookletPublication.division_id == Division.id, BookletPublication.school_id == Division.school_id,
                BookletPublication.position == position, BookletPublication.period_count == period_count)


@unit_of_work()
def publish_from(division_ids: list[int], position: int, period_count: int, day: date | None, *, actor: Actor) -> int:
    """From which day families read the booklets of these classes; None = as soon as they are edited. How many classes.

    Put off, what could be read already leaves the portal within a minute. Raises `BadInput`, `NotFound`.
    """
    session = admin_db.session()
    if not division_ids:
        raise BadInput("Aucune classe n'est cochée.", hint="Cochez au moins une classe, puis recommencez.")
    if day is not None and not (date(2000, 1, 1) <= day <= date(2100, 1, 1)):
        raise BadInput("Cette date n'est pas possible.", hint="Écrivez par exemple 12/12/2026.")
    classes = list(session.scalars(select(Division).where(Division.id.in_(division_ids))))
    if len(classes) != len(set(division_ids)):
        raise NotFound("Une de ces classes n'existe pas.")
    session.execute(
        delete(BookletPublication).where(
            BookletPublication.division_id.in_(division_ids), BookletPublication.position == position,
            BookletPublication.period_count == period_count),
        execution_options={"synchronize_session": False})  # fmt: skip
    for division in classes:
        if day is not None:
            session.add(BookletPublication(school_id=division.school_id, division_id=division.id, position=position,
                                           period_count=period_count, publish_on=day))
        said = {"position": position, "period_count": period_count, "day": day.isoformat() if day else None}
        record(session, "booklet_publication.edit", division, actor=actor, data=said)
    session.flush()
    return len(classes)


@dataclass(frozen=True, slots=True)
class Reader:
    """A legal guardian and a pupil's booklet: how they were told, and when they read it."""

    guardian: Guardian
    pupil: str
    division: str
    account: bool
    told: str | None
    read_at: datetime | None


def readers(picked: Picked, *, unread_only: bool = True) -> list[Reader]:
    """Who has read and who has not (« read on … »), by class and name; in one statement."""
    code = aliased(ActivationCode)
    told = (
        select(func.max(Notification.mode))
        .join(NotificationEdition, and_(NotificationEdition.notification_id == Notification.id,
                                        NotificationEdition.school_id == Notification.school_id))
        .where(NotificationEdition.edition_id == BookletEdition.id, Notification.guardian_id == Guardian.id,
               Notification.status != "failed")
        .correlate(BookletEdition, Guardian).scalar_subquery()
    )  # fmt: skip
    link = and_(GuardianLink.pupil_id == Booklet.pupil_id, GuardianLink.school_id == Booklet.school_id,
                legal_on(today()))  # fmt: skip
    held = and_(code.guardian_id == Guardian.id, code.pupil_id == Booklet.pupil_id, code.school_id == Booklet.school_id,
                code.state.in_(VALID_STATES))  # fmt: skip
    statement = (
        select(Guardian, Booklet.last_name, Booklet.first_name, Booklet.division_label, code.account_id, told,
               BookletReading.read_at)
        .select_from(Booklet)
        .join(BookletEdition, and_(BookletEdition.booklet_id == Booklet.id,
                                   BookletEdition.school_id == Booklet.school_id, in_force()))
        .join(GuardianLink, link)
        .join(Guardian, and_(Guardian.id == GuardianLink.guardian_id, Guardian.school_id == GuardianLink.school_id))
        .outerjoin(code, held)
        .outerjoin(BookletReading, and_(BookletReading.edition_id == BookletEdition.id,
                                        BookletReading.code_id == code.id))
        .where(picked.where, Booklet.state.in_(SEALED_STATES))
        .order_by(Booklet.division_label, Booklet.last_name, Booklet.first_name, GuardianLink.rank)
    )  # fmt: skip
    if unread_only:
        statement = statement.where(BookletReading.id.is_(None))
    return [Reader(row[0], f"{row.last_name} {row.first_name}", row.division_label or "", row.account_id is not None,
                   row[5], row.read_at) for row in admin_db.session.execute(statement)]  # fmt: skip
