"""The embedded fonts, as reportlab knows them, and what they can print.

A character Open Sans lacks is taken from JetBrains Mono (the style sheet lists both); one that neither has is
printed as a visible box and reported, instead of vanishing from a family's name.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, TypeVar

from reportlab.pdfbase.ttfonts import TTFont

from .templates import FONTS
from .types import Facts

TEXT, BOLD, CODE = "OpenSans", "OpenSans-Bold", "JetBrainsMono-Bold"
FILES = {TEXT: "OpenSans-Regular.ttf", BOLD: "OpenSans-Bold.ttf", CODE: "JetBrainsMono-Bold.ttf"}
BOX = "□"
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe00-\ufe0f]")
SAME = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2212": "-"})


@cache
def face(name: str) -> TTFont:
    """One of the three fonts; `name` is its PostScript name."""
    return TTFont(name, str(FONTS / FILES[name]))


@cache
def glyphs(name: str) -> frozenset[int]:
    """The code points it can draw."""
    return frozenset(face(name).face.charToGlyph)


def has(name: str, text: str) -> bool:
    """True when that font alone can print the whole text."""
    known = glyphs(name)
    return all(ord(character) in known for character in text)


def width(name: str, size: float, text: str) -> float:
    """Width in points."""
    return face(name).stringWidth(text, size)


@lru_cache(maxsize=8192)
def printable(text: str) -> tuple[str, str]:
    """The text as it will be printed (one line, composed, single spaces) and the characters that became boxes."""
    text = INVISIBLE.sub("", unicodedata.normalize("NFC", text)).translate(SAME)
    text = " ".join(text.split())
    lost = "".join(c for c in dict.fromkeys(text) if not (has(TEXT, c) or has(CODE, c)))
    return (text.translate(dict.fromkeys(map(ord, lost), BOX)) or BOX, lost) if lost else (text or BOX, "")


def printable_lines(text: str) -> tuple[str, str]:
    """The same line by line; blank ones are left out."""
    pairs = [printable(line) for line in text.splitlines() if line.strip()]
    return "\n".join(line for line, _ in pairs) or BOX, "".join(lost for _, lost in pairs)


Value = TypeVar("Value")


def for_paper(letter: Value) -> tuple[Value, str]:
    """The letter with every text `printable`, and the characters that could not be kept."""
    lost: list[str] = []
    clean = _walk(letter, lost, lines=False)
    return clean, "".join(dict.fromkeys("".join(lost)))


def _walk(value: Any, lost: list[str], *, lines: bool) -> Any:
    if isinstance(value, str):
        clean, missing = printable_lines(value) if lines and "\n" in value else printable(value)
        lost.append(missing)
        return clean
    if isinstance(value, tuple):
        return tuple([_walk(item, lost, lines=lines) for item in value])
    if isinstance(value, Facts):
        held = {name: getattr(value, name) for name in value.__dataclass_fields__}  # type: ignore[attr-defined]
        clean_fields = {name: _walk(item, lost, lines=value.keeps_lines) for name, item in held.items()}
        return value if clean_fields == held else replace(value, **clean_fields)  # type: ignore[type-var]
    return value
