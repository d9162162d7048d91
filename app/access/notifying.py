"""The rows of a notification run: what was planned, what each message carries, what became of it (M090, M091)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.access.facts import LetterFacts, child_row
from app.access.models import ActivationCode, GuardianCode, Notification, NotificationCode
from app.access.planning import Plan
from app.access.queries import may_be_sent
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db, refresh_statistics
from app.core.errors import Conflict, NotFound
from app.core.mail_kinds import OutgoingMail
from app.jobs.models import Artifact, JobLine
from app.jobs.storage import storage
from app.replication.schedule import usable_from
from app.schools.models import Division, School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from app.workflow import bulk
from config import load
from letters.files import cut
from letters.types import ChildRow


class Content(NamedTuple):
    """What one message says: whom it is for, the lines of its table, and whether its reader keeps an account."""

    guardian: Guardian
    rows: list[ChildRow]
    continuity: bool


def write_messages(
    job_id: int, school_id: int, planned: Iterable[tuple[int, str | None]], continued: frozenset[int] = frozenset()
) -> Sequence[Any]:
    """The planned messages of a run, one for each (guardian, mode), in the order given; their ids, guardians, modes.
    `continued` are the guardians who get the continuity letter."""
    session = admin_db.session
    rows = [
        {"school_id": school_id, "job_id": job_id, "guardian_id": guardian_id, "mode": mode, "position": n,
         "continuity": guardian_id in continued}
        for n, (guardian_id, mode) in enumerate(planned)
    ]  # fmt: skip
    if rows:
        session.execute(insert(Notification), rows)
    written = select(Notification.id, Notification.guardian_id, Notification.mode)
    return session.execute(written.where(Notification.job_id == job_id).order_by(Notification.position)).all()


def write_plan(job_id: int, school_id: int, plan: Plan) -> dict[str, list[int]]:
    """One planned row per message that has somewhere to go; returns their ids by mode, in the plan's order."""
    session = admin_db.session
    continued = frozenset(message.guardian.id for message in plan.to_send if message.continuity)
    written = write_messages(job_id, school_id, ((m.guardian.id, m.mode) for m in plan.to_send), continued)
    of_guardian = {row.guardian_id: row.id for row in written}
    codes = [
        {"school_id": school_id, "notification_id": of_guardian[m.guardian.id], "code_id": couple.code.id}
        for m in plan.to_send
        for couple in m.couples
        if couple.code is not None
    ]
    if codes:
        session.execute(insert(NotificationCode), codes)
        refresh_statistics(session(), Notification, NotificationCode)
    by_mode: dict[str, list[int]] = defaultdict(list)
    for row in written:
        by_mode[row.mode].append(row.id)
    return by_mode


def facts_of_run() -> LetterFacts:
    """What every message of the current school says today."""
    school = admin_db.session.scalars(select(School)).one()
    return LetterFacts(school, load().portal_url, usable_from())


def contents(
    *, job_id: int | None = None, notification_ids: Sequence[int] = (), mode: str = "paper"
) -> dict[int, Content]:
    """Guardian and children of each message, in order; codes that may no longer be sent are left out, and so are
    messages that have none left."""
    wanted = Notification.id.in_(notification_ids) if job_id is None else Notification.job_id == job_id
    statement = (
        select(Notification.id, Notification.continuity, Guardian, Pupil, Division.label, ActivationCode,
               GuardianLink.id)
        .select_from(Notification)
        .join(Notification.guardian)
        .join(NotificationCode, NotificationCode.notification_id == Notification.id)
        .join(ActivationCode, ActivationCode.id == NotificationCode.code_id)
        .join(ActivationCode.pupil)
        .outerjoin(GuardianLink, (GuardianLink.guardian_id == ActivationCode.guardian_id)
                   & (GuardianLink.pupil_id == ActivationCode.pupil_id))
        .join(School, School.id == Notification.school_id)
        .outerjoin(
            Enrolment,
            (Enrolment.pupil_id == Pupil.id) & (Enrolment.school_year_id == School.school_year_id),
        )
        .outerjoin(Enrolment.division)
        .where(wanted, Notification.mode == mode, may_be_sent())
        .order_by(Notification.position, NotificationCode.id)
    )  # fmt: skip
    found: dict[int, Content] = {}
    for number, continuity, guardian, pupil, division, code, link_id in admin_db.session.execute(statement):
        content = found.setdefault(number, Content(guardian, [], continuity))
        content.rows.append(child_row(pupil, division, code, link_id))
    return found


