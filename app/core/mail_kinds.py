"""Whose mail it is: who writes the bodies at the last moment, and who hears what became of each."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.errors import LivretError

log = logging.getLogger(__name__)

UNWRITABLE = "Le texte du message n'a pas pu être composé."


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail of the outbox as its owner is told of it."""

    id: int
    kind: str
    ref: str | None
    school_id: int | None
    to_address: str
    message_id: str
    repeated: bool
    attempts: int
    created_at: datetime
    error: str | None = None


Body = tuple[str, str | None]
Compose = Callable[[Session, list[OutgoingMail]], dict[int, Body | str]]
Told = Callable[[Session, list[OutgoingMail]], None]


@dataclass(frozen=True, slots=True)
class MailKind:
    """What the owner of a kind of mail wants: to write the bodies at the last moment, to know which went or failed.
    Each gets mails of one school; instead of a body, a sentence says why there is none.

    The last two run in the transaction that stores the mails' own status.
    """

    compose: Compose | None = None
    on_sent: Told | None = None
    on_failed: Told | None = None


def each_written(compose: Callable[[Session, OutgoingMail], Body]) -> Compose:
    """For a group, a `compose` that writes one mail."""

    def written(session: Session, mails: list[OutgoingMail]) -> dict[int, Body | str]:
        found: dict[int, Body | str] = {}
        for mail in mails:
            try:
                with session.begin_nested():
                    found[mail.id] = compose(session, mail)
            except LivretError as error:
                found[mail.id] = error.message
        return found

    return written


def each_told(tell: Callable[[Session, OutgoingMail], None]) -> Told:
    """For a group, an `on_sent` or `on_failed` of one mail."""

    def told(session: Session, mails: list[OutgoingMail]) -> None:
        for mail in mails:
            tell(session, mail)

    return told


def called(session: Session, hook: Callable[..., Any], mails: list[OutgoingMail]) -> dict[int, Any]:
    """Call an owner for a group; when it fails, for each mail alone: the others do not suffer for one."""
    try:
        with session.begin_nested():
            return hook(session, mails) or {}
    except Exception:
        log.exception("the owner of %s mails failed: each is tried alone", len(mails))
    found: dict[int, Any] = {}
    for mail in mails:
        try:
            with session.begin_nested():
                found |= hook(session, [mail]) or {}
        except Exception:
            log.exception("the owner of mail %s failed", mail.id)
    return found
