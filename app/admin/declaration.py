"""The vocabulary of `screens.py`: what a screen says about an entity (DESIGN §5). Data only, no behaviour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.core.scope import Scope

VERBS = ("list", "show", "add", "edit", "delete", "export")
READ_ONLY = frozenset({"list", "show", "export"})


@dataclass(frozen=True, slots=True)
class Words:
    """How the entity is called: « Élève », « Élèves », « Ajouter un élève », « 815 élèves »."""

    one: Any
    many: Any
    add: Any
    counted: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Group:
    """One card of the show page, one fieldset of the forms."""

    title: Any
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Related:
    """Another screen's rows that point at the shown one through the relation or column `by`."""

    screen: str
    by: str


@dataclass(frozen=True, slots=True)
class Screen:
    """One entity's generated screens.

    `name` is the view's name and endpoint, `resource` what permissions are granted on (`can_list` on `pupil`).
    Columns are names of mapped columns, dotted names through a to-one relation (`division.label`) or names in
    `computed`, whose functions give an SQL expression. Only `search_columns` can be searched and only
    `order_columns` (by default the listed ones) sorted: anything else in the address is ignored.
    `base_order` sorts the list until somebody sorts it, and breaks ties afterwards; « -at » is descending.
    `named_by` makes the row's title when the model has no words of its own.
    `linked` names relations by which another page may lead to a part of the list (never drawn as a drop-down).
    `narrow` is the second belt: a criterion for the current scope, for tables the gate does not watch.
    `mixin` carries what is special: FAB hooks (`pre_add` …), actions, routes of its own.
    `sheet_page` is the page where these people are edited in a spreadsheet program.
    """

    model: type
    name: str
    resource: str
    words: Words
    list_columns: tuple[str, ...]
    menu: str | None = None
    help: Any = ""
    search_columns: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    order_columns: tuple[str, ...] | None = None
    base_order: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()
    form_groups: tuple[Group, ...] | None = None
    verbs: frozenset[str] = frozenset(VERBS)
    labels: Mapping[str, Any] = field(default_factory=dict)
    hints: Mapping[str, Any] = field(default_factory=dict)
    formatters: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    choices: Mapping[str, Mapping[Any, Any]] = field(default_factory=dict)
    validators: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    computed: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    related: tuple[Related, ...] = ()
    named_by: tuple[str, ...] = ()
    narrow: Callable[[Scope], Any] | None = None
    mixin: type | None = None
    empty_hint: Any = ""
    sheet_page: str = ""

    @property
    def route(self) -> str:
        """« /pupil » for the resource `pupil`."""
        return "/" + self.resource.replace("_", "-")

    @property
    def sortable(self) -> tuple[str, ...]:
        """The white-list of columns the list may be sorted by."""
        return self.list_columns if self.order_columns is None else self.order_columns

    @property
    def shown(self) -> tuple[Group, ...]:
        """The groups of the show page."""
        return self.groups or (Group("", self.list_columns),)

    @property
    def edited(self) -> tuple[Group, ...]:
        """The groups of the add and edit forms."""
        return self.groups if self.form_groups is None else self.form_groups
