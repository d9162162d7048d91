"""A workbook brought by somebody: looked at before it is opened, then its first sheet, cell by cell.

An 82 kB file can unpack to half a gigabyte (trap 30), so size, ratio, number of entries and of lines are
counted on the packed file first; the lines are then read one after the other.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lxml import etree
from openpyxl import load_workbook

from app.core.errors import BadInput
from app.exchange.packaging import MAX_RATIO, RATIO_FROM, check_directory

MOST_ROWS = 10_000  # of a school: three times the guardians of the biggest
MOST_COLUMNS = 60
MOST_ENTRIES, MOST_MERGES = 200, 1000
MAX_FILE, MAX_UNPACKED, MAX_SHEET = 20 << 20, 120 << 20, 80 << 20
SAVE_AGAIN = "Enregistrez-le au format « Classeur Excel (.xlsx) », puis recommencez."
_AREA = re.compile(r"[A-Z]{1,3}(\d{1,7})(?::[A-Z]{1,3}(\d{1,7}))?")
_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
DAMAGED = (zipfile.BadZipFile, zlib.error, etree.XMLSyntaxError, KeyError, ValueError, TypeError, AttributeError,
           IndexError, EOFError, OSError, SyntaxError, RuntimeError, NotImplementedError)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Extent:
    """What a look at a sheet tells: its last filled line, and the areas of merged cells (first line, last, name)."""

    last: int
    merged: tuple[tuple[int, int, str], ...]

    def merge_on(self, line: int) -> str | None:
        """The merged area a line is part of."""
        return next((name for first, last, name in self.merged if first <= line <= last), None)


@dataclass(frozen=True, slots=True)
class OpenSheet:
    """The first sheet: its extent, its lines (number, cells), and the names of sheets that are not read."""

    extent: Extent
    lines: Iterator[tuple[int, tuple[Any, ...]]]
    others: tuple[str, ...]


@contextmanager
def open_sheet(path: Path, name: str) -> Iterator[OpenSheet]:
    """Check the file, then open its first sheet. Raises `BadInput`, before anything is read when it is too big."""
    with path.open("rb") as raw:
        with _readable(name):
            extents = _look(path, name)
            book = load_workbook(raw, read_only=True, keep_links=False)
            sheet = book.worksheets[0]
            extent = extents[sheet._worksheet_path.lstrip("/")]  # the only place that says which file a sheet is
        yield OpenSheet(extent, _lines(sheet, extent, name), tuple(book.sheetnames[1:]))
        book.close()


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except DAMAGED as error:
        raise BadInput("Ce fichier n'est pas un classeur lisible.", file=name, hint=SAVE_AGAIN) from error


def _lines(sheet: Any, extent: Extent, name: str) -> Iterator[tuple[int, tuple[Any, ...]]]:
    rows = enumerate(sheet.iter_rows(max_row=max(1, extent.last), max_col=MOST_COLUMNS), start=1)
    while True:
        with _readable(name):
            found = next(rows, None)
        if found is None:
            return
        yield found


def _look(path: Path, name: str) -> dict[str, Extent]:
    """The extent of each sheet by its place in the file."""
    size = path.stat().st_size
    if size > MAX_FILE:
        raise _too_big(name)
    with path.open("rb") as raw:
        if raw.read(4) != b"PK\x03\x04":
            raise BadInput("Ce fichier n'est pas un classeur .xlsx.", file=name, hint=SAVE_AGAIN)
        try:
            check_directory(raw, size, name)
        except BadInput as error:  # its advice is about the exports of SIECLE
            raise BadInput("Ce classeur est abîmé, ou contient trop d'éléments.", file=name, hint=SAVE_AGAIN) from error
    with zipfile.ZipFile(path) as archive:
        _check_entries(archive.infolist(), name)
        found = {}
        for entry in archive.infolist():
            if entry.filename.endswith((".xml", ".rels")):
                with archive.open(entry) as part:
                    _check_no_doctype(part, name)
            if entry.filename.startswith("xl/worksheets/") and entry.filename.endswith(".xml"):
                with archive.open(entry) as part:
                    found[entry.filename] = _extent(part, name)
    return found


def _check_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    if len(entries) > MOST_ENTRIES:
        raise BadInput("Ce classeur contient trop d'éléments.", file=name, hint="Gardez une seule feuille, sans image.")
    sheets = [entry.file_size for entry in entries if entry.filename.startswith("xl/worksheets/")]
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED or max(sheets, default=0) > MAX_SHEET:
        raise _too_big(name)
    if any(e.file_size > RATIO_FROM and e.file_size > MAX_RATIO * max(e.compress_size, 1) for e in entries):
        raise BadInput("Ce classeur se déplie en un fichier démesuré : il n'a pas été ouvert.", file=name,
                       hint="Repartez d'un export de Livret.")  # fmt: skip


def _too_big(name: str) -> BadInput:
    return BadInput("Ce classeur est trop gros : il n'a pas été ouvert.", file=name,
                    hint="Repartez d'un export de Livret, sans image ni autre feuille.")  # fmt: skip


def _check_no_doctype(part: IO[bytes], name: str) -> None:
    """A workbook has no reason to declare entities."""
    for _event, element in etree.iterparse(part, events=("start",), **_SAFE):
        if element.getroottree().docinfo.internalDTD is not None:
            raise BadInput("Ce classeur contient une déclaration interdite (DOCTYPE).", file=name, hint=SAVE_AGAIN)
        return


def _extent(part: IO[bytes], name: str) -> Extent:
    """Count filled lines and note merged cells; stops at the first line too many."""
    line, filled, last, merged = 0, 0, 1, []
    for _event, element in etree.iterparse(part, events=("end",), tag=("{*}row", "{*}mergeCell"), **_SAFE):
        if etree.QName(element).localname == "mergeCell":
            merged.append(_area(element.get("ref", "")))
        else:
            line = int(element.get("r") or line + 1)
            if any(len(cell) for cell in element):
                filled, last = filled + 1, max(last, line)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
        if filled > MOST_ROWS + 1 or last > MOST_ROWS + 1:
            raise BadInput(f"Le tableau a plus de {MOST_ROWS:,} lignes : il n'a pas été lu.".replace(",", "\u202f"),
                           file=name, hint="Effacez les lignes en trop, ou partagez le fichier.")  # fmt: skip
        if len(merged) > MOST_MERGES:
            raise BadInput("Le tableau a trop de cellules fusionnées.", file=name, hint="Défusionnez-les.")
    return Extent(last, tuple(merged))


def _area(reference: str) -> tuple[int, int, str]:
    found = _AREA.fullmatch(reference)
    if found is None:
        raise ValueError(reference)
    first = int(found[1])
    return first, int(found[2] or first), reference
