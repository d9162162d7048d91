"""Whose rows may be seen. One gate in the query layer; without a scope a query is an error (DESIGN §6).

A scope is entered by whoever starts the work: a request, a task, a command. The gate then adds the scope's
criterion to every ORM statement, raises on Core statements that name a scoped table, and checks what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ForeignKey, MetaData, Table, column, event, or_, select, table
from sqlalchemy.orm import Mapped, Mapper, ORMExecuteState, Session, declared_attr, mapped_column, with_loader_criteria

from app.core.db import LivretSession

ScopeKind = Literal["school", "academy", "account", "system"]


class ScopeMissing(RuntimeError):
    """A scoped table was named with no scope, or in a way the gate cannot filter. A bug, never a user's mistake."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`id` is the school's, the authority's or the account's; a system scope says its reason instead."""

    kind: ScopeKind
    id: int = 0
    reason: str = ""


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)


def current_scope() -> Scope | None:
    """The scope in force, or None."""
    return _current.get()


@contextmanager
def _enter(scope: Scope) -> Iterator[Scope]:
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)


def school_scope(school_id: int) -> Any:
    """Only this school's rows exist."""
    return _enter(Scope("school", school_id))


def academy_scope(authority_id: int) -> Any:
    """Only the rows of this authority's schools exist."""
    return _enter(Scope("academy", authority_id))


def account_scope(account_id: int) -> Any:
    """Portal: only what this account's valid codes open exists."""
    return _enter(Scope("account", account_id))


def system_scope(reason: str) -> Any:
    """Everything exists. Only for what cannot be narrower; the reason is for the reader."""
    if not reason:
        raise ValueError("a system scope says why")
    return _enter(Scope("system", reason=reason))


def set_scope(scope: Scope | None) -> None:
    """Enter a scope for the rest of this context (request hooks; everybody else uses the with-blocks)."""
    _current.set(scope)


class Scoped:
    """Marker of every class the gate watches."""


Rule = Callable[[Scope], Any]
_rules: dict[type, Rule] = {}
_tables: dict[str, type] = {}


@lru_cache(maxsize=512)
def _options(scope: Scope, metadata: MetaData) -> tuple[Any, ...]:
    """The scope's criteria for every scoped table of a database: eager loads may reach more than a statement names."""
    mapped = [cls for cls in _tables.values() if cls.metadata is metadata]  # type: ignore[attr-defined]
    markers = [marker for marker in _rules if any(issubclass(cls, marker) for cls in mapped)]
    return tuple(option for marker in markers if (option := _rules[marker](scope)) is not None)


def scope_rule(marker: type) -> Callable[[Rule], Rule]:
    """Register how rows of `marker` (a mixin or a mapped class) are narrowed.

    The rule returns a `with_loader_criteria` option, None for « everything », and raises `ScopeMissing` for a
    scope that has no business there.
    """

    def register(rule: Rule) -> Rule:
        _rules[marker] = rule
        _options.cache_clear()
        return rule

    return register


_school = table("school", column("id"), column("authority_id"))


class SchoolScoped(Scoped):
    """Rows of one school. The school is set from the scope and never from a form."""

    @declared_attr
    def school_id(cls) -> Mapped[int]:  # noqa: N805 - SQLAlchemy's declared_attr
        return mapped_column(ForeignKey("school.id", ondelete="RESTRICT"), nullable=False, index=False)


class MaybeSchoolScoped(Scoped):
    """Rows of one school, or of no school at all (the academy's own jobs, mails and audit lines)."""

    @declared_attr
    def school_id(cls) -> Mapped[int | None]:  # noqa: N805
        return mapped_column(ForeignKey("school.id", ondelete="RESTRICT"), nullable=True, index=True)


@scope_rule(SchoolScoped)
def _school_rows(scope: Scope) -> Any:
    key = scope.id
    if scope.kind == "school":
        return with_loader_criteria(SchoolScoped, lambda cls: cls.school_id == key, include_aliases=True)
    if scope.kind == "academy":
        return with_loader_criteria(
            SchoolScoped,
            lambda cls: cls.school_id.in_(select(_school.c.id).where(_school.c.authority_id == key)),
            include_aliases=True,
        )
    return _everything_or_error(scope)


