"""When the portal is next fed (M111), and so from which day a new code works (M112)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from app.core import clock
from config import load


def parse(text: str) -> time | timedelta:
    """« 02:00 » is every night at that time, « 5 » every five minutes. Raises `ValueError` for anything else."""
    if ":" in text:
        return time.fromisoformat(text)
    minutes = int(text)
    if minutes < 1:
        raise ValueError(text)
    return timedelta(minutes=minutes)


def next_run(after: datetime, schedule: time | timedelta) -> datetime:
    """The first scheduled replication strictly after `after`, in the school's time."""
    moment = after.astimezone(clock.PARIS)
    if isinstance(schedule, timedelta):
        return moment + schedule
    tonight = datetime.combine(moment.date(), schedule, clock.PARIS)
    return tonight if tonight > moment else datetime.combine(moment.date() + timedelta(days=1), schedule, clock.PARIS)


def usable_from() -> date:
    """The day printed on letters: a code created now works from the next replication (M112).

    Nightly, that is the day after, whatever the hour: a letter never promises the small hours of the same day.
    """
    schedule = parse(load().replicate)
    if isinstance(schedule, time):
        return clock.today() + timedelta(days=1)
    return next_run(clock.now(), schedule).date()
