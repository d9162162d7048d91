"""What is taught in a school, by whom, and the texts that describe it. Lists are shipped in `data/`."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped
from app.schools.models import Authority, Division
from app.schools.people import Pupil, Staff

ELECTIONS = ("S", "O", "F", "L", "R", "X", "D")
ELEMENT_LENGTH = 300  # M033


class TeachingItem(SchoolScoped, AdminBase):
    """What a booklet's line is about: a subject of the collège (`Subject`, with its election mode) or a subject area
    of the école (`SubjectArea`: the area itself, or one of its sub-areas, which names its `parent`).

    `election` is S (tronc commun), O, F, …: what not every pupil follows is O or F. `cycle` is 0 for subjects.
    Areas keep the national code (`FRA-RAC`, `FRA-LGO`), subjects the six characters of the BCN.
    """

    __tablename__ = "teaching_item"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "kind", "code", "election", "cycle"),
        school_fk("parent_id", "teaching_item"),
        CheckConstraint("kind IN ('subject', 'area')", "kind_known"),
        CheckConstraint("election IN ('S', 'O', 'F', 'L', 'R', 'X', 'D')", "election_known"),
        CheckConstraint("(kind = 'area') = (cycle > 0)", "cycle_if_area"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    code: Mapped[str] = mapped_column(String(10))
    election: Mapped[str] = mapped_column(String(1), default="S")
    label: Mapped[str] = mapped_column(String(100))
    short_label: Mapped[str] = mapped_column(String(40))
    cycle: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    parent_id: Mapped[int | None]
    retired: Mapped[bool] = mapped_column(default=False)

    parent: Mapped[TeachingItem | None] = relationship(
        "TeachingItem",
        primaryjoin="and_(remote(TeachingItem.id) == foreign(TeachingItem.parent_id), "
        "remote(TeachingItem.school_id) == TeachingItem.school_id)",
    )

    @property
    def for_all(self) -> bool:
        """Whether every pupil of the class follows it."""
        return self.election not in ("O", "F")

    def __str__(self) -> str:
        return self.label


class TeachingService(SchoolScoped, AdminBase):
    """Who teaches which subject (or area) to which class. Without staff: taught, nobody named yet. `source` is sts for
    those of the synchronisation, which alone ends them, manual for those entered on screen."""

    __tablename__ = "teaching_service"
    __table_args__ = (
        UniqueConstraint("school_id", "division_id", "item_id", "staff_id"),
        school_fk("division_id", "division"),
        school_fk("item_id", "teaching_item"),
        school_fk("staff_id", "staff"),
        Index("ix_teaching_service_school_id_staff_id", "school_id", "staff_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    division_id: Mapped[int]
    item_id: Mapped[int]
    staff_id: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(10), default="manual")

    division: Mapped[Division] = school_relation("TeachingService", "division_id", "Division")
    item: Mapped[TeachingItem] = school_relation("TeachingService", "item_id", "TeachingItem")
    staff: Mapped[Staff | None] = school_relation("TeachingService", "staff_id", "Staff")


class CurriculumElement(SchoolScoped, AdminBase):
    """Élément du programme: a text of a school, once (M033). Never changed: another wording is another element, so
    that what a locked booklet says stays said."""

    __tablename__ = "curriculum_element"
    __table_args__ = (school_unique(), UniqueConstraint("school_id", "digest"))

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(ELEMENT_LENGTH))
    digest: Mapped[str] = mapped_column(String(64))

    def __str__(self) -> str:
        return self.text


class CurriculumProposal(AdminBase):
    """A proposal that an academy adds to the shipped ones (M034): for a subject or area and a level."""

    __tablename__ = "curriculum_proposal"
    __table_args__ = (Index("ix_curriculum_proposal_authority_id", "authority_id", "item_code", "level_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    item_code: Mapped[str] = mapped_column(String(10))
    level_code: Mapped[str] = mapped_column(String(10))
    heading: Mapped[str] = mapped_column(String(60))
    text: Mapped[str] = mapped_column(String(ELEMENT_LENGTH))

    authority: Mapped[Authority] = relationship()


class SupportScheme(SchoolScoped, AdminBase):
    """Dispositif (PAP, PAI, PPRE, …) of a pupil with its dates (M020, M021). `complement` is PPRE's or CTR's text."""

    __tablename__ = "support_scheme"
    __table_args__ = (
        UniqueConstraint("school_id", "pupil_id", "code", "starts_on"),
        school_fk("pupil_id", "pupil"),
        CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", "dates_in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int]
    code: Mapped[str] = mapped_column(String(12))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    complement: Mapped[str | None] = mapped_column(Text)

    pupil: Mapped[Pupil] = school_relation("SupportScheme", "pupil_id", "Pupil")
