"""French for templates: dates, lists, plurals. Registered as Jinja filters by `templates.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


def long_date(day: date) -> str:
    """« 1er décembre 2026 »."""
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"


def listed(items: Sequence[str]) -> str:
    """« a, b et c »."""
    *head, last = items
    return f"{', '.join(head)} et {last}" if head else last


def bare_address(url: str) -> str:
    """An address as people read and type it: no scheme, no final slash."""
    return url.split("://", 1)[-1].rstrip("/")
