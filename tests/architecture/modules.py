"""What the architecture tests read: every module of ours, what it imports, how long it and its functions are."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement's target; `late` when it stands inside a function."""

    target: str
    line: int
    late: bool


@dataclass(frozen=True, slots=True)
class Module:
    """One source file."""

    name: str
    path: Path
    lines: int
    imports: tuple[Import, ...]
    functions: tuple[tuple[str, int, int], ...]  # name, first line, length

    @property
    def where(self) -> str:
        """The path as a person would write it."""
        return self.path.relative_to(ROOT).as_posix()


@cache
def modules() -> dict[str, Module]:
    """Every module of the product by its dotted name; migrations are left out: a revision is a record, not code."""
    sources = [ROOT / "run.py", ROOT / "config.py"]
    for package in ("app", "letters", "benchmarks"):
        sources += sorted(p for p in (ROOT / package).rglob("*.py") if "versions" not in p.parts)
    return {module.name: module for module in map(read, sources)}


def read(path: Path, root: Path = ROOT) -> Module:
    """Parse one file."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source, filename=str(path))
    parts = path.relative_to(root).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: list[Import] = []
    collect(tree, package, found, late=False)
    functions = tuple((n.name, n.lineno, (n.end_lineno or n.lineno) - n.lineno + 1) for n in ast.walk(tree)
                      if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return Module(name, path, len(source.splitlines()), tuple(found), functions)


def collect(node: ast.AST, package: str, found: list[Import], *, late: bool) -> None:
    """Gather the imports below `node`; those for the type checker only do not count."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            found += [Import(alias.name, child.lineno, late) for alias in child.names]
        elif isinstance(child, ast.ImportFrom):
            base = absolute(child, package)
            found += [Import(f"{base}.{alias.name}", child.lineno, late) for alias in child.names]
        inside = late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        collect(child, package, found, late=inside)


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The dotted name a (possibly relative) `from` import starts at."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return f"{base}.{node.module}" if node.module else base


def target_module(target: str, known: dict[str, Module]) -> str | None:
    """The module of ours an import reaches: `app.a.b.name` → `app.a.b`."""
    while target and target not in known:
        target = target.rpartition(".")[0]
    return target or None
