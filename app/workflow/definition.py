"""A workflow as data: what a file of `workflows/` says, frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.errors import NotFound
from app.workflow.labels import Label

COLOURS = ("grey", "blue", "green", "orange", "red")
LETTERS = ("full", "partial", "none")
PORTAL = ("visible", "hidden")
SYSTEM = "system"  # only the application itself
HOLDER = "holder"  # the family member who holds the account


@dataclass(frozen=True, slots=True)
class State:
    """A state and what it shows: colour on screen, what its letter may contain, whether families see it."""

    name: str
    label: Label
    colour: str
    letter: str
    portal: str
    final: bool
    line: int


@dataclass(frozen=True, slots=True)
class Use:
    """A condition or an effect named by a file, with the parameters the file gives it."""

    name: str
    parameters: Mapping[str, Any]
    line: int


@dataclass(frozen=True, slots=True)
class Transition:
    """A move from some states to others. `allowed` holds `resource:verb` entries, `system` or `holder`.

    An `auto` transition follows the data: it is taken when every condition of `requires` holds, or, with
    `unless`, as soon as one of those conditions does not.
    """

    name: str
    label: Label
    done: Label
    moves: Mapping[str, str]
    allowed: tuple[str, ...]
    requires: tuple[Use, ...]
    unless: tuple[Use, ...]
    ask: str | None
    auto: bool
    then: tuple[Use, ...]
    line: int

    @property
    def sources(self) -> tuple[str, ...]:
        """The states it starts from, in the order of the file."""
        return tuple(self.moves)

    @property
    def targets(self) -> tuple[str, ...]:
        """The states it leads to, each once."""
        return tuple(dict.fromkeys(self.moves.values()))


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole workflow. `always` are every transition's effects, `module` is where its functions are."""

    name: str
    label: Label
    created: Label
    initial: str
    module: str | None
    always: tuple[Use, ...]
    states: Mapping[str, State]
    transitions: Mapping[str, Transition]
    path: Path
    module_line: int = 1

    def transition(self, name: str) -> Transition:
        """The transition of that name."""
        if name not in self.transitions:
            raise NotFound(f"La transition « {name} » n'existe pas dans {self.path.name}.")
        return self.transitions[name]

    def permissions(self) -> set[tuple[str, str]]:
        """Every (permission, resource) pair its transitions ask for, as `("can_lock", "booklet")`."""
        return {pair for t in self.transitions.values() for pair in permission_pairs(t.allowed)}

    def uses(self) -> Iterable[tuple[str, Use]]:
        """Every condition and effect it names, as ("condition" or "effect", use)."""
        for use in self.always:
            yield "effect", use
        for transition in self.transitions.values():
            for use in (*transition.requires, *transition.unless):
                yield "condition", use
            for use in transition.then:
                yield "effect", use


def permission_pairs(allowed: Iterable[str]) -> list[tuple[str, str]]:
    """`code:notify` is Flask-AppBuilder's `can_notify` on `code`; `system` and `holder` are no permissions."""
    pairs = (entry.split(":") for entry in allowed if ":" in entry)
    return [(f"can_{verb}", resource) for resource, verb in pairs]
