"""A letter's shape laid out once by xhtml2pdf, with holes where guardians differ; filling them makes a letter.

The stencil is the plain page itself, cut at the tokens of the placeholder letter, so a filled stencil equals plain
rendering to the word and to the point. Whatever could change the layout (a name too long for its line, a character
of another font, a token that cannot be found again) makes the letter go through plain rendering instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from . import qr
from .book import Book
from .kinds import KINDS, kind_of
from .stream import Part, Picture, Text, read_pages
from .types import Facts


@dataclass(frozen=True, slots=True)
class Hole:
    """A place to be filled: text in this font and size, or the QR symbol when `font` is empty."""

    token: str
    font: str
    size: str


# What no fact outside the tokens may hold.
MARKS = ("¤", "ZZZ")
Stencil = list[list[str | Hole]]


def plain(letter: Facts, own: str | None = None) -> bytes:
    """The reference page. xhtml2pdf takes a second to load: booklets do without."""
    from .pages import plain as by_xhtml2pdf

    return by_xhtml2pdf(letter, own)


def fields_of(letter: Facts) -> ModuleType:
    """The `fields` module of the letter's folder."""
    return import_module(f".{kind_of(letter).folder}.fields", __package__)


class Press:
    """Prints letters into one book; knows the stencils it has already cut. `own` are an academy's words by the kind of
    letter, in place of the product's."""

    def __init__(self, book: Book, *, stencils: bool = True, own: Mapping[str, str] | None = None) -> None:
        self.book = book
        self._own = own or {}
        self._use_stencils = {kind: stencils and self._steady(kind) for kind in KINDS}
        self._stencils: dict[Facts, Stencil | None] = {}
        self._symbols = qr.Symbols()

    def add(self, letter: Facts) -> int:
        """Add one printable letter; returns its number of pages."""
        before = self.book.pages
        if drawn := kind_of(letter).drawn:
            import_module(f".{drawn}", __package__).draw(letter, self.book)
            return self.book.pages - before
        fields, kind = fields_of(letter), kind_of(letter).name
        stencil = self._stencil(fields, letter) if self._use_stencils[kind] and fields.fits(letter) else None
        picture = self._symbols.draw(letter.activation_link)  # type: ignore[attr-defined]
        if stencil is None:
            self.book.add_parts(read_pages(plain(letter, self._own.get(kind))), picture)
        else:
            self._fill(stencil, fields.values(letter), picture)
        return self.book.pages - before

    def _steady(self, kind: str) -> bool:
        if kind not in self._own:
            return True
        from .adapt.steady import same_for_all
        from .adapt.texts import TEXTS

        return same_for_all(TEXTS[kind], self._own[kind])

    def _stencil(self, fields: ModuleType, letter: Facts) -> Stencil | None:
        shape = fields.placeholder(letter)
        if shape not in self._stencils:
            # In the placeholder letter a token stands for itself; an absent fact (a used code) has none.
            tokens = [token for token, said in fields.values(shape).items() if said == token]
            own = self._own.get(kind_of(shape).name)
            cut_pages = cut(read_pages(plain(shape, own)), tokens) if _unmistakable(shape, tokens) else None
            self._stencils[shape] = None if cut_pages is None else [self._ready(page) for page in cut_pages]
        return self._stencils[shape]

    def _ready(self, page: Sequence[Part | Hole]) -> list[str | Hole]:
        """What never changes, encoded for the book once and for all."""
        ready: list[str | Hole] = []
        for part in page:
            if isinstance(part, Hole):
                ready.append(part)
                continue
            drawn = self.book.shown(part.font, part.size, part.text) if isinstance(part, Text) else str(part)
            if ready and isinstance(ready[-1], str):
                ready[-1] += drawn
            else:
                ready.append(drawn)
        return ready

    def _fill(self, stencil: Stencil, said: dict[str, str], picture: str) -> None:
        for page in stencil:
            self.book.add(
                part if isinstance(part, str)
                else self.book.shown(part.font, part.size, said[part.token]) if part.font
                else picture
                for part in page
            )  # fmt: skip


def _unmistakable(shape: Facts, tokens: Sequence[str]) -> bool:
    """False when a fact of the school happens to hold what tokens are made of."""
    facts = repr(shape)
    return all(facts.count(mark) == sum(token.count(mark) for token in tokens) for mark in MARKS)


def cut(pages: Sequence[Sequence[Part]], tokens: Sequence[str]) -> list[list[Part | Hole]] | None:
    """The pages with a hole at every token; None when the pages do not hold each of them whole."""
    pattern = re.compile(f"({'|'.join(map(re.escape, tokens))})")
    found: set[str] = set()
    stencil: list[list[Part | Hole]] = []
    for page in pages:
        stencil.append([])
        for part in page:
            stencil[-1].extend(_pieces(part, pattern, found))
    leftovers = [p.text for page in stencil for p in page if isinstance(p, Text) and any(m in p.text for m in MARKS)]
    return None if leftovers or found != set(tokens) else stencil


def _pieces(part: Part, pattern: re.Pattern[str], found: set[str]) -> list[Part | Hole]:
    if isinstance(part, Picture):
        return [Hole("qr", "", "")]
    if isinstance(part, str):
        return [part]
    pieces: list[Part | Hole] = []
    for i, piece in enumerate(pattern.split(part.text)):
        if i % 2:
            found.add(piece)
            pieces.append(Hole(piece, part.font, part.size))
        elif piece:
            pieces.append(Text(part.font, part.size, piece))
    return pieces
