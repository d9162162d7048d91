"""The booklets an account may read (C06), and what the school learns of it. Called in the account's scope."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.core import clock
from app.core.db import portal_db
from app.core.errors import NotFound
from app.core.uow import unit_of_work
from app.portal.events import tell_school
from app.portal.models import BookletOpened, PublishedBooklet, PublishedCode, PublishedEdition
from letters.booklet_types import BookletFacts, PrintedBooklet, Stamp, digest, from_plain


@dataclass(frozen=True, slots=True)
class ListedBooklet:
    """One line of a child's list."""

    id: int
    title: str
    year: str
    level: str | None
    issued_on: date
    is_new: bool


@dataclass(frozen=True, slots=True)
class OpenBooklet:
    """A booklet as its page shows it: `facts` is what was printed."""

    id: int
    pupil_id: int
    title: str
    year: str
    number: str
    token: str
    issued_on: date
    facts: BookletFacts

    def printed(self, portal_url: str) -> PrintedBooklet:
        """The edition as it was issued."""
        stamp = Stamp(self.number, self.issued_on, digest(self.facts), f"{portal_url}/verification/{self.token}")
        return PrintedBooklet(self.number, self.facts, stamp)


@dataclass(frozen=True, slots=True)
class CheckedEdition:
    """What the page behind the QR says; `standing` is in_force, replaced or withdrawn."""

    number: str
    issued_on: date
    standing: str


def booklets_of(pupil_id: int) -> tuple[ListedBooklet, ...]:
    """The child's booklets, latest first, past years too; `is_new` until one of the account's codes has read it."""
    codes = select(PublishedCode.id).where(PublishedCode.pupil_id == pupil_id)
    seen = select(BookletOpened.edition_id).where(BookletOpened.code_id.in_(codes))
    rows = portal_db.session.execute(
        select(PublishedBooklet.id, PublishedBooklet.title, PublishedBooklet.first_year, PublishedBooklet.level,
               PublishedBooklet.issued_on, PublishedBooklet.edition_id.in_(seen).label("seen"))
        .where(PublishedBooklet.pupil_id == pupil_id)
        .order_by(PublishedBooklet.first_year.desc(), (PublishedBooklet.position == 0).desc(),
                  PublishedBooklet.position.desc())
    )  # fmt: skip
    return tuple(
        ListedBooklet(row.id, row.title, _year(row.first_year), row.level, row.issued_on, not row.seen) for row in rows)


def open_booklet(booklet_id: int) -> OpenBooklet:
    """The booklet asked for, its reading noted. Raises `NotFound` when no valid code of the account opens it."""
    with unit_of_work(portal_db):
        found = portal_db.session.scalar(select(PublishedBooklet).where(PublishedBooklet.id == booklet_id))
        if found is None:
            raise NotFound()
        _note_reading(found)
        return OpenBooklet(found.id, found.pupil_id, found.title, _year(found.first_year), found.number, found.token,
                           found.issued_on, from_plain(found.facts))  # fmt: skip


def _note_reading(booklet: PublishedBooklet) -> None:
    """Each code of the account that opens the pupil has read it: told to the school once (« read on … »)."""
    session = portal_db.session()
    codes = set(session.scalars(select(PublishedCode.id).where(
        PublishedCode.pupil_id == booklet.pupil_id, PublishedCode.valid)))  # fmt: skip
    known = set(session.scalars(select(BookletOpened.code_id).where(
        BookletOpened.code_id.in_(codes), BookletOpened.edition_id == booklet.edition_id)))  # fmt: skip
    moment = clock.now()
    rows = [{"code_id": code_id, "edition_id": booklet.edition_id, "at": moment} for code_id in sorted(codes - known)]
    if rows:
        with suppress(IntegrityError), session.begin_nested():  # another tab has just noted it
            session.execute(insert(BookletOpened), rows)
            tell_school(session, "booklet.read", [row | {"at": moment.isoformat()} for row in rows])


def check_edition(token: str) -> CheckedEdition:
    """What a printed booklet's QR leads to; no word about the pupil. Raises `NotFound`."""
    row = portal_db.session.execute(
        select(PublishedEdition.number, PublishedEdition.issued_on, PublishedEdition.standing)
        .where(PublishedEdition.token == token)
    ).one_or_none()  # fmt: skip
    if row is None:
        raise NotFound()
    return CheckedEdition(*row)


def _year(first_year: int) -> str:
    return f"{first_year}-{first_year + 1}"
