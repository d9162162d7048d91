"""Arrows go down or right, never up: views, tasks, commands → services → queries → models → core (DESIGN §3)."""

from __future__ import annotations

from collections.abc import Iterator

from tests.architecture.modules import Import, Module, modules, target_module

# The kind of a module is its file's name (or its folder's, once a file has grown into a package).
LEVELS = {"models": 1, "errors": 1, "queries": 2, "services": 3, "views": 4, "forms": 4, "tasks": 4, "cli": 5}
DOMAINS = {"schools", "curriculum", "booklets", "online", "access", "exchange", "jobs", "audit"}
ADMIN_SIDE = {"schools", "access", "online", "exchange", "jobs", "replication", "admin", "booklets", "curriculum"}
# Start both sides, or know both by trade; everybody else belongs to one.
BOTH_SIDES = {"app", "app.replication", "app.migrations", "app.commands", "app.demo", "app.cli", "app.serve",
              "app.wsgi"}
COMMAND_LINE = ("app.cli", "app.commands")


def kind(name: str) -> str | None:
    """models, queries, services, … or None for a module with a name of its own."""
    return next((part for part in reversed(name.split(".")) if part in LEVELS), None)


def package(name: str) -> str:
    """`app.schools.models` → `schools`."""
    parts = name.split(".")
    return parts[1] if parts[0] == "app" and len(parts) > 1 else ""


def inside(name: str, *folders: str) -> bool:
    """Whether a module is one of these or lives in one of them."""
    return any(name == folder or name.startswith(folder + ".") for folder in folders)


def ours(module: Module) -> Iterator[tuple[Import, str]]:
    """The imports of a module that stay within the project."""
    known = modules()
    for statement in module.imports:
        target = target_module(statement.target, known)
        if target and target != module.name and inside(target, "app", "config", "letters", "run"):
            yield statement, target


def faults(rule: object, only: str = "") -> list[str]:
    """Every import a rule refuses, as « file:line imports target »."""
    return [f"{module.where}:{statement.line} imports {target}"
            for module in modules().values() if inside(module.name, only or module.name)
            for statement, target in ours(module) if rule(module.name, target)]  # type: ignore[operator]


def test_there_is_something_to_read() -> None:
    """A test that finds no module would pass whatever the code does."""
    assert len(modules()) > 40
    assert any(target == "app.core.db" for module in modules().values() for _, target in ours(module))


def test_arrows_never_go_up() -> None:
    """A model never imports a query, a query never a service, a service never a view, a task or a command."""
    def goes_up(source: str, target: str) -> bool:
        low, high = kind(source), kind(target)
        return bool(low and high and package(source) in DOMAINS and LEVELS[low] < LEVELS[high])

    assert faults(goes_up) == []


def test_core_imports_no_other_package() -> None:
    """The ground stands on nothing of ours."""
    assert faults(lambda source, target: not inside(target, "app.core", "app"), only="app.core") == []


def test_letters_import_nothing_of_ours() -> None:
    """Templates get frozen data: code beside them may not reach the database."""
    assert faults(lambda source, target: not inside(target, "letters"), only="letters") == []


def test_a_domain_uses_another_through_models_queries_and_services() -> None:
    """Another domain's views, forms and tasks are its own business."""
    def reaches_in(source: str, target: str) -> bool:
        foreign = package(source) in DOMAINS and package(target) in DOMAINS and package(source) != package(target)
        return foreign and kind(target) in ("views", "forms", "tasks", "cli")

    assert faults(reaches_in) == []


def test_the_portal_imports_no_admin_package() -> None:
    """Whoever breaks into the portal finds no school file: directly or through what it imports, late imports too."""
    known, seen, waiting = modules(), {}, [n for n in modules() if inside(n, "app.portal")]
    while waiting:
        name = waiting.pop()
        for statement, target in ours(known[name]):
            followed = not statement.late or inside(name, "app.portal")
            if followed and target not in seen:
                seen[target] = f"{known[name].where}:{statement.line}"
                waiting.append(target)
    reached = {target: why for target, why in seen.items() if package(target) in ADMIN_SIDE}
    assert reached == {}


def test_only_replication_knows_both_sides() -> None:
    """A module that imports the portal and an admin package is in app/replication, or starts both."""
    both = []
    for module in modules().values():
        targets = {package(target) for _, target in ours(module)}
        sides = "portal" in targets | {package(module.name)} and (targets | {package(module.name)}) & ADMIN_SIDE
        if sides and module.name != "app" and not inside(module.name, *sorted(BOTH_SIDES - {"app"}), "benchmarks"):
            both.append(module.where)
    assert both == []


def test_nothing_imports_the_command_line() -> None:
    """Commands are the outermost layer: what two of them need is a service."""
    allowed = ("run", *COMMAND_LINE)
    assert faults(lambda source, target: inside(target, *COMMAND_LINE) and not inside(source, *allowed)) == []
