"""What the facts of a letter hold, read from their classes: for checking names and for the list beside the editor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from ..types import Facts

ANYTHING: Any = object()  # what cannot be told before drawing
LOOP: Any = dict.fromkeys(("first", "last", "index", "index0", "revindex", "length"), int)
DAY = {"day": int, "month": int, "year": int}


def members(kind: Any) -> dict[str, Any] | None:
    """Name → kind of what it holds; empty for what holds nothing by name, None when it cannot be told."""
    kind = _present(kind)
    if kind is ANYTHING:
        return None
    if isinstance(kind, dict):
        return kind
    if kind is date:
        return DAY
    return of_facts(kind) if isinstance(kind, type) and is_dataclass(kind) else {}


def item_of(kind: Any) -> Any:
    """What one item of a list is."""
    kind = _present(kind)
    return get_args(kind)[0] if get_origin(kind) is tuple else ANYTHING


def _present(kind: Any) -> Any:
    """Without « or nothing »."""
    if isinstance(kind, UnionType):
        return next(one for one in get_args(kind) if one is not NoneType)
    return kind


@lru_cache(maxsize=64)
def of_facts(kind: Any) -> dict[str, Any]:
    """Name → kind of every fact and of what is made from them."""
    hints = get_type_hints(kind)
    found = {field.name: hints[field.name] for field in fields(kind)}
    for name in dir(kind):
        made = getattr(kind, name)
        if isinstance(made, property) and made.fget is not None and not name.startswith("_"):
            found[name] = get_type_hints(made.fget)["return"]
    return found


def variables(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Every fact of a sample with its path, « letter.school.name »; of a list, its first item as « child.name »."""
    kind: Any = type(value)
    for key in of_facts(kind):
        held, path = getattr(value, key), f"{name}.{key}"
        if isinstance(held, Facts):
            yield from variables(path, held)
        elif isinstance(held, tuple) and held and isinstance(held[0], Facts):
            yield path, held
            yield from variables("child", held[0])
        else:
            yield path, held
