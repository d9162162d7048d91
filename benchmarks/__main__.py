"""`python -m benchmarks [NAME…] [--json]`."""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from typing import Any

import benchmarks

HIDDEN = ("__main__", "common")


def names() -> list[str]:
    """Every line there is."""
    return sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name not in HIDDEN)


def show(line: dict[str, Any]) -> str:
    """A line for people."""
    ratio = f"{line['ratio']:.2f} × plancher".replace(".", ",")
    seconds = f"{line['seconds']:.3f} s".replace(".", ",")
    return f"{line['name']:<10} {seconds:>11}  {ratio:>18}  {line['peak_mb']:>6.0f} Mo  {line['work']}"


def main(arguments: list[str]) -> int:
    """Run what was asked for, print each line as it comes."""
    as_json = "--json" in arguments
    wanted = [word for word in arguments if not word.startswith("-")] or names()
    if unknown := set(wanted) - set(names()):
        print(f"Mesure inconnue : {', '.join(sorted(unknown))}. Choix : {', '.join(names())}.", file=sys.stderr)
        return 2
    for name in wanted:
        for line in getattr(importlib.import_module(f"benchmarks.{name}"), f"bench_{name}")():
            print(json.dumps(line, ensure_ascii=False) if as_json else show(line), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
