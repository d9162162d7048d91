"""Activation codes, refusals and notifications (rows M075–M106)."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, with_loader_criteria

from app.core import clock
from app.core.db import AdminBase
from app.core.keys import school_fk, school_relation, school_unique
from app.core.scope import SchoolScoped, Scope, Scoped, ScopeMissing, scope_rule
from app.core.types import UtcDateTime
from app.jobs.models import Job, MailOutbox
from app.schools.people import Guardian, Pupil
from app.workflow.stateful import Stateful

VALID_STATES = ("created", "notified", "used")
VALID = "state IN ('created', 'notified', 'used')"


class ActivationCode(Stateful, SchoolScoped, AdminBase):
    """What `GuardianCode` (CAR) and `PupilCode` (CAE) share. One valid code per (guardian, pupil, school) and one per
    (pupil, school), each held by a partial unique index (M075, M101).

    `hint` is the first block in clear; `sealed` the readable form, destroyed at use, invalidation and refusal;
    `lookup_hash` the keyed hash the portal finds it by (DESIGN §7).
    """

    __tablename__ = "activation_code"
    __workflow__ = "guardian_code"
    __table_args__ = (
        school_unique(),
        school_fk("guardian_id", "guardian"),
        school_fk("pupil_id", "pupil"),
        CheckConstraint("state IN ('created', 'notified', 'used', 'invalidated', 'refused')", "state_known"),
        CheckConstraint("holder IN ('guardian', 'pupil')", "holder_known"),
        CheckConstraint("(holder = 'guardian') = (guardian_id IS NOT NULL)", "guardian_if_holder"),
        CheckConstraint("notified_mode IN ('email', 'paper', 'unknown')", "mode_known"),
        CheckConstraint(f"sealed IS NULL OR {VALID}", "sealed_only_if_valid"),
        Index(
            "uq_activation_code_valid",
            "school_id",
            "guardian_id",
            "pupil_id",
            unique=True,
            postgresql_where=text(VALID),
            sqlite_where=text(VALID),
        ),
        Index(
            "uq_activation_code_valid_pupil",
            "school_id",
            "pupil_id",
            unique=True,
            postgresql_where=text(f"holder = 'pupil' AND {VALID}"),
            sqlite_where=text(f"holder = 'pupil' AND {VALID}"),
        ),
        Index("ix_activation_code_school_id_pupil_id", "school_id", "pupil_id"),
        Index("ix_activation_code_account_id", "account_id"),
    )
    __mapper_args__ = {"polymorphic_on": "holder"}  # noqa: RUF012 - SQLAlchemy reads it from the class

    id: Mapped[int] = mapped_column(primary_key=True)
    holder: Mapped[str] = mapped_column(String(10), default="guardian")
    guardian_id: Mapped[int | None]
    pupil_id: Mapped[int]
    hint: Mapped[str] = mapped_column(String(4))
    lookup_key: Mapped[str] = mapped_column(String(8))
    lookup_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    notified_on: Mapped[date | None]
    notified_mode: Mapped[str | None] = mapped_column(String(10))
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    carried_over_on: Mapped[date | None]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("portal_account.id"))

    guardian: Mapped[Guardian | None] = school_relation("ActivationCode", "guardian_id", "Guardian", backref="codes")
    pupil: Mapped[Pupil] = school_relation("ActivationCode", "pupil_id", "Pupil", backref="codes")

    @property
    def masked(self) -> str:
        """« 0MQU - ••• - ••• - ••• », what is shown of a used or dead code."""
        return f"{self.hint} - ••• - ••• - •••"


class GuardianCode(ActivationCode):
    """CAR: one guardian's code for one pupil."""

    __mapper_args__ = {"polymorphic_identity": "guardian"}  # noqa: RUF012


class PupilCode(ActivationCode):
    """CAE: a pupil always has a valid one, made with the pupil (M101)."""

    __workflow__ = "pupil_code"
    __mapper_args__ = {"polymorphic_identity": "pupil"}  # noqa: RUF012


class Refusal:
    """What both kinds of refusal keep: since when, until when, and who entered it, from a slip or on the pages."""

    id: Mapped[int] = mapped_column(primary_key=True)
    refused_on: Mapped[date] = mapped_column(default=clock.today)
    lifted_on: Mapped[date | None]
    entered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=clock.now)
    entered_by: Mapped[int | None]
    by_slip: Mapped[bool] = mapped_column(default=False)


class AccessRefusal(Refusal, SchoolScoped, AdminBase):
    """The truth about refusals: a couple can refuse before it has a code (DESIGN §7). `lifted_on` ends it."""

    __tablename__ = "access_refusal"
    __table_args__ = (
        school_fk("guardian_id", "guardian"),
        school_fk("pupil_id", "pupil"),
        Index(
            "uq_access_refusal_open",
            "school_id",
            "guardian_id",
            "pupil_id",
            unique=True,
            postgresql_where=text("lifted_on IS NULL"),
            sqlite_where=text("lifted_on IS NULL"),
        ),
    )

    guardian_id: Mapped[int]
    pupil_id: Mapped[int]

    guardian: Mapped[Guardian] = school_relation("AccessRefusal", "guardian_id", "Guardian")
    pupil: Mapped[Pupil] = school_relation("AccessRefusal", "pupil_id", "Pupil")


