"""Good in the tail: modules of at most 300 lines, functions of at most 35. An exception is listed with its reason."""

from __future__ import annotations

from tests.architecture.modules import modules

MODULE_LINES, FUNCTION_LINES = 300, 35
# "path" or "path:function" → why it is better long.
LONG: dict[str, str] = {
    "letters/types.py": "a list of the facts of every letter and mail, one short class each",
}


def test_modules_are_short() -> None:
    """Half of them should be under 150 lines; none is over 300."""
    long = [f"{m.where} has {m.lines} lines" for m in modules().values()
            if m.lines > MODULE_LINES and m.where not in LONG]
    assert long == []


def test_functions_are_short() -> None:
    """A function fits on a screen."""
    long = [f"{m.where}:{line} {name} has {length} lines" for m in modules().values()
            for name, line, length in m.functions
            if length > FUNCTION_LINES and f"{m.where}:{name}" not in LONG]
    assert long == []


def test_every_exception_is_still_needed() -> None:
    """A listed exception that became short leaves the list."""
    still = {m.where for m in modules().values() if m.lines > MODULE_LINES}
    still |= {f"{m.where}:{name}" for m in modules().values() for name, _, size in m.functions if size > FUNCTION_LINES}
    assert set(LONG) - still == set()
