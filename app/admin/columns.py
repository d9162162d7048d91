"""From a column's name on a screen to SQL, to a label and to what is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import Boolean, Date, DateTime, Integer, Numeric, String, func, inspect, select
from sqlalchemy.orm import aliased

from app.admin.declaration import Screen
from app.admin.labels import LABELS
from app.core.clock import PARIS
from app.core.scope import SchoolScoped, current_scope
from app.schools.models import School
from app.workflow.catalogue import definition

FULL_NAME = "full_name"  # « pupil.full_name »: name and first name of a person, in one column
SCHOOL = "@school"  # the column a list gains when it shows the rows of several schools


@dataclass(frozen=True, slots=True)
class Column:
    """A resolved column: its SQL, and the joins (relation attribute, alias) that bring it."""

    name: str
    expression: Any
    joins: tuple[Any, ...] = ()

    @property
    def kind(self) -> str:
        """text, number, date, moment or tick: what the value is for searching and in a spreadsheet."""
        type_ = self.expression.type
        type_ = getattr(type_, "impl_instance", type_)
        kinds = ((Boolean, "tick"), (DateTime, "moment"), (Date, "date"), (Integer, "number"),
                 (Numeric, "number"), (String, "text"))
        return next((kind for class_, kind in kinds if isinstance(type_, class_)), "text")


class Columns:
    """The columns of one query on a screen; a relation named twice is joined once."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._joined: dict[str, tuple[Any, Any]] = {}
        self._known: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._known:
            self._known[name] = self._resolve(name)
        return self._known[name]

    def _resolve(self, name: str) -> Column:
        if name == SCHOOL:
            return Column(name, _school_name(self.screen.model))
        if name in self.screen.computed:
            return Column(name, _expression(self.screen.computed[name]))
        mapper: Any = inspect(self.screen.model)
        if "." not in name:
            if name not in mapper.columns:
                raise LookupError(f"{self.screen.name}: {name} is not a column of {mapper.class_.__name__}")
            return Column(name, getattr(self.screen.model, name))
        relation, leaf = name.split(".")
        if relation not in self._joined:
            alias = aliased(mapper.relationships[relation].mapper.class_)
            self._joined[relation] = alias, getattr(self.screen.model, relation).of_type(alias)
        alias, join = self._joined[relation]
        return Column(name, _full_name(alias) if leaf == FULL_NAME else getattr(alias, leaf), (join,))


@cache
def _expression(make: Callable[[], Any]) -> Any:
    """SQL says the same each time: building it once is enough."""
    return make()


def _full_name(person: Any) -> Any:
    return func.coalesce(person.usage_name, person.last_name) + " " + func.coalesce(person.first_name, "")


def _school_name(model: Any) -> Any:
    return select(School.name).where(School.id == model.school_id).correlate(model).scalar_subquery()


def listed(screen: Screen) -> tuple[str, ...]:
    """The columns of the list; an academy also reads which school each row belongs to."""
    scope = current_scope()
    several = scope is not None and scope.kind != "school" and issubclass(screen.model, SchoolScoped)
    return (*screen.list_columns, SCHOOL) if several else screen.list_columns


def relation_column(model: type, name: str) -> Any:
    """The mapped column that a to-one relation fills: `division` → `Enrolment.division_id`."""
    mapper: Any = inspect(model)
    relation = mapper.relationships[name]
    target = relation.mapper.primary_key[0]
    local = next(local for local, remote in relation.local_remote_pairs if remote is target)
    return getattr(model, mapper.get_property_by_column(local).key)


def is_relation(model: type, name: str) -> bool:
    """Whether `name` is a to-one relation of the model."""
    mapper: Any = inspect(model)
    relation = mapper.relationships.get(name)
    return relation is not None and not relation.uselist


def yes_badge(value: Any) -> Any:
    """A badge for yes, nothing for no: for ticks that matter."""
    return badge(_("Yes"), "ok") if value else ""


class States(Mapping[str, Any]):
    """The states of a workflow and what its file calls them."""

    TONES = {"grey": "plain", "blue": "info", "green": "ok", "orange": "warn", "red": "bad"}

    def __init__(self, workflow: str) -> None:
        self.workflow = workflow

    def __getitem__(self, state: str) -> Any:
        return definition(self.workflow).states[state].label

    def __iter__(self) -> Iterator[str]:
        return iter(definition(self.workflow).states)

    def __len__(self) -> int:
        return len(definition(self.workflow).states)

    def badge(self, state: str) -> Markup:
        """The state as a badge, in the colour of its file."""
        known = definition(self.workflow).states[state]
        return badge(known.label, self.TONES[known.colour])


def choices_of(screen: Screen, name: str) -> Mapping[Any, Any] | None:
    """The values a column may take with their words: the screen's own, or the states of its workflow."""
    if name in screen.choices:
        return screen.choices[name]
    workflow = getattr(screen.model, "__workflow__", None)
    return States(workflow) if name == "state" and workflow else None


def label(screen: Screen, name: str) -> str:
    """The column's name for people: the screen's own word, else the common one."""
    for key in (name, name.rsplit(".", 1)[-1]):
        if key in screen.labels:
            return str(screen.labels[key])
    for key in (name, name.rsplit(".", 1)[-1]):
        if key in LABELS:
            return str(LABELS[key])
    raise LookupError(f"{screen.name}: no label for {name}")


def formatter(screen: Screen, name: str) -> Callable[[Any], Any]:
    """What turns a value into what the page shows."""
    if name in screen.formatters:
        return screen.formatters[name]
    choices = choices_of(screen, name)
    if isinstance(choices, States):
        return choices.badge
    if choices is not None:
        return lambda value: "" if value is None else str(choices.get(value, value))
    return plain


def plain(value: Any) -> Any:
    """A value as French people write it: dd/mm/yyyy, Oui / Non, nothing for nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return value.astimezone(PARIS).strftime("%d/%m/%Y %H:%M")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    return value if isinstance(value, Markup) else str(value)


def badge(text: Any, tone: str = "plain") -> Markup:
    """The badge of `ui/feedback.html`, for formatters."""
    macros: Any = current_app.jinja_env.get_template("ui/feedback.html").module
    return Markup(macros.badge(str(text), tone))  # noqa: S704 - our own macro, which escapes


def value_of(item: Any, name: str) -> Any:
    """The value at a dotted name; None as soon as a relation is empty."""
    for part in name.split("."):
        if item is None:
            return None
        item = str(item) if part == FULL_NAME else getattr(item, part)
    return item


def name_of(screen: Screen, item: Any) -> str:
    """What a row is called in titles and breadcrumbs: its own words, or what the screen names it by."""
    if not screen.named_by and type(item).__str__ is not object.__str__:
        return str(item)
    named = (formatter(screen, name)(value_of(item, name)) for name in screen.named_by or screen.list_columns[:1])
    return " – ".join(str(part) for part in named if part)
