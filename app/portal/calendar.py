"""A child's class: the stretches of the school year that families choose from, teaching periods and months (M127,
M129), and the teaching team (M128). Called in the account's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select

from app.core import clock
from app.core.db import portal_db
from app.core.errors import NotFound
from app.portal.models import PublishedPupil
from app.portal.records import PublishedDivision

EVERYTHING = "tout"
SATURDAY = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some days in a row. `key` is how addresses name it; a teaching period has its `position` and its own name, a
    month neither."""

    key: str
    starts_on: date
    ends_on: date
    position: int = 0
    label: str = ""

    def holds(self, day: date) -> bool:
        """Whether a day is in it."""
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class SchoolClass:
    """The whole year, its teaching periods, and its months until now, latest first; `team` are subject, teacher and
    whether principal teacher."""

    year: Stretch
    periods: tuple[Stretch, ...]
    months: tuple[Stretch, ...]
    team: tuple[tuple[str, str, bool], ...] = ()

    @property
    def period(self) -> Stretch:
        """The present teaching period: the last one begun, else the first; the year where there are none."""
        begun = [period for period in self.periods if period.starts_on <= clock.today()]
        return (begun or list(self.periods[:1]) or [self.year])[-1]

    @property
    def month(self) -> Stretch:
        """The present month, or the last one of the year."""
        return self.months[0]

    def named(self, key: str | None, default: Stretch) -> Stretch:
        """The stretch of an address. Raises `NotFound` for one that does not exist."""
        if key is None:
            return default
        for one in (self.year, *self.periods, *self.months):
            if one.key == key:
                return one
        raise NotFound()


def class_of(pupil_id: int) -> SchoolClass:
    """The class of a pupil; the months since September and nobody for a pupil without class. One statement."""
    row = portal_db.session.execute(
        select(PublishedDivision.starts_on, PublishedDivision.ends_on, PublishedDivision.periods,
               PublishedDivision.team)
        .join(PublishedPupil, PublishedPupil.division_id == PublishedDivision.id)
        .where(PublishedPupil.id == pupil_id)
    ).one_or_none()
    first, last, periods, team = row or (*_usual_year(clock.today()), [], [])
    known = (Stretch(f"p{position}", date.fromisoformat(begin), date.fromisoformat(end), position, label)
             for position, label, begin, end in periods)  # fmt: skip
    people = tuple((subject, teacher, principal) for subject, teacher, principal in team)
    return SchoolClass(Stretch(EVERYTHING, first, last), tuple(known), _months(first, last), people)


def _usual_year(today: date) -> tuple[date, date]:
    first = today.year - (today.month < 9)
    return date(first, 9, 1), date(first + 1, 8, 31)


def _months(first: date, last: date) -> tuple[Stretch, ...]:
    """The months of the year begun so far, latest first; the first one at least."""
    found, day, end = [], first.replace(day=1), max(first, min(last, clock.today()))
    while day <= end:
        following = (day + timedelta(days=32)).replace(day=1)
        found.append(Stretch(f"{day:%Y-%m}", day, following - timedelta(days=1)))
        day = following
    return tuple(reversed(found))


@dataclass(frozen=True, slots=True)
class Week:
    """A week, or what is in the stretch of it: its number, its first and last day, the half-days of absence."""

    number: int
    starts_on: date
    ends_on: date
    half_days: int


def weeks_of(stretch: Stretch, days: Sequence[date]) -> list[Week]:
    """Every week of the stretch until now, latest first, with how many of `days` are in it: none counts too."""
    found, monday = [], stretch.starts_on - timedelta(days=stretch.starts_on.weekday())
    while monday <= min(stretch.ends_on, max(clock.today(), stretch.starts_on)):
        first, last = max(monday, stretch.starts_on), min(monday + SATURDAY, stretch.ends_on)
        if first <= last:  # a month that begins on a Sunday has nothing of that week
            half_days = sum(first <= day <= last for day in days)
            found.append(Week(monday.isocalendar().week, first, last, half_days))
        monday += timedelta(days=7)
    return found[::-1]
