"""ONDE guardians: one line each, children by name in groups of four columns (FORMATS §7)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from itertools import chain

from app.core.errors import BadInput
from app.exchange.fields import is_email, one_line, title_of
from app.exchange.onde.table import EXTRACT_AGAIN, Row, Table, fold, read_table
from app.exchange.records import ChildName, GuardianEvent, GuardianRecord, Line, NamedGuardianRecord
from app.exchange.source_file import SourceFile

FIX = "À corriger dans ONDE."
NAME_LENGTH, PHONE_LENGTH = 100, 20
FIRST_CHILD = "nomdusageenfant"
COLUMNS = {
    "title": ("civiliteresponsable",),
    "usage": ("nomusageresponsable", "nomdusageresponsable"),
    "last": ("nomresponsable", "nomdefamilleresponsable"),
    "first": ("prenomresponsable",),
    "address": ("adresseresponsable",),
    "postal": ("cpresponsable",),
    "city": ("communeresponsable",),
    "country": ("pays", "paysresponsable"),
    "email": ("courriel",),
    "home": ("telephonedomicile",),
    "work": ("telephonetravail",),
    "mobile": ("telephoneportable",),
}


def read_onde_guardians(source: SourceFile) -> Iterator[GuardianEvent]:
    """Guardians with the names of their children, the same person on several lines merged, and report lines."""
    table = read_table(source.package)
    if table.column("nomresponsable", "nomdefamilleresponsable") is None or FIRST_CHILD not in table.headers:
        raise BadInput(
            "Colonnes absentes de l'extraction : « Nom responsable » ou les enfants.",
            file=source.name,
            line=1,
            hint=EXTRACT_AGAIN,
        )
    reader = OndeGuardianReader(source.name, table)
    people: dict[tuple[str, str], list[NamedGuardianRecord]] = {}
    for row in table.rows:
        found, lines = reader.guardian(row)
        yield from lines
        if found:
            _merge_into(people.setdefault(_names(found.guardian), []), found)
    yield from sorted(chain.from_iterable(people.values()), key=lambda person: person.guardian.line or 0)


class OndeGuardianReader:
    """Reads one line at a time: the fixed part by header, then groups of four to the end of the line."""

    def __init__(self, file: str, table: Table) -> None:
        self.file = file
        self._columns = {key: table.column(*names) for key, names in COLUMNS.items()}
        self._children_at = table.headers.index(FIRST_CHILD)

    def guardian(self, row: Row) -> tuple[NamedGuardianRecord | None, list[Line]]:
        """The guardian of a line, or None with the reason among the lines."""
        last, usage, first = (one_line(self._cell(row, key)) for key in ("last", "usage", "first"))
        family = last or usage
        if family is None or any(len(name or "") > NAME_LENGTH for name in (last, usage, first)):
            why = "nom absent" if family is None else f"un de ses noms dépasse {NAME_LENGTH} caractères"
            return None, [Line("blocking", f"Responsable non repris : {why}. {FIX}", self.file, row.line)]
        mail, postal, country, lines = self._checked(row, f"Responsable {family} {first or ''}".strip())
        record = GuardianRecord._make(
            (
                person_key(family, first, mail, self._cell(row, "address")),
                title_of(self._cell(row, "title")),
                family,
                usage if usage and fold(usage) != fold(family) else None,
                first,
                mail or None,
                *(self._cell(row, key)[:PHONE_LENGTH] or None for key in ("home", "mobile", "work")),
                *_address_lines(self._cell(row, "address")),
                postal[:10] or None,
                (one_line(self._cell(row, "city")) or "")[:60] or None,
                None if fold(country or "") in ("", "france") else (country or "")[:40],
                (),
                row.line,
            )
        )
        return NamedGuardianRecord(record, tuple(self._children(row))), lines

    def _checked(self, row: Row, who: str) -> tuple[str, str, str | None, list[Line]]:
        """E-mail, postal code and country, corrected where they can be, and what was corrected."""
        lines: list[Line] = []
        mail, postal = self._cell(row, "email"), self._cell(row, "postal")
        country = one_line(self._cell(row, "country"))
        if mail and not is_email(mail):
            message = f"{who} : l'adresse électronique « {mail[:80]} » n'est pas valable. {FIX}"
            lines.append(Line("alert", message, self.file, row.line))
            mail = ""
        if _lost_its_zero(postal, country):
            message = f"{who} : code postal à quatre chiffres, lu « 0{postal} » (fichier repris par un tableur)."
            lines.append(Line("alert", message, self.file, row.line))
            postal = "0" + postal
        return mail, postal, country, lines

    def _children(self, row: Row) -> Iterator[ChildName]:
        cells = row.cells
        for at in range(self._children_at, len(cells), 4):
            usage, last, first, division = (one_line(cell) for cell in [*cells[at : at + 4], "", "", ""][:4])
            if (last or usage) and first:
                yield ChildName(last or usage or "", usage, first, division)

    def _cell(self, row: Row, key: str) -> str:
        at = self._columns[key]
        return row.cells[at] if at is not None and at < min(len(row.cells), self._children_at) else ""


def person_key(last_name: str, first_name: str | None, email: str, address: str) -> str:
    """What identifies a guardian of ONDE the first time: names with the e-mail, else with the address."""
    text = f"{fold(last_name)}|{fold(first_name or '')}|{email.casefold() or fold(address)}"
    return "nom:" + hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def is_same_person(one: GuardianRecord, other: GuardianRecord) -> bool:
    """Of two people with the same names: the same e-mail or the same address."""
    mails = one.email and other.email and one.email.casefold() == other.email.casefold()
    return bool(mails) or (_address(one) != "" and _address(one) == _address(other))


def _merge_into(people: list[NamedGuardianRecord], found: NamedGuardianRecord) -> None:
    for at, known in enumerate(people):
        if known.guardian.source_id == found.guardian.source_id or is_same_person(known.guardian, found.guardian):
            children = dict.fromkeys(known.children + found.children)
            people[at] = NamedGuardianRecord(known.guardian, tuple(children))
            return
    people.append(found)


def _names(record: GuardianRecord) -> tuple[str, str]:
    return fold(record.last_name), fold(record.first_name or "")


def _address(record: GuardianRecord) -> str:
    return fold(f"{record.address1 or ''}{record.address2 or ''}{record.postal_code or ''}{record.city or ''}")


def _address_lines(text: str) -> list[str | None]:
    """The address is one cell; it may hold line ends."""
    lines = [line for part in text.splitlines() if (line := one_line(part))][:4]
    return [lines[n][:80] if n < len(lines) else None for n in range(4)]


def _lost_its_zero(postal: str, country: str | None) -> bool:
    return len(postal) == 4 and postal.isdigit() and fold(country or "") in ("", "france")
