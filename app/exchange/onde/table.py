"""A csv of ONDE: encoding, separator, headers. Line numbers are those of the file."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from app.core.errors import BadInput
from app.exchange.packaging import Package

OndeKind = Literal["onde_pupils", "onde_guardians", "onde_teachers"]
MAX_CSV = 32 << 20
EXTRACT_AGAIN = "Refaites l'extraction dans ONDE et déposez-la telle quelle, sans l'ouvrir dans un tableur."
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Row(NamedTuple):
    """One line of data: its number in the file and its cells, trimmed."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Headers (folded) and rows."""

    headers: list[str]
    rows: list[Row]

    def column(self, *names: str) -> int | None:
        """Position of the first of these headers that is there."""
        return next((self.headers.index(name) for name in names if name in self.headers), None)


def fold(text: str) -> str:
    """Letters and digits only, lower case, without accents: how headers and names are compared."""
    plain = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae"))
    return "".join(c for c in plain if c.isalnum()).casefold()


def onde_kind(start: bytes, name: str) -> OndeKind:
    """Which extraction this is, from its headers."""
    text = decode(start.lstrip(b"\r\n").split(b"\n", 1)[0], name)
    headers = {fold(cell) for cell in _cells(text.rstrip("\r"), separator_of(text))}
    if "civiliteresponsable" in headers:
        return "onde_guardians"
    if "directeur" in headers:
        return "onde_teachers"
    if "nomeleve" not in headers:
        raise BadInput(
            "Ce fichier n'est ni un export xml de SIECLE ou de STS, ni une extraction csv d'ONDE.",
            file=name,
            hint="Vérifiez que vous avez choisi le bon fichier.",
        )
    if "sexe" not in headers or not headers & {"libelleclasse", "classe"}:
        raise BadInput(
            "Cette extraction « Groupe d'élèves » ne contient ni l'INE ni la classe : elle ne peut pas être reprise.",
            file=name,
            hint="Dans ONDE, choisissez l'extraction « Élèves de l'école ou leurs responsables ».",
        )
    return "onde_pupils"


def read_table(package: Package) -> Table:
    """The whole table (an école is small). Short lines are padded; a line with too much in it raises BadInput."""
    with package.stream() as stream:
        data = stream.read(MAX_CSV + 1)
    if len(data) > MAX_CSV:
        raise BadInput("L'extraction est démesurée.", file=package.name, hint=EXTRACT_AGAIN)
    text = decode(data, package.name)
    rows = list(_rows(text, separator_of(text.split("\n", 1)[0]), package.name))
    headers = [fold(cell) for cell in rows[0].cells]
    while headers and not headers[-1]:
        headers.pop()
    if len(rows) == 1:
        raise BadInput("L'extraction ne contient aucune ligne.", file=package.name, hint=EXTRACT_AGAIN)
    return Table(headers, rows[1:])


def decode(data: bytes, name: str) -> str:
    """BOM or strict UTF-8, else Windows-1252; UTF-16 is refused."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data[:200]:
        raise BadInput("Le fichier est en UTF-16, ce qu'ONDE ne produit pas.", file=name, hint=EXTRACT_AGAIN)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = "Le fichier contient des octets qui ne sont d'aucun encodage connu d'ONDE."
        raise BadInput(message, file=name, line=line, hint=EXTRACT_AGAIN) from error


def separator_of(header: str) -> str:
    """`;` as ONDE writes it; `,` or tab after a spreadsheet."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(";\t,", key=bare.count)


def _rows(text: str, separator: str, name: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    started = 1
    try:
        for cells in reader:
            kept = [_CONTROL.sub("", cell).strip() for cell in cells]
            if any(kept):
                yield Row(started, kept)
            started = reader.line_num + 1
    except csv.Error as error:
        message = "Les guillemets ou les colonnes de cette ligne sont mal formés, ou le fichier est tronqué."
        raise BadInput(message, file=name, line=started, hint=EXTRACT_AGAIN) from error


def _cells(header: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=separator), [])
    except csv.Error:
        return []
