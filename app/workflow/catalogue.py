"""The definitions of this process: read once, checked, asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import RLock

from app.core.errors import NotFound
from app.workflow import drawing
from app.workflow.definition import Definition
from app.workflow.loader import load
from app.workflow.registry import check_names
from app.workflow.source import ROOT, DefinitionError
from app.workflow.stateful import Stateful
from app.workflow.svg import svg

FOLDER = ROOT / "workflows"
FORMATS: dict[str, Callable[[Definition], str]] = {"table": drawing.table, "mermaid": drawing.mermaid, "svg": svg}

_known: dict[str, Definition] = {}
_checked: set[str] = set()
_lock = RLock()


def names() -> list[str]:
    """Every workflow of the folder, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def definition(name: str) -> Definition:
    """The definition of that name, structure checked; its functions may still be unknown (`ready` looks them up)."""
    with _lock:
        if name not in _known:
            path = FOLDER / f"{name}.yaml"
            if not path.is_file():
                raise NotFound(f"Le workflow « {name} » n'existe pas ; connus : {', '.join(names())}.")
            _known[name] = load(path)
        return _known[name]


def ready(name: str) -> Definition:
    """The definition with its functions imported and checked: what the engine runs on."""
    with _lock:
        found = definition(name)
        if name not in _checked:
            check_names(found)
            _checked.add(name)
        return found


def check_used() -> None:
    """Called at start: whatever workflow a model of this process follows must be without fault, or nothing starts."""
    waiting = list(Stateful.__subclasses__())
    while waiting:
        model = waiting.pop()
        ready(model.__workflow__)
        waiting += model.__subclasses__()


def add(extra: Definition) -> Definition:
    """Make known a definition from elsewhere than the folder; a name is taken once."""
    with _lock:
        if extra.name in _known and _known[extra.name].path != extra.path:
            raise ValueError(f"the workflow {extra.name} is already known")
        return _known.setdefault(extra.name, extra)


def check_all(folder: Path = FOLDER) -> list[str]:
    """The faults of every file, as `file:line: fault`; none means that all is well."""
    problems = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            check_names(load(path))
        except DefinitionError as error:
            problems += error.problems
    return problems


def show(name: str, format: str = "table") -> str:
    """A definition drawn as a text table, as Mermaid or as SVG."""
    return FORMATS[format](definition(name))
