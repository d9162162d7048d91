"""Whether what a family typed opens something: code, first name and birth date must all fit (M115).

The answer is the same, and is reached by the same steps, whichever of them was wrong: one look-up for all lines,
then every comparison for every line, against a decoy where no code was found.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from hmac import compare_digest
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.core import codes
from app.core.crypto import lookup_hashes
from app.core.folding import folded
from app.portal.models import PublishedCode, PublishedPupil

Holder = Literal["guardian", "pupil"]


@dataclass(frozen=True, slots=True)
class TypedLine:
    """One line of the form, readable: the code in compact form, the child's first name and birth date."""

    code: str
    first_name: str
    birth_date: date


@dataclass(frozen=True, slots=True)
class Match:
    """What a line opens. `code` is None when it opens nothing; `school_closed` when all fits but the school has no
    open service."""

    code: PublishedCode | None
    school_closed: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """What the portal knows behind a code, in the form the comparison uses."""

    name: str
    born: str
    holder: str
    usable: bool
    open: bool


_DECOY = _Known("\0", "\0", "\0", False, False)


def name_key(name: str) -> str:
    """« Jean-François » and « JEAN FRANCOIS » are one name: neither case, accents, hyphens nor spaces count."""
    return "".join(c for c in folded(unicodedata.normalize("NFKC", name)) if c.isalnum())


def match_lines(session: Session, holder: Holder, lines: Sequence[TypedLine]) -> list[Match]:
    """What each line opens, for the kind of account being made. Called in a system scope: nobody is signed in yet."""
    readings = [[lookup_hashes(reading) for reading in codes.readings(line.code)] for line in lines]
    wanted = {digest for line in readings for generations in line for digest in generations}
    found = {code.lookup_hash: code for code in session.scalars(_codes().where(PublishedCode.lookup_hash.in_(wanted)))}
    return [_best(line, holder, _hits(found, tried)) for line, tried in zip(lines, readings, strict=True)]


def _codes():  # type: ignore[no-untyped-def]
    return select(PublishedCode).options(joinedload(PublishedCode.pupil).joinedload(PublishedPupil.school))


def _hits(found: dict[str, PublishedCode], readings: list[list[str]]) -> list[PublishedCode | None]:
    """The code as typed if it exists, then its look-alikes that do; a decoy when there is none. More than one is rarer
    than a right guess."""
    hits = [found.get(digest) for generations in readings for digest in generations]
    return [code for code in hits if code is not None] or [None]


def _best(line: TypedLine, holder: Holder, hits: list[PublishedCode | None]) -> Match:
    """A look-alike is no weaker than the code itself: first name and birth date must be those of its own pupil."""
    judged = [_judge(line, holder, code) for code in hits]
    return next((match for match in judged if match.code or match.school_closed), judged[0])


def _judge(line: TypedLine, holder: Holder, code: PublishedCode | None) -> Match:
    known = _DECOY if code is None else _known(code)
    fits = _same(name_key(line.first_name), known.name)
    fits &= _same(line.birth_date.isoformat(), known.born)
    fits &= _same(holder, known.holder)
    fits &= known.usable
    return Match(code if fits and known.open else None, school_closed=fits and not known.open)


def _known(code: PublishedCode) -> _Known:
    pupil = code.pupil
    services = bool(pupil.school.services)
    # A code of a school that closed everything is kept, not valid: it is then the school that must be named.
    usable = code.account_id is None and (code.valid or not services)
    return _Known(name_key(pupil.first_name), pupil.birth_date.isoformat(), code.holder, usable, services)


def _same(typed: str, known: str) -> bool:
    return compare_digest(typed.encode(), known.encode())
