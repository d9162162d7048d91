"""ONDE teachers: no identifier at all, classes from « Classe » to the end of the line (FORMATS §8)."""

from __future__ import annotations

from collections.abc import Iterator

from app.core.errors import BadInput
from app.exchange.fields import is_email, one_line, title_of
from app.exchange.onde.pupils import name_key
from app.exchange.onde.table import EXTRACT_AGAIN, Row, Table, fold, read_table
from app.exchange.records import AssignmentRecord, Line, StaffEvent, StaffRecord
from app.exchange.source_file import SourceFile

FIX = "À corriger dans ONDE."
NAME_LENGTH, LABEL_LENGTH = 100, 50
HEAD, TEACHER = "DIR", "ENS"


def read_onde_teachers(source: SourceFile) -> Iterator[StaffEvent]:
    """Staff, then the classes each one leads (in an école the teacher of a class is its class teacher), by label."""
    table = read_table(source.package)
    if table.column("nom") is None or table.column("directeur") is None:
        message = "Colonnes absentes de l'extraction : « Nom » ou « Directeur »."
        raise BadInput(message, file=source.name, line=1, hint=EXTRACT_AGAIN)
    seen: dict[str, int] = {}
    for row in table.rows:
        yield from _teacher(table, row, seen, source.name)


def _teacher(table: Table, row: Row, seen: dict[str, int], file: str) -> Iterator[StaffEvent]:
    def cell(*names: str) -> str:
        at = table.column(*names)
        return row.cells[at] if at is not None and at < len(row.cells) else ""

    last, usage, first = one_line(cell("nom")), one_line(cell("nomusage", "nomdusage")), one_line(cell("prenom"))
    family = last or usage
    if family is None or any(len(name or "") > NAME_LENGTH for name in (last, usage, first)):
        why = "son nom est absent" if family is None else f"un de ses noms dépasse {NAME_LENGTH} caractères"
        yield Line("blocking", f"Enseignant non repris : {why}. {FIX}", file, row.line)
        return
    key = name_key(family, first or "", None)
    if key in seen:
        message = f"{family} {first or ''} figure déjà ligne {seen[key]} : ses classes sont réunies."
        yield Line("alert", message, file, row.line)
    else:
        seen[key] = row.line
        mail = cell("courriel")
        if mail and not is_email(mail):
            message = f"Enseignant {family} : l'adresse « {mail[:80]} » n'est pas valable. {FIX}"
            yield Line("alert", message, file, row.line)
            mail = ""
        yield StaffRecord(
            key,
            title_of(cell("civilite")),
            family,
            usage if usage and fold(usage) != fold(family) else None,
            first,
            None,
            HEAD if fold(cell("directeur")) == "oui" else TEACHER,
            mail or None,
            row.line,
        )
    yield from _classes(table, row, key)


def _classes(table: Table, row: Row, key: str) -> Iterator[AssignmentRecord]:
    at = table.column("classe", "libelleclasse")
    for label in row.cells[at:] if at is not None else ():
        if name := one_line(label):
            yield AssignmentRecord(key, name[:LABEL_LENGTH], True, row.line)
