"""The dates of periods (M007, M008): those of the shipped periodicities, and the check of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import NamedTuple, Protocol

from app.core.errors import BadInput

MOST_PERIODS = 12
PRESETS = {"semester": ("Semestre", 2), "trimester": ("Trimestre", 3)}
# The last day of each period but the last, which ends with the school year.
_ENDS = {"semester": ((1, 1, 31),), "trimester": ((0, 11, 30), (1, 3, 11))}  # years after September's, month, day
DAY = timedelta(days=1)


class Year(Protocol):
    """What matters here of a school year (`SchoolYear`)."""

    first_year: int
    starts_on: date
    ends_on: date


class Term(NamedTuple):
    """One period: both days belong to it."""

    label: str
    starts_on: date
    ends_on: date


def preset_terms(preset: str, year: Year) -> list[Term]:
    """Semesters or trimesters that cover the school year without a gap (M007).

    Raises `BadInput` for another word, and for a year so short that a fixed end is not inside it.
    """
    if preset not in PRESETS:
        raise BadInput("Cette périodicité n'existe pas.")
    name = PRESETS[preset][0]
    ends = [date(year.first_year + later, month, day) for later, month, day in _ENDS[preset]] + [year.ends_on]
    terms, start = [], year.starts_on
    for position, end in enumerate(ends, start=1):
        if not start <= end <= year.ends_on:
            raise BadInput(f"L'année scolaire ({shown(year.starts_on)} – {shown(year.ends_on)}) ne se découpe pas en "
                           f"{name.lower()}s ordinaires.", hint="Ajoutez une périodicité à vos dates.")  # fmt: skip
        terms.append(Term(f"{name} {position}", start, end))
        start = end + DAY
    return terms


def read_day(text: str) -> date:
    """A day as a calendar sends it (2026-11-30) or as people write it (30/11/2026). Raises `BadInput`."""
    text = text.strip()
    for form in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y"):
        with suppress(ValueError):
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
    raise BadInput(f"« {text} » n'est pas une date.", hint="Écrivez-la ainsi : 30/11/2026.")


def shown(day: date) -> str:
    """« 30/11/2026 »."""
    return f"{day:%d/%m/%Y}"


def check_terms(days: Sequence[tuple[date, date]], year: Year) -> list[Term]:
    """One's own periods, named « Période 1 », … (M008): one to twelve, in order, apart, inside the school year.

    Raises `BadInput` with the sentence about the first fault.
    """
    if not 1 <= len(days) <= MOST_PERIODS:
        raise BadInput(f"Il faut de 1 à {MOST_PERIODS} périodes, chacune avec son début et sa fin.")
    for position, (starts_on, ends_on) in enumerate(days, start=1):
        if starts_on > ends_on:
            raise BadInput(f"Période {position} : elle finit le {shown(ends_on)}, avant de commencer.")
        if starts_on < year.starts_on or ends_on > year.ends_on:
            raise BadInput(f"Période {position} : elle sort de l'année scolaire.",
                           hint=f"L'année va du {shown(year.starts_on)} au {shown(year.ends_on)}.")  # fmt: skip
        if position > 1 and starts_on <= days[position - 2][1]:
            raise BadInput(f"Période {position} : elle commence le {shown(starts_on)}, avant la fin de la précédente "
                           f"({shown(days[position - 2][1])}).")  # fmt: skip
    return [Term(f"Période {position}", *pair) for position, pair in enumerate(days, start=1)]


def gaps(terms: Sequence[Term], year: Year) -> list[tuple[date, date]]:
    """The days of the school year in no period: allowed, but worth a word."""
    found, day = [], year.starts_on
    for term in terms:
        if day < term.starts_on:
            found.append((day, term.starts_on - DAY))
        day = term.ends_on + DAY
    return [*found, (day, year.ends_on)] if day <= year.ends_on else found


def gap_sentence(terms: Sequence[Term], year: Year) -> str | None:
    """« Jours sans période : du 01/12/2026 au 05/12/2026. »"""
    spans = [f"du {shown(first)} au {shown(last)}" for first, last in gaps(terms, year)]
    return f"Jours de l'année sans période : {', '.join(spans)}." if spans else None
