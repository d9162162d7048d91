"""Notifying pupils: one PDF of letters to hand out, or pages of slips; then the date is stored (M102, M105)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, select

from app.access import notifying
from app.access.continuity import carry_over
from app.access.facts import child_row
from app.access.models import Notification, NotificationCode, PupilCode
from app.access.planning import NO_SERVICE, continued
from app.access.pupil_codes import PupilFilter, PupilLine, ensure_codes, pupil_lines
from app.access.queries import Selection, may_be_sent, open_services, year_start
from app.access.slips import Slip
from app.core.db import admin_db
from app.core.errors import Conflict
from app.jobs.context import JobContext
from app.jobs.registry import JobKind, job_kind
from app.schools.models import Division, School
from app.schools.people import Enrolment, Pupil
from letters.errors import LettersError, NoSpaceLeft
from letters.render import render_batch
from letters.types import SLIPS_ON_A_PAGE, Facts, PupilSlip, PupilSlips

PDF = "codes-eleves.pdf"


@job_kind
class NotifyPupils(JobKind):
    """Letters for the pupils of a filter, or for one pupil."""

    name = "codes.notify_pupils"
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """Write down who gets a letter; a pupil who somehow has no code gets one first (M101)."""
        ensure_codes(actor=ctx.actor)
        carry_over()
        lines = [line for line in _asked(ctx.params) if line.code is not None]
        if not lines:
            raise Conflict("Aucun élève n'existe pour cette sélection.")
        if not open_services():
            ctx.line("alert", NO_SERVICE)
        _write(ctx, lines)
        ctx.set_result(pupils=len(lines), pdf=None, pages=0)
        yield {"slips": bool(ctx.params.get("slips"))}

    def prepare(self, ctx: JobContext, payload: Any) -> Any:
        """Lay the pages out; repeated from the start after a crash."""
        facts = notifying.facts_of_run()
        found = _contents(ctx.job.id)
        ctx.session.rollback()  # no transaction stays open while letters are laid out
        letters: list[Facts] = []
        if payload["slips"]:
            rows = [PupilSlip(row.name, row.division, row.code) for _n, row, _c in found]
            letters += [PupilSlips(f"P{ctx.job.id}", facts.school, page, facts.starts_on, facts.portal)
                        for page in _pages_of(rows)]  # fmt: skip
        else:
            letters += [facts.pupil_letter(Slip("message", n).code, row, continuity=c) for n, row, c in found]
        if not letters:
            raise Conflict("Aucun élève de cette sélection n'est plus présent.")
        out = ctx.folder / PDF

        def told(done: int) -> None:
            ctx.check_cancelled()
            ctx.progress(done, len(letters), f"{done} sur {len(letters)}")

        try:
            batch = render_batch(letters, out, own=facts.own_words, on_progress=told)
        except NoSpaceLeft:
            raise  # the runner says what to do about a full disk
        except LettersError as error:
            raise Conflict(str(error), hint="Corrigez la fiche, puis relancez la notification.") from error
        ctx.artifact(PDF, out, "application/pdf")
        pages = {} if payload["slips"] else dict(zip((n for n, _r, _c in found), batch.page_ranges, strict=True))
        return [n for n, _row, _c in found], pages, batch.pages

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """The document exists: store the date."""
        notified, pages, count = ctx.prepared
        # A page of slips shows the codes of others: no letter can be cut out of it.
        if pages:
            notifying.set_pages(ctx.job.id, pages)
        else:
            notifying.settle(notified, "done")
        notifying.mark_notified(notified, "paper", actor=ctx.actor, model=PupilCode)
        ctx.set_result(pupils=len(notified), pdf=PDF, pages=count)

    def finish(self, ctx: JobContext) -> None:
        """What is read at the end."""
        done = ctx.result
        ctx.message(f"Élèves notifiés : {done['pupils']}. Pages dans le PDF : {done['pages']}. "
                    "Pensez à enregistrer le fichier : les élèves sont considérés comme notifiés.")  # fmt: skip


def _pages_of(rows: list[PupilSlip]) -> list[tuple[PupilSlip, ...]]:
    return [tuple(rows[at : at + SLIPS_ON_A_PAGE]) for at in range(0, len(rows), SLIPS_ON_A_PAGE)]


def _asked(params: dict[str, Any]) -> list[PupilLine]:
    if "pupil" in params:
        return pupil_lines(PupilFilter(pupil_id=params["pupil"]))
    return pupil_lines(PupilFilter(Selection(params["population"], params["id"]), params["text"], params["only_new"],
                                   params["refused"]))  # fmt: skip


def _write(ctx: JobContext, lines: list[PupilLine]) -> None:
    since = year_start()
    job = {"school_id": ctx.job.school_id, "job_id": ctx.job.id, "mode": "paper"}
    ctx.session.execute(insert(Notification), [
        job | {"pupil_id": line.pupil.id, "position": n,
               "continuity": continued(line.code, since)}  # as often as it is printed (M105)
        for n, line in enumerate(lines)])  # fmt: skip
    written = select(Notification.pupil_id, Notification.id).where(Notification.job_id == ctx.job.id)
    of_pupil = dict(ctx.session.execute(written).all())  # type: ignore[arg-type]
    ctx.session.execute(insert(NotificationCode), [
        {"school_id": ctx.job.school_id, "notification_id": of_pupil[line.pupil.id], "code_id": line.code.id}
        for line in lines if line.code is not None])  # fmt: skip


def _contents(job_id: int) -> list[tuple[int, Any, bool]]:
    """Notification, line of the table, continuity: of the pupils who are still here."""
    statement = (
        select(Notification.id, Pupil, Division.label, PupilCode, Notification.continuity)
        .select_from(Notification)
        .join(Notification.pupil)
        .join(NotificationCode, NotificationCode.notification_id == Notification.id)
        .join(PupilCode, PupilCode.id == NotificationCode.code_id)
        .join(School, School.id == Notification.school_id)
        .outerjoin(Enrolment, (Enrolment.pupil_id == Pupil.id) & (Enrolment.school_year_id == School.school_year_id))
        .outerjoin(Enrolment.division)
        .where(Notification.job_id == job_id, may_be_sent())
        .order_by(Notification.position)
    )
    return [(n, child_row(pupil, division, code), continuity)
            for n, pupil, division, code, continuity in admin_db.session.execute(statement)]  # fmt: skip
