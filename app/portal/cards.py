"""The record card of a child and of the guardians of the account (M141): read only, and of nobody else (M119)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from app.core.db import portal_db
from app.core.errors import NotFound
from app.portal.models import PublishedCode, PublishedPupil

Facts = tuple[tuple[str, str], ...]
GUARDIAN = ("capacity", "address", "phone_home", "phone_mobile", "phone_work", "email")


@dataclass(frozen=True, slots=True)
class GuardianCard:
    """The data of the person whom a code of the account names; none until the next update after the code was attached.
    `facts`: name of the datum, value."""

    code_id: int
    name: str
    known: bool
    facts: Facts


@dataclass(frozen=True, slots=True)
class Card:
    """The whole page. `code_id` is a code of the account by which an error about the child is told."""

    pupil_id: int
    code_id: int
    name: str
    school: str
    birth_date: date
    sex: str | None
    division: str | None
    other_names: str
    programme: str
    guardians: tuple[GuardianCard, ...]


def card(pupil_id: int) -> Card:
    """The card of a child that a valid code of the account in scope opens. Raises `NotFound`."""
    rows = portal_db.session.execute(
        select(PublishedCode, PublishedPupil).join(PublishedCode.pupil)
        .where(PublishedCode.pupil_id == pupil_id, PublishedCode.valid).order_by(PublishedCode.id)).all()  # fmt: skip
    if not rows:
        raise NotFound()
    pupil = rows[0].PublishedPupil
    guardians = tuple(_guardian(code) for code, _pupil in rows if code.holder == "guardian")
    more = pupil.card or {}
    return Card(pupil.id, rows[0].PublishedCode.id, f"{pupil.first_name} {pupil.last_name}", pupil.school.name,
                pupil.birth_date, pupil.sex, pupil.division, more.get("other_names", ""), more.get("programme", ""),
                guardians)  # fmt: skip


def _guardian(code: PublishedCode) -> GuardianCard:
    known: dict[str, Any] = code.card or {}
    facts = tuple((name, str(known.get(name) or "")) for name in GUARDIAN)
    return GuardianCard(code.id, code.guardian_name or "", bool(code.card), facts)
