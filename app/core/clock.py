"""The only source of the time, so that tests can stop it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def local_now() -> datetime:
    """The present moment as the school's clocks show it."""
    return now().astimezone(PARIS)


def today() -> date:
    """The school's calendar day."""
    return local_now().date()


@contextmanager
def frozen(moment: datetime) -> Iterator[datetime]:
    """Stop the clock at an aware moment (tests)."""
    token = _frozen.set(moment.astimezone(UTC))
    try:
        yield moment
    finally:
        _frozen.reset(token)
