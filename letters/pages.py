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


def html(letter: Facts) -> str:
    """The page as HTML: the template of its folder, filled with the letter and nothing else."""
    folder = kind_of(letter).folder
    return fill(
        f"{folder}/template.html",
        letter=letter,
        css=_style(),
        qr=qr.data_uri(letter.activation_link),  # type: ignore[attr-defined]
    )


def plain(letter: Facts) -> bytes:
    """One letter as a PDF of its own."""
    folder = ROOT / kind_of(letter).folder
    policy = ResourceAccessPolicy.server(folder, extra_roots=(FONTS,), allow_remote=False)
    out, complaints = io.BytesIO(), _Complaints()
    logger = logging.getLogger("xhtml2pdf")
    logger.addHandler(complaints)
    try:
        status = pisa.CreatePDF(
            html(letter), out, path=str(folder / "template.html"), encoding="utf-8", resource_policy=policy
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
