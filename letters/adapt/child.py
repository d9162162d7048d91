"""The process that reads wordings: one order per line on stdin, one answer per line on stdout, until stdin ends.

    {"do": "check", "key": "guardian_code", "source": "…"}                       → {} or {"fault": "…", "line": 3}
    {"do": "preview", "key": …, "source": …, "sample": "mixed", "pictures": true} → {"pdf": …, "pictures": […], …}
    {"do": "mail", "key": …, "source": …, "facts": {…}}                           → {"html": …, "text": …}

An academy's wording is not trusted: whatever it does happens here, with bounded memory and time and nothing to read.
"""

from __future__ import annotations

import base64
import io
import json
import sys
from typing import Any

from ..child import limit
from ..errors import Fault
from . import drawing
from .steady import same_for_all
from .texts import TEXTS, Text, samples

LAID_OUT = {"services", "several"}  # the shortest and the longest: the others hold the same tags
SCALE = 1.5  # 108 points to the inch: read at once, two pages weigh 200 kB


def check(text: Text, order: dict[str, Any]) -> dict[str, Any]:
    """Nothing when the wording can be kept: it was drawn for every sample, and pages were laid out."""
    drawing.try_out(text, order["source"])
    if not text.mail:
        for name in LAID_OUT & samples(text.key).keys():
            _laid_out(text, order["source"], name)
    return {}


def preview(text: Text, order: dict[str, Any]) -> dict[str, Any]:
    """A sample as it will be: the PDF and its pages as pictures, or the mail."""
    drawing.try_out(text, order["source"])
    facts = samples(text.key)[order["sample"]]
    if text.mail:
        return drawing.mail_body(text, order["source"], facts)
    pdf, pages = _laid_out(text, order["source"], order["sample"])
    return {"pdf": _letters(pdf), "pages": pages, "pictures": _pictures(pdf) if order["pictures"] else [],
            "steady": same_for_all(text, order["source"])}  # fmt: skip


def mail(text: Text, order: dict[str, Any]) -> dict[str, Any]:
    """The body of one real mail."""
    from .. import codec

    return drawing.mail_body(text, order["source"], codec.load(text.facts, order["facts"]))


def _laid_out(text: Text, source: str, sample: str) -> tuple[bytes, int]:
    from .. import pages
    from ..book import prepare
    from ..faces import for_paper

    prepare()
    facts, _lost = for_paper(samples(text.key)[sample])
    try:
        pdf = pages.plain(facts, source)
    except pages.PageFault as problem:
        raise Fault(f"la page ne peut pas être mise en forme ({problem})") from None
    count = _count(pdf)
    if count > drawing.MOST_PAGES:
        raise Fault(f"le courrier aurait {count} pages ; {drawing.MOST_PAGES} au plus")
    return pdf, count


def _count(pdf: bytes) -> int:
    from pypdf import PdfReader

    return len(PdfReader(io.BytesIO(pdf)).pages)


def _pictures(pdf: bytes) -> list[str]:
    import pypdfium2

    drawn = []
    for page in pypdfium2.PdfDocument(pdf):
        out = io.BytesIO()
        page.render(scale=SCALE).to_pil().quantize(64).save(out, "PNG", optimize=True)
        drawn.append(_letters(out.getvalue()))
    return drawn


def _letters(data: bytes) -> str:
    return base64.b64encode(data).decode()


ORDERS = {"check": check, "preview": preview, "mail": mail}


def answer(line: bytes) -> dict[str, Any]:
    """Carry out one order."""
    try:
        order = json.loads(line)
        return ORDERS[order["do"]](TEXTS[order["key"]], order)
    except Fault as fault:
        return {"fault": fault.said, "line": fault.line}
    except (MemoryError, SystemError, RecursionError):
        return {"fault": "ce texte demande trop de mémoire", "line": None}
    except Exception as problem:  # the parent turns whatever it is into one clear sentence
        return {"fault": f"ce texte ne peut pas être mis en page ({type(problem).__name__})", "line": None}


def main(memory: str, seconds: str) -> int:
    """`python -m letters.adapt.child MEMORY SECONDS`."""
    limit(int(memory), int(seconds))
    out = sys.stdout.buffer
    sys.stdout = sys.stderr
    for line in sys.stdin.buffer:
        out.write(json.dumps(answer(line)).encode() + b"\n")
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
