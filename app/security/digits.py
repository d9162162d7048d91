"""The six to ten digits of an on-screen keypad (M116, M121): only where an academy chose them over pass-phrases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

SHORTEST, LONGEST = 6, 10
_RUNS = ("0123456789" * 2, "9876543210" * 2)


def is_digits(text: str) -> bool:
    """Whether a secret is of this kind, by its look alone: what is typed decides, never what is stored."""
    return SHORTEST <= len(text) <= LONGEST and text.isascii() and text.isdigit()


def too_easy(text: str, born: Iterable[date] = ()) -> bool:
    """Runs, repetitions and birth dates are what anybody tries first."""
    if any(text in run for run in _RUNS) or len(set(text)) < 3:
        return True
    if any(text == (text[:size] * len(text))[: len(text)] for size in range(1, len(text) // 2 + 1)):
        return True
    shapes = ("%d%m%Y", "%d%m%y", "%Y%m%d", "%y%m%d", "%m%d%Y")
    return any(day.strftime(shape) in text for day in born for shape in shapes)
