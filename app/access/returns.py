"""What comes back: reply slips, and letters or mails that did not reach. A pile is entered one code after another, the
last ones can be taken back, and the day's list can be signed (M095, M104, M138)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from app.access import refusals
from app.access.models import AccessRefusal, GuardianCode, Notification, NotificationCode, PupilRefusal
from app.access.slips import Kind, read_slip
from app.audit.models import AuditLine
from app.audit.services import record
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Conflict, NotFound
from app.core.uow import unit_of_work
from app.schools.people import GuardianLink
from app.workflow import bulk

RETURNED = "notification.return"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the desk. `id` is the refusal's or the message's."""

    kind: Kind
    id: int
    at: datetime
    guardian: str | None
    pupil: str | None
    by: str


def take(typed: str, *, actor: Actor) -> Entry:
    """Enter one code. Raises `BadInput` (misread), `NotFound` (not of this school) and `Conflict` (entered already)."""
    slip = read_slip(typed)
    if slip.kind == "message":
        return _of_message(_return_message(slip.number, actor), clock.now(), actor.name)
    link = admin_db.session.scalar(select(GuardianLink).where(GuardianLink.id == slip.number))
    if link is None:
        raise NotFound("Ce coupon n'est pas de cet établissement.")
    if slip.kind == "guardian":
        stored: Any = refusals.refuse(link.guardian_id, link.pupil_id, actor=actor, by_slip=True)
    else:
        stored = refusals.refuse_pupil(link.pupil_id, guardian_id=link.guardian_id, actor=actor, by_slip=True)
    return Entry(slip.kind, stored.id, stored.entered_at, link.guardian.shown_name, link.pupil.shown_name, actor.name)


def undo(kind: str, number: int, *, actor: Actor) -> None:
    """Take back an entry of the last hours. Raises `NotFound` and `Conflict` (too late, or taken back already)."""
    if kind == "message":
        return _undo_return(number, actor)
    model: Any = AccessRefusal if kind == "guardian" else PupilRefusal
    found = admin_db.session.scalar(select(model).where(model.id == number, model.by_slip))
    if found is None:
        raise NotFound("Cette saisie n'existe plus.")
    return refusals.undo(found, actor=actor)


def entries(day: date) -> list[Entry]:
    """What was entered on a day and stands, the last one first."""
    start = datetime.combine(day, time(), clock.PARIS)
    within = (start, start + timedelta(days=1))
    said = select(AuditLine.action, AuditLine.subject_id, AuditLine.actor_name).where(
        AuditLine.at >= within[0], AuditLine.at < within[1],
        AuditLine.action.in_(("access_refusal.create", "pupil_refusal.create")))  # fmt: skip
    names = {(action, subject): name for action, subject, name in admin_db.session.execute(said)}
    found = [*_refused(AccessRefusal, "guardian", within, names), *_refused(PupilRefusal, "pupil", within, names),
             *_returned(within)]  # fmt: skip
    return sorted(found, key=lambda entry: (entry.at, entry.id), reverse=True)


def _refused(model: Any, kind: Kind, within: tuple[datetime, datetime], names: Any) -> Iterable[Entry]:
    rows = select(model).where(model.by_slip, model.entered_at >= within[0], model.entered_at < within[1],
                               model.lifted_on.is_(None))  # fmt: skip
    for row in admin_db.session.scalars(rows):
        yield Entry(kind, row.id, row.entered_at, row.guardian.shown_name if row.guardian else None,
                    row.pupil.shown_name, names.get((f"{model.__tablename__}.create", row.id), ""))  # fmt: skip


def _returned(within: tuple[datetime, datetime]) -> Iterable[Entry]:
    line = aliased(AuditLine)
    rows = (
        select(Notification, line.at, line.actor_name)
        .join(line, (line.subject_id == Notification.id) & (line.action == RETURNED))
        .where(Notification.status == "returned", line.at >= within[0], line.at < within[1])
        .order_by(line.at)
    )
    latest = {message.id: _of_message(message, at, name) for message, at, name in admin_db.session.execute(rows)}
    return latest.values()


def _of_message(message: Notification, at: datetime, by: str) -> Entry:
    return Entry("message", message.id, at, message.addressee.shown_name, None, by)


@unit_of_work()
def _return_message(number: int, actor: Actor) -> Notification:
    """It did not reach: the address is set aside until it changes, and the codes wait for the next run."""
    message = _message(number)
    if message.status == "returned":
        raise Conflict("Ce courrier est déjà saisi comme revenu.")
    if message.status not in ("done", "uncertain"):
        raise Conflict("Ce courrier n'est pas parti.", hint="Vérifiez la référence.")
    _set_aside(message, away=True)
    message.status = "returned"
    record(admin_db.session(), RETURNED, message, actor=actor)
    _move(message, GuardianCode.notified_on.is_not(None), "come_back", actor)
    return message


@unit_of_work()
def _undo_return(number: int, actor: Actor) -> None:
    session, message = admin_db.session(), _message(number)
    last = select(AuditLine.at).where(AuditLine.action == RETURNED, AuditLine.subject_id == number)
    moment = session.scalar(last.order_by(AuditLine.at.desc()).limit(1))
    if message.status != "returned" or moment is None or clock.now() - moment > refusals.UNDO_WITHIN:
        raise Conflict("Il est trop tard pour annuler cette saisie.", hint="Corrigez l'adresse, puis notifiez.")
    _set_aside(message, away=False)
    message.status = "done"
    record(session, "notification.undo_return", message, actor=actor)
    sent = (message.mail and message.mail.sent_at) or message.job.ended_at or moment
    _move(message, GuardianCode.notified_on.is_(None), "notify", actor,
          {"notified_on": sent.astimezone(clock.PARIS).date(), "notified_mode": message.mode})  # fmt: skip


def _message(number: int) -> Notification:
    found = admin_db.session.scalar(
        select(Notification).where(Notification.id == number, Notification.guardian_id.is_not(None))
    )
    if found is None:
        raise NotFound("Aucun courrier de cet établissement ne porte cette référence.")
    return found


def _set_aside(message: Notification, *, away: bool) -> None:
    guardian = message.guardian
    assert guardian is not None, "a message to a pupil does not come back"
    if message.mode == "email":
        guardian.refused_email = guardian.email if away else None
    else:
        guardian.returned_address = "\n".join(guardian.address_lines) if away else None


def _move(message: Notification, where: Any, transition: str, actor: Actor, data: Any = None) -> None:
    """The codes that this message was the last to carry."""
    later = aliased(NotificationCode)
    mine = select(NotificationCode.code_id).where(
        NotificationCode.notification_id == message.id,
        ~select(later.id).where(later.code_id == NotificationCode.code_id, later.notification_id > message.id).exists(),
    )
    bulk.apply_many(GuardianCode, transition, GuardianCode.id.in_(mine) & where, actor=actor,
                    session=admin_db.session(), data=data)  # fmt: skip
