"""Reading one value: dates, texts, codes. Each returns None for what is absent, empty or unreadable."""

from __future__ import annotations

import re
from datetime import date

_FRENCH = re.compile(r"(\d{2})/(\d{2})/(\d{4})", re.ASCII)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
# What the outbox takes too (`app.core.mail.clean_address`), without its cost on every line of a file.
_WORD, _LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_WORD}(?:\.{_WORD})*@(?:{_LABEL}\.)+[A-Za-z]{{2,}}")
EARLIEST = date(1900, 1, 1)


def text_of(value: str | None) -> str | None:
    """Trimmed; an empty tag is the same as no tag."""
    return (value.strip() or None) if value else None


def one_line(value: str | None) -> str | None:
    """Trimmed, with inner spaces, tabs and line ends folded to one space."""
    return " ".join(value.split()) or None if value else None


def french_date(value: str | None) -> date | None:
    """JJ/MM/AAAA, the dates of BEE."""
    found = _FRENCH.fullmatch(value.strip()) if value else None
    return _date(found[3], found[2], found[1]) if found else None


def iso_date(value: str | None) -> date | None:
    """AAAA-MM-JJ, the dates of STS."""
    found = _ISO.fullmatch(value.strip()) if value else None
    return _date(found[1], found[2], found[3]) if found else None


def either_date(value: str | None) -> date | None:
    """Both ways of writing a date: ONDE uses one or the other."""
    return french_date(value) or iso_date(value)


def _date(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if found >= EARLIEST else None


def is_true(value: str | None) -> bool:
    """0/1 or true/false, both met in one file."""
    return bool(value) and value.strip().lower() in ("1", "true")  # type: ignore[union-attr]


def is_identifier(value: str | None) -> bool:
    """A positive integer, as ELEVE_ID and PERSONNE_ID."""
    return bool(value) and value.isascii() and value.isdigit() and len(value) <= 18 and int(value) > 0  # type: ignore[union-attr, arg-type]


def is_email(value: str) -> bool:
    """One address, and nothing that a mail header would take for a second one."""
    return len(value) <= 254 and _EMAIL.fullmatch(value) is not None


TITLES = dict.fromkeys(("M.", "M", "MR", "1", "MONSIEUR"), "M.") | dict.fromkeys(
    ("MME", "MME.", "2", "MLLE", "3", "MADAME", "MADEMOISELLE"), "MME"
)


def title_of(value: str | None) -> str | None:
    """« M. » or « MME »; Mlle is folded into MME; None when unknown."""
    return TITLES.get(value.strip().upper()) if value else None
