"""sts_emp: staff, divisions, who teaches which subject and who leads a class (FORMATS §4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.core.errors import BadInput
from app.exchange.fields import iso_date, one_line, text_of, title_of
from app.exchange.records import AssignmentRecord, DivisionRecord, Line, ServiceRecord, StaffEvent, StaffRecord
from app.exchange.source_file import SourceFile
from app.exchange.xml_stream import OnBytes, records

FIX = "À corriger dans STS."
NAME_LENGTH, DIVISION_LENGTH, LABEL_LENGTH, MEF_LENGTH, FUNCTION_LENGTH = 100, 20, 50, 11, 20
SUBJECT_LENGTH = 10
# Modalité d'élection; N (obligatoire ou facultative) has no value of its own on a booklet.
ELECTIONS = {code: code for code in "SOFLRXD"} | {"N": "O"}
COMMON = "S"


def read_staff(source: SourceFile, on_bytes: OnBytes | None = None) -> Iterator[StaffEvent]:
    """Staff, divisions, assignments and services, and report lines. A teacher of a group teaches each of its
    divisions."""
    reader = StaffReader(source.name)
    for element in records(source.package, ("PROGRAMME", "INDIVIDU", "DIVISION", "GROUPE"), on_bytes):
        if element.tag == "PROGRAMME":
            reader.programme(element)
        elif element.tag == "INDIVIDU":
            yield from reader.person(element)
        elif element.tag == "DIVISION":
            yield from reader.division(element)
        else:
            reader.group(element)
    if not reader.staff:
        message = "Le fichier ne contient aucun personnel."
        raise BadInput(message, file=source.name, hint="Refaites l'export depuis STS.")
    yield from reader.assignments()
    yield from reader.services()


class StaffReader:
    """Collects who is where; assignments are handed over once every person and division was met."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.staff: dict[str, str] = {}
        self._divisions: set[str] = set()
        self._leads: dict[tuple[str, str], int | None] = {}
        self._teaches: dict[tuple[str, str], int | None] = {}
        self._mefs: dict[str, tuple[str, ...]] = {}
        self._elections: dict[tuple[str, str], str] = {}
        self._taught: dict[tuple[str, str], dict[str | None, int | None]] = {}

    def programme(self, element: Any) -> None:
        """One PROGRAMME: how a subject is chosen in a MEF."""
        mef, subject, election = (
            text_of(element.findtext(tag)) for tag in ("CODE_MEF", "CODE_MATIERE", "CODE_MODALITE_ELECT")
        )
        if mef and subject and election in ELECTIONS:
            self._elections[mef, subject] = ELECTIONS[election]

    def person(self, element: Any) -> Iterator[StaffEvent]:
        """One INDIVIDU; its identifier is unique with its TYPE, not alone."""
        line, key = element.sourceline, _staff_key(element)
        usage, family = one_line(element.findtext("NOM_USAGE")), one_line(element.findtext("NOM_PATRONYMIQUE"))
        first = one_line(element.findtext("PRENOM"))
        who = f"{usage or family or '(sans nom)'} {first or ''}".strip() + f" (ID {element.get('ID') or 'absent'})"
        fault = self._fault(key, (usage, family, first))
        if key is None or fault:
            yield Line("blocking", f"Personnel {who} non repris : {fault}. {FIX}", self.file, line)
            return
        self.staff[key] = who
        for code in element.iterfind("PROFS_PRINC/PROF_PRINC/CODE_STRUCTURE"):
            if division := text_of(code.text):
                self._leads[key, division] = code.sourceline
        yield StaffRecord(
            key,
            title_of(element.findtext("CIVILITE")),
            family or usage or "",
            usage if family and usage != family else None,
            first,
            iso_date(element.findtext("DATE_NAISSANCE")),
            (text_of(element.findtext("FONCTION")) or "")[:FUNCTION_LENGTH] or None,
            None,
            line,
        )

    def division(self, element: Any) -> Iterator[StaffEvent]:
        """One DIVISION with its services."""
        code = text_of(element.get("CODE"))
        if code is None or len(code) > DIVISION_LENGTH:
            yield Line("blocking", f"Division sans code lisible non reprise. {FIX}", self.file, element.sourceline)
            return
        self._divisions.add(code)
        self._take_services(element, [code])
        label = (one_line(element.findtext("LIBELLE_LONG")) or code)[:LABEL_LENGTH]
        mefs = (text_of(mef.get("CODE")) for mef in element.iterfind("MEFS_APPARTENANCE/MEF_APPARTENANCE"))
        kept = self._mefs[code] = tuple(mef for mef in mefs if mef and len(mef) <= MEF_LENGTH)
        yield DivisionRecord(code, label, kept, element.sourceline)

    def group(self, element: Any) -> None:
        """One GROUPE: its teachers meet pupils of each division it draws from."""
        divisions = (text_of(d.get("CODE")) for d in element.iterfind("DIVISIONS_APPARTENANCE/DIVISION_APPARTENANCE"))
        self._take_services(element, [code for code in divisions if code])

    def assignments(self) -> Iterator[StaffEvent]:
        """Class teachers first, then teachers."""
        for (key, division), line in self._leads.items():
            if division in self._divisions:
                yield AssignmentRecord(key, division, True, line)
            else:
                message = f"{self.staff[key]} est professeur principal de « {division} », qui n'existe pas. {FIX}"
                yield Line("alert", message, self.file, line)
        for (key, division), line in self._teaches.items():
            if key not in self.staff:
                message = f"L'enseignant {key} de la division {division} n'est pas parmi les personnels. {FIX}"
                yield Line("alert", message, self.file, line)
            elif division in self._divisions and (key, division) not in self._leads:
                yield AssignmentRecord(key, division, False, line)

    def services(self) -> Iterator[StaffEvent]:
        """What each division is taught, by whom. Nobody's service is told once, and only while nobody is named."""
        for (division, subject), people in self._taught.items():
            if division not in self._divisions:
                continue
            nobody: list[tuple[str | None, int | None]] = [(None, next(iter(people.values())))]
            for key, line in [(key, line) for key, line in people.items() if key in self.staff] or nobody:
                yield ServiceRecord(division, subject, self._election(division, subject), key, line)

    def _election(self, division: str, subject: str) -> str:
        found = (self._elections.get((mef, subject)) for mef in self._mefs.get(division, ()))
        return next((election for election in found if election), COMMON)

    def _take_services(self, element: Any, divisions: list[str]) -> None:
        """Several SERVICE of one subject (lessons, practical work) are that subject once."""
        for service in element.iterfind("SERVICES/SERVICE"):
            subject = text_of(service.get("CODE_MATIERE"))
            teachers = [(_staff_key(teacher), teacher.sourceline)
                        for teacher in service.iterfind("ENSEIGNANTS/ENSEIGNANT")]  # fmt: skip
            for division in divisions:
                for key, line in teachers:
                    if key:
                        self._teaches.setdefault((key, division), line)
                if subject and len(subject) <= SUBJECT_LENGTH:
                    taught = self._taught.setdefault((division, subject), {})
                    for key, line in teachers or [(None, service.sourceline)]:
                        taught.setdefault(key, line)

    def _fault(self, key: str | None, names: tuple[str | None, ...]) -> str | None:
        if key is None:
            return "son identifiant est absent"
        if not (names[0] or names[1]):
            return "son nom est absent"
        if any(len(name or "") > NAME_LENGTH for name in names):
            return f"un de ses noms dépasse {NAME_LENGTH} caractères"
        if key in self.staff:
            return f"même identifiant que {self.staff[key]}, déjà repris"
        return None


def _staff_key(element: Any) -> str | None:
    identifier, kind = text_of(element.get("ID")), text_of(element.get("TYPE")) or "epp"
    return f"{kind}:{identifier}" if identifier and len(identifier) + len(kind) < 80 else None
