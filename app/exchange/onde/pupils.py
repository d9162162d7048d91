"""ONDE pupils: one line each (FORMATS §6)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from app.core.errors import BadInput
from app.curriculum.reference import levels
from app.exchange.fields import either_date, one_line
from app.exchange.identifiers import ine_is_valid
from app.exchange.onde.table import EXTRACT_AGAIN, Row, Table, fold, read_table
from app.exchange.records import DivisionRecord, Line, PlacementRecord, PupilEvent, PupilRecord, RejectedPupil, Severity
from app.exchange.source_file import SourceFile

FIX = "À corriger dans ONDE."
SEXES = {"M": "M", "H": "M", "F": "F"}
NAME_LENGTH, LABEL_LENGTH, INE_LENGTH, CODE_LENGTH = 100, 50, 11, 20
NO_ORDINARY_LEVEL = ("ULIS", "CLIS", "UPE2A")
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "1": 1, "2": 2, "3": 3, "4": 4}

COLUMNS = {
    "last": ("nomeleve",),
    "usage": ("nomdusageeleve",),
    "first": ("prenomeleve",),
    "second": ("deuxiemeprenom",),
    "third": ("troisiemeprenom",),
    "born": ("datenaissance",),
    "sex": ("sexe",),
    "ine": ("ine",),
    "cycle": ("cycle",),
    "level": ("niveau",),
    "label": ("libelleclasse", "classe"),
    "code": ("identifiantclasse",),
}
REQUIRED = {"last": "Nom élève", "first": "Prénom élève", "born": "Date naissance", "label": "Libellé classe"}


class Faulty(Exception):
    """This line cannot be taken; says why."""


class OndePupil(NamedTuple):
    """A readable line, before twins are looked for."""

    record: PupilRecord
    code: str
    doubts: list[str]


def read_onde_pupils(source: SourceFile) -> Iterator[PupilEvent]:
    """Divisions, then pupils each followed by its placement, and report lines."""
    table = read_table(source.package)
    columns = {key: table.column(*names) for key, names in COLUMNS.items()}
    missing = [label for key, label in REQUIRED.items() if columns[key] is None]
    if missing:
        raise BadInput(
            f"Colonnes absentes de l'extraction : {', '.join(missing)}.", file=source.name, line=1, hint=EXTRACT_AGAIN
        )
    reader = OndePupilReader(source.name, table, columns)
    yield from reader.events()


class OndePupilReader:
    """Reads the table whole: classes and twins are only known at its end."""

    def __init__(self, file: str, table: Table, columns: dict[str, int | None]) -> None:
        self.file, self.table, self.columns = file, table, columns
        self._labels: dict[str, tuple[str, int]] = {}

    def events(self) -> Iterator[PupilEvent]:
        """Everything the file says."""
        pupils: list[OndePupil] = []
        for row in self.table.rows:
            try:
                pupils.append(self._pupil(row))
            except Faulty as fault:
                yield from self._faulty(row, str(fault))
        yield from self._divisions()
        twins = {key for key, n in Counter(p.record.source_id for p in pupils).items() if n > 1}
        yield from self._report_twins(pupils, twins)
        for pupil in pupils:
            if pupil.record.source_id in twins:
                yield RejectedPupil(pupil.record.source_id)
                continue
            yield pupil.record
            yield PlacementRecord(pupil.record.source_id, pupil.code, pupil.record.line)
            for doubt in pupil.doubts:
                yield self._line("alert", f"Élève {pupil.record.shown_name} : {doubt} {FIX}", pupil.record.line)

    def _pupil(self, row: Row) -> OndePupil:
        if any(row.cells[len(self.table.headers) :]):
            raise Faulty("la ligne a plus de colonnes que l'en-tête")
        last, first = self._required(row, "last"), self._required(row, "first")
        born, code = self._born(row), self._class(row)
        ine = self._cell(row, "ine").upper()
        level = fold(self._cell(row, "level")).upper()
        record = PupilRecord(
            ine if ine and len(ine) <= INE_LENGTH else name_key(last, first, born),
            ine if ine and len(ine) <= INE_LENGTH else None,
            last,
            self._name(row, "usage"),
            first,
            self._name(row, "second"),
            self._name(row, "third"),
            born,
            SEXES.get(self._cell(row, "sex").upper()),
            None,
            None,
            None,
            level if level in levels() else None,
            row.line,
        )
        return OndePupil(record, code, list(_doubts(record, level, self._cell(row, "cycle"))))

    def _class(self, row: Row) -> str:
        label = self._required(row, "label", LABEL_LENGTH)
        code = self._cell(row, "code") or label[:CODE_LENGTH]
        if len(code) > CODE_LENGTH:
            raise Faulty(f"l'identifiant de classe « {code[:40]} » est illisible")
        known, line = self._labels.setdefault(code, (label, row.line))
        if fold(known) != fold(label):
            raise Faulty(
                f"la classe {code} porte deux libellés, « {known} » ligne {line} et « {label} », et garde le premier"
            )
        return code

    def _born(self, row: Row) -> date:
        text = self._cell(row, "born")
        born = either_date(text)
        if born:
            return born
        if re.fullmatch(r"\d{4,6}([.,]\d+)?", text):
            raise Faulty(f"la date de naissance a été changée en nombre ({text}) par un tableur. {EXTRACT_AGAIN}")
        raise Faulty(f"la date de naissance « {text} » n'existe pas" if text else "la date de naissance est vide")

    def _divisions(self) -> Iterator[DivisionRecord]:
        """Two identifiers with one label are two classes: the identifier is then shown beside the label."""
        same = Counter(fold(label) for label, _ in self._labels.values())
        for code, (label, line) in self._labels.items():
            shown = label if same[fold(label)] == 1 else f"{label[: LABEL_LENGTH - len(code) - 3]} ({code})"
            yield DivisionRecord(code, shown, (), line)

    def _report_twins(self, pupils: list[OndePupil], twins: set[str]) -> Iterator[Line]:
        for key in sorted(twins):
            same = [p.record for p in pupils if p.record.source_id == key]
            listed = " ; ".join(f"{record.shown_name}, ligne {record.line}" for record in same)
            what = f"Même INE {key}" if same[0].ine else "Mêmes nom, prénom et date de naissance, sans INE,"
            message = f"{what} pour plusieurs lignes : {listed}. Aucune n'est reprise. {FIX}"
            yield self._line("blocking", message, same[-1].line)

    def _faulty(self, row: Row, fault: str) -> Iterator[PupilEvent]:
        """The line is left out; whoever it was about must not be taken for gone."""
        who = f"{self._cell(row, 'last') or '(sans nom)'} {self._cell(row, 'first') or '(sans prénom)'}"
        yield RejectedPupil(self._cell(row, "ine").upper())
        yield self._line("blocking", f"Élève {who} non repris : {fault}. {FIX}", row.line)

    def _required(self, row: Row, key: str, length: int = NAME_LENGTH) -> str:
        text = one_line(self._cell(row, key))
        if not text:
            raise Faulty(f"« {REQUIRED[key]} » est vide")
        if len(text) > length:
            raise Faulty(f"« {REQUIRED[key]} » dépasse {length} caractères")
        return text

    def _name(self, row: Row, key: str) -> str | None:
        return (one_line(self._cell(row, key)) or "")[:NAME_LENGTH] or None

    def _cell(self, row: Row, key: str) -> str:
        at = self.columns[key]
        return row.cells[at] if at is not None and at < len(row.cells) else ""

    def _line(self, severity: Severity, message: str, line: int | None) -> Line:
        return Line(severity, message, self.file, line)


def name_key(last_name: str, first_name: str, born: date | None) -> str:
    """What identifies a person without identifier: a digest of the folded names and the birth date."""
    text = f"{fold(last_name)}|{fold(first_name)}|{born or ''}"
    return "nom:" + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _doubts(record: PupilRecord, level: str, cycle: str) -> Iterator[str]:
    if record.ine is None:
        yield "INE vide, non exportable vers LSU."
    elif not ine_is_valid(record.ine):
        yield f"la clé de l'INE {record.ine} est fausse."
    if record.sex is None:
        yield "le sexe n'est pas indiqué."
    if level.startswith(NO_ORDINARY_LEVEL):
        yield f"« {level} » n'est pas un niveau : indiquez son niveau réel avant son premier bilan."
    elif record.level is None:
        yield f"le niveau « {level} » est inconnu." if level else "le niveau n'est pas indiqué."
    number = _ROMAN.get(cycle.upper().replace("CYCLE", "").strip())
    if record.level and number and levels()[record.level].cycle != number:
        yield f"le cycle indiqué ({cycle}) ne va pas avec le niveau {record.level} : le niveau est gardé."
