"""What families wrote on the portal reaches the school: messages leave as mails of the school's outbox (M135, M136),
errors on record cards go to the secretary's list (M141). The words then leave the portal's events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, select, text, update
from sqlalchemy.orm import Session

from app.access.models import VALID_STATES, ActivationCode, CardError
from app.core import clock
from app.core.db import portal_db, writing
from app.core.mail import NewMail, queue_mails
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.jobs.models import MailOutbox
from app.online.queries import contact_emails
from app.online.settings import settings_of_school
from app.portal.models import UNREAD_WORDS, PortalEvent
from app.schools.models import Division, School
from app.schools.people import Enrolment, Guardian, Pupil
from config import load
from letters.mail import render_mail
from letters.types import ContactMail

MAIL_KIND = "contact.message"
Payload = dict[str, Any]


def send_messages(session: Session, payloads: list[Payload]) -> None:
    """Each message to the mailboxes that the school chose, and its copy to the family."""
    for payload in payloads:
        with school_scope(payload["school_id"]):
            queue_mails(session, MailOutbox, _mails(session, payload))


def _mails(session: Session, payload: Payload) -> list[NewMail]:
    """Our own sender, the family under Reply-To: a mail in its name would be rejected as forged. The copy is a mail of
    its own, in which no address of the school stands. A school that has just left the list sends the copy alone, which
    says so."""
    school = session.scalar(select(School).where(School.id == payload["school_id"]))
    senders = _senders(session, payload["code_ids"])
    if school is None or not senders:  # the codes died meanwhile: the account no longer speaks for anybody
        return []
    boxes, family = contact_emails(settings_of_school()), payload["email"] or None
    facts: dict[str, Any] = {
        "subject": payload["subject"], "senders": senders, "pupils": _pupils(session, payload["pupil_id"]),
        "message": payload["words"], "school_name": school.name, "answer_to": family,
        "sent_on": datetime.fromisoformat(payload["at"]).astimezone(clock.PARIS).date(),
        "portal_url": load().portal_url,
    }  # fmt: skip
    found = [_mail(payload, school.id, box, ContactMail(form="message", **facts), reply_to=family) for box in boxes]
    if family:
        found.append(_mail(payload, school.id, family, ContactMail(form="copy" if boxes else "undelivered", **facts)))
    return found


def _mail(payload: Payload, school_id: int, to: str, facts: ContactMail, *, reply_to: str | None = None) -> NewMail:
    body, kind = render_mail(facts), to if facts.form == "message" else "copy"
    return NewMail(dedupe_key=f"{MAIL_KIND}:{payload['ref']}:{kind}"[:150], to_address=to, subject=body.subject,
                   text=body.text, html=body.html, reply_to=reply_to, kind=MAIL_KIND, school_id=school_id)  # fmt: skip


def _senders(session: Session, code_ids: list[int]) -> tuple[str, ...]:
    """« Mme Maude BERGÉ », « M. Paul BERGÉ »: the guardians whom the account's codes name, as the school knows them."""
    named = (
        select(Guardian)
        .join(ActivationCode, and_(ActivationCode.guardian_id == Guardian.id,
                                   ActivationCode.school_id == Guardian.school_id))
        .where(ActivationCode.id.in_(code_ids), ActivationCode.state.in_(VALID_STATES))
        .order_by(ActivationCode.id)
    )  # fmt: skip
    return tuple(dict.fromkeys(_spoken(guardian) for guardian in session.scalars(named)))


def _spoken(guardian: Guardian) -> str:
    names = (guardian.title_label, guardian.first_name, guardian.usage_name or guardian.last_name)
    return " ".join(name for name in names if name)


def _pupils(session: Session, pupil_id: int) -> tuple[str, ...]:
    """The child from whose page the message was written, with its class."""
    row = session.execute(
        select(Pupil, Division.label)
        .outerjoin(Enrolment, and_(Enrolment.pupil_id == Pupil.id, Enrolment.school_id == Pupil.school_id))
        .outerjoin(Division, and_(Division.id == Enrolment.division_id, Division.school_id == Enrolment.school_id))
        .where(Pupil.id == pupil_id).order_by(Enrolment.school_year_id.desc()).limit(1)
    ).first()  # fmt: skip
    if row is None:
        return ()
    return (f"{row.Pupil.shown_name} ({row.label})" if row.label else row.Pupil.shown_name,)


def list_errors(session: Session, payloads: list[Payload]) -> None:
    """One line for the secretary per error told, with the school, the pupil and the guardian of the code it came by."""
    ids = [payload["code_id"] for payload in payloads]
    codes = {row.id: row for row in session.execute(
        select(ActivationCode.id, ActivationCode.school_id, ActivationCode.pupil_id, ActivationCode.guardian_id)
        .where(ActivationCode.id.in_(ids)))}  # fmt: skip
    rows = [{"school_id": code.school_id, "pupil_id": code.pupil_id, "guardian_id": code.guardian_id,
             "about": payload["about"], "words": payload["words"], "told_at": datetime.fromisoformat(payload["at"])}
            for payload in payloads if (code := codes.get(payload["code_id"]))]  # fmt: skip
    if rows:
        session.execute(insert(CardError), rows)


def forget_words(last_event: int) -> None:
    """Once read, what families wrote is no longer kept on the portal. Called after the transaction that read it."""
    read = select(PortalEvent.id).where(text(UNREAD_WORDS), PortalEvent.id <= last_event)
    with writing(False):
        ids = list(portal_db.session.scalars(read))
        portal_db.session.rollback()
    if ids:
        with unit_of_work(portal_db) as session:
            erased = update(PortalEvent).where(PortalEvent.id.in_(ids)).values(payload={}, forgotten=True)
            session.execute(erased.execution_options(synchronize_session=False))
