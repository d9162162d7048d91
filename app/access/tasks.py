"""Long work on guardians' codes: creating them, and notifying them on paper and by e-mail."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access import notifying, pupil_tasks  # noqa: F401 - registers its job
from app.access.continuity import carry_over
from app.access.drawn import drawn_mail
from app.access.models import Notification
from app.access.planning import NO_SERVICE, NotifyRequest, make_plan
from app.access.queries import Selection, open_services
from app.access.services import create_codes
from app.access.slips import Slip
from app.core.actor import SYSTEM
from app.core.errors import BadInput, Conflict, LivretError
from app.core.mail import NewMail, clean_address, queue_mails
from app.core.mail_kinds import OutgoingMail, each_told
from app.jobs.context import JobContext
from app.jobs.mail import mail_kind
from app.jobs.models import MailOutbox
from app.jobs.registry import JobKind, job_kind
from letters.errors import LettersError, NoSpaceLeft
from letters.render import render_batch

MAIL_KIND = "codes.notify"
PDF = "courriers.pdf"
MAILS_PER_STEP = 500
OPENED = "Accès aux téléservices pour suivre la scolarité de votre enfant"
CONTINUED = "Votre compte pour suivre la scolarité de votre enfant continue de servir"


@job_kind
class CreateCodes(JobKind):
    """Codes for a whole selection (M077–M080)."""

    name = "codes.create"
    exclusive = True

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """Everything at once: a few statements, one transaction."""
        made = create_codes(Selection(ctx.params["population"], ctx.params["id"]), actor=ctx.actor)
        ctx.set_result(created=made.created, already_valid=made.already_valid, refused=made.refused)
        ctx.message(
            f"Codes créés : {made.created}. Déjà valides : {made.already_valid}. Refus d'accès : {made.refused}."
        )


@job_kind
class NotifyCodes(JobKind):
    """One letter or one mail per guardian (M084–M091). The plan is written first; paper is one step, mails follow in
    chunks and leave through the outbox."""

    name = "codes.notify"
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """Write down who gets what; report who cannot be reached and an empty list of services (M089)."""
        carry_over()
        plan = make_plan(NotifyRequest.from_params(ctx.params))
        assert ctx.job.school_id is not None
        by_mode = notifying.write_plan(ctx.job.id, ctx.job.school_id, plan)
        if not open_services():
            ctx.line("alert", NO_SERVICE)
        for message in plan.messages:
            if message.mode is None:
                ctx.line("alert", "Ni courriel ni adresse pour ce mode : personne non notifiée.",
                         subject=message.guardian.shown_name)
        ctx.set_result(guardians=len(plan.messages), letters=len(by_mode["paper"]), emails=len(by_mode["email"]),
                       unreachable=plan.counts["unreachable"], pdf=None, pages=0)
        if by_mode["paper"]:
            yield {"mode": "paper"}
        for start in range(0, len(by_mode["email"]), MAILS_PER_STEP):
            yield {"mode": "email", "ids": by_mode["email"][start : start + MAILS_PER_STEP]}

    def prepare(self, ctx: JobContext, payload: Any) -> Any:
        """Lay the letters out and keep the PDF; repeated from the start after a crash."""
        if payload["mode"] != "paper":
            return None
        try:
            return self._print(ctx)
        except NoSpaceLeft:
            raise  # the runner says what to do about a full disk
        except LettersError as error:
            raise Conflict(str(error), hint="Corrigez la fiche, puis relancez la notification.") from error

    def _print(self, ctx: JobContext) -> tuple[dict[int, tuple[int, int]], int]:
        facts = notifying.facts_of_run()
        found = notifying.contents(job_id=ctx.job.id)
        letters = [facts.letter(_reference(n), said.guardian, tuple(said.rows), continuity=said.continuity)
                   for n, said in found.items()]  # fmt: skip
        ctx.session.rollback()  # no transaction stays open while letters are laid out
        if not letters:
            return {}, 0
        out = ctx.folder / PDF

        def told(done: int) -> None:
            ctx.check_cancelled()
            ctx.progress(done, len(letters), f"{done} courriers sur {len(letters)}")

        batch = render_batch(letters, out, own=facts.own_words, on_progress=told)
        ctx.artifact(PDF, out, "application/pdf")
        for index, lost in batch.lost.items():
            ctx.line("alert", f"Caractères absents des polices, imprimés par un carré : {lost}",
                     subject=letters[index].guardian.name)
        return dict(zip(found, batch.page_ranges, strict=True)), batch.pages

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """The document exists: store date and mode; or put the mails in the outbox."""
        if payload["mode"] == "email":
            self._queue(ctx, payload["ids"])
            return
        pages, count = ctx.prepared
        if pages:
            notifying.set_pages(ctx.job.id, pages)
            notifying.mark_notified(pages, "paper", actor=ctx.actor)
            ctx.set_result(pdf=PDF, pages=count)

    def finish(self, ctx: JobContext) -> None:
        """What the head reads at the end."""
        done = ctx.result
        ctx.message(
            f"Courriers dans le PDF : {done['letters']}. Courriels confiés à l'envoi : {done['emails']}. "
            f"Personnes sans adresse : {done['unreachable']}."
        )

    def _queue(self, ctx: JobContext, ids: list[int]) -> None:
        """Put the mails in the outbox. An address that went bad since the plan costs one guardian, not the campaign."""
        mails, numbers = [], {}
        for item in ctx.session.scalars(
            select(Notification).where(Notification.id.in_(ids)).order_by(Notification.position)
        ):
            try:
                mail = _mail(item, ctx.job.school_id)
            except BadInput as error:
                notifying.settle([item.id], "failed", error.message[:300])
                ctx.line("alert", f"{error.message} Personne non notifiée.", subject=item.addressee.shown_name)
                continue
            mails.append(mail)
            numbers[mail.dedupe_key] = item.id
        queued = queue_mails(ctx.session, MailOutbox, mails)
        notifying.link_mails({numbers[key]: mail_id for key, mail_id in queued.items()})


def _mail(item: Notification, school_id: int | None) -> NewMail:
    return NewMail(
        dedupe_key=f"notification/{item.id}",
        to_address=clean_address((item.guardian and item.guardian.email) or ""),
        to_name=item.addressee.shown_name,
        subject=CONTINUED if item.continuity else OPENED,
        kind=MAIL_KIND,
        ref=str(item.id),
        school_id=school_id,
    )


def _reference(notification_id: int) -> str:
    return Slip("message", notification_id).code


def compose(session: Session, mails: list[OutgoingMail]) -> dict[int, tuple[str, str | None] | str]:
    """The bodies, at the last moment: no readable code waits in the outbox."""
    numbers = {int(mail.ref or 0): mail.id for mail in mails}
    found = notifying.contents(notification_ids=list(numbers), mode="email")
    facts = notifying.facts_of_run()
    bodies: dict[int, tuple[str, str | None] | str] = dict.fromkeys(
        numbers.values(), "Plus aucun code valide à notifier."
    )
    for number, said in found.items():
        letter = facts.mail(_reference(number), said.guardian, tuple(said.rows), continuity=said.continuity)
        try:
            body = drawn_mail(facts, letter)
            bodies[numbers[number]] = body.text, body.html
        except LivretError as error:  # costs this guardian, and none of the others
            bodies[numbers[number]] = error.message
    return bodies


def have_gone(session: Session, mails: list[OutgoingMail]) -> None:
    """The mails have gone: date and mode are stored now and not before (M090)."""
    notifying.mark_notified([int(mail.ref or 0) for mail in mails], "email", actor=SYSTEM)
    for status, repeated in (("uncertain", True), ("done", False)):
        notifying.settle([int(mail.ref or 0) for mail in mails if mail.repeated is repeated], status)


mail_kind(MAIL_KIND, compose=compose, on_sent=have_gone, on_failed=each_told(notifying.not_delivered))
