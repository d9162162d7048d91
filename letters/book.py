"""Many letters in one PDF: pages laid out by xhtml2pdf, written by one reportlab canvas with one set of fonts."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence

from reportlab import rl_config
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from .faces import TEXT, face
from .stream import Part, Picture, Text


class Book:
    """Pages in, one PDF out."""

    def __init__(self, title: str, author: str) -> None:
        self._out = io.BytesIO()
        self._canvas = Canvas(self._out, pagesize=A4, pageCompression=1, lang="fr-FR", initialFontName=TEXT)
        self._canvas.setTitle(title)
        self._canvas.setSubject(title)
        self._canvas.setAuthor(author)
        self._canvas.setCreator("Livret")
        self.pages = 0

    def shown(self, font: str, size: str, text: str) -> str:
        """The operators that show a text at the current position, encoded for this document's font subset."""
        document = self._canvas._doc
        used = face(font)
        return "".join(
            f"{used.getSubsetInternalName(subset, document)} {size} Tf ({self._canvas._escape(part)}) Tj "
            for subset, part in used.splitString(text, document)
        )

    def add(self, operators: Iterable[str]) -> None:
        """One page made of these operators."""
        self._canvas._code.extend(operators)
        self._canvas.showPage()
        self.pages += 1

    def add_parts(self, pages: Sequence[Sequence[Part]], picture: str) -> None:
        """The pages of one letter exactly as they were laid out."""
        for page in pages:
            self.add(self.operators(page, lambda: picture))

    def operators(self, page: Sequence[Part], picture: Callable[[], str]) -> list[str]:
        """A page's parts as operators for this document."""
        drawn = []
        for part in page:
            if isinstance(part, Text):
                drawn.append(self.shown(part.font, part.size, part.text))
            else:
                drawn.append(picture() if isinstance(part, Picture) else part)
        return drawn

    def finish(self) -> bytes:
        """The PDF."""
        self._canvas.save()
        return self._out.getvalue()


def prepare() -> None:
    """Once per process: our font is the default one, so that no page names a font it does not embed."""
    pdfmetrics.registerFont(face(TEXT))
    rl_config.canvas_basefontname = TEXT
    rl_config.useA85 = 0  # binary streams: a quarter smaller
