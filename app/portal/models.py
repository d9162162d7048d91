"""The portal database: published rows (written by the replicator only), accounts, and what goes back to the school.

Nothing here opens a code: only its keyed hash is known. Published ids are the admin's own ids.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, false, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, with_loader_criteria

from app.audit.mixins import AuditLineMixin
from app.core import clock
from app.core.db import PortalBase
from app.core.mail import MailOutboxMixin
from app.core.scope import Scope, Scoped, ScopeMissing, scope_rule
from app.core.types import UtcDateTime
from app.security.mixins import ThrottleMixin, WebSessionMixin
from app.workflow.stateful import Stateful


class Published:
    """A row copied from the admin database. `digest` is the hash of its content, by which the replicator compares."""

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))


class PublishedSchool(Published, PortalBase):
    """Header of a school; `services` are the codes of its open national services, `other_services` code, name and
    address of the academy's own. `welcome` is HTML cleaned by the school's side, `contact` whether families may write
    to it. `school_life` is how to reach the school life office (M130): e-mail, phone, fax. `secret` and `message` are
    what its academy chose for the sign-in page."""

    __tablename__ = "published_school"

    uai: Mapped[str] = mapped_column(String(8))
    name: Mapped[str] = mapped_column(String(100))
    academy: Mapped[str] = mapped_column(String(100))
    address: Mapped[list[str]] = mapped_column(JSON)
    phone: Mapped[str | None] = mapped_column(String(20))
    services: Mapped[list[str]] = mapped_column(JSON)
    welcome: Mapped[str] = mapped_column(String(8000), default="", server_default="")
    other_services: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list, server_default="[]")
    contact: Mapped[bool] = mapped_column(default=False, server_default=false())
    school_life: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    secret: Mapped[str] = mapped_column(String(10), default="passphrase", server_default="passphrase")
    message: Mapped[str] = mapped_column(String(1000), default="", server_default="")


class PublishedPupil(Published, PortalBase, Scoped):
    """A pupil with at least one valid code. `refused`: a guardian refused the services for the pupil, whose own account
    shows none of them (M104). `card`: other first names and programme (M141)."""

    __tablename__ = "published_pupil"

    school_id: Mapped[int] = mapped_column(ForeignKey("published_school.id"), index=True)
    last_name: Mapped[str] = mapped_column(String(100))
    first_name: Mapped[str] = mapped_column(String(100))
    birth_date: Mapped[date]
    sex: Mapped[str | None] = mapped_column(String(1))
    division: Mapped[str | None] = mapped_column(String(50))
    division_id: Mapped[int | None]
    refused: Mapped[bool] = mapped_column(default=False, server_default=false())
    card: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")

    school: Mapped[PublishedSchool] = relationship()


class PublishedCode(Published, PortalBase, Scoped):
    """An activation code. The replicator writes everything but the three columns of its use here. `card`: the data of
    the guardian it names, once an account holds it (M119, M141)."""

    __tablename__ = "published_code"
    __table_args__ = (CheckConstraint("holder IN ('guardian', 'pupil')", "holder_known"),)

    school_id: Mapped[int] = mapped_column(ForeignKey("published_school.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("published_pupil.id"), index=True)
    holder: Mapped[str] = mapped_column(String(10))
    guardian_id: Mapped[int | None]
    guardian_name: Mapped[str | None] = mapped_column(String(220))
    guardian_first_name: Mapped[str | None] = mapped_column(String(100))
    hint: Mapped[str] = mapped_column(String(4))
    lookup_hash: Mapped[str] = mapped_column(String(64), unique=True)
    valid: Mapped[bool]
    card: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))

    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    attached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    pupil: Mapped[PublishedPupil] = relationship()


class PublishedBooklet(Published, PortalBase, Scoped):
    """The edition in force of a booklet (C06): `facts` is what was printed, as plain data. Sorted by year, then
    `position` (0 = the end of a cycle)."""

    __tablename__ = "published_booklet"

    school_id: Mapped[int] = mapped_column(ForeignKey("published_school.id"), index=True)
    pupil_id: Mapped[int] = mapped_column(ForeignKey("published_pupil.id"), index=True)
    edition_id: Mapped[int]
    number: Mapped[str] = mapped_column(String(20))
    token: Mapped[str] = mapped_column(String(32))
    issued_on: Mapped[date]
    first_year: Mapped[int]
    position: Mapped[int]
    title: Mapped[str] = mapped_column(String(60))
    level: Mapped[str | None] = mapped_column(String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)

    school: Mapped[PublishedSchool] = relationship()


class PublishedEdition(Published, PortalBase):
    """What anybody who holds a printed booklet may check by its QR: number, date, whether it is still in force."""

    __tablename__ = "published_edition"

    school_id: Mapped[int] = mapped_column(index=True)
    token: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(20))
    issued_on: Mapped[date]
    standing: Mapped[str] = mapped_column(String(10))  # in_force, replaced, withdrawn


class BookletOpened(PortalBase):
    """Which code has read which edition, so that the school is told once."""

    __tablename__ = "booklet_opened"

    code_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    edition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class Account(Stateful, PortalBase):
    """A family's account: provisional until the link of the mail is followed, within a week (M118).

    `epoch` grows with every change of pass-phrase: older sessions end.
    """

    __tablename__ = "account"
    __workflow__ = "account"
    __table_args__ = (
        CheckConstraint("state IN ('provisional', 'confirmed', 'lapsed', 'closed')", "state_known"),
        CheckConstraint("kind IN ('guardian', 'pupil')", "kind_known"),
        Index("uq_account_identifier_key", "identifier_key", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), default="guardian")
    identifier: Mapped[str] = mapped_column(String(100))
    identifier_key: Mapped[str] = mapped_column(String(100))  # folded: case and accents do not distinguish two people
    password_hash: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    locale: Mapped[str] = mapped_column(String(5), default="fr")
    epoch: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirm_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    confirm_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountKey(PortalBase):
    """A key for one use: a link to choose a new pass-phrase (`reset`, M100), a slip given by the school (`slip`, M106),
    or a link that proves a new address (`address`, M120: `email` is that address). Only its hash is known."""

    __tablename__ = "account_key"
    __table_args__ = (
        CheckConstraint("kind IN ('reset', 'slip', 'address')", "kind_known"),
        CheckConstraint("(kind = 'address') = (email IS NOT NULL)", "email_if_address"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(10))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    email: Mapped[str | None] = mapped_column(String(254))
    by_school: Mapped[bool] = mapped_column(default=False, server_default=false())

    account: Mapped[Account] = relationship()


class AccountQuestion(PortalBase):
    """One of the three questions of an account that signs in with digits (M117): `question` is the code of a question
    of the list, or the holder's own words at the third place. Only a slow hash of the answer is kept."""

    __tablename__ = "account_question"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    question: Mapped[str] = mapped_column(String(120))
    answer_hash: Mapped[str] = mapped_column(String(200))


