"""The job that reminds teachers, and the mail it sends. Loaded by `app.booklets.tasks`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.facts import school_block
from app.booklets.desk import Left, Person, Term, by_person, class_lines, left, period_label
from app.booklets.reminding import MAIL_KIND, late, read_ref, ref_of
from app.core.clock import today
from app.core.errors import BadInput, NotFound
from app.core.mail import NewMail, clean_address, queue_mails
from app.core.mail_kinds import OutgoingMail, each_written
from app.jobs.context import JobContext
from app.jobs.mail import mail_kind
from app.jobs.models import MailOutbox
from app.jobs.registry import JobKind, job_kind
from app.schools.models import School
from config import load
from letters.mail import render_mail
from letters.types import TeacherReminderMail, ToFillIn


@job_kind
class RemindTeachers(JobKind):
    """One mail per ticked teacher who still has something left. Whoever was reminded today is passed over unless
    `again` says that this is meant."""

    name = "booklets.remind"
    exclusive = True

    def plan(self, ctx: JobContext) -> Iterable[Any]:
        """Who gets a mail; the others are named with the reason."""
        term = (ctx.params["position"], ctx.params["period_count"])
        wanted = set(ctx.params["staff"])
        reached = []
        for one in late(term):
            if one.person.staff_id not in wanted:
                continue
            if one.reminded_today and not ctx.params["again"]:
                ctx.line("alert", "Déjà relancé aujourd'hui.", subject=one.person.name)
            elif why := _unreachable(one.person):
                ctx.line("alert", why, subject=one.person.name)
            else:
                reached.append(one.person.staff_id)
        ctx.set_result(reminded=len(reached))
        if reached:
            yield {"staff": reached}

    def run_step(self, ctx: JobContext, payload: Any) -> None:
        """Put the mails in the outbox: one a day for each teacher and period, one more for each job that says so."""
        term = (ctx.params["position"], ctx.params["period_count"])
        people = {one.person.staff_id: one.person for one in late(term)}
        again = f"/{ctx.job.id}" if ctx.params["again"] else ""
        mails = [
            NewMail(dedupe_key=f"reminder/{ref_of(key, term)}/{today().isoformat()}{again}", kind=MAIL_KIND,
                    to_address=clean_address(people[key].email or ""), to_name=people[key].name,
                    subject="Des bilans restent à compléter", ref=ref_of(key, term), school_id=ctx.job.school_id)
            for key in payload["staff"] if key in people
        ]  # fmt: skip
        queue_mails(ctx.session, MailOutbox, mails)

    def finish(self, ctx: JobContext) -> None:
        """What the head reads at the end."""
        ctx.message(f"Enseignants relancés : {ctx.result['reminded']}.")


def _unreachable(person: Person) -> str | None:
    if not person.email:
        return "Pas d'adresse électronique : à prévenir autrement."
    try:
        clean_address(person.email)
    except BadInput as error:
        return f"{error.message} À prévenir autrement."
    return None


def compose(session: Session, mail: OutgoingMail) -> tuple[str, str | None]:
    """The words, at the last moment. Raises `NotFound` when nothing is left to fill in."""
    staff_id, term = read_ref(mail.ref or "")
    person = next((one for one in by_person(left(term)) if one.staff_id == staff_id), None)
    if person is None:
        raise NotFound("Plus rien à compléter : le rappel n'a plus d'objet.")
    school = session.scalars(select(School)).one()
    body = render_mail(_facts(school, person, term))
    return body.text, body.html


def _facts(school: School, person: Person, term: Term) -> TeacherReminderMail:
    closings = {line.division_id: line.closes_on for line in class_lines(term)}
    rows = tuple(_row(one, closings.get(one.division_id)) for one in person.left)
    return TeacherReminderMail(school_block(school), person.name, period_label(term), rows, load().admin_url)


def _row(one: Left, closes_on: date | None) -> ToFillIn:
    return ToFillIn(one.division, one.label.fr, one.booklets, f"{load().admin_url}{one.address}", closes_on)


mail_kind(MAIL_KIND, compose=each_written(compose))