def mark_notified(
    notifications: Iterable[int], mode: str, *, actor: Actor, model: type[ActivationCode] = GuardianCode
) -> int:
    """Store date and mode on the codes of these messages (M090): only called once the document exists or the mail has
    gone. Returns how many codes moved."""
    carried = select(NotificationCode.code_id).where(NotificationCode.notification_id.in_(list(notifications)))
    outcome = bulk.apply_many(
        model,
        "notify",
        model.id.in_(carried) & may_be_sent(model),
        actor=actor,
        session=admin_db.session(),
        data={"notified_on": clock.today(), "notified_mode": mode},
    )
    return outcome.moved


def set_pages(job_id: int, pages: dict[int, tuple[int, int]]) -> None:
    """The document and the pages of each letter of a run; the letters exist."""
    document = admin_db.session.scalar(select(Artifact.id).where(Artifact.job_id == job_id).limit(1))
    admin_db.session.execute(
        update(Notification),
        [
            {"id": n, "status": "done", "artifact_id": document, "first_page": first, "last_page": last}
            for n, (first, last) in pages.items()
        ],
    )


def link_mails(mails: dict[int, int]) -> None:
    """The mail in the outbox that carries each message."""
    if mails:
        rows = [{"id": number, "mail_id": mail_id} for number, mail_id in mails.items()]
        admin_db.session.execute(update(Notification), rows)


def single_letter(notification_id: int) -> tuple[str, bytes]:
    """One letter cut out of its run's PDF: a file name and the document. Raises `NotFound` when there is none."""
    found = admin_db.session.execute(
        select(Notification.id, Artifact.path, Notification.first_page, Notification.last_page)
        .join(Artifact, Artifact.id == Notification.artifact_id)
        .where(Notification.id == notification_id, Notification.first_page.is_not(None))
    ).one_or_none()
    if found is None:
        raise NotFound("Cette notification n'a pas de courrier.")
    number, path, first, last = found
    dead = select(NotificationCode.id).join(ActivationCode, ActivationCode.id == NotificationCode.code_id)
    if admin_db.session.scalar(dead.where(NotificationCode.notification_id == number, ~may_be_sent()).limit(1)):
        raise Conflict(
            "Ce courrier porte un code qui n'est plus valable.", hint="Notifiez de nouveau ce responsable si besoin."
        )
    return f"courrier-{number}.pdf", cut(storage().open_artifact(path), first or 1, last or 1)


def settle(notifications: Iterable[int], status: str, error: str | None = None) -> None:
    """What became of these messages."""
    named = Notification.id.in_(list(notifications))
    admin_db.session.execute(update(Notification).where(named).values(status=status, error=error))


def not_delivered(session: Session, mail: OutgoingMail) -> None:
    """The address was refused: the guardian was not told, the run's report says so, and paper is next."""
    number = int(mail.ref or 0)
    settle([number], "failed", (mail.error or "")[:300])
    item = session.scalars(select(Notification).where(Notification.id == number)).one()
    if item.guardian is not None:
        item.guardian.refused_email = mail.to_address  # the next run takes the post, until the address is corrected
    line = {
        "job_id": item.job_id,
        "school_id": mail.school_id,
        "severity": "alert",
        "message": f"Courriel non remis à {mail.to_address} : {mail.error}",
        "subject": item.addressee.shown_name,
    }
    session.execute(insert(JobLine), [line])
