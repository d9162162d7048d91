"""Plain rendering, the reference: one letter → HTML → PDF by xhtml2pdf. Runs in the rendering process only.

No network, no file outside the letter's own folder and the fonts; any warning stops the letter, because
xhtml2pdf only warns when it replaces a font or drops an element.
"""

from __future__ import annotations

import io
import logging
from functools import lru_cache

from markupsafe import Markup
from xhtml2pdf import pisa
from xhtml2pdf.config.resources import ResourceAccessPolicy

from . import qr
from .adapt import drawing
from .adapt.texts import text_for
from .kinds import kind_of
from .templates import FONTS, ROOT, fill
from .types import Facts

# A long address in the window is shrunk to fit, and xhtml2pdf says so: the only warning that is no fault.
SHRUNK = "so it was fitted with -pdf-keep-in-frame-mode: shrink"


class PageFault(Exception):
    """xhtml2pdf complained; the text is its complaint."""


class _Complaints(logging.Handler):
    """Collects what xhtml2pdf logs: half of its complaints are only there."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = " ".join(record.getMessage().split())
        if SHRUNK not in line:
            self.lines.append(line)


def html(letter: Facts, own: str | None = None) -> str:
    """The page as HTML: the frame of its folder around the product's words, or around an academy's `own`."""
    folder = kind_of(letter).folder
    text = text_for(letter)
    if own is not None and text is not None:
        body = drawing.body(text, own, letter)
    else:
        symbol = qr.data_uri(letter.activation_link)  # type: ignore[attr-defined]
        body = fill(f"{folder}/body.html", letter=letter, qr=symbol)
    # Escaped already: by the template, or by what cleaned it.
    return fill(f"{folder}/template.html", letter=letter, css=_style(), body=Markup(body))  # noqa: S704


def plain(letter: Facts, own: str | None = None) -> bytes:
    """One letter as a PDF of its own."""
    folder = ROOT / kind_of(letter).folder
    policy = ResourceAccessPolicy.server(folder, extra_roots=(FONTS,), allow_remote=False)
    out, complaints = io.BytesIO(), _Complaints()
    logger = logging.getLogger("xhtml2pdf")
    logger.addHandler(complaints)
    try:
        status = pisa.CreatePDF(
            html(letter, own), out, path=str(folder / "template.html"), encoding="utf-8", resource_policy=policy
        )
    finally:
        logger.removeHandler(complaints)
    if status.err or status.warn or complaints.lines:
        raise PageFault(" ; ".join(complaints.lines) or "erreur de mise en page")
    return out.getvalue()


@lru_cache(maxsize=1)
def _style() -> Markup:
    files = (ROOT / "shared" / "page.css", ROOT / "shared" / "letter.css")
    return Markup("\n".join(file.read_text(encoding="utf-8") for file in files))  # noqa: S704 - our own files
