"""Invented guardians for the letters, and what a reader sees of a PDF (poppler-utils)."""

from __future__ import annotations

import random
import re
import string
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from letters.samples import sample_letter
from letters.types import ChildRow, GuardianCodeLetter

LEO = ChildRow("LEFÈVRE-DELACROIX", "Éloi", "3EME1", "7KQ2 - 9XA - O0B - 8IL", ("R87-0", "E87-3"))
ANA = ChildRow("LEFÈVRE", "Jeanne-Céleste", "6EME4", "1234 - 567 - 890 - ABC", ("R9000002-A", "E9000002-B"))
MM = 72 / 25.4
WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">(.*?)</word>')


@dataclass(frozen=True, slots=True)
class Word:
    """One word on a page, in millimetres from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


def letter(*more_children: ChildRow, **changes: object) -> GuardianCodeLetter:
    """The sample letter, with more children or other facts."""
    sample = sample_letter("guardian_code")
    return replace(sample, children=(*sample.children, *more_children), **changes)


def used(child: ChildRow) -> ChildRow:
    """The same child once the code has served."""
    return replace(child, code=None)


def any_code(dice: random.Random) -> str:
    """A code in its printed form."""
    drawn = "".join(dice.choices(string.digits + string.ascii_uppercase, k=13))
    return f"{drawn[:4]} - {drawn[4:7]} - {drawn[7:10]} - {drawn[10:]}"


def text_of(pdf: bytes, *options: str) -> str:
    """What pdftotext reads."""
    return _poppler("pdftotext", "-enc", "UTF-8", *options, "-", "-", given=pdf).decode()


def words_of(pdf: bytes) -> list[list[Word]]:
    """Every word of every page with its place."""
    pages = text_of(pdf, "-bbox").split("<page ")[1:]
    return [
        [Word(*(round(float(n) / MM, 3) for n in found.groups()[:4]), found[5]) for found in WORD.finditer(page)]
        for page in pages
    ]


def picture_of(pdf: bytes, folder: Path, dots_per_inch: int) -> Path:
    """The first page as a grey image."""
    target = folder / "page"
    _poppler("pdftoppm", "-r", str(dots_per_inch), "-gray", "-png", "-singlefile", "-", str(target), given=pdf)
    return target.with_suffix(".png")


def fonts_of(pdf: bytes, folder: Path) -> list[list[str]]:
    """The lines of pdffonts: name, type, encoding, embedded, subset, unicode…"""
    file = folder / "fonts.pdf"
    file.write_bytes(pdf)
    return [line.split() for line in _poppler("pdffonts", str(file)).decode().splitlines()[2:]]


def _poppler(*command: str, given: bytes = b"") -> bytes:
    return subprocess.run(command, input=given, capture_output=True, check=True).stdout
