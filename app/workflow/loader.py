"""From a YAML file to a `Definition`, checked: every fault is named by file and line, in French."""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from app.workflow.definition import COLOURS, HOLDER, LETTERS, PORTAL, SYSTEM, Definition, State, Transition, Use
from app.workflow.graph import check_graph
from app.workflow.labels import LANGUAGES, Label
from app.workflow.source import Block, Faults, compose, items_of, line_of, plain

PERMISSION = re.compile(r"[a-z_]+:[a-z_]+")
MODULE = re.compile(r"app\.[a-z_.]+")
NAME = re.compile(r"[a-z][a-z0-9_]{0,19}")  # states are stored in 20 characters
RESERVED = "create"  # the line of a creation in the trail


def load(path: Path) -> Definition:
    """Read and check one definition; raises `DefinitionError` with every fault of the file.

    The functions it names are looked up by `app.workflow.registry.check_names`: their modules import models.
    """
    faults = Faults(path)
    definition = _definition(Block(compose(path), "workflow", faults), path)
    faults.raise_if_any()
    check_graph(definition, faults)
    faults.raise_if_any()
    return definition


def _definition(top: Block, path: Path) -> Definition:
    name = top.word("name")
    if name and name != path.stem:
        top.faults.add(top.line_at("name"), f"« name: {name} » n'est pas le nom du fichier {path.name}.")
    label, created = _label(top, "label"), _label(top, "created")
    module = top.word("module", default="") or None
    if module and not MODULE.fullmatch(module):
        top.faults.add(top.line_at("module"), f"« module: {module} » n'est pas un module de l'application.")
    always = _uses(top, "always")
    states = {key: _state(key, block) for key, block in top.blocks("states", "état")}
    initial = top.word("initial", among=states)
    blocks = top.blocks("transitions", "transition")
    transitions = {key: _transition(key, block, states) for key, block in blocks}
    top.close()
    graph = MappingProxyType(states), MappingProxyType(transitions)
    return Definition(name, label, created, initial, module, always, *graph, path, top.line_at("module"))


def _state(name: str, block: Block) -> State:
    _check_name(name, block)
    label = _label(block, "label")
    shows = block.inner("shows")
    colour = shows.word("colour", among=COLOURS)
    letter = shows.word("letter", among=LETTERS)
    portal = shows.word("portal", among=PORTAL)
    shows.close()
    final = block.flag("final")
    block.close()
    return State(name, label, colour, letter, portal, final, block.line)


def _transition(name: str, block: Block, states: dict[str, State]) -> Transition:
    _check_name(name, block)
    if name == RESERVED:
        block.faults.add(block.line, f"« {RESERVED} » est réservé à la création.")
    transition = Transition(
        name=name,
        label=_label(block, "label"),
        done=_label(block, "done"),
        moves=MappingProxyType(_moves(block, states)),
        allowed=_allowed(block),
        requires=_uses(block, "requires"),
        unless=_uses(block, "unless"),
        ask=block.word("ask", among=("reason",), default="") or None,
        auto=block.flag("auto"),
        then=_uses(block, "then"),
        line=block.line,
    )
    block.close()
    _check_who(transition, block)
    return transition


def _moves(block: Block, states: dict[str, State]) -> dict[str, str]:
    target = block.node("to", required=True)
    if isinstance(target, yaml.MappingNode):
        if block.node("from") is not None:
            message = f"{block.what} : « from » est de trop, « to » dit déjà d'où."
            block.faults.add(block.line_at("from"), message)
        pairs = block.inner("to")
        found = [(source, line, pairs.word(source), line) for source, (line, _) in pairs.entries.items()]
    else:
        to, line = block.word("to"), line_of(target)
        found = [(source, at, to, line) for source, at in block.names("from", required=True)]
    for source, source_line, to, to_line in found:
        for state, line in ((source, source_line), (to, to_line)):
            if state and state not in states:
                block.faults.add(line, f"{block.what} : état inconnu « {state} ».")
    return {source: to for source, _, to, _ in found}


def _allowed(block: Block) -> tuple[str, ...]:
    entries = block.names("allowed")
    for entry, line in entries:
        if entry not in (SYSTEM, HOLDER) and not PERMISSION.fullmatch(entry):
            expected = f"« ressource:verbe », « {SYSTEM} » ou « {HOLDER} »"
            block.faults.add(line, f"{block.what} : « allowed: {entry} » ; on attend {expected}.")
    return tuple(entry for entry, _ in entries)


def _check_who(transition: Transition, block: Block) -> None:
    if transition.auto and transition.allowed:
        block.faults.add(block.line_at("allowed"), f"{block.what} : « auto » et « allowed » s'excluent.")
    if not transition.auto and not transition.allowed:
        block.faults.add(block.line, f"{block.what} : il manque « allowed », elle serait fermée à tous.")
    if transition.auto and not (transition.requires or transition.unless):
        block.faults.add(block.line, f"{block.what} : « auto » sans condition se ferait toujours.")
    if transition.unless and not transition.auto:
        block.faults.add(block.line_at("unless"), f"{block.what} : « unless » ne va qu'avec « auto ».")


def _uses(block: Block, key: str) -> tuple[Use, ...]:
    found: list[Use] = []
    for item in items_of(block.node(key)):
        use = _use(item, f"{block.what}, {key}", block.faults)
        if use and any(use.name == other.name for other in found):
            block.faults.add(use.line, f"{block.what} : « {use.name} » est donné deux fois dans « {key} ».")
        elif use:
            found.append(use)
    return tuple(found)


def _use(node: yaml.Node, what: str, faults: Faults) -> Use | None:
    if isinstance(node, yaml.ScalarNode):
        return Use(str(node.value), MappingProxyType({}), line_of(node))
    if isinstance(node, yaml.MappingNode) and len(node.value) == 1:
        key, value = node.value[0]
        parameters: Any = plain(value)
        if isinstance(parameters, dict):
            return Use(key.value, MappingProxyType(parameters), line_of(key))
    faults.add(line_of(node), f"{what} : on attend un nom, ou « nom: {{paramètre: valeur}} ».")
    return None


def _label(block: Block, key: str) -> Label:
    words = block.inner(key)
    label = Label(*(words.word(language) for language in LANGUAGES))
    words.close()
    return label


def _check_name(name: str, block: Block) -> None:
    if not NAME.fullmatch(name):
        block.faults.add(block.line, f"{block.what} : un nom a 1 à 20 lettres minuscules, chiffres ou « _ ».")
