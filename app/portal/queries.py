"""What a family's pages show, as frozen data. Called in the account's scope: the gate lets its valid codes through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from markupsafe import Markup
from sqlalchemy import exists, func, select

from app.core.db import portal_db
from app.core.errors import NotFound
from app.core.rich_text import clean_html
from app.portal.models import (
    Account,
    BookletOpened,
    PublishedBooklet,
    PublishedCode,
    PublishedPupil,
    PublishedSchool,
)


@dataclass(frozen=True, slots=True)
class OtherService:
    """A service of the academy that the school opened: it is elsewhere (M124, « Autres rubriques »)."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class SchoolCard:
    """The header of a child's school, and what the school says and offers besides the national services."""

    name: str
    academy: str
    address: tuple[str, ...]
    phone: str | None
    services: tuple[str, ...]
    others: tuple[OtherService, ...]
    welcome: Markup
    contact: bool = False


@dataclass(frozen=True, slots=True)
class HeldCode:
    """A code on the account: its first block only, and the person it names (M120)."""

    id: int
    masked: str
    guardian: str | None
    guardian_first_name: str | None


@dataclass(frozen=True, slots=True)
class Child:
    """A pupil whom a valid code of the account opens."""

    id: int
    first_name: str
    last_name: str
    birth_date: date
    sex: str | None
    division: str | None
    school: SchoolCard
    codes: tuple[HeldCode, ...]
    new_booklets: int  # published and not read yet


@dataclass(frozen=True, slots=True)
class Identity:
    """What the holder of an account chose: independent of what the school knows (M120)."""

    identifier: str
    email: str
    locale: str
    kind: str


@dataclass(frozen=True, slots=True)
class Family:
    """The children of an account, in the order of their birth. `kind` is whose codes the account holds."""

    kind: str
    children: tuple[Child, ...]

    @property
    def greeted(self) -> tuple[str, ...]:
        """The first names to welcome (M123): the guardians the codes name, or the pupil; a joint account has two."""
        if self.kind == "pupil":
            return tuple(dict.fromkeys(child.first_name for child in self.children))
        named = (code.guardian_first_name for child in self.children for code in child.codes)
        return tuple(dict.fromkeys(name for name in named if name))

    def child(self, pupil_id: int | None) -> Child | None:
        """The child asked for, the first one when none was; `NotFound` when it is nobody of this account."""
        if pupil_id is None:
            return self.children[0] if self.children else None
        for child in self.children:
            if child.id == pupil_id:
                return child
        raise NotFound()


_READ = exists(select(BookletOpened.code_id).where(
    BookletOpened.edition_id == PublishedBooklet.edition_id, BookletOpened.code_id == PublishedCode.id))  # fmt: skip
_UNREAD = (
    select(func.count(PublishedBooklet.id))
    .where(PublishedBooklet.pupil_id == PublishedPupil.id, ~_READ.correlate(PublishedBooklet, PublishedCode))
    .correlate(PublishedPupil, PublishedCode)
    .scalar_subquery()
)
# Columns and not objects: this is the page that a whole academy opens in the evening.
_OPENED = (
    select(
        PublishedCode.hint, PublishedPupil.id, PublishedCode.guardian_name, PublishedCode.guardian_first_name,
        PublishedPupil.first_name, PublishedPupil.last_name, PublishedPupil.birth_date, PublishedPupil.sex,
        PublishedPupil.division, PublishedSchool.name, PublishedSchool.academy, PublishedSchool.address,
        PublishedSchool.phone, PublishedSchool.services, PublishedSchool.other_services, PublishedSchool.welcome,
        PublishedSchool.contact, PublishedCode.holder, PublishedCode.id.label("code_id"), PublishedPupil.refused,
        _UNREAD.label("unread"),
    )
    .join(PublishedPupil, PublishedPupil.id == PublishedCode.pupil_id)
    .join(PublishedSchool, PublishedSchool.id == PublishedPupil.school_id)
    .where(PublishedCode.valid)
    .order_by(PublishedPupil.birth_date, PublishedPupil.id, PublishedCode.id)
)  # fmt: skip


def family() -> Family:
    """Everything that the codes of the account in scope open, in one statement."""
    rows = portal_db.session.execute(_OPENED).all()
    kind = rows[0].holder if rows else "guardian"
    return Family(kind, tuple(_child(list(group)) for _, group in groupby(rows, key=lambda row: row[1])))


def identity(account_id: int) -> Identity:
    """What the holder chose."""
    account = portal_db.session.get(Account, account_id)
    if account is None:
        raise NotFound()
    return Identity(account.identifier, account.email, account.locale, account.kind)


def schools_without_service(account_id: int) -> tuple[str, ...]:
    """Schools that closed every service: their pupils are hidden, and the page says why."""
    held = (
        select(PublishedSchool.name, PublishedSchool.services, PublishedSchool.other_services)
        .join(PublishedCode, PublishedCode.school_id == PublishedSchool.id)
        .where(PublishedCode.account_id == account_id)
        .order_by(PublishedSchool.name)
    )
    rows = portal_db.session.execute(held)
    return tuple(dict.fromkeys(name for name, services, others in rows if not services and not others))


def _child(rows: list[Any]) -> Child:
    """Every code of one pupil; the pupil and the school are the same on each row."""
    codes = tuple(HeldCode(row.code_id, f"{row.hint} - ••• - ••• - •••", row.guardian_name, row.guardian_first_name)
                  for row in rows)
    one = rows[0]
    others = tuple(OtherService(other["label"], other["url"]) for other in one.other_services)
    # M104: once a guardian refused them for the pupil, the pupil's own account has no national service.
    services = () if one.refused and one.holder == "pupil" else tuple(one.services)
    school = SchoolCard(one.name, one.academy, tuple(one.address), one.phone, services, others,
                        clean_html(one.welcome), bool(one.contact))
    return Child(one.id, one.first_name, one.last_name, one.birth_date, one.sex, one.division, school, codes,
                 one.unread)
