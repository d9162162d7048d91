"""The search form of a list: which criteria exist, and what the address asks for.

An address says `_flt_<n>_<column>=value`, as Flask-AppBuilder's does; only the screen's `search_columns` exist
(a filter on a hidden column would tell its values), and n counts the operators of the column's kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import false, select

from app.admin.columns import Column, Columns, choices_of, is_relation, label, relation_column
from app.admin.declaration import Screen
from app.core.clock import PARIS
from app.core.db import admin_db
from app.core.folding import fold, folded

MOST_OPTIONS = 300  # a search drop-down longer than this helps nobody: search by text instead
KINDS = {
    "text": ("contains", "equals"),
    "number": ("equals", "from", "to"),
    "date": ("equals", "from", "to"),
    "moment": ("equals", "from", "to"),
    "tick": ("equals",),
    "choice": ("equals",),
    "relation": ("equals",),
}


@dataclass(frozen=True, slots=True)
class Criterion:
    """One searchable column and the values asked for, by operator."""

    name: str
    label: str
    kind: str
    values: Mapping[str, str]
    drawn: bool = True
    options: tuple[tuple[str, str], ...] = ()

    def argument(self, operator: str) -> str:
        """The name of its control in the form."""
        return f"_flt_{KINDS[self.kind].index(operator)}_{self.name}"

    @property
    def chosen(self) -> str:
        """What a linked relation's value is called."""
        sought = self.values.get("equals", "")
        return next((text for value, text in self.options if value == sought), "?")

    @property
    def shown_operators(self) -> tuple[str, ...]:
        """What the form draws: one control, or the two ends of a period."""
        return ("from", "to") if self.kind in ("date", "moment") else KINDS[self.kind][:1]


def criteria(screen: Screen, arguments: Mapping[str, str], *, with_options: bool = True) -> list[Criterion]:
    """The screen's criteria with the values found in the address; everything else in it is ignored."""
    names = dict.fromkeys((*screen.search_columns, *screen.linked))
    return [_criterion(screen, name, arguments, with_options) for name in names]


def _criterion(screen: Screen, name: str, arguments: Mapping[str, str], with_options: bool) -> Criterion:
    kind = _kind(screen, name)
    named = {op: arguments.get(f"_flt_{n}_{name}", "").strip() for n, op in enumerate(KINDS[kind])}
    values = {op: value[:100] for op, value in named.items() if value}
    drawn = name in screen.search_columns
    wanted = with_options and (drawn or values)
    options = _options(screen, name, kind, None if drawn else values.get("equals")) if wanted else ()
    return Criterion(name, label(screen, name), kind, values, drawn, options)


def _kind(screen: Screen, name: str) -> str:
    if choices_of(screen, name) is not None:
        return "choice"
    if is_relation(screen.model, name):
        return "relation"
    return Columns(screen)[name].kind


def _options(screen: Screen, name: str, kind: str, only: str | None = None) -> tuple[tuple[str, str], ...]:
    if kind == "choice":
        return tuple((str(value), str(text)) for value, text in (choices_of(screen, name) or {}).items())
    if kind == "tick":
        return (("1", _("Yes")), ("0", _("No")))
    if kind == "relation":
        target = getattr(screen.model, name).property.mapper.class_
        statement = select(target).limit(MOST_OPTIONS)
        if only is not None:
            statement = statement.where(target.id == _typed("relation", only))
        rows = admin_db.session.scalars(statement)
        return tuple(sorted(((str(row.id), str(row)) for row in rows), key=lambda pair: folded(pair[1])))
    return ()


def conditions(screen: Screen, columns: Columns, asked: list[Criterion]) -> tuple[list[Any], list[Column]]:
    """SQL conditions for what is asked, and the columns they need joined."""
    found: list[Any] = []
    used: list[Column] = []
    for criterion in asked:
        if not criterion.values:
            continue
        if criterion.kind == "relation":
            column = Column(criterion.name, relation_column(screen.model, criterion.name))
        else:
            column = columns[criterion.name]
        used.append(column)
        found += [_condition(column, criterion.kind, op, value) for op, value in criterion.values.items()]
    return found, used


def _condition(column: Column, kind: str, operator: str, text: str) -> Any:
    if kind == "text":
        sought = folded(text)
        field = fold(column.expression)
        return field.contains(sought, autoescape=True) if operator == "contains" else field == sought
    value = _typed(column.kind if kind == "choice" else kind, text)
    if value is None:
        return false()  # « abc » is nobody's birth date
    if kind == "moment":
        return _moment(column.expression, operator, value)
    if operator == "from":
        return column.expression >= value
    if operator == "to":
        return column.expression <= value
    return column.expression == value


def _typed(kind: str, text: str) -> Any:
    try:
        if kind in ("number", "relation"):
            number = float(text.replace(",", "."))
            return None if not abs(number) < 2**31 else int(number) if number.is_integer() else number
        if kind in ("date", "moment"):
            return date.fromisoformat(text)
    except ValueError:
        return None
    return text == "1" if kind == "tick" else text


def _moment(expression: Any, operator: str, day: date) -> Any:
    start = datetime.combine(day, time(), PARIS)
    end = datetime.combine(day + timedelta(days=1), time(), PARIS)
    if operator == "from":
        return expression >= start
    return expression < end if operator == "to" else expression.between(start, end)
