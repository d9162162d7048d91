"""Joins the PDFs of several rendering processes into one, without parsing their pages.

The parts are all written by `Book`, so their form is known: numbered objects, one flat page tree, one plain table of
offsets. Renumbering the references outside the streams is all there is to do, twenty times faster than a general
library, which clones every object; at 1,487 letters that was a third of the whole time.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .errors import LettersError

REFERENCE = re.compile(rb"\b(\d+) 0 (R|obj)\b")
ENTRY = re.compile(rb"(\d{10}) \d{5} ([nf])")


class NotOurs(LettersError):
    """The part does not have the form `Book` gives."""


@dataclass(frozen=True, slots=True)
class Part:
    """One document taken to pieces: object number → its bytes, and the few numbers that matter."""

    head: bytes
    objects: dict[int, bytes]
    root: int
    info: int
    pages: int
    kids: list[int]


def take_apart(pdf: bytes) -> Part:
    """Read the table of offsets and the page tree."""
    table_at = int(_one(rb"startxref\s+(\d+)\s+%%EOF\s*\Z", pdf[-200:]))
    table, _, trailer = pdf[table_at:].partition(b"trailer")
    offsets = {number: int(at) for number, (at, kind) in enumerate(ENTRY.findall(table)) if kind == b"n"}
    ends = sorted([*offsets.values(), table_at])
    end_of = dict(zip(ends, ends[1:], strict=False))
    objects = {number: pdf[at : end_of[at]] for number, at in offsets.items()}
    root, info = int(_one(rb"/Root (\d+) 0 R", trailer)), int(_one(rb"/Info (\d+) 0 R", trailer))
    pages = int(_one(rb"/Pages (\d+) 0 R", objects[root]))
    kids = [int(number) for number in re.findall(rb"(\d+) 0 R", _one(rb"/Kids \[([^\]]*)\]", objects[pages]))]
    return Part(pdf[: ends[0]], objects, root, info, pages, kids)


def join(pdfs: Sequence[bytes], order: Sequence[int] | None = None) -> Iterable[bytes]:
    """The joined document, in pieces to be written one after the other. `order` are its pages, counted from 0 through
    all the parts; a page named twice is there twice and costs a few bytes only."""
    parts = [take_apart(pdf) for pdf in pdfs]
    first, shift, kids = parts[0], 0, []
    written: dict[int, bytes] = {}
    for part in parts:
        dropped = set() if part is first else {part.root, part.info}
        for number, body in part.objects.items():
            if number not in dropped and number != part.pages:
                written[number + shift] = _shifted(body, shift, part.pages, first.pages) if shift else body
        kids += [number + shift for number in part.kids]
        shift += max(part.objects)
    if order is not None:
        kids = _arranged(kids, order, written, shift)
    listed = b" ".join(b"%d 0 R" % number for number in kids)
    written[first.pages] = b"%d 0 obj\n<< /Type /Pages /Count %d /Kids [ %s ] >>\nendobj\n" % (
        first.pages, len(kids), listed,
    )  # fmt: skip
    return _document(first, written)


def _arranged(kids: Sequence[int], order: Sequence[int], written: dict[int, bytes], last: int) -> list[int]:
    """The page objects in another order; a page that comes again is a new object with the same contents."""
    used: set[int] = set()
    arranged = []
    for page in order:
        number = kids[page]
        if number in used:
            last += 1
            written[last] = re.sub(rb"\A\s*\d+ 0 obj", b"%d 0 obj" % last, written[number], count=1)
            number = last
        used.add(number)
        arranged.append(number)
    for number in set(kids) - used:
        del written[number]
    return arranged


def _shifted(body: bytes, shift: int, pages: int, new_pages: int) -> bytes:
    """An object under its new number, pointing at the new numbers; streams are left alone."""
    facts, stream, rest = body.partition(b"stream")

    def renumber(found: re.Match[bytes]) -> bytes:
        number = int(found[1])
        return b"%d 0 %s" % (new_pages if number == pages else number + shift, found[2])

    return REFERENCE.sub(renumber, facts) + stream + rest


def _document(first: Part, objects: dict[int, bytes]) -> Iterable[bytes]:
    yield first.head
    at, size, digest = len(first.head), max(objects) + 1, hashlib.sha256()
    table = [b"0000000000 65535 f \n"] * size
    for number in sorted(objects):
        table[number] = b"%010d 00000 n \n" % at
        at += len(objects[number])
        digest.update(objects[number])
        yield objects[number]
    name = digest.hexdigest()[:32].encode()
    yield b"xref\n0 %d\n" % size + b"".join(table)
    yield b"trailer\n<< /ID [<%s><%s>] /Info %d 0 R /Root %d 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        name, name, first.info, first.root, size, at,
    )  # fmt: skip


def _one(pattern: bytes, source: bytes) -> bytes:
    found = re.search(pattern, source)
    if found is None:
        raise NotOurs("Un des fichiers à joindre n'est pas un PDF de courriers.")
    return found[1]
