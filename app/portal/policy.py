"""What families sign in with: a pass-phrase, or the digits of a keypad where an academy chose so (M116, M121). When the
codes of an account belong to several academies, the stricter choice holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from secrets import SystemRandom

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.db import portal_db
from app.portal.models import PublishedCode, PublishedSchool
from app.security.digits import is_digits, too_easy
from app.security.passwords import SHORTEST, PassphraseRefused, check_passphrase

KEYPAD = "keypad"
DIGITS = "0123456789"
_random = SystemRandom()


@dataclass(frozen=True, slots=True)
class SignInPage:
    """What the academies chose for the sign-in page. A message comes with its academy's name when there are several."""

    keypad: bool
    academies: tuple[str, ...]
    messages: tuple[tuple[str, str], ...]


def sign_in_page() -> SignInPage:
    """The choices of the academies whose schools are published, in one statement."""
    school = PublishedSchool
    rows = portal_db.session.execute(
        select(school.academy, school.secret, school.message).distinct().order_by(school.academy)).all()  # fmt: skip
    academies = tuple(dict.fromkeys(row.academy for row in rows))
    several = len(academies) > 1
    messages = tuple(dict.fromkeys((row.academy if several else "", row.message) for row in rows if row.message))
    return SignInPage(any(row.secret == KEYPAD for row in rows), academies, messages)


def mixed_digits() -> list[str]:
    """The keys of the keypad, in another order each time it is shown (M121)."""
    return _random.sample(DIGITS, len(DIGITS))


def allows_digits(schools: Iterable[PublishedSchool]) -> bool:
    """Whether every school's academy chose the keypad."""
    chosen = {school.secret for school in schools}
    return chosen == {KEYPAD}


def account_allows_digits(session: Session, account_id: int) -> bool:
    """The same, for the schools of the codes of an account."""
    held = (
        select(PublishedSchool.secret).join(PublishedCode, PublishedCode.school_id == PublishedSchool.id)
        .where(PublishedCode.account_id == account_id).distinct()
    )  # fmt: skip
    return set(session.scalars(held)) == {KEYPAD}


def only_digits(text: str) -> bool:
    """Whether a secret was meant as digits: too long for that, it is a pass-phrase made of digits."""
    return text.isascii() and text.isdigit() and len(text) < SHORTEST


def check_secret(text: str, *, digits: bool, about: Iterable[str | None] = (), born: Iterable[date] = ()) -> None:
    """Raise `PassphraseRefused` unless `text` may be used; a pass-phrase always may, digits where they are allowed."""
    if digits and only_digits(text):
        if not is_digits(text):
            raise PassphraseRefused(f"Ce code compte {len(text)} chiffres : il en faut de 6 à 10, 8 conseillés.")
        if too_easy(text, born):
            raise PassphraseRefused("Ces chiffres sont trop faciles à deviner.",
                                    hint="Évitez les suites, les répétitions et les dates de naissance.")
        return
    check_passphrase(text, about=about)
