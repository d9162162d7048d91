"""What a wording may say, and a reading of it that names the line of every fault.

The language is a small part of Jinja: facts, `if`, `for` over what the facts list, `set`, and the parts of the product.
No call, no arithmetic, no macro, no other file: what is left is short to run and reaches nothing. It runs in the
sandbox all the same, in a bounded process.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .. import wording
from ..errors import Fault
from ..templates import ROOT
from . import schema
from .texts import MAIL_PARTS, PAPER_PARTS, Text

FILTERS = ("length", "selectattr", "list", "join", "upper", "lower", "capitalize", "trim", "first", "last")
TESTS = ("defined", "none")
DEEPEST = 2  # loops one inside the other
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.If,
    nodes.For, nodes.Assign, nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
    nodes.CondExpr, nodes.Concat, nodes.Include,
)  # fmt: skip
# Jinja's own words → ours. What is not here is shown as it is, after « Écriture incorrecte ».
FAULTS = (
    (r"Encountered unknown tag '(.+?)'", "l'instruction « {0} » n'existe pas ici"),
    (r"Unexpected end of template|Unexpected '?(?:block|end)", "une instruction « if » ou « for » n'est pas fermée"),
    (r"No filter named '(.+?)'", "le filtre « {0} » n'existe pas"),
    (r"No test named '(.+?)'", "le test « {0} » n'existe pas"),
    (r"got '(.+?)'", "« {0} » n'est pas attendu ici"),
    (r"unexpected '(.+?)'", "« {0} » n'est pas attendu ici"),
    (r"unexpected char '(.+?)'", "le signe « {0} » n'est pas attendu ici"),
)


@lru_cache(maxsize=1)
def environment() -> ImmutableSandboxedEnvironment:
    """The environment of wordings: the product's parts can be included, nothing else exists."""
    env = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(_part), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.globals.clear()
    env.filters = {name: env.filters[name] for name in FILTERS} | {
        "long_date": wording.long_date, "listed": wording.listed, "bare_address": wording.bare_address,
    }  # fmt: skip
    env.tests = {name: env.tests[name] for name in TESTS}
    return env


def _part(name: str) -> str | None:
    return (ROOT / name).read_text(encoding="utf-8") if name in PAPER_PARTS or name in MAIL_PARTS else None


def read(source: str) -> nodes.Template:
    """The wording as a tree. Raises `Fault` for what is no wording."""
    try:
        tree = environment().parse(source)
        for node in tree.find_all(nodes.Node):
            _allow(node)  # before compiling, which works out what is constant
        environment().compile(tree)  # filters and tests are only known to exist here
        return environment().parse(source)
    except TemplateSyntaxError as problem:
        raise Fault(_in_french(problem.message or ""), problem.lineno) from None
    except TemplateNotFound as problem:
        raise Fault(f"la partie « {problem.message} » n'existe pas") from None
    except RecursionError:
        raise Fault("ce texte est trop imbriqué pour être lu") from None


def _in_french(message: str) -> str:
    for pattern, said in FAULTS:
        if found := re.search(pattern, message):
            return said.format(*found.groups())
    return f"écriture incorrecte ({message})"


def check(text: Text, source: str) -> None:
    """Raises `Fault` for the first thing that a wording may not hold, or that does not exist."""
    tree = read(source)
    try:
        _Reading(text).body(tree.body, {text.variable: text.facts} | ({} if text.mail else {"qr": str}), 0)
    except RecursionError:
        raise Fault("ce texte est trop imbriqué pour être lu") from None


