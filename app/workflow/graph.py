"""What must hold of the states and transitions together."""

from __future__ import annotations

from app.workflow.definition import Definition, Transition, Use
from app.workflow.source import Faults


def check_graph(definition: Definition, faults: Faults) -> None:
    """Every state can be reached, none is a dead end unless it says so, and automatic moves come to rest."""
    reached = reachable(definition)
    for state in definition.states.values():
        leaves, what = _ways_out(definition, state.name), f"état « {state.name} »"
        if state.name not in reached:
            faults.add(state.line, f"{what} : aucune transition n'y mène depuis « {definition.initial} ».")
        if not leaves and not state.final:
            faults.add(state.line, f"{what} : impasse ; écrire « final: true » si c'est voulu.")
        if leaves and state.final:
            faults.add(state.line, f"{what} : dit final, mais « {leaves[0]} » en sort.")
    _check_automatic(definition, faults)


def reachable(definition: Definition) -> set[str]:
    """The states that transitions lead to from the initial one, itself included."""
    reached, waiting = {definition.initial}, [definition.initial]
    while waiting:
        state = waiting.pop()
        for transition in definition.transitions.values():
            target = transition.moves.get(state)
            if target and target not in reached:
                reached.add(target)
                waiting.append(target)
    return reached


def _ways_out(definition: Definition, state: str) -> list[str]:
    return [t.name for t in definition.transitions.values() if t.moves.get(state, state) != state]


def _check_automatic(definition: Definition, faults: Faults) -> None:
    """There and back hang on the same conditions, `requires` one way and `unless` the other, or never rest."""
    automatic = [t for t in definition.transitions.values() if t.auto]
    for transition in automatic:
        for source, target in transition.moves.items():
            if source == target:
                message = f"transition « {transition.name} » : « auto » doit changer l'état."
                faults.add(transition.line, message)
            for back in automatic:
                if back.moves.get(target) == source and not _opposite(transition, back):
                    faults.add(transition.line, _endless(transition.name, back.name))


def _endless(one: str, other: str) -> str:
    remedy = "« requires » de l'une doit être « unless » de l'autre"
    return f"les transitions « auto » {one} et {other} tourneraient sans fin : {remedy}."


def _opposite(one: Transition, other: Transition) -> bool:
    there, back = (one, other) if one.requires else (other, one)
    same = _plain(there.requires) == _plain(back.unless)
    return same and bool(there.requires) and not there.unless and not back.requires


def _plain(uses: tuple[Use, ...]) -> list[tuple[str, dict[str, object]]]:
    return [(use.name, dict(use.parameters)) for use in uses]
