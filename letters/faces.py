"""The embedded fonts, as reportlab knows them, and what they can print.

A character Open Sans lacks is taken from JetBrains Mono, then from DejaVu Sans (the style sheet lists them all); one
that none has is printed as a visible box and reported, instead of vanishing from a family's name. Arabic and Hebrew
are given their shapes and their order here: what draws a text then goes from left to right.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any, TypeVar

from arabic_reshaper import ArabicReshaper
from bidi import get_display
from reportlab.pdfbase.ttfonts import TTFont

from .templates import FONTS
from .types import Facts

TEXT, BOLD, CODE, WIDE, BARS = "OpenSans", "OpenSans-Bold", "JetBrainsMono-Bold", "DejaVuSans", "LivretBars"
FILES = {TEXT: "OpenSans-Regular.ttf", BOLD: "OpenSans-Bold.ttf", CODE: "JetBrainsMono-Bold.ttf",
         WIDE: "DejaVuSans.ttf", BARS: "LivretBars.ttf"}  # fmt: skip
SPARE = (CODE, WIDE)  # where a character is looked for that the font of the text lacks
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
BOX = "□"
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe00-\ufe0f]")
SAME = str.maketrans({"\u2010": "-", "\u2011": "-", "\u2212": "-"})


SHAPES = ArabicReshaper(configuration={"support_ligatures": False, "delete_harakat": True})


@cache
def face(name: str) -> TTFont:
    """One of the fonts; `name` is its PostScript name."""
    return TTFont(name, str(FONTS / FILES[name]))


@cache
def glyphs(name: str) -> frozenset[int]:
    """The code points it can draw. Beyond U+FFFF reportlab writes character maps that no reader understands."""
    return frozenset(code for code in face(name).face.charToGlyph if code <= 0xFFFF)


def has(name: str, text: str) -> bool:
    """True when that font alone can print the whole text."""
    known = glyphs(name)
    return all(ord(character) in known for character in text)


def font_of(name: str, character: str) -> str:
    """The font that prints a character of a text in this one."""
    return next((font for font in (name, *SPARE) if ord(character) in glyphs(font)), name)


def width(name: str, size: float, text: str) -> float:
    """Width in points."""
    return face(name).stringWidth(text, size)


@lru_cache(maxsize=8192)
def printable(text: str) -> tuple[str, str]:
    """The text as it will be printed (one line, composed, single spaces) and the characters that became boxes."""
    text = INVISIBLE.sub("", unicodedata.normalize("NFC", text)).translate(SAME)
    text = " ".join(text.split())
    if RIGHT_TO_LEFT.search(text):
        text = get_display(SHAPES.reshape(text), base_dir="L")
    lost = "".join(c for c in dict.fromkeys(text) if not (has(TEXT, c) or any(has(font, c) for font in SPARE)))
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
