"""The feature rows and the tests that name them: `python run.py rows`.

docs/features.md is the list (150 rows); a test names the rows it guards with `@pytest.mark.row("M080", …)` or with
`pytestmark = pytest.mark.row(…)`. A row is « en place » exactly when a test names it; tests/architecture holds that.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FEATURES = ROOT / "docs" / "features.md"
IN_PLACE, TO_COME = "en place", "à venir"
LINE = re.compile(r"^\| (?P<id>[MC]\d{2,3}) \| (?P<text>[^|]+) \| (?P<where>[^|]*) \| (?P<state>[^|]+) \|$")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of docs/features.md."""

    id: str
    text: str
    where: str
    state: str


def read_rows(path: Path = FEATURES) -> list[Row]:
    """The rows, in the order of the page."""
    found = (LINE.match(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [Row(*(part.strip() for part in match.groups())) for match in found if match]


def named_in(source: str) -> set[str]:
    """The row ids a test module names in its `row` marks."""
    ids: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "row":
            ids |= {arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)}
    return ids


def named_by_tests(folder: Path = ROOT / "tests") -> dict[str, list[str]]:
    """Row id → the test files that name it."""
    files: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        for row_id in named_in(path.read_text(encoding="utf-8")):
            files[row_id].append(path.relative_to(folder.parent).as_posix())
    return files


def write_states(named: dict[str, list[str]], path: Path = FEATURES) -> int:
    """Set each row's state from the tests; returns how many lines changed."""
    lines, changed = [], 0
    for line in path.read_text(encoding="utf-8").splitlines():
        match = LINE.match(line)
        if match:
            state = IN_PLACE if match["id"] in named else TO_COME
            changed += state != match["state"].strip()
            line = f"| {match['id']} | {match['text']} | {match['where']} | {state} |"
        lines.append(line)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return changed


def main(flags: list[str]) -> int:
    """Print the rows without a test; `--write` brings the page up to date, `--json` prints one object."""
    named = named_by_tests()
    if "--write" in flags:
        print(f"{write_states(named)} ligne(s) mises à jour dans docs/features.md", file=sys.stderr)
    rows = read_rows()
    missing = [row for row in rows if row.id not in named]
    if "--json" in flags:
        print(json.dumps({"rows": len(rows), "tested": len(rows) - len(missing), "missing": [r.id for r in missing]}))
        return 0
    for row in missing:
        print(f"{row.id}  {row.text}")
    print(f"{len(rows) - len(missing)} lignes sur {len(rows)} ont un test ; {len(missing)} n'en ont pas encore.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
