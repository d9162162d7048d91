"""The functions that workflow files name. Domain packages register theirs when their module is imported.

A condition has two forms, one on an object and one in SQL, and a test proves that they agree (DESIGN §4):

    @condition("letter_sent", unmet=Label("Le courrier n'est pas parti.", "The letter has not gone."),
               lifted_by=Label("le secrétariat", "the secretary"))
    def letter_sent(code: ActivationCode) -> bool:
        return code.notified_on is not None

    @letter_sent.in_sql
    def _(model: type[ActivationCode]) -> ColumnElement[bool]:
        return model.notified_on.is_not(None)

Keyword-only arguments are the parameters a file may give: `- areas_complete: {minimum: 3}`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any, get_type_hints

from sqlalchemy import ColumnElement, false, func
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.workflow.definition import Definition, Transition, Use
from app.workflow.labels import Label
from app.workflow.source import Faults

NOBODY = Label("", "")


@dataclass(frozen=True, slots=True)
class Unmet:
    """One thing that stands against a transition: which record blocks, and who can lift it."""

    code: str
    label: Label
    record: tuple[str, int] | None = None
    lifted_by: Label = NOBODY

    @property
    def message(self) -> str:
        """The sentence, in the reader's language."""
        return str(self.label)

    def __str__(self) -> str:
        return self.message


class Condition:
    """A registered condition; calling it on an object lists what is unmet, `clause` is the same question in SQL."""

    def __init__(self, name: str, check: Callable[..., Any], unmet: Label, lifted_by: Label) -> None:
        self.name, self.label, self.lifted_by = name, unmet, lifted_by
        self._check = check
        self._clause: Callable[..., ColumnElement[bool]] | None = None

    def __call__(self, obj: Any, **parameters: Any) -> list[Unmet]:
        found = self._check(obj, **parameters)
        if isinstance(found, bool):
            return [] if found else [self.unmet(obj, **parameters)]
        return list(found)

    def unmet(self, obj: Any, *, record: tuple[str, int] | None = None, **words: Any) -> Unmet:
        """The refusal of this condition, its label's blanks filled; the object itself blocks unless said otherwise."""
        return Unmet(self.name, self.words(**words), record or record_of(obj), self.lifted_by)

    def words(self, **words: Any) -> Label:
        """The label with its blanks filled from the parameters, the defaults of the function completing them."""
        return self.label.filled(**{**_defaults(self._check), **words})

    def in_sql(self, clause: Callable[..., ColumnElement[bool]]) -> Callable[..., ColumnElement[bool]]:
        """Register the SQL form: given the model and the parameters, true where the condition is met."""
        self._clause = clause
        return clause

    def clause(self, model: type[Any], **parameters: Any) -> ColumnElement[bool]:
        """The SQL form; an unknown (NULL) counts as unmet."""
        if self._clause is None:
            raise LookupError(f"the condition {self.name} has no SQL form")
        return func.coalesce(self._clause(model, **parameters), false())

    def faults(self) -> list[str]:
        """What is missing before a file may name it."""
        return [] if self._clause else [f"la condition « {self.name} » n'a pas de forme SQL"]

    @property
    def signature(self) -> Callable[..., Any]:
        """The function whose keyword-only arguments are the parameters."""
        return self._check


@dataclass(frozen=True)
class Act:
    """What is being done, as an effect sees it."""

    session: Session
    definition: Definition
    transition: Transition
    actor: Actor
    reason: str | None
    at: datetime
    values: Mapping[str, Any] = field(default_factory=dict)


