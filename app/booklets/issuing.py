"""Numbered editions: what a booklet says is compared with its last edition; another number only when it differs.

`issues_of` prepares, outside any transaction of ours, what is printed; `issue` stores it once it is on paper. Between
the two a booklet may have been unlocked: its version says so, and nothing of the set is stored.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.booklets.facts import facts_of
from app.booklets.models import Booklet, BookletEdition, in_force
from app.core import clock
from app.core.actor import Actor
from app.core.clock import PARIS
from app.core.db import admin_db
from app.core.uow import unit_of_work
from app.schools.models import SchoolYear
from app.workflow import bulk, catalogue
from letters.booklet_types import BookletFacts, PrintedBooklet, Stamp, digest, from_plain, plain
from letters.errors import LetterDataError

TRANSITION = "edit_pdf"
TOKEN_BYTES = 16
UNSYNCED = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Last:
    """The last edition of a booklet, in force or not."""

    id: int
    number: str
    token: str
    issued_at: datetime
    digest: str
    facts: dict[str, Any]
    in_force: bool


@dataclass(frozen=True, slots=True)
class Issue:
    """One edition to make, or to put in force again when `edition_id` is there: then it says what it said."""

    booklet_id: int
    school_id: int
    version: int
    facts: BookletFacts
    number: str
    token: str
    issued_at: datetime
    edition_id: int | None
    stands: bool  # edited already, and unchanged: there is nothing to store
    last: Last | None

    def printed(self, portal_url: str) -> PrintedBooklet:
        """The document."""
        return stamped(self.facts, self.number, self.token, self.issued_at, portal_url)


def stamped(
    facts: BookletFacts, number: str, token: str, issued_at: datetime, portal_url: str
) -> PrintedBooklet:  # fmt: skip
    """A booklet with its number, its day in Paris, its fingerprint and the page that confirms it."""
    day = issued_at.astimezone(PARIS).date()
    stamp = Stamp(number, day, digest(facts), f"{portal_url}/verification/{token}")
    return PrintedBooklet(f"{facts.pupil.name} ({number})", facts, stamp)


def draft_of(booklet_id: int, facts: BookletFacts) -> PrintedBooklet:
    """A booklet as a draft: no number."""
    return PrintedBooklet(f"{facts.pupil.name} ({booklet_id})", facts, None)


def read_facts(ids: Sequence[int]) -> tuple[dict[int, BookletFacts], dict[int, str]]:
    """What the booklets say; and for those that cannot be printed, why. One odd booklet does not stop the others."""
    try:
        return facts_of(ids), {}
    except LetterDataError:
        found: dict[int, BookletFacts] = {}
        faults: dict[int, str] = {}
        for booklet_id in ids:
            try:
                found |= facts_of([booklet_id])
            except LetterDataError as fault:
                faults[booklet_id] = str(fault)
        return found, faults


def issues_of(ids: Sequence[int]) -> tuple[list[Issue], dict[int, str]]:
    """The editions to make for those of the booklets that may be edited, in the order given; and the faults."""
    may = bulk.may_take(Booklet, catalogue.ready("booklet").transition(TRANSITION))
    columns = (Booklet.id, Booklet.school_id, Booklet.version, Booklet.state, SchoolYear.first_year)
    asked = select(*columns).join(SchoolYear, SchoolYear.id == Booklet.school_year_id).where(Booklet.id.in_(ids), may)
    rows = {row.id: row for row in admin_db.session.execute(asked)}
    facts, faults = read_facts([id for id in ids if id in rows])
    last = last_editions(list(facts))
    numbers = _Numbers(admin_db.session())
    moment = clock.now()
    return [_issue(rows[id], said, last.get(id), numbers, moment) for id, said in facts.items()], faults


def _issue(row: Any, facts: BookletFacts, last: Last | None, numbers: _Numbers, moment: datetime) -> Issue:
    if last is not None and last.digest == digest(facts):
        stands = last.in_force and row.state == "edited"
        return Issue(row.id, row.school_id, row.version, from_plain(last.facts), last.number, last.token,
                     last.issued_at, last.id, stands, last)  # fmt: skip
    token = secrets.token_urlsafe(TOKEN_BYTES)
    number = numbers.next(row.first_year)
    return Issue(row.id, row.school_id, row.version, facts, number, token, moment, None, False, last)


class _Numbers:
    """The numbers after the last one of the school, year by year. One edit job at a time runs in a school."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: dict[int, int] = {}

    def next(self, year: int) -> str:
        if year not in self._last:
            highest = self._session.scalar(
                select(func.max(BookletEdition.number)).where(BookletEdition.number.startswith(f"{year}-")))
            self._last[year] = int(highest.rpartition("-")[2]) if highest else 0
        self._last[year] += 1
        return f"{year}-{self._last[year]:06d}"