class PupilRefusal(Refusal, SchoolScoped, AdminBase):
    """A guardian does not want the pupil to use the services: they are hidden, the pupil's code stays (M104).
    `guardian_id` says who asked, when it is known."""

    __tablename__ = "pupil_refusal"
    __table_args__ = (
        school_fk("guardian_id", "guardian"),
        school_fk("pupil_id", "pupil"),
        Index(
            "uq_pupil_refusal_open",
            "school_id",
            "pupil_id",
            unique=True,
            postgresql_where=text("lifted_on IS NULL"),
            sqlite_where=text("lifted_on IS NULL"),
        ),
    )

    guardian_id: Mapped[int | None]
    pupil_id: Mapped[int]

    guardian: Mapped[Guardian | None] = school_relation("PupilRefusal", "guardian_id", "Guardian")
    pupil: Mapped[Pupil] = school_relation("PupilRefusal", "pupil_id", "Pupil")


class Notification(SchoolScoped, AdminBase):
    """One message in one run: to a guardian, whatever the number of children (M091), or to a pupil. `mode` is email or
    paper; a paper one knows its pages in the run's PDF, an e-mail one its mail in the outbox. `continuity` says that
    it is the letter of who keeps an account (M139)."""

    __tablename__ = "notification"
    __table_args__ = (
        school_unique(),
        UniqueConstraint("job_id", "guardian_id"),
        UniqueConstraint("job_id", "pupil_id"),
        school_fk("guardian_id", "guardian"),
        school_fk("pupil_id", "pupil"),
        CheckConstraint("(guardian_id IS NULL) <> (pupil_id IS NULL)", "one_addressee"),
        CheckConstraint("mode IN ('email', 'paper')", "mode_known"),
        CheckConstraint("status IN ('planned', 'done', 'failed', 'uncertain', 'returned')", "status_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    guardian_id: Mapped[int | None]
    pupil_id: Mapped[int | None]
    continuity: Mapped[bool] = mapped_column(default=False)
    mode: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(10), default="planned")
    position: Mapped[int]
    artifact_id: Mapped[int | None] = mapped_column(ForeignKey("artifact.id"))
    first_page: Mapped[int | None]
    last_page: Mapped[int | None]
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mail_outbox.id"))
    error: Mapped[str | None] = mapped_column(String(300))

    guardian: Mapped[Guardian | None] = school_relation("Notification", "guardian_id", "Guardian")
    pupil: Mapped[Pupil | None] = school_relation("Notification", "pupil_id", "Pupil")
    job: Mapped[Job] = relationship()
    mail: Mapped[MailOutbox | None] = relationship()

    @property
    def addressee(self) -> Guardian | Pupil:
        """Whom the message is for."""
        found = self.guardian or self.pupil
        assert found is not None, "the database keeps one of both"
        return found

    def __str__(self) -> str:
        return self.addressee.shown_name


class NotificationCode(SchoolScoped, AdminBase):
    """The codes a notification carries."""

    __tablename__ = "notification_code"
    __table_args__ = (
        UniqueConstraint("notification_id", "code_id"),
        school_fk("notification_id", "notification", ondelete="CASCADE"),
        school_fk("code_id", "activation_code"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    notification_id: Mapped[int]
    code_id: Mapped[int]


class CardError(SchoolScoped, AdminBase):
    """Something that a family points out as wrong on its record card (M141): about the guardian that told it, or about
    the pupil. `guardian_id` is empty when the pupil's own account told it."""

    __tablename__ = "card_error"
    __table_args__ = (
        school_fk("pupil_id", "pupil"),
        school_fk("guardian_id", "guardian"),
        CheckConstraint("about IN ('guardian', 'pupil')", "about_known"),
        Index("ix_card_error_school_id_handled_at", "school_id", "handled_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    pupil_id: Mapped[int]
    guardian_id: Mapped[int | None]
    about: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(Text)
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    handled_by: Mapped[str | None] = mapped_column(String(150))

    pupil: Mapped[Pupil] = school_relation("CardError", "pupil_id", "Pupil", lazy="joined")
    guardian: Mapped[Guardian | None] = school_relation("CardError", "guardian_id", "Guardian", lazy="joined")

    def __str__(self) -> str:
        return self.pupil.shown_name


class PortalAccount(AdminBase, Scoped):
    """Read-only mirror of a portal account; `id` is the portal's. Seen by the schools one of whose codes it holds."""

    __tablename__ = "portal_account"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    identifier: Mapped[str] = mapped_column(String(100))
    kind: Mapped[str] = mapped_column(String(10), default="guardian")
    email: Mapped[str | None] = mapped_column(String(254))
    state: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


@scope_rule(PortalAccount)
def _accounts_of_own_codes(scope: Scope) -> object:
    if scope.kind not in ("school", "academy"):
        raise ScopeMissing(f"a {scope.kind} scope does not reach account mirrors")
    # The gate narrows ActivationCode inside this subquery too, to the school or to the academy.
    held = select(ActivationCode.account_id).where(ActivationCode.account_id.is_not(None))
    return with_loader_criteria(PortalAccount, PortalAccount.id.in_(held), include_aliases=True)


class LetterWording(AdminBase):
    """The academy's own words for a letter, instead of those that come with the product (M137–M140)."""

    __tablename__ = "letter_wording"
    __table_args__ = (UniqueConstraint("authority_id", "letter"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id", ondelete="CASCADE"))
    letter: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class LetterVersion(AdminBase):
    """What the words of a letter were at some time, to come back to them; an empty text is the product's own."""

    __tablename__ = "letter_version"
    __table_args__ = (Index("ix_letter_version_authority_id_letter", "authority_id", "letter"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id", ondelete="CASCADE"))
    letter: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(Text, default="")
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    saved_by: Mapped[str] = mapped_column(String(200), default="")
