"""Frozen facts ↔ plain JSON values, for the pipe to the rendering process and for the samples."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from .errors import LetterDataError
from .types import Facts


def dump(value: Any) -> Any:
    """Facts as dicts, tuples as lists, dates as ISO text."""
    if isinstance(value, Facts):
        return {name: dump(getattr(value, name)) for name in _hints(type(value))}  # type: ignore[arg-type]
    if isinstance(value, tuple):
        return [dump(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value


def load(kind: Any, value: Any) -> Any:
    """The opposite of `dump`: checks everything again, refuses missing and unknown fields."""
    if is_dataclass(kind):
        return _load_facts(kind, value)
    if get_origin(kind) is tuple:
        return tuple(load(get_args(kind)[0], item) for item in value)
    if isinstance(kind, UnionType):
        return None if value is None else load(next(k for k in get_args(kind) if k is not NoneType), value)
    if kind is date:
        return date.fromisoformat(value)
    return value


def _load_facts(kind: Any, value: dict[str, Any]) -> Any:
    hints = _hints(kind)
    missing, unknown = hints.keys() - value.keys(), value.keys() - hints.keys()
    if missing or unknown:
        raise LetterDataError(f"{kind.__name__} : champs manquants ou inconnus : {sorted(missing | unknown)}.")
    return kind(**{name: load(hint, value[name]) for name, hint in hints.items()})


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
