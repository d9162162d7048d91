"""The rendering process: letters as JSON on stdin, progress lines and then one PDF on stdout.

It is a process of its own because a hostile page can ask for gigabytes: memory and time are bounded here, before
anything is read, and the worst that can happen is that this process dies.

    stdin   {"letters": [["guardian_code", {…}], …], "stencils": true, "even": false, "own": {"guardian_code": "…"}}
    stdout  one line per letter about to be made (its index), then a JSON line:
            {"pages": [1, 2, …], "lost": {"3": "…"}, "size": n} followed by n bytes of PDF, or {"fault": "…"}
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any, BinaryIO

from .errors import Fault

# The largest temporary file xhtml2pdf makes is a copy of a font.
LARGEST_FILE = 32 * 2**20


def limit(memory: int, seconds: int) -> None:
    """Bound this process: address space, processor time, files, no core dump (it would hold codes)."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 2))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def serve(order: dict[str, Any], out: BinaryIO) -> None:
    """Carry out one order."""
    from . import codec
    from .book import Book, prepare
    from .faces import for_paper
    from .kinds import KINDS
    from .stencils import Press

    if any(KINDS[kind].drawn is None for kind, _ in order["letters"]):
        # Before `prepare`, whose fonts it would take for defaults of its own; a second that booklets do without.
        from . import pages as xhtml  # noqa: F401

    prepare()
    book: Book | None = None
    pages: list[int] = []
    lost: dict[int, str] = {}
    for index, (kind, facts) in enumerate(order["letters"]):
        out.write(b"%d\n" % index)
        out.flush()
        letter, missing = for_paper(codec.load(KINDS[kind].facts, facts))
        if book is None:
            book = Book(KINDS[kind].title, letter.school.name)
            press = Press(book, stencils=order["stencils"], own=order.get("own"))
        pages.append(press.add(letter))
        if order["even"] and pages[-1] % 2:
            book.add(())
        if missing:
            lost[index] = missing
    pdf = book.finish() if book else b""
    out.write(json.dumps({"pages": pages, "lost": lost, "size": len(pdf)}).encode() + b"\n")
    out.write(pdf)
    out.flush()


def main(memory: str, seconds: str) -> int:
    """`python -m letters.child MEMORY SECONDS`."""
    limit(int(memory), int(seconds))
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print of a library must not end up inside the PDF
    try:
        serve(json.load(sys.stdin), out)
    except (MemoryError, SystemError):  # CPython raises the second when memory ends inside C code
        return _fault(out, "il demande trop de mémoire")
    except Fault as fault:
        return _fault(out, f"le texte adapté par l'académie ne convient pas ({fault.said})")
    except Exception as problem:  # the parent turns whatever it is into one clear sentence
        return _fault(out, f"{type(problem).__name__} : {problem}")
    return 0


def _fault(out: BinaryIO, cause: str) -> int:
    out.write(json.dumps({"fault": cause}).encode() + b"\n")
    out.flush()
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
