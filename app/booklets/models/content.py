"""What a booklet holds besides its own texts. Every row names its booklet, by which the database guards locked ones."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, backref, mapped_column

from app.booklets.models.booklet import Booklet
from app.core import clock
from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped
from app.core.types import UtcDateTime
from app.curriculum.models import CurriculumElement, TeachingItem

COMMENT_LENGTH = 600


class Attainment(SchoolScoped, AdminBase):
    """Acquis scolaires: one pupil, one period, one subject or area. `area_id` is the item itself, or its parent when
    the item is a sub-area. Of `positioning` (1 to 4), `average` and `letter` only the booklet's scale is used.
    `followed` is false for an optional subject the pupil does not take: nothing is asked or printed. `not_assessed`
    says why (absent, exempt, teacher not replaced). `teachers` is refreshed from the services (M019)."""

    __tablename__ = "attainment"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "booklet_id", "item_id"),
        school_fk("booklet_id", "booklet", ondelete="CASCADE"),
        school_fk("item_id", "teaching_item"),
        school_fk("area_id", "teaching_item"),
        CheckConstraint("positioning BETWEEN 1 AND 4", "positioning_known"),
        CheckConstraint("average >= 0", "average_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booklet_id: Mapped[int]
    item_id: Mapped[int]
    area_id: Mapped[int]
    followed: Mapped[bool] = mapped_column(default=True)
    positioning: Mapped[int | None]
    average: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    letter: Mapped[str | None] = mapped_column(String(4))
    not_assessed: Mapped[str | None] = mapped_column(String(100))
    comment: Mapped[str | None] = mapped_column(String(COMMENT_LENGTH))
    teachers: Mapped[str | None] = mapped_column(String(300))

    booklet: Mapped[Booklet] = school_relation(
        "Attainment", "booklet_id", "Booklet", backref=backref("attainments", order_by="Attainment.id"))
    item: Mapped[TeachingItem] = school_relation("Attainment", "item_id", "TeachingItem")


class AttainmentElement(SchoolScoped, AdminBase):
    """A programme element on one pupil's line, in the order of `position`."""

    __tablename__ = "attainment_element"
    __table_args__ = (
        UniqueConstraint("school_id", "attainment_id", "element_id"),
        school_fk("booklet_id", "booklet", ondelete="CASCADE"),
        school_fk("attainment_id", "attainment", ondelete="CASCADE"),
        school_fk("element_id", "curriculum_element"),
        Index("ix_attainment_element_school_id_booklet_id", "school_id", "booklet_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booklet_id: Mapped[int]
    attainment_id: Mapped[int]
    element_id: Mapped[int]
    position: Mapped[int] = mapped_column(default=0)

    attainment: Mapped[Attainment] = school_relation(
        "AttainmentElement", "attainment_id", "Attainment", backref="elements")
    element: Mapped[CurriculumElement] = school_relation("AttainmentElement", "element_id", "CurriculumElement")


class Pathway(SchoolScoped, AdminBase):
    """Parcours éducatif of one booklet (M037, M038); codes PAR_CIT, PAR_ART, PAR_SAN, PAR_AVN."""

    __tablename__ = "pathway"
    __table_args__ = (
        UniqueConstraint("school_id", "booklet_id", "code"),
        school_fk("booklet_id", "booklet", ondelete="CASCADE"),
        CheckConstraint("code IN ('PAR_CIT', 'PAR_ART', 'PAR_SAN', 'PAR_AVN')", "code_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booklet_id: Mapped[int]
    code: Mapped[str] = mapped_column(String(7))
    text: Mapped[str] = mapped_column(String(COMMENT_LENGTH))

    booklet: Mapped[Booklet] = school_relation("Pathway", "booklet_id", "Booklet", backref="pathways")


class BookletScheme(SchoolScoped, AdminBase):
    """A support scheme as the booklet prints it: attached when its dates meet the period's (M021)."""

    __tablename__ = "booklet_scheme"
    __table_args__ = (
        UniqueConstraint("school_id", "booklet_id", "code"),
        school_fk("booklet_id", "booklet", ondelete="CASCADE"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booklet_id: Mapped[int]
    code: Mapped[str] = mapped_column(String(12))
    complement: Mapped[str | None] = mapped_column(String(COMMENT_LENGTH))

    booklet: Mapped[Booklet] = school_relation("BookletScheme", "booklet_id", "Booklet", backref="schemes")


class BaseMastery(SchoolScoped, AdminBase):
    """End of cycle: the mastery of one component of the common base, 1 to 4, 0 = exempt."""

    __tablename__ = "base_mastery"
    __table_args__ = (
        UniqueConstraint("school_id", "booklet_id", "component"),
        school_fk("booklet_id", "booklet", ondelete="CASCADE"),
        CheckConstraint("level BETWEEN 0 AND 4", "level_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booklet_id: Mapped[int]
    component: Mapped[str] = mapped_column(String(7))
    level: Mapped[int]

    booklet: Mapped[Booklet] = school_relation("BaseMastery", "booklet_id", "Booklet", backref="masteries")


class BookletFault(SchoolScoped, AdminBase):
    """A blocking line of an import about this booklet: it can be neither locked nor edited while it stands (M026)."""

    __tablename__ = "booklet_fault"
    __table_args__ = (school_fk("booklet_id", "booklet", ondelete="CASCADE"),
                      Index("ix_booklet_fault_school_id_booklet_id", "school_id", "booklet_id"))  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    booklet_id: Mapped[int]
    message: Mapped[str] = mapped_column(String(500))
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    booklet: Mapped[Booklet] = school_relation("BookletFault", "booklet_id", "Booklet", backref="faults")


class BookletWaiver(SchoolScoped, AdminBase):
    """A warning of the check before locking that somebody set aside, and why. `place` names the text it is about."""

    __tablename__ = "booklet_waiver"
    __table_args__ = (
        UniqueConstraint("school_id", "booklet_id", "check", "place", "digest"),
        school_fk("booklet_id", "booklet", ondelete="CASCADE"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    booklet_id: Mapped[int]
    check: Mapped[str] = mapped_column(String(30))
    place: Mapped[str] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(64))  # of the text: another wording is judged again
    reason: Mapped[str] = mapped_column(String(300))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
