"""Online services (téléservices) of a school and their settings. Closing a service keeps its settings (DESIGN §4)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped
from app.schools.models import Authority, Division, Programme, School
from app.workflow.stateful import Stateful

SERVICES = {
    "absences": "Consultation des absences",
    "competences": "Consultation du livret personnel de compétences",
    "marks": "Consultation des notes",
    "b2i": "Brevet informatique et internet",
    "booklets": "Consultation des livrets scolaires",
}


class AcademicService(AdminBase):
    """A service that the academy adds to the national ones, such as a homework diary (M059): a name and an address."""

    __tablename__ = "academic_service"
    __table_args__ = (UniqueConstraint("authority_id", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id", ondelete="CASCADE"))
    label: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(200))

    authority: Mapped[Authority] = relationship()

    def __str__(self) -> str:
        return self.label


class OnlineService(Stateful, SchoolScoped, AdminBase):
    """Téléservice: open or closed in a school. A school has one row for each national service, and one for each of its
    academy's own, whose code is « academic-12 »."""

    __tablename__ = "online_service"
    __workflow__ = "service"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("school_id", "code"),
        CheckConstraint("state IN ('closed', 'open')", "state_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(20))
    academic_service_id: Mapped[int | None] = mapped_column(ForeignKey("academic_service.id", ondelete="CASCADE"))

    academic: Mapped[AcademicService | None] = relationship(lazy="joined")

    @property
    def label(self) -> str:
        """The name families read."""
        return self.academic.label if self.academic else SERVICES.get(self.code, self.code)

    def __str__(self) -> str:
        return self.label


class ServiceRule(AdminBase):
    """What the academy decides about a national service: mandatory (M061), or out of reach (M060). Without school, for
    all of its schools; a school's own rule wins."""

    __tablename__ = "service_rule"
    __table_args__ = (
        UniqueConstraint("authority_id", "school_id", "code"),
        CheckConstraint("kind IN ('mandatory', 'barred', 'free')", "kind_known"),
        Index(
            "uq_service_rule_academy",
            "authority_id",
            "code",
            unique=True,
            postgresql_where=text("school_id IS NULL"),
            sqlite_where=text("school_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id", ondelete="CASCADE"))
    school_id: Mapped[int | None] = mapped_column(ForeignKey("school.id", ondelete="CASCADE"))
    code: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(10))

    authority: Mapped[Authority] = relationship()
    school: Mapped[School | None] = relationship()


class Ent(AdminBase):
    """Espace numérique de travail that an academy's schools may name on their letters (M065)."""

    __tablename__ = "ent"
    __table_args__ = (UniqueConstraint("authority_id", "place", "label"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id", ondelete="CASCADE"))
    place: Mapped[str] = mapped_column(String(40))
    label: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(String(200))

    authority: Mapped[Authority] = relationship()

    def __str__(self) -> str:
        return f"{self.place} {self.label} : {self.url}"


class OnlineSetting(SchoolScoped, AdminBase):
    """What a school chose about its online services; no row = nothing was chosen yet, and the defaults hold."""

    __tablename__ = "online_setting"
    __table_args__ = (
        UniqueConstraint("school_id"),
        CheckConstraint("letter_type IN ('services', 'mixed', 'ent')", "letter_type_known"),
        CheckConstraint("letter_type = 'services' OR ent_id IS NOT NULL", "ent_if_named"),
        CheckConstraint("marks_publication IN ('continuous', 'scheduled')", "marks_publication_known"),
        CheckConstraint("lpc_delay BETWEEN 2 AND 365", "lpc_delay_in_range"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    activated_on: Mapped[date | None]
    welcome: Mapped[str] = mapped_column(String(1000), default="")
    letter_type: Mapped[str] = mapped_column(String(10), default="services")
    ent_id: Mapped[int | None] = mapped_column(ForeignKey("ent.id", ondelete="RESTRICT"))
    marks_publication: Mapped[str] = mapped_column(String(10), default="continuous")
    lpc_delay: Mapped[int] = mapped_column(default=8)
    contact_active: Mapped[bool] = mapped_column(default=False)
    contact_emails: Mapped[list[str]] = mapped_column(JSON, default=list)

    ent: Mapped[Ent | None] = relationship()


class ContactAddress(SchoolScoped, AdminBase):
    """A mailbox of the school besides the one of its card: a second one, or one of its « vie scolaire » (M074)."""

    __tablename__ = "contact_address"
    __table_args__ = (UniqueConstraint("school_id", "email"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(60))
    email: Mapped[str] = mapped_column(String(254))

    def __str__(self) -> str:
        return f"{self.email} ({self.label})"


class MarksDueDate(SchoolScoped, AdminBase):
    """« À échéance »: a day on which the marks of the pupils of a programme in a division are shown (M068)."""

    __tablename__ = "marks_due_date"
    __table_args__ = (
        UniqueConstraint("school_id", "programme_id", "division_id", "due_on"),
        school_fk("programme_id", "programme"),
        school_fk("division_id", "division"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int]
    division_id: Mapped[int]
    due_on: Mapped[date]

    programme: Mapped[Programme] = school_relation("MarksDueDate", "programme_id", "Programme")
    division: Mapped[Division] = school_relation("MarksDueDate", "division_id", "Division")
