"""Reads back a page that xhtml2pdf drew, so that it can be drawn again in another document.

Only three operators depend on the document a page lives in: the choice of a font, the showing of text (encoded for
that document's font subset) and the painting of an image. They become `Text` and `Picture`; every other operator is
kept to the letter, which is why the copy equals the original.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass

from pypdf import PageObject, PdfReader

from .faces import FILES

OPERATORS = re.compile(r"/(\S+) ([\d.]+) Tf ?|\(((?:[^()\\]|\\.)*)\) Tj ?|/(\S+) Do", re.DOTALL)
ESCAPES = re.compile(r"\\([0-7]{1,3}|.)", re.DOTALL)
NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
MAPPED = re.compile(rb"<([0-9A-Fa-f]{2})> <([0-9A-Fa-f]{4,})>")
IDLE = re.compile(r"BT [\d.]+ TL ET\n|q\n(?:1 0 0 1 \S+ \S+ cm\n)?Q\n")
PREAMBLE = re.compile(r"\A1 0 0 1 0 0 cm\s+BT [^\n]*? ET\n")


class Unreadable(Exception):
    """The page holds something this reader does not know: say so rather than lose it."""


@dataclass(frozen=True, slots=True)
class Text:
    """Some text shown at the current position, in the font and size in force."""

    font: str
    size: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The QR symbol, filling the current unit square."""


Part = str | Text | Picture


def read_pages(pdf: bytes) -> list[list[Part]]:
    """Every page of a PDF made by xhtml2pdf, as parts."""
    return [_read_page(page) for page in PdfReader(io.BytesIO(pdf)).pages]


def _read_page(page: PageObject) -> list[Part]:
    contents = page.get_contents()
    if contents is None:
        return []
    source = PREAMBLE.sub("", contents.get_data().decode("latin-1"))
    fonts = _fonts(page)
    parts: list[Part] = []
    font, size, at = "", "", 0
    for found in OPERATORS.finditer(source):
        parts.append(source[at : found.start()])
        at = found.end()
        if found[1]:
            font, size = found[1], found[2]
        elif found[4]:
            parts.append(Picture())
        else:
            parts.append(_text(fonts, font, size, found[3]))
    parts.append(source[at:])
    return _joined(parts)


def _text(fonts: dict[str, tuple[str, dict[int, str]]], font: str, size: str, literal: str) -> Text:
    name, characters = fonts[font]
    if name not in FILES:
        raise Unreadable(f"police {name} non embarquée")
    codes = ESCAPES.sub(_unescaped, literal)
    try:
        return Text(name, size, "".join(characters[ord(code)] for code in codes))
    except KeyError as missing:
        raise Unreadable(f"caractère {missing} absent de la police {name}") from None


def _unescaped(found: re.Match[str]) -> str:
    body = found[1]
    return chr(int(body, 8)) if body[0] in "01234567" else NAMED.get(body, body)


def _fonts(page: PageObject) -> dict[str, tuple[str, dict[int, str]]]:
    """Resource name → (PostScript name, byte → character)."""
    fonts = {}
    for name, reference in page["/Resources"]["/Font"].items():  # type: ignore[index]
        font = reference.get_object()
        characters: dict[int, str] = {}
        if "/ToUnicode" in font:
            for code, text in MAPPED.findall(font["/ToUnicode"].get_object().get_data()):
                characters[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
        fonts[name.lstrip("/")] = (font["/BaseFont"].lstrip("/").split("+")[-1], characters)
    return fonts


def _joined(parts: list[Part]) -> list[Part]:
    """Neighbouring raw operators as one string, without the empty brackets that platypus leaves by the dozen."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return [_without_idle(part) if isinstance(part, str) else part for part in joined]


def _without_idle(source: str) -> str:
    while (shorter := IDLE.sub("", source)) != source:
        source = shorter
    return source
