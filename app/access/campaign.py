"""A notification campaign before it leaves: seen in rehearsal, then held a moment, so that it can be recalled."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from app.access import notifying
from app.access.drawn import drawn_letter, drawn_mail
from app.access.facts import child_row
from app.access.planning import Message, NotifyRequest, make_plan
from app.access.queries import Couple
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import Conflict, NotFound
from app.core.mail import NewMail, clean_address, queue_mail
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.models import Job, MailOutbox
from app.jobs.queries import JobView, own_jobs, view
from app.schools.people import Guardian
from letters.mail import MailBody
from letters.types import ChildRow

HOLD = timedelta(minutes=10)
REHEARSED = "N0-REPETITION"


def launch(request: NotifyRequest, *, actor: Actor, label: str) -> JobView:
    """Submit the campaign. What would leave by e-mail is held for `HOLD`: until then it can be recalled, or sent off at
    once. Raises `NobodyToNotify` and `Conflict` while another one is waiting."""
    plan = make_plan(request)
    if (other := waiting()) is not None:
        raise Conflict("Une notification attend déjà son départ.",
                       hint=f"Rappelez-la ou envoyez-la depuis « {other.label} », puis recommencez.")  # fmt: skip
    until = clock.now() + HOLD if plan.counts["email"] else None
    school_id = plan.messages[0].guardian.school_id
    return jobs.submit("codes.notify", school_id, request.as_params(), actor, label, not_before=until)


def waiting() -> JobView | None:
    """The school's campaign that has not left yet, if there is one."""
    session = admin_db.session()
    held = own_jobs().where(Job.kind == "codes.notify", Job.state == "queued", Job.not_before > clock.now())
    found = session.scalar(held.limit(1))
    return view(session, found.id) if found is not None else None


def check_guardian(guardian_id: int) -> None:
    """Raises `NotFound` for who is no guardian of this school, whatever is asked of them."""
    if admin_db.session.scalar(select(Guardian.id).where(Guardian.id == guardian_id)) is None:
        raise NotFound("Ce responsable n'existe pas.")


def one_message(request: NotifyRequest, guardian_id: int) -> Message:
    """What the request would send one guardian. Raises `NobodyToNotify`, and `NotFound` for who gets nothing."""
    for message in make_plan(request).messages:
        if message.guardian.id == guardian_id:
            return message
    raise NotFound("Cette personne n'est pas dans la sélection.")


def rehearsed_letter(message: Message) -> bytes:
    """The very letter that would be printed, its reference apart. Raises `NotFound` when none would be."""
    if not message.guardian.postable:
        raise NotFound("Cette personne n'a pas d'adresse postale : aucun courrier n'est imprimé pour elle.")
    facts = notifying.facts_of_run()
    letter = facts.letter(REHEARSED, message.guardian, _rows(message), continuity=message.continuity)
    return drawn_letter(facts, letter)


def rehearsed_mail(message: Message, *, masked: bool = False) -> MailBody:
    """The very mail that would leave, its reference apart; `masked` for a copy to somebody else."""
    facts = notifying.facts_of_run()
    rows = _rows(message, masked=masked)
    return drawn_mail(facts, facts.mail(REHEARSED, message.guardian, rows, continuity=message.continuity))


@unit_of_work()
def copy_to_oneself(message: Message, address: str, *, actor: Actor) -> None:
    """A mail of the campaign to who prepares it, at once. The codes stay the guardian's own: their first block is
    followed by crosses."""
    body, session = rehearsed_mail(message, masked=True), admin_db.session()
    queue_mail(session, MailOutbox, NewMail(
        dedupe_key=f"copy/{uuid.uuid4().hex}", to_address=clean_address(address), to_name=actor.name,
        subject=f"[Copie] {body.subject}", text=body.text, html=body.html,
        school_id=message.guardian.school_id))  # fmt: skip


def _rows(message: Message, *, masked: bool = False) -> tuple[ChildRow, ...]:
    return tuple(_row(couple, masked) for couple in message.couples)


def _row(couple: Couple, masked: bool) -> ChildRow:
    code = couple.code
    assert code is not None, "a plan holds couples with a code"
    row = child_row(couple.pupil, couple.division, code, couple.link_id)
    return replace(row, code=f"{code.hint} - XXX - XXX - XXX") if masked and row.code else row
