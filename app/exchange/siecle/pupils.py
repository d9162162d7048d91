"""BEE_ELEVES: pupils and their divisions, in one pass; STRUCTURES may come before or after ELEVES."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from app.core.errors import BadInput
from app.exchange.fields import french_date, is_identifier, text_of
from app.exchange.identifiers import ine_is_valid
from app.exchange.records import Line, PlacementRecord, PupilEvent, PupilRecord, RejectedPupil
from app.exchange.source_file import SourceFile
from app.exchange.xml_stream import OnBytes, records

FIX = "À corriger dans SIECLE (BEE)."
SEXES = {"1": "M", "2": "F"}
INACTIVE = "inactifs"
NAME_LENGTH, MEF_LENGTH, DIVISION_LENGTH, INE_LENGTH = 100, 11, 20, 11
FRANCE = "100"


def read_pupils(source: SourceFile, on_bytes: OnBytes | None = None) -> Iterator[PupilEvent]:
    """Pupils, placements and report lines. A file without any pupil is refused."""
    reader = PupilReader(source.name)
    for element in records(source.package, ("ELEVE", "STRUCTURES_ELEVE"), on_bytes):
        yield from reader.pupil(element) if element.tag == "ELEVE" else reader.placement(element)
    if reader.count == 0:
        raise BadInput(
            "Le fichier ne contient aucun élève.",
            file=source.name,
            hint="Refaites l'export des élèves depuis SIECLE : un fichier vide ne ferme pas toutes les scolarités.",
        )


class PupilReader:
    """Reads elements, and remembers who was met so that nobody comes in twice."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self._ids: dict[str, str] = {}
        self._ines: dict[str, str] = {}

    def pupil(self, element: Any) -> Iterator[PupilEvent]:
        """One ELEVE."""
        self.count += 1
        line = element.sourceline
        texts = {child.tag: text for child in element if (text := child.text) and not text.isspace()}
        key = (element.get("ELEVE_ID") or texts.get("ELEVE_ID") or "").strip()
        last = text_of(texts.get("NOM_DE_FAMILLE")) or text_of(texts.get("NOM"))
        first = text_of(texts.get("PRENOM"))
        who = f"{last or '(sans nom)'} {first or '(sans prénom)'} (ELEVE_ID {key or 'absent'})"
        born = french_date(texts.get("DATE_NAISS"))
        fault = _fault(key, last, first, born, texts)
        if fault or last is None or first is None or born is None:
            yield RejectedPupil(key if is_identifier(key) else "")
            yield self._line("blocking", f"Élève {who} non repris : {fault}. {FIX}", line)
            return
        record = self._record(key, last, first, born, texts, line)
        if twin := self._twin(record, who):
            yield from twin
            return
        yield record
        yield from self._alerts(record, who, texts)

    def placement(self, element: Any) -> Iterator[PupilEvent]:
        """One STRUCTURES_ELEVE: the divisions of a pupil, groups aside."""
        key = (element.get("ELEVE_ID") or element.findtext("ELEVE_ID") or "").strip()
        codes = dict.fromkeys(code for item in element.iterchildren("STRUCTURE") if (code := _division(item)))
        kept = next(iter(codes), None)
        if not is_identifier(key):
            yield self._line("alert", f"Affectation sans ELEVE_ID ignorée. {FIX}", element.sourceline)
            return
        if len(codes) > 1:
            listed = ", ".join(codes)
            message = f"L'élève {self._name(key)} a plusieurs divisions ({listed}) : {kept} est retenue. {FIX}"
            yield self._line("alert", message, element.sourceline)
        yield PlacementRecord(key, kept, element.sourceline)

    def _record(
        self, key: str, last: str, first: str, born: date, texts: dict[str, str], line: int | None
    ) -> PupilRecord:
        get = texts.get
        mef = text_of(get("CODE_MEF"))
        return PupilRecord(
            key,
            kept_ine(get("INE_RNIE"), get("ID_NATIONAL"), get("INE_BEA")),
            last,
            text_of(get("NOM_USAGE")),
            first,
            text_of(get("PRENOM2")),
            text_of(get("PRENOM3")),
            born,
            SEXES.get(get("CODE_SEXE", "").strip()),
            mef if mef and len(mef) <= MEF_LENGTH else None,
            french_date(get("DATE_ENTREE") or get("DATE_ENTREE_ELE")),
            french_date(get("DATE_SORTIE") or get("DATE_SORTIE_ETAB")),
            None,
            line,
        )

    def _twin(self, record: PupilRecord, who: str) -> list[PupilEvent]:
        place = f"{who}, ligne {record.line}"
        if record.source_id in self._ids:
            other = self._ids[record.source_id]
            message = f"Même ELEVE_ID pour deux élèves : {other} et {place}. Aucun n'est repris. {FIX}"
            return [RejectedPupil(record.source_id), self._line("blocking", message, record.line)]
        self._ids[record.source_id] = place
        if record.ine is None:
            return []
        first = self._ines.setdefault(record.ine, record.source_id)
        if first == record.source_id:
            return []
        message = f"Même INE {record.ine} pour deux élèves : {self._ids[first]} et {place}. Aucun n'est repris. {FIX}"
        return [
            RejectedPupil(first),
            RejectedPupil(record.source_id),
            self._line("blocking", message, record.line),
        ]

    def _alerts(self, record: PupilRecord, who: str, texts: dict[str, str]) -> Iterator[Line]:
        for message in _doubts(record, texts):
            yield self._line("alert", f"Élève {who} : {message} {FIX}", record.line)

    def _name(self, key: str) -> str:
        return self._ids.get(key, f"ELEVE_ID {key}")

    def _line(self, severity: Any, message: str, line: int | None) -> Line:
        return Line(severity, message, self.file, line)


