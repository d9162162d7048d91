"""Comments send readers to docs/: the sections, the traps and the tests that are cited exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
READ = {".py", ".md", ".yaml", ".html", ".css", ".js", ".toml", ".txt"}
# « DESIGN §4 », « FORMATS §5 and §6 », « traps 1, 8, 11 », « SECURITY_TRAPS 9, 10 ».
SECTIONS = re.compile(r"\b(DESIGN|FORMATS) (§\d+(?:(?:, | and )§\d+)*)")
TRAPS = re.compile(r"\b(?:SECURITY_TRAPS|[Tt]raps?) (\d+(?:(?:,\s+| and )\d+)*)")
VAGUE = re.compile(r"\bDESIGN\b(?! §[\dn]|\.md)|\bSECURITY_TRAPS\b(?! [\dn]|\.md)|\bEXAMPLES §|\bTECH_NOTES\b|"
                   r"\bcontract (?:onde|siecle)|\bnomenclatures(?:\.md)? §")  # fmt: skip
GUARD = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def comments() -> dict[str, str]:
    """Tracked texts that may cite a page; this file cites in order to explain."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    paths = [ROOT / name for name in names if Path(name).suffix in READ]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8", errors="replace")
            for path in paths if path.is_file() and path != Path(__file__).resolve()}  # fmt: skip


def sections_of(page: str) -> set[str]:
    """Numbers of the sections of a page."""
    return set(re.findall(r"^## (\d+)\. ", (DOCS / f"{page}.md").read_text(encoding="utf-8"), re.MULTILINE))


def trap_numbers() -> list[str]:
    """First column of the tables of traps."""
    return re.findall(r"^\| (\d+) \|", (DOCS / "SECURITY_TRAPS.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", ["DESIGN", "FORMATS"])
def test_every_section_cited_exists(page: str) -> None:
    """And at least one is cited, or this test would be looking for the wrong words."""
    cited = {(number, where) for where, text in comments().items() for name, numbers in SECTIONS.findall(text)
             for number in re.findall(r"\d+", numbers) if name == page}  # fmt: skip
    assert cited
    assert {pair for pair in cited if pair[0] not in sections_of(page)} == set()


def test_every_trap_cited_exists() -> None:
    """Numbered from 1 without a gap."""
    known = trap_numbers()
    assert known == [str(n) for n in range(1, len(known) + 1)]
    cited = {(number, where) for where, text in comments().items() for numbers in TRAPS.findall(text)
             for number in re.findall(r"\d+", numbers)}  # fmt: skip
    assert cited
    assert {pair for pair in cited if pair[0] not in known} == set()


def test_no_reference_leads_outside_the_repository() -> None:
    """A page is cited with its section; pages that are not here are not cited."""
    assert {(where, found) for where, text in comments().items() for found in VAGUE.findall(text)} == set()


def test_every_trap_names_a_test_that_exists() -> None:
    """The page of traps says truly what guards each of them."""
    page = (DOCS / "SECURITY_TRAPS.md").read_text(encoding="utf-8")
    guards = GUARD.findall(page)
    assert len(guards) >= len(trap_numbers()) - 1  # one is held by review alone
    missing = [(path, name) for path, name in guards if not _defines(ROOT / path, name)]
    assert missing == []


def _defines(path: Path, name: str) -> bool:
    return path.is_file() and (not name or f"def {name}(" in path.read_text(encoding="utf-8"))