class _Reading:
    """Walks a wording with what each name holds."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._own = {text.variable, "qr", "loop"}

    def body(self, statements: Iterable[nodes.Node], known: dict[str, Any], depth: int) -> None:
        for statement in statements:
            self._statement(statement, known, depth)

    def _statement(self, node: nodes.Node, known: dict[str, Any], depth: int) -> None:
        _allow(node)
        if isinstance(node, nodes.If):
            self._type(node.test, known)
            for branch in (node.body, *[part.body for part in node.elif_], node.else_):
                self.body(branch, known, depth)
            for part in node.elif_:
                self._type(part.test, known)
        elif isinstance(node, nodes.For):
            self._loop(node, known, depth)
        elif isinstance(node, nodes.Assign):
            said = self._type(node.node, known)
            known[self._target(node.target)] = said
        elif isinstance(node, nodes.Include):
            self._include(node, known)
        else:
            for child in node.iter_child_nodes():
                self._type(child, known)

    def _loop(self, node: nodes.For, known: dict[str, Any], depth: int) -> None:
        if node.recursive or depth == DEEPEST:
            raise Fault("pas plus de deux boucles l'une dans l'autre", node.lineno)
        item = schema.item_of(self._type(node.iter, known))
        inside = known | {self._target(node.target): item, "loop": schema.LOOP}
        if node.test is not None:
            self._type(node.test, inside)
        self.body(node.body, inside, depth + 1)
        self.body(node.else_, known, depth)

    def _target(self, node: nodes.Node) -> str:
        if not isinstance(node, nodes.Name):
            raise Fault("une seule valeur à la fois peut être nommée", node.lineno)
        if node.name in self._own:
            raise Fault(f"le nom « {node.name} » est déjà pris", node.lineno)
        return node.name

    def _include(self, node: nodes.Include, known: dict[str, Any]) -> None:
        name = node.template.value if isinstance(node.template, nodes.Const) else None
        needs = self._text.parts.get(name) if isinstance(name, str) else None
        if needs is None or node.ignore_missing or not node.with_context:
            offered = ", ".join(f"« {part} »" for part in self._text.parts)
            raise Fault(f"cette partie ne peut pas être incluse (parties possibles : {offered})", node.lineno)
        for needed in needs:
            if needed not in known:
                raise Fault(f"donnez une valeur à « {needed} » avant d'inclure « {name} »", node.lineno)

    def _type(self, node: nodes.Node, known: dict[str, Any]) -> Any:
        """What an expression holds, as far as it can be told. Raises for a name or a fact that does not exist."""
        _allow(node)
        if isinstance(node, nodes.Name):
            if node.name not in known:
                raise Fault(_unknown(node.name, known), node.lineno)
            return known[node.name]
        if isinstance(node, nodes.Getattr):
            return self._member(node, node.attr, known)
        if isinstance(node, nodes.Getitem):
            if not isinstance(node.arg, nodes.Const):
                raise Fault("entre crochets, seul un nombre ou un nom est possible", node.lineno)
            if isinstance(node.arg.value, str):
                return self._member(node, node.arg.value, known)
            return schema.item_of(self._type(node.node, known))
        said = [self._type(child, known) for child in node.iter_child_nodes()]
        if isinstance(node, nodes.Filter):
            if node.name in ("first", "last"):
                return schema.item_of(said[0])
            return said[0] if node.name in ("list", "selectattr") else str
        return str if isinstance(node, nodes.TemplateData) else schema.ANYTHING

    def _member(self, node: Any, name: str, known: dict[str, Any]) -> Any:
        owner = self._type(node.node, known)
        members = schema.members(owner)
        if members is None:
            return schema.ANYTHING
        if name not in members:
            raise Fault(_unknown(f"{_path(node.node)}.{name}", [f"{_path(node.node)}.{known}" for known in members]),
                        node.lineno)  # fmt: skip
        return members[name]


def _allow(node: nodes.Node) -> None:
    if not isinstance(node, ALLOWED):
        raise Fault("cette construction n'est pas possible ici (seulement des données, des conditions et des listes)",
                    node.lineno)  # fmt: skip


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_path(node.node)}.{node.attr}"
    return "…"


def _unknown(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"« {name} » n'existe pas" + (f" ; vouliez-vous écrire « {near[0]} » ?" if near else "")
