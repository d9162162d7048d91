"""From an open sheet to lines of people: headings understood, cells typed, and what is wrong said line by line."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from app.core.errors import BadInput
from app.exchange.roundtrip.cells import CellProblem, identifier_in, value_in
from app.exchange.roundtrip.columns import IDENTIFIER, PeopleSheet, SheetField
from app.exchange.roundtrip.workbook import OpenSheet, open_sheet

FROM_AN_EXPORT = "Repartez d'un export de cette page, sans changer la première ligne."


class Remark(NamedTuple):
    """Something to tell about a line. One that `blocks` leaves its line out."""

    line: int
    message: str
    blocks: bool = True


@dataclass(slots=True)
class PersonLine:
    """A line of the sheet: whom it is about (None = somebody new) and the values of the columns that were there."""

    line: int
    id: int | None = None
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class ReadSheet:
    """Every usable line, and the remarks."""

    lines: list[PersonLine] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


class Headings(NamedTuple):
    """Where things are on a line: the identifier, and each column that is read."""

    identifier: int
    fields: dict[int, SheetField]


def read_sheet(sheet: PeopleSheet, path: Path, name: str) -> ReadSheet:
    """Read a workbook. A fault of the file raises `BadInput`; a fault of a line leaves it out with a remark."""
    found = ReadSheet()
    with open_sheet(path, name) as opened:
        headings = _headings(sheet, opened, name, found.remarks)
        for number, cells in opened.lines:
            _read_line(number, cells, headings, opened, found)
    if not sheet.repeats:
        _leave_duplicates_out(found)
    return found


def _headings(sheet: PeopleSheet, opened: OpenSheet, name: str, remarks: list[Remark]) -> Headings:
    if opened.extent.merge_on(1):
        raise BadInput("Des cellules de la première ligne sont fusionnées.", file=name, line=1, hint=FROM_AN_EXPORT)
    if opened.others:
        others = ", ".join(opened.others[:3])
        remarks.append(Remark(1, f"Seule la première feuille est lue (laissée : {others}).", False))
    _number, cells = next(opened.lines, (1, ()))
    titles = {at: str(cell.value).strip() for at, cell in enumerate(cells) if cell.value not in (None, "")}
    folded = [title.casefold() for title in titles.values()]
    twice = sorted({title for title in titles.values() if folded.count(title.casefold()) > 1})
    if twice:
        raise BadInput(f"La colonne « {twice[0][:40]} » figure plusieurs fois.", file=name, line=1, hint=FROM_AN_EXPORT)
    identifier = next((at for at, title in titles.items() if title.casefold() == IDENTIFIER.casefold()), None)
    if identifier is None:
        raise BadInput(f"La colonne « {IDENTIFIER} » manque : aucune personne n'est retrouvée par son nom.",
                       file=name, line=1, hint=FROM_AN_EXPORT)  # fmt: skip
    fields = {at: column for at, title in titles.items() if (column := sheet.field_of(title))}
    known = {IDENTIFIER.casefold(), *(title.casefold() for title in sheet.reminders)}
    remarks.extend(
        Remark(1, f"La colonne « {title[:40]} » n'est pas connue : elle n'est pas lue.", False)
        for at, title in titles.items() if at not in fields and title.casefold() not in known
    )  # fmt: skip
    return Headings(identifier, fields)


def _read_line(
    number: int, cells: tuple[Any, ...], headings: Headings, opened: OpenSheet, found: ReadSheet
) -> None:
    if area := opened.extent.merge_on(number):
        found.remarks.append(Remark(number, f"Les cellules {area} sont fusionnées : défusionnez-les."))
        return
    if all(cell.value in (None, "") for cell in cells):
        return
    read, problems = PersonLine(number), []
    try:
        read.id = identifier_in(cells[headings.identifier])
    except CellProblem as problem:
        problems.append(f"{IDENTIFIER} : {problem}.")
    for at, column in headings.fields.items():
        try:
            read.values[column.name] = value_in(cells[at], column)
        except CellProblem as problem:
            problems.append(f"{column.title} : {problem}.")
    if not problems and read.id is None and not any(read.values.values()):
        return  # only reminders on it: nothing to add
    found.remarks.extend(Remark(number, problem) for problem in problems)
    if not problems:
        found.lines.append(read)


def _leave_duplicates_out(found: ReadSheet) -> None:
    """Two lines about one person: which is right is not ours to say."""
    by_id: dict[int, list[int]] = defaultdict(list)
    for read in found.lines:
        if read.id is not None:
            by_id[read.id].append(read.line)
    twice = {key: at for key, at in by_id.items() if len(at) > 1}
    for key, at in twice.items():
        places = ", ".join(map(str, at))
        message = f"L'identifiant {key} figure sur plusieurs lignes ({places})."
        found.remarks.extend(Remark(line, message) for line in at)
    found.lines = [read for read in found.lines if read.id not in twice]


