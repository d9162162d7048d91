"""Which booklets a form or an address names: ticked ones, a class, a level or the school, in one period (M047)."""

from __future__ import annotations

from typing import Any

from app.booklets.selection import Picked, read_term
from app.core.errors import BadInput

MOST_NAMED = 5000


def picked_from(values: Any, present: tuple[int, int] | None = None) -> Picked:
    """`?ids=3&ids=7`, `?division=12&period=2-3`, `?population=level-4`; of the `present` period when none is named.
    Raises `BadInput`."""
    ids = tuple(dict.fromkeys(_number(value) for value in values.getlist("ids")[:MOST_NAMED]))
    if ids:
        return Picked(ids=ids)
    period = values.get("period") or ""
    return Picked(*(present if not period and present else read_term(period)), *_narrowed(values))


def population_of(picked: Picked) -> str:
    """The value of the selector that names the same booklets."""
    if picked.division_id is not None:
        return f"division-{picked.division_id}"
    return "school" if picked.level_id is None else f"level-{picked.level_id}"


def _narrowed(values: Any) -> tuple[int | None, int | None]:
    """Class and level: « level-4 », « division-12 », or the argument of that name; neither for the whole school."""
    kind, _dash, number = values.get("population", "").partition("-")
    division, level = (values.get(name) or (number if kind == name else "") for name in ("division", "level"))
    return (_number(division) if division else None), (_number(level) if level else None)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:20]) < 2**31):
        raise BadInput("Ce choix de bilans n'est pas reconnu.", hint="Rechargez la page et recommencez.")
    return int(text)