class Effect:
    """A registered effect: on the object, and on a set of rows."""

    def __init__(self, name: str, one: Callable[..., None]) -> None:
        self.name = name
        self.one = one
        self.many: Callable[..., None] | None = None

    def on_many(self, function: Callable[..., None]) -> Callable[..., None]:
        """Register the set form: `(model, rows, act)`, where `rows` is the SQL criterion of the rows moved."""
        self.many = function
        return function

    def faults(self) -> list[str]:
        """What is missing before a file may name it."""
        return [] if self.many else [f"l'effet « {self.name} » n'a pas de forme d'ensemble"]

    @property
    def signature(self) -> Callable[..., Any]:
        """The function whose keyword-only arguments are the parameters."""
        return self.one


class ColumnEffect:
    """An effect that only sets columns: its values join the UPDATE of the state, for one row or for many."""

    def __init__(self, name: str, values: Callable[..., dict[str, Any]]) -> None:
        self.name = name
        self.values = values

    def faults(self) -> list[str]:
        """Nothing can be missing: one form serves both."""
        return []

    @property
    def signature(self) -> Callable[..., Any]:
        """The function whose keyword-only arguments are the parameters."""
        return self.values


conditions: dict[str, Condition] = {}
effects: dict[str, Effect | ColumnEffect] = {}


def condition(name: str, *, unmet: Label, lifted_by: Label = NOBODY) -> Callable[[Callable[..., Any]], Condition]:
    """Register the form on an object. It answers true or false, or the list of what is unmet."""
    return lambda check: _add(conditions, Condition(name, check, unmet, lifted_by))


def effect(name: str) -> Callable[[Callable[..., None]], Effect]:
    """Register an effect's form on an object, `(obj, act)`; its set form follows with `.on_many`."""
    return lambda function: _add(effects, Effect(name, function))


def column_effect(name: str) -> Callable[[Callable[..., dict[str, Any]]], ColumnEffect]:
    """Register `(model, act) -> {column: value or SQL expression}`, read before the state changes."""
    return lambda function: _add(effects, ColumnEffect(name, function))


def _add(registry: dict[str, Any], entry: Any) -> Any:
    if entry.name in registry:
        raise ValueError(f"{entry.name} is registered twice")
    registry[entry.name] = entry
    return entry


def record_of(obj: Any) -> tuple[str, int] | None:
    """How a refusal names a record: its table and id."""
    return (obj.__tablename__, obj.id) if getattr(obj, "id", None) is not None else None


def check_names(definition: Definition) -> None:
    """Import the file's module and look up every condition and effect it names, with their parameters."""
    faults = Faults(definition.path)
    if definition.module:
        _import(definition.module, definition.module_line, faults)
    for kind, use in definition.uses():
        entry = (conditions if kind == "condition" else effects).get(use.name)
        word = "condition inconnue" if kind == "condition" else "effet inconnu"
        if entry is None:
            faults.add(use.line, f"{word} « {use.name} ».")
            continue
        for fault in [*entry.faults(), *_parameter_faults(entry, use)]:
            faults.add(use.line, f"{fault}.")
    faults.raise_if_any()


def _import(module: str, line: int, faults: Faults) -> None:
    try:
        import_module(module)
    except ModuleNotFoundError as error:
        if not module.startswith(error.name or "?"):
            raise  # the module is there and one of its own imports is not
        faults.add(line, f"module « {module} » introuvable.")


def _parameter_faults(entry: Condition | Effect | ColumnEffect, use: Use) -> list[str]:
    function = entry.signature
    hints = get_type_hints(function)
    declared = {p.name: p for p in inspect.signature(function).parameters.values() if p.kind is p.KEYWORD_ONLY}
    found = [f"« {use.name} » : paramètre inconnu « {name} »" for name in use.parameters.keys() - declared.keys()]
    for name, parameter in declared.items():
        if name not in use.parameters:
            if parameter.default is parameter.empty:
                found.append(f"« {use.name} » : il manque le paramètre « {name} »")
        elif not _is_a(use.parameters[name], hints.get(name, object)):
            kind = hints[name].__name__
            found.append(f"« {use.name} » : « {name}: {use.parameters[name]} » n'est pas de type {kind}")
    return found


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}


def _is_a(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))