class RecoveryRequest(PortalBase):
    """Somebody forgot the identifier (`typed` is an address) or the pass-phrase (an identifier), until the worker has
    answered (M122)."""

    __tablename__ = "recovery_request"
    __table_args__ = (CheckConstraint("kind IN ('identifier', 'passphrase')", "kind_known"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    typed: Mapped[str] = mapped_column(String(300))
    locale: Mapped[str] = mapped_column(String(5))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


@scope_rule(PublishedCode)
def _own_codes(scope: Scope) -> Any:
    key = _account_key(scope)
    return with_loader_criteria(PublishedCode, lambda cls: cls.account_id == key, include_aliases=True)


@scope_rule(PublishedPupil)
def _pupils_of_valid_codes(scope: Scope) -> Any:
    return with_loader_criteria(PublishedPupil, PublishedPupil.id.in_(opened_pupils(scope)), include_aliases=True)


@scope_rule(PublishedBooklet)
def _booklets_of_valid_codes(scope: Scope) -> Any:
    return of_opened_pupils(PublishedBooklet, scope)


def of_opened_pupils(model: Any, scope: Scope) -> Any:
    """The criterion of rows that name their pupil: those of the pupils whom the account's valid codes open."""
    return with_loader_criteria(model, model.pupil_id.in_(opened_pupils(scope)), include_aliases=True)


def opened_pupils(scope: Scope) -> Any:
    """The pupils whom the account's valid codes open."""
    codes = PublishedCode.__table__.c
    return select(codes.pupil_id).where(codes.account_id == _account_key(scope), codes.valid)


def _account_key(scope: Scope) -> int:
    if scope.kind != "account":
        raise ScopeMissing(f"a {scope.kind} scope does not reach the portal's rows")
    return scope.id


UNREAD_WORDS = "kind IN ('contact.message', 'card.error') AND NOT forgotten"


class PortalEvent(PortalBase):
    """Outbox towards the school: accounts made and confirmed, codes attached and used. Read in order, once. What
    families wrote is erased as soon as it was read (`forgotten`)."""

    __tablename__ = "portal_event"
    __table_args__ = (
        Index("ix_portal_event_words", "id", postgresql_where=text(UNREAD_WORDS), sqlite_where=text(UNREAD_WORDS)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)
    forgotten: Mapped[bool] = mapped_column(default=False, server_default=false())


class AppliedCommand(PortalBase):
    """Numbers of the admin's commands (revoke, attach, …) already applied: each is applied once."""

    __tablename__ = "applied_command"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=clock.now)


class PortalMail(MailOutboxMixin, PortalBase):
    """Mails to families, sent by the worker."""

    __tablename__ = "portal_mail"


class PortalSession(WebSessionMixin, PortalBase):
    """Server-side sessions of families."""

    __tablename__ = "portal_session"


class PortalThrottle(ThrottleMixin, PortalBase):
    """Attempt counters of the portal."""

    __tablename__ = "portal_throttle"


class PortalAuditLine(AuditLineMixin, PortalBase):
    """The portal's trail."""

    __tablename__ = "portal_audit_line"
    __table_args__ = (Index("ix_portal_audit_line_subject", "subject_type", "subject_id"),)