def last_editions(booklet_ids: Sequence[int]) -> dict[int, Last]:
    """The latest edition of each booklet that has one."""
    edition = BookletEdition
    latest = select(func.max(edition.id)).where(edition.booklet_id.in_(booklet_ids)).group_by(edition.booklet_id)
    columns = (edition.booklet_id, edition.id, edition.number, edition.token, edition.issued_at, edition.digest,
               edition.facts, edition.replaced_at, edition.withdrawn_at)  # fmt: skip
    rows = admin_db.session.execute(select(*columns).where(edition.id.in_(latest)))
    return {row.booklet_id: Last(row.id, row.number, row.token, row.issued_at, row.digest, row.facts,
                                 row.replaced_at is None and row.withdrawn_at is None) for row in rows}  # fmt: skip


@unit_of_work()
def issue(issues: Sequence[Issue], *, actor: Actor, job_id: int) -> bool:
    """Store editions that are on paper and take the transition (M046). False, with nothing written, when one of the
    booklets has changed since it was read. Raises `TransitionForbidden` without the permission."""
    session = admin_db.session()
    fresh = [one for one in issues if not one.stands]
    if not _unchanged(session, issues):
        return False
    if fresh:
        ids = [one.booklet_id for one in fresh]
        bulk.apply_many(Booklet, TRANSITION, Booklet.id.in_(ids), actor=actor, session=session)
    _store(session, [one for one in fresh if one.edition_id is None], job_id)
    again = [one.edition_id for one in issues if one.edition_id is not None]
    back = update(BookletEdition).where(BookletEdition.id.in_(again)).values(withdrawn_at=None, job_id=job_id)
    session.execute(back, execution_options=UNSYNCED)
    return True


def _unchanged(session: Session, issues: Iterable[Issue]) -> bool:
    wanted = {one.booklet_id: one.version for one in issues}
    may = bulk.may_take(Booklet, catalogue.ready("booklet").transition(TRANSITION))
    rows = select(Booklet.id, Booklet.version).where(Booklet.id.in_(wanted), may).order_by(Booklet.id)
    return {row.id: row.version for row in session.execute(rows.with_for_update())} == wanted


def _store(session: Session, issues: Sequence[Issue], job_id: int) -> None:
    if not issues:
        return
    earlier = (BookletEdition.booklet_id.in_([one.booklet_id for one in issues]), BookletEdition.replaced_at.is_(None))
    ended = update(BookletEdition).where(*earlier).values(replaced_at=clock.now())
    session.execute(ended, execution_options=UNSYNCED)
    session.execute(insert(BookletEdition), [
        {"school_id": one.school_id, "booklet_id": one.booklet_id, "number": one.number,
         "token": one.token, "issued_at": one.issued_at, "facts": plain(one.facts), "digest": digest(one.facts),
         "job_id": job_id}
        for one in issues])  # fmt: skip


@unit_of_work()
def place(job_id: int, artifact_id: int, pages: dict[int, tuple[int, int]]) -> None:
    """Where the editions of a job are in its file: booklet → first and last page."""
    session = admin_db.session()
    of_job = select(BookletEdition.id, BookletEdition.booklet_id).where(BookletEdition.job_id == job_id)
    rows = [{"id": row.id, "artifact_id": artifact_id, "first_page": pages[row.booklet_id][0],
             "last_page": pages[row.booklet_id][1]} for row in session.execute(of_job) if row.booklet_id in pages]
    if rows:
        session.execute(update(BookletEdition), rows)


def issued_by(job_id: int) -> set[int]:
    """The booklets whose edition in force comes from a job."""
    issued = select(BookletEdition.booklet_id).where(BookletEdition.job_id == job_id, in_force())
    return set(admin_db.session.scalars(issued))


def pupil_names(ids: Iterable[int]) -> dict[int, str]:
    """« NOM Prénom (classe) » of booklets, for reports."""
    names: dict[int, str] = defaultdict(str)
    columns = (Booklet.id, Booklet.last_name, Booklet.first_name, Booklet.division_label)
    for row in admin_db.session.execute(select(*columns).where(Booklet.id.in_(list(ids)))):
        names[row.id] = f"{row.last_name} {row.first_name} ({row.division_label or 'sans classe'})"
    return names
