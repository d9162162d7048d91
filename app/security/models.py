"""Who holds which role where, and what an account of the admin application needs beside FAB's `ab_user`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    false,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship, with_loader_criteria

from app.core.db import AdminBase
from app.core.scope import Scope, Scoped, scope_rule
from app.core.types import UtcDateTime
from app.schools.models import Authority, School
from app.security.mixins import ThrottleMixin, WebSessionMixin


class WebSession(WebSessionMixin, AdminBase):
    """Sessions of the admin application."""

    __tablename__ = "web_session"
    __table_args__ = (ForeignKeyConstraint(["owner_id"], ["ab_user.id"], ondelete="CASCADE"),)


class Throttle(ThrottleMixin, AdminBase):
    """Counters of the admin application."""

    __tablename__ = "throttle"


class UserSecurity(AdminBase, Scoped):
    """What we know of an `ab_user`: the authority that looks after it, and its epoch (see WebSessionMixin)."""

    __tablename__ = "user_security"

    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"), index=True)
    epoch: Mapped[int] = mapped_column(default=1)
    password_set_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_in_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship(User)
    authority: Mapped[Authority] = relationship()


class Invitation(AdminBase, Scoped):
    """A single-use link by which a person chooses a pass-phrase. A new one ends those before it."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), index=True)
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    user: Mapped[User] = relationship(User)


class RoleProfile(AdminBase, Scoped):
    """What FAB's `ab_role` does not say: the key in `app.security.roles` when the role is shipped, the
    authority when an academy made it, where it is granted (`school` or `academy`), and a version that every
    change raises, by which each process knows that the permissions it remembers are stale."""

    __tablename__ = "role_profile"
    __table_args__ = (
        CheckConstraint("level IN ('school', 'academy')", "level_known"),
        CheckConstraint("(key IS NULL) <> (authority_id IS NULL)", "shipped_or_owned"),
    )

    role_id: Mapped[int] = mapped_column(ForeignKey("ab_role.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str | None] = mapped_column(String(30), unique=True)
    authority_id: Mapped[int | None] = mapped_column(ForeignKey("authority.id"))
    level: Mapped[str] = mapped_column(String(10), default="school")
    version: Mapped[int] = mapped_column(default=1)

    role: Mapped[Role] = relationship(Role)


class RoleGrant(AdminBase, Scoped):
    """A role of a user on a school, or on the whole academy (`school_id` empty), between two days, both
    included. Grants are ended, never deleted. The class-teacher role follows from the assignment and is never
    granted."""

    __tablename__ = "role_grant"
    __table_args__ = (
        ForeignKeyConstraint(["authority_id", "school_id"], ["school.authority_id", "school.id"]),
        CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", "dates_in_order"),
        Index(
            "uq_role_grant_open_school",
            "user_id",
            "role_id",
            "school_id",
            unique=True,
            postgresql_where=text("ends_on IS NULL AND school_id IS NOT NULL"),
            sqlite_where=text("ends_on IS NULL AND school_id IS NOT NULL"),
        ),
        Index(
            "uq_role_grant_open_academy",
            "user_id",
            "role_id",
            "authority_id",
            unique=True,
            postgresql_where=text("ends_on IS NULL AND school_id IS NULL"),
            sqlite_where=text("ends_on IS NULL AND school_id IS NULL"),
        ),
        Index("ix_role_grant_school_id", "school_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    role_id: Mapped[int] = mapped_column(ForeignKey("ab_role.id"))
    authority_id: Mapped[int] = mapped_column(ForeignKey("authority.id"))
    school_id: Mapped[int | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    granted_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))

    user: Mapped[User] = relationship(User, foreign_keys=[user_id])
    role: Mapped[Role] = relationship(Role)
    authority: Mapped[Authority] = relationship(foreign_keys=[authority_id])
    school: Mapped[School | None] = relationship(
        primaryjoin="School.id == foreign(RoleGrant.school_id)", foreign_keys="RoleGrant.school_id"
    )
    granted_by: Mapped[User | None] = relationship(User, foreign_keys=[granted_by_id])


@scope_rule(RoleGrant)
def _granted_here(scope: Scope) -> Any:
    key = scope.id
    if scope.kind == "school":
        return with_loader_criteria(RoleGrant, lambda cls: cls.school_id == key, include_aliases=True)
    return with_loader_criteria(RoleGrant, lambda cls: cls.authority_id == key, include_aliases=True)


_grant = RoleGrant.__table__


@scope_rule(UserSecurity)
def _people_of(scope: Scope) -> Any:
    key = scope.id
    if scope.kind == "school":
        return with_loader_criteria(
            UserSecurity,
            lambda cls: cls.user_id.in_(select(_grant.c.user_id).where(_grant.c.school_id == key)),
            include_aliases=True,
        )
    return with_loader_criteria(UserSecurity, lambda cls: cls.authority_id == key, include_aliases=True)


@scope_rule(Invitation)
def _invitations_of(scope: Scope) -> Any:
    key = scope.id
    if scope.kind == "school":  # no business of a school's
        return with_loader_criteria(Invitation, lambda cls: false(), include_aliases=True)
    return with_loader_criteria(Invitation, lambda cls: cls.authority_id == key, include_aliases=True)


@scope_rule(RoleProfile)
def _roles_of(scope: Scope) -> Any:
    key = scope.id
    if scope.kind == "school":
        return None
    return with_loader_criteria(
        RoleProfile,
        lambda cls: or_(cls.authority_id.is_(None), cls.authority_id == key),
        include_aliases=True,
    )