@scope_rule(MaybeSchoolScoped)
def _maybe_school_rows(scope: Scope) -> Any:
    key = scope.id
    if scope.kind == "school":
        return with_loader_criteria(MaybeSchoolScoped, lambda cls: cls.school_id == key, include_aliases=True)
    if scope.kind == "academy":
        return with_loader_criteria(
            MaybeSchoolScoped,
            lambda cls: or_(
                cls.school_id.is_(None),
                cls.school_id.in_(select(_school.c.id).where(_school.c.authority_id == key)),
            ),
            include_aliases=True,
        )
    return _everything_or_error(scope)


def _everything_or_error(scope: Scope) -> None:
    if scope.kind != "system":
        raise ScopeMissing(f"a {scope.kind} scope does not reach these rows")


@event.listens_for(Mapper, "after_mapper_constructed")
def _watch(mapper: Mapper[Any], mapped: type) -> None:
    if issubclass(mapped, Scoped):
        _tables[mapped.__table__.name] = mapped  # type: ignore[attr-defined]
        _options.cache_clear()


@event.listens_for(LivretSession, "do_orm_execute")
def _gate(state: ORMExecuteState) -> None:
    named = _scoped_tables(state.statement)
    if not named:
        return
    scope = _current.get()
    if scope is None:
        raise ScopeMissing(f"no scope while reading {', '.join(sorted(named))}")
    if scope.kind == "system":
        return
    bare = sorted(name for name, orm in named.items() if not orm)
    if bare:
        raise ScopeMissing(f"a Core statement names {', '.join(bare)}: use the mapped class")
    if state.is_insert:
        _check_inserted_rows(state, scope)
    databases = {_tables[name].metadata for name in named}  # type: ignore[attr-defined]
    for metadata in databases:
        state.statement = state.statement.options(*_options(scope, metadata))


def _scoped_tables(statement: Any) -> dict[str, bool]:
    """Scoped tables a statement names, and whether each is named through its mapped class."""
    named, mapped = set(), set()
    for element in _elements(statement):
        if isinstance(element, Table) and element.name in _tables:
            named.add(element.name)
        mapper = element._annotations.get("parentmapper") if element._annotations else None
        if mapper is not None:
            mapped.add(mapper.local_table.name)
    target = statement._propagate_attrs.get("plugin_subject") if not statement.is_select else None
    if target is not None:  # update(Model), insert(Model), delete(Model)
        mapped.add(target.local_table.name)
    return {name: name in mapped for name in named | (mapped & _tables.keys())}


def _elements(statement: Any) -> Iterator[Any]:
    """Every element of a statement, once: a common table expression named four times is walked once. What was met is
    kept until the end, so that no two elements share an identity."""
    met: dict[int, Any] = {}
    waiting = [statement]
    while waiting:
        element = waiting.pop()
        if id(element) not in met:
            met[id(element)] = element
            yield element
            waiting.extend(element.get_children())


def _check_inserted_rows(state: ORMExecuteState, scope: Scope) -> None:
    if scope.kind != "school" or state.parameters is None:
        return
    rows: list[Any] = state.parameters if isinstance(state.parameters, list) else [state.parameters]
    if any(row.get("school_id", scope.id) != scope.id for row in rows):
        raise ScopeMissing("an inserted row names another school")


@event.listens_for(LivretSession, "before_flush")
def _check_written_objects(session: Session, _context: Any, _instances: Any) -> None:
    """Fill the school of new rows from the scope; refuse to write another school's."""
    scope = _current.get()
    for item in [*session.new, *session.dirty, *session.deleted]:
        if not isinstance(item, SchoolScoped):
            continue
        if scope is None:
            raise ScopeMissing(f"no scope while writing {type(item).__name__}")
        if scope.kind == "school":
            if item.school_id is None:
                item.school_id = scope.id
            if item.school_id != scope.id:
                raise ScopeMissing(f"{type(item).__name__} belongs to another school")
