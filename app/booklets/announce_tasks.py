"""The job that tells families of published booklets, and the mail it sends. Loaded by `app.booklets.tasks`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access import notifying
from app.access.facts import recipient, school_block
from app.booklets.announcing import Asked, addresses, contents, messages, write_plan
from app.booklets.models import BookletEdition
from app.core.clock import PARIS
from app.core.errors import BadInput, NotFound
from app.core.mail import NewMail, clean_address, queue_mails
from app.core.mail_kinds import OutgoingMail, each_told, each_written
from app.jobs.context import JobContext
from app.jobs.mail import mail_kind
from app.jobs.models import MailOutbox
from app.jobs.registry import JobKind, job_kind
from app.schools.models import School
from app.schools.people import Guardian
from config import load
from letters.booklet_types import Envelope, PrintedBooklet, Stamp, from_plain
from letters.mail import render_mail
from letters.render import render_batch
from letters.types import BookletAvailableMail, Facts, ReadableBooklet

MAIL_KIND = "booklets.available"
PDF = "livrets.pdf"
MAILS_PER_STEP = 500


@job_kind
class AnnounceBooklets(JobKind):
    """One message per guardian (C03). The plan is written first; paper is one step, mails follow in chunks."""

    name = "booklets.announce"
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """Write down who gets what; name who cannot be reached."""
        planned = messages(Asked(**ctx.params))
        assert ctx.job.school_id is not None
        by_mode = write_plan(ctx.job.id, ctx.job.school_id, planned)
        lost = [message for message in planned if message.mode is None]
        for message in lost:
            ctx.line("alert", "Ni compte sur le portail ni adresse postale : personne non prévenue.",
                     subject=message.guardian.shown_name)
        ctx.set_result(emails=len(by_mode["email"]), letters=len(by_mode["paper"]), unreachable=len(lost), pages=0)
        if by_mode["paper"]:
            yield {"mode": "paper", "ids": by_mode["paper"]}
        for start in range(0, len(by_mode["email"]), MAILS_PER_STEP):
            yield {"mode": "email", "ids": by_mode["email"][start : start + MAILS_PER_STEP]}

    def prepare(self, ctx: JobContext, payload: Any) -> Any:
        """Lay out the booklets to post, each after the sheet that its envelope's window shows."""
        if payload["mode"] != "paper":
            return None
        owners, sheets = [], []
        for number, (guardian, editions) in contents(payload["ids"]).items():
            pile = _pile(guardian, editions)
            owners += [number] * len(pile)
            sheets += pile
        ctx.session.rollback()  # no transaction stays open while they are laid out
        if not sheets:
            return {}, 0

        def told(done: int) -> None:
            ctx.check_cancelled()
            ctx.progress(done, len(sheets), f"{done} documents sur {len(sheets)}")

        batch = render_batch(sheets, ctx.folder / PDF, on_progress=told)
        ctx.artifact(PDF, ctx.folder / PDF, "application/pdf")
        return _pages_of(owners, batch.page_ranges), batch.pages

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """The document exists: say so; or put the mails in the outbox."""
        if payload["mode"] == "email":
            _queue(ctx, payload["ids"])
            return
        pages, count = ctx.prepared
        if pages:
            notifying.set_pages(ctx.job.id, pages)
            ctx.set_result(pages=count)

    def finish(self, ctx: JobContext) -> None:
        """What the head reads at the end."""
        done = ctx.result
        ctx.message(f"Courriels confiés à l'envoi : {done['emails']}. Livrets à poster : {done['letters']}. "
                    f"Personnes sans compte ni adresse : {done['unreachable']}.")


def _pile(guardian: Guardian, editions: list[BookletEdition]) -> list[Facts]:
    """What goes into one envelope: the sheet with the address in its window, then the booklets."""
    booklets = [printed(edition) for edition in editions]
    titles = tuple(f"{one.booklet.pupil.name} : {one.booklet.period} {one.booklet.year}" for one in booklets)
    return [Envelope(editions[0].number, booklets[0].school, recipient(guardian), titles), *booklets]


def printed(edition: BookletEdition) -> PrintedBooklet:
    """An edition as it was issued."""
    issued = edition.issued_at.astimezone(PARIS).date()
    stamp = Stamp(edition.number, issued, edition.digest, f"{load().portal_url}/verification/{edition.token}")
    return PrintedBooklet(edition.number, from_plain(edition.facts), stamp)


def _pages_of(owners: list[int], ranges: Iterable[tuple[int, int]]) -> dict[int, tuple[int, int]]:
    """Message → its first and last page, over the booklets of all its children."""
    pages: dict[int, tuple[int, int]] = {}
    for number, (first, last) in zip(owners, ranges, strict=True):
        pages[number] = (pages[number][0] if number in pages else first, last)
    return pages


def _queue(ctx: JobContext, ids: list[int]) -> None:
    """Put the mails in the outbox; an address that went bad meanwhile costs one guardian, not the campaign."""
    mails, numbers = [], {}
    for number, name, email in addresses(ids):
        try:
            mails.append(NewMail(dedupe_key=f"booklets/{number}", to_address=clean_address(email or ""), to_name=name,
                                 subject="Un livret scolaire est disponible", kind=MAIL_KIND, ref=str(number),
                                 school_id=ctx.job.school_id))  # fmt: skip
            numbers[mails[-1].dedupe_key] = number
        except BadInput as error:
            notifying.settle([number], "failed", error.message[:300])
            ctx.line("alert", f"{error.message} Personne non prévenue.", subject=name)
    queued = queue_mails(ctx.session, MailOutbox, mails)
    notifying.link_mails({numbers[key]: mail_id for key, mail_id in queued.items()})


def compose(session: Session, mail: OutgoingMail) -> tuple[str, str | None]:
    """The words, at the last moment; no result is in them. Raises `NotFound` when nothing is readable any more."""
    number = int(mail.ref or 0)
    found = contents([number])
    if number not in found:
        raise NotFound("Plus aucun livret publié à annoncer.")
    guardian, editions = found[number]
    said = (from_plain(edition.facts) for edition in editions)
    booklets = tuple(ReadableBooklet(facts.pupil.name, f"{facts.period} {facts.year}") for facts in said)
    school = session.scalars(select(School)).one()
    body = render_mail(BookletAvailableMail(school_block(school), recipient(guardian), booklets, load().portal_url))
    return body.text, body.html


def has_gone(_session: Session, mail: OutgoingMail) -> None:
    """The mail has gone."""
    notifying.settle([int(mail.ref or 0)], "uncertain" if mail.repeated else "done")


mail_kind(MAIL_KIND, compose=each_written(compose), on_sent=each_told(has_gone),
          on_failed=each_told(notifying.not_delivered))
