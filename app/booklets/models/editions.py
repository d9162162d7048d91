"""Editions: the numbered documents that were issued, when families see them, and who has read them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, String, UniqueConstraint, and_, text
from sqlalchemy.orm import Mapped, mapped_column

from app.booklets.models.booklet import Booklet
from app.core import clock
from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped
from app.core.types import UtcDateTime

IN_FORCE = "replaced_at IS NULL AND withdrawn_at IS NULL"


class BookletEdition(SchoolScoped, AdminBase):
    """One numbered edition. `facts` is what was printed, as plain data; `digest` its SHA-256: a booklet whose facts
    have the digest of its last edition keeps that number. `token` is the public page's, drawn at random. In force =
    neither replaced by a later one nor withdrawn: unlocking the booklet withdraws it, editing it again unchanged puts
    it back in force."""

    __tablename__ = "booklet_edition"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "number"),
        school_fk("booklet_id", "booklet"),
        Index("ix_booklet_edition_school_id_booklet_id", "school_id", "booklet_id"),
        Index("uq_booklet_edition_in_force", "school_id", "booklet_id", unique=True,
              postgresql_where=text(IN_FORCE), sqlite_where=text(IN_FORCE)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booklet_id: Mapped[int]
    number: Mapped[str] = mapped_column(String(20))
    token: Mapped[str] = mapped_column(String(32), unique=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id"))
    artifact_id: Mapped[int | None] = mapped_column(ForeignKey("artifact.id"))
    first_page: Mapped[int | None]
    last_page: Mapped[int | None]

    booklet: Mapped[Booklet] = school_relation("BookletEdition", "booklet_id", "Booklet", backref="editions")

    def __str__(self) -> str:
        return self.number


def in_force() -> ColumnElement[bool]:
    """SQL: editions neither replaced nor withdrawn; a booklet has one at most."""
    return and_(BookletEdition.replaced_at.is_(None), BookletEdition.withdrawn_at.is_(None))


class BookletPublication(SchoolScoped, AdminBase):
    """From which day families read the booklets of a class and period; no row = as soon as they are edited."""

    __tablename__ = "booklet_publication"
    __table_args__ = (
        UniqueConstraint("school_id", "division_id", "position", "period_count"),
        school_fk("division_id", "division"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    division_id: Mapped[int]
    position: Mapped[int]
    period_count: Mapped[int]
    publish_on: Mapped[date]


class BookletReading(SchoolScoped, AdminBase):
    """A guardian's (or, without one, the pupil's) first reading of an edition, reported by the portal."""

    __tablename__ = "booklet_reading"
    __table_args__ = (
        UniqueConstraint("school_id", "edition_id", "code_id"),
        school_fk("edition_id", "booklet_edition", ondelete="CASCADE"),
        school_fk("code_id", "activation_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    edition_id: Mapped[int]
    code_id: Mapped[int]
    read_at: Mapped[datetime] = mapped_column(UtcDateTime)

    edition: Mapped[BookletEdition] = school_relation(
        "BookletReading", "edition_id", "BookletEdition", backref="readings")


class NotificationEdition(SchoolScoped, AdminBase):
    """The editions that a message to a guardian is about: an e-mail that says they can be read, or a letter with them
    (C03)."""

    __tablename__ = "notification_edition"
    __table_args__ = (
        UniqueConstraint("notification_id", "edition_id"),
        school_fk("notification_id", "notification", ondelete="CASCADE"),
        school_fk("edition_id", "booklet_edition"),
        Index("ix_notification_edition_school_id_edition_id", "school_id", "edition_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int]
    edition_id: Mapped[int]