def kept_ine(*candidates: str | None) -> str | None:
    """The first non-empty one, in the order given (RNIE, ID_NATIONAL, BEA); what is too long is no INE."""
    for candidate in candidates:
        ine = text_of(candidate)
        if ine:
            return ine.upper() if len(ine) <= INE_LENGTH else None
    return None


def _fault(key: str, last: str | None, first: str | None, born: date | None, texts: dict[str, str]) -> str | None:
    """Why a pupil cannot be taken at all."""
    if not is_identifier(key):
        return "son identifiant ELEVE_ID est absent ou n'est pas un nombre"
    if last is None:
        return "son nom de famille est absent"
    if first is None:
        return "son prénom est absent"
    names = (last, first, *(texts.get(tag, "") for tag in ("NOM_USAGE", "PRENOM2", "PRENOM3")))
    if any(len(name) > NAME_LENGTH for name in names):
        return f"un de ses noms dépasse {NAME_LENGTH} caractères"
    if born is None:
        found = text_of(texts.get("DATE_NAISS"))
        return f"sa date de naissance « {found} » est illisible" if found else "sa date de naissance est absente"
    return None


def _doubts(record: PupilRecord, texts: dict[str, str]) -> Iterator[str]:
    if record.ine is None:
        yield "pas d'INE, son livret ne pourra pas être exporté vers le premier degré."
    elif not ine_is_valid(record.ine):
        yield f"la clé de l'INE {record.ine} est fausse."
    if record.sex is None:
        yield "le sexe n'est pas indiqué."
    if texts.get("CODE_PAYS", "").strip() == FRANCE and not text_of(texts.get("CODE_COMMUNE_INSEE_NAISS")):
        yield "naissance en France sans commune de naissance."
    if record.mef_code is None and text_of(texts.get("CODE_MEF")):
        yield "le code MEF est illisible."
    for tag, kept in (("DATE_ENTREE", record.starts_on), ("DATE_SORTIE", record.ends_on)):
        found = texts.get(tag) or texts.get({"DATE_ENTREE": "DATE_ENTREE_ELE"}.get(tag, "DATE_SORTIE_ETAB"))
        if kept is None and text_of(found):
            yield f"la date « {found} » ({tag}) est illisible et n'est pas reprise."


def _division(item: Any) -> str | None:
    """The code of a division; None for a group, and for « Inactifs », which is no division."""
    if (item.findtext("TYPE_STRUCTURE") or "D").strip().upper() != "D":
        return None
    code = text_of(item.get("CODE_STRUCTURE") or item.findtext("CODE_STRUCTURE"))
    return None if code is None or len(code) > DIVISION_LENGTH or code.lower() == INACTIVE else code
