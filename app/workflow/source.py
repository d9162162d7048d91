"""Reading a YAML file with the line of everything in it, so that a fault is named where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from app.core.errors import LivretError

ROOT = Path(__file__).resolve().parents[2]


class DefinitionError(LivretError):
    """A workflow file is wrong; the message has one `file:line: fault` per line."""

    code = "workflow_definition"
    status = 500

    def __init__(self, path: Path, problems: list[tuple[int, str]]) -> None:
        self.path = path
        self.problems = [f"{shown(path)}:{line}: {message}" for line, message in sorted(problems)]
        super().__init__("\n".join(self.problems))


def shown(path: Path) -> str:
    """The path as people know it: from the repository's top when it is inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


EMPTY = yaml.MappingNode("tag:yaml.org,2002:map", [], yaml.Mark("", 0, 0, 0, None, None))


class Faults:
    """The faults found so far in one file: reading goes on, so that all are shown at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[tuple[int, str]] = []

    def add(self, line: int, message: str) -> None:
        """Note a fault."""
        if (line, message) not in self.found:
            self.found.append((line, message))

    def raise_if_any(self) -> None:
        """Stop if something is wrong."""
        if self.found:
            raise DefinitionError(self.path, self.found)


class Block:
    """A mapping of the file: its keys are asked for one by one, and those nobody asked for are faults."""

    def __init__(self, node: yaml.Node | None, what: str, faults: Faults, line: int | None = None) -> None:
        self.faults, self.what = faults, what
        self.line = line or line_of(node)
        self.entries: dict[str, tuple[int, yaml.Node]] = {}
        self.asked: set[str] = set()
        self.is_block = isinstance(node, yaml.MappingNode)
        if not isinstance(node, yaml.MappingNode):
            faults.add(self.line, f"{what} : un bloc « clé: valeur » est attendu.")
            return
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                faults.add(line_of(key), f"{what} : une clé est un mot.")
                continue
            if key.value in self.entries:
                faults.add(line_of(key), f"{what} : « {key.value} » est donné deux fois.")
            self.entries[key.value] = (line_of(key), value)

    def node(self, key: str, *, required: bool = False) -> yaml.Node | None:
        """The value node of `key`."""
        self.asked.add(key)
        if key not in self.entries:
            if required and self.is_block:  # else that fault is named already
                self.faults.add(self.line, f"{self.what} : il manque « {key} ».")
            return None
        return self.entries[key][1]

    def line_at(self, key: str) -> int:
        """The line of `key`, or of the block when it is absent."""
        return self.entries[key][0] if key in self.entries else self.line

    def word(self, key: str, *, among: Iterable[str] | None = None, default: str | None = None) -> str:
        """A text value, of a closed list when `among` is given; required when it has no default."""
        node = self.node(key, required=default is None)
        if node is None:
            return default or ""
        value = scalar(node, str)
        if value is None:
            self.faults.add(line_of(node), f"{self.what} : « {key} » doit être un mot.")
            return default or ""
        if among is not None and value not in among:
            message = f"{self.what} : « {key}: {value} » ; valeurs : {', '.join(among)}."
            self.faults.add(line_of(node), message)
        return str(value)

    def flag(self, key: str) -> bool:
        """true or false, false when absent."""
        node = self.node(key)
        value = False if node is None else scalar(node, bool)
        if value is None:
            self.faults.add(line_of(node), f"{self.what} : « {key} » doit être true ou false.")
        return bool(value)

    def names(self, key: str, *, required: bool = False) -> list[tuple[str, int]]:
        """A word or a list of words, each with its line, each once."""
        items = list(items_of(self.node(key, required=required)))
        found: list[tuple[str, int]] = []
        for item in items:
            value, line = scalar(item, str), line_of(item)
            if value is None:
                self.faults.add(line, f"{self.what} : « {key} » attend un mot ou une liste de mots.")
            elif value in (name for name, _ in found):
                self.faults.add(line, f"{self.what} : « {value} » est donné deux fois dans « {key} ».")
            else:
                found.append((value, line))
        return found

    def inner(self, key: str) -> Block:
        """The block under `key`, which must be there."""
        node = self.node(key, required=True)
        if node is None:
            return Block(EMPTY, "", Faults(self.faults.path))  # its absence is a fault already: no others
        return Block(node, f"{self.what}, {key}", self.faults, self.line_at(key))

    def blocks(self, key: str, what: str) -> Iterator[tuple[str, Block]]:
        """The named blocks under `key`, as `states:` or `transitions:`."""
        for name, (line, child) in self.inner(key).entries.items():
            yield name, Block(child, f"{what} « {name} »", self.faults, line)

    def close(self) -> None:
        """Every key nobody asked for is unknown."""
        for key in self.entries.keys() - self.asked:
            known = f"clés connues : {', '.join(sorted(self.asked))}"
            self.faults.add(self.line_at(key), f"{self.what} : clé inconnue « {key} » ; {known}.")


def compose(path: Path) -> yaml.Node | None:
    """The file's node tree; a fault of syntax is a `DefinitionError` too."""
    try:
        return yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise DefinitionError(path, [(line, f"YAML illisible ({error.problem}).")]) from error
    except UnicodeDecodeError as error:
        raise DefinitionError(path, [(1, "le fichier n'est pas en UTF-8.")]) from error


def line_of(node: yaml.Node | None) -> int:
    """The line of a node, from 1."""
    return node.start_mark.line + 1 if node is not None else 1


def scalar(node: yaml.Node, kind: type) -> Any:
    """The value of a scalar node, or None when it is not of that kind."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    value = plain(node)
    return value if isinstance(value, kind) else None


def plain(node: yaml.Node) -> Any:
    """The plain Python value of a node."""
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node, deep=True)
    finally:
        loader.dispose()


def items_of(node: yaml.Node | None) -> list[yaml.Node]:
    """The items of a list node; a single value counts as a list of one."""
    if node is None:
        return []
    return node.value if isinstance(node, yaml.SequenceNode) else [node]
