"""What is in the repository: the layout the product promises, clean words, feature rows true to the tests."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.rows import IN_PLACE, TO_COME, named_by_tests, named_in, read_rows, write_states

ROOT = Path(__file__).resolve().parents[2]
# Only what is given at the top (C07), the tools' settings, and the three folders that earned their place.
TOP_LEVEL = {"app", "config.py", "workflows", "letters", "translations", "tests", "requirements.txt", "run.py",
             "README.md", "pyproject.toml", "Makefile", "docs", "benchmarks"}
# The paths are put together here so that this file does not name them.
SOMEBODYS_MACHINE = re.compile("|".join("/" + path for path in ("work/(main|shared)", "tmp/w/", r"home/\w+/", "root/")))


def tracked() -> list[Path]:
    """The files git knows, or would add."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout.splitlines()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


@pytest.mark.row("C07")
def test_the_top_level_is_as_given() -> None:
    """Nothing is added beside the given layout without earning it."""
    names = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert {name for name in names if not name.startswith(".")} - TOP_LEVEL == set()
    assert {"app", "config.py", "workflows", "letters", "translations", "tests", "requirements.txt", "run.py"} <= names


def test_no_file_names_a_machine_of_ours() -> None:
    """A path of one workplace means nothing to anybody else."""
    found = []
    for path in tracked():
        if path.suffix in {".png", ".ttf", ".woff2", ".zip", ".pdf", ".ico", ".jpg"}:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if SOMEBODYS_MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}")
    assert found == []


@pytest.mark.row("C07")
def test_requirements_are_pinned() -> None:
    """run.py installs exactly what is written: each line names one version."""
    for name in ("requirements.txt", "tests/requirements.txt"):
        lines = [line.split("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()]
        assert [line for line in lines if line and not re.fullmatch(r"[A-Za-z0-9_.\[\]-]+==[\w.]+", line)] == []


def test_the_pinned_packages_fit_together() -> None:
    """run.py installs with --no-deps: pip must find nothing missing and nothing in conflict."""
    check = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout


def test_ruff_has_nothing_to_say() -> None:
    """Lint is a test, so that one command says everything."""
    ruff = subprocess.run([sys.executable, "-m", "ruff", "check", "--output-format", "concise", "."], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    assert ruff.returncode == 0, ruff.stdout


def test_feature_rows_are_whole() -> None:
    """150 rows, each once, each with words and one of the two states."""
    rows = read_rows()
    assert len(rows) == 150
    assert [row_id for row_id, count in Counter(row.id for row in rows).items() if count > 1] == []
    assert {f"M{n:03}" for n in range(1, 143)} | {f"C{n:02}" for n in range(1, 9)} == {row.id for row in rows}
    assert [row.id for row in rows if not row.text or row.state not in (IN_PLACE, TO_COME)] == []


def test_feature_rows_say_what_the_tests_say() -> None:
    """« en place » exactly when a test names the row (`python run.py rows --write` brings the page up to date)."""
    named = named_by_tests()
    rows = {row.id: row for row in read_rows()}
    assert set(named) - set(rows) == set(), "a test names a row that does not exist"
    assert [row.id for row in rows.values() if row.state == IN_PLACE and row.id not in named] == []
    assert [row.id for row in rows.values() if row.state != IN_PLACE and row.id in named] == []


def test_row_marks_are_read_wherever_they_stand() -> None:
    """On a test, on a class, on the module; several at once."""
    source = "import pytest\npytestmark = pytest.mark.row('M001')\n@pytest.mark.row('M002', 'C03')\ndef test(): ...\n"
    assert named_in(source) == {"M001", "M002", "C03"}


def test_states_are_written_back(tmp_path: Path) -> None:
    """Only the state column moves."""
    page = tmp_path / "features.md"
    page.write_text("# t\n| M001 | mots | app/x | à venir |\n| M002 | autres |  | en place |\n", encoding="utf-8")
    assert write_states({"M001": ["tests/a.py"]}, page) == 2
    written = page.read_text(encoding="utf-8")
    assert written == "# t\n| M001 | mots | app/x | en place |\n| M002 | autres |  | à venir |\n"
