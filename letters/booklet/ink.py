"""Text as it is put on paper: measured, broken into lines, in the fonts that are embedded."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ..faces import BOLD, TEXT, face, font_of, glyphs

# A French sign keeps to the word before it, an opening quotation mark to the word after.
BREAKS = re.compile(r"(?<!«) (?![;:!?»%])")


class Style(NamedTuple):
    """Font, size, distance between lines (points) and colour (`r g b`, 0 to 1)."""

    font: str
    size: float
    leading: float
    colour: str


class Line(NamedTuple):
    """One line of text, short enough for where it goes."""

    style: Style
    text: str


DARK, SOFT, WHITE, BLUE = "0.1 0.13 0.17", "0.32 0.37 0.44", "1 1 1", "0.1 0.27 0.5"
BODY, STRONG = Style(TEXT, 7.8, 9.5, DARK), Style(BOLD, 7.8, 9.5, DARK)
READ = Style(TEXT, 8.6, 10.8, DARK)  # where there is room: the second page
SMALL, LABEL = Style(TEXT, 6.5, 8.0, SOFT), Style(BOLD, 6.5, 8.0, SOFT)


@lru_cache(maxsize=65536)
def width(font: str, word: str) -> float:
    """Width at size 1; what the font lacks is taken from another one."""
    known = face(font).face.charWidths
    return sum(known[ord(c)] if ord(c) in known else _spare(font, c) for c in word) / 1000


def _spare(font: str, character: str) -> int:
    return int(face(font_of(font, character)).face.charWidths.get(ord(character), 600))


def runs(font: str, text: str) -> list[tuple[str, str]]:
    """The text cut where the font must change; nearly always one piece."""
    known = glyphs(font)
    if known.issuperset(map(ord, text)):
        return [(font, text)]
    pieces: list[tuple[str, str]] = []
    for character in text:
        used = font if ord(character) in known else font_of(font, character)
        if pieces and pieces[-1][0] == used:
            pieces[-1] = (used, pieces[-1][1] + character)
        else:
            pieces.append((used, character))
    return pieces


def block(text: str | None, style: Style, room: float) -> list[Line]:
    """The text in lines at most `room` points wide; what its author put on a new line stays there."""
    if not text:
        return []
    return [Line(style, line) for paragraph in text.split("\n") for line in _broken(paragraph, style, room)]


def _broken(paragraph: str, style: Style, room: float) -> list[str]:
    limit, space = room / style.size, width(style.font, " ")
    lines: list[str] = []
    taken: list[str] = []
    used = 0.0
    for word in BREAKS.split(paragraph):
        wide = width(style.font, word)
        if taken and used + space + wide > limit:
            lines.append(" ".join(taken))
            taken, used = [], 0.0
        if wide > limit:
            *whole, word = _cut(word, style.font, limit)
            lines += whole
            wide = width(style.font, word)
        used += wide + (space if taken else 0.0)
        taken.append(word)
    lines.append(" ".join(taken))
    return lines


def _cut(word: str, font: str, limit: float) -> list[str]:
    """A word wider than its line, in pieces."""
    pieces, piece, used = [], "", 0.0
    for character in word:
        wide = width(font, character)
        if piece and used + wide > limit:
            pieces.append(piece)
            piece, used = "", 0.0
        piece += character
        used += wide
    return [*pieces, piece]


def height(lines: list[Line]) -> float:
    """Points from the top of the first line to the bottom of the last."""
    return sum(line.style.leading for line in lines)
