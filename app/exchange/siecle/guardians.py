"""BEE_RESPONSABLES: persons, addresses and links, joined at the end of the file.

The three sections refer to each other in any order, so persons and addresses wait in memory, each packed in one
string: about 100 MB for 80,000 pupils.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from sys import intern
from typing import Any

from app.core.errors import BadInput
from app.exchange.fields import is_email, is_identifier, is_true, one_line, text_of, title_of
from app.exchange.records import GuardianEvent, GuardianLinkRecord, GuardianRecord, Line, RejectedGuardian
from app.exchange.siecle.ranks import RawLink, is_readable, rank_links
from app.exchange.source_file import SourceFile
from app.exchange.xml_stream import OnBytes, records

FIX = "À corriger dans SIECLE (BEE)."
SEPARATOR = "\x1f"  # cannot occur in XML
NAME_LENGTH, PHONE_LENGTH, FRANCE = 100, 20, "100"
ADDRESS_LENGTHS = (80, 80, 80, 80, 10, 60, 40)
KnowsPupil = Callable[[str], bool]


def read_guardians(
    source: SourceFile, knows_pupil: KnowsPupil = lambda _: True, on_bytes: OnBytes | None = None
) -> Iterator[GuardianEvent]:
    """Guardians with their address and ranked links, in the order of the file, and report lines.

    A link to a pupil that `knows_pupil` does not know is left out with a blocking line. Persons linked to no
    pupil are nobody's guardian and are not handed over.
    """
    reader = GuardianReader(source.name, knows_pupil)
    for element in records(source.package, ("PERSONNE", "ADRESSE", "RESPONSABLE_ELEVE"), on_bytes):
        if element.tag == "PERSONNE":
            yield from reader.person(element)
        elif element.tag == "ADRESSE":
            reader.address(element)
        else:
            yield from reader.link(element)
    if not reader.persons and not reader.rejected:
        raise BadInput(
            "Le fichier ne contient aucun responsable.", file=source.name, hint="Refaites l'export depuis SIECLE."
        )
    yield from reader.guardians()


class GuardianReader:
    """Collects the three sections, then joins them."""

    def __init__(self, file: str, knows_pupil: KnowsPupil) -> None:
        self.file = file
        self.persons: dict[str, tuple[str, int | None]] = {}
        self.rejected: set[str] = set()
        self._knows_pupil = knows_pupil
        self._addresses: dict[str, str] = {}
        self._links: dict[str, list[RawLink]] = {}
        self._unknown_links: list[RawLink] = []

    def person(self, element: Any) -> Iterator[GuardianEvent]:
        """One PERSONNE."""
        texts, line = _texts(element), element.sourceline
        key = (element.get("PERSONNE_ID") or texts.get("PERSONNE_ID") or "").strip()
        last, usage = _name(texts, "NOM_DE_FAMILLE") or _name(texts, "NOM"), _name(texts, "NOM_USAGE")
        who = f"{last or usage or '(sans nom)'} {_name(texts, 'PRENOM') or ''} (PERSONNE_ID {key or 'absent'})"
        fault = self._person_fault(key, last or usage, texts)
        if fault:
            yield from self._reject(key, f"Responsable {who} non repris : {fault}. {FIX}", line)
            return
        phones = [_phone(texts, tag) for tag in ("TEL_PERSONNEL", "TEL_PORTABLE", "TEL_PROFESSIONNEL")]
        mail = (text_of(texts.get("MEL")) or "") if "MEL" in texts else ""
        if mail and not is_email(mail):
            yield self._alert(f"Responsable {who} : l'adresse électronique « {mail[:80]} » n'est pas valable.", line)
            mail = ""
        title = title_of(texts.get("LC_CIVILITE")) or title_of(texts.get("LL_CIVILITE")) or ""
        parts = [title, last or usage or "", usage or "", _name(texts, "PRENOM") or "", mail, *phones]
        self.persons[intern(key)] = (SEPARATOR.join([*parts, (texts.get("ADRESSE_ID") or "").strip()]), line)

    def address(self, element: Any) -> None:
        """One ADRESSE."""
        texts = _texts(element)
        key = (element.get("ADRESSE_ID") or texts.get("ADRESSE_ID") or "").strip()
        abroad = (texts.get("CODE_PAYS") or FRANCE).strip() != FRANCE
        box = one_line(texts.get("BOITE_POSTALE"))
        lines = [one_line(texts.get(f"LIGNE{n}_ADRESSE")) for n in range(1, 5)]
        if box and None in lines:
            lines[lines.index(None)] = box if box.upper().startswith("BP") else f"BP {box}"
        city = one_line(texts.get("LIBELLE_POSTAL")) or one_line(texts.get("COMMUNE_ETRANGERE"))
        country = one_line(texts.get("LL_PAYS")) if abroad else None
        parts = [*lines, one_line(texts.get("CODE_POSTAL")), city, country]
        self._addresses[key] = SEPARATOR.join(
            (part or "")[:length] for part, length in zip(parts, ADDRESS_LENGTHS, strict=True)
        )

    def link(self, element: Any) -> Iterator[GuardianEvent]:
        """One RESPONSABLE_ELEVE, of either generation."""
        texts, get = _texts(element), element.get
        link = RawLink(
            intern((texts.get("PERSONNE_ID") or get("PERSONNE_ID") or "").strip()),
            intern((texts.get("ELEVE_ID") or get("ELEVE_ID") or "").strip()),
            _kinship(texts.get("CODE_PARENTE")),
            text_of(texts.get("NIVEAU_RESPONSABILITE")),
            text_of(texts.get("RESP_LEGAL")),
            is_true(texts.get("PAIE_FRAIS_SCOLAIRES")),
            element.sourceline,
        )
        if not link.pupil_id or not self._knows_pupil(link.pupil_id):
            self._unknown_links.append(link)
        elif any(other.guardian_id == link.guardian_id for other in self._links.get(link.pupil_id, ())):
            message = f"Lien répété entre PERSONNE_ID {link.guardian_id} et ELEVE_ID {link.pupil_id}"
            yield self._alert(f"{message} : le premier est gardé.", link.line)
        elif not is_readable(link):
            message = (
                f"Lien entre PERSONNE_ID {link.guardian_id} et ELEVE_ID {link.pupil_id} non repris, et le responsable "
                f"laissé tel quel : ni NIVEAU_RESPONSABILITE ni RESP_LEGAL lisible. {FIX}"
            )
            yield from self._reject(link.guardian_id, message, link.line)
        else:
            self._links.setdefault(link.pupil_id, []).append(link)

    def guardians(self) -> Iterator[GuardianEvent]:
        """Everything joined, once the whole file was read."""
        yield from self._report_unknown_pupils()
        links, lines = self._ranked()
        yield from lines
        for key in list(self.persons):
            packed, line = self.persons.pop(key)
            if key in self.rejected or key not in links:
                continue
            yield from self._joined(key, packed.split(SEPARATOR), tuple(links.pop(key)), line)

    def _report_unknown_pupils(self) -> Iterator[Line]:
        for link in self._unknown_links:
            message = (
                f"Lien non repris : {self._who(link.guardian_id)} est responsable d'un élève inconnu "
                f"(ELEVE_ID {link.pupil_id or 'absent'}). Exportez ensemble élèves et responsables. {FIX}"
            )
            yield Line("blocking", message, self.file, link.line)

    def _ranked(self) -> tuple[dict[str, list[GuardianLinkRecord]], list[Line]]:
        """The links by guardian, and what is to be said of them."""
        by_guardian: dict[str, list[GuardianLinkRecord]] = {}
        lines: list[Line] = []
        for pupil_id in list(self._links):
            known, raw = [], self._links.pop(pupil_id)
            for link in raw:
                if link.guardian_id in self.persons:
                    known.append(link)
                elif link.guardian_id not in self.rejected:
                    message = f"Lien non repris : la personne {link.guardian_id or '(absente)'}"
                    lines.append(Line("blocking", f"{message} n'est pas dans le fichier. {FIX}", self.file, link.line))
            made, doubts = rank_links(known)
            for link, reason in doubts:
                message = f"{self._who(link.guardian_id)}, représentant légal de l'élève ELEVE_ID {pupil_id}"
                lines.append(self._alert(f"{message}, reste sans rang : {reason}.", link.line))
            for ranked in made:
                by_guardian.setdefault(ranked.guardian_id, []).append(ranked)
        return by_guardian, lines

    def _joined(
        self, key: str, parts: list[str], links: tuple[GuardianLinkRecord, ...], line: int | None
    ) -> Iterator[GuardianEvent]:
        title, last, usage, first, mail, home, mobile, work, address_id = parts
        address = self._addresses.get(address_id)
        if address is None and address_id:
            yield self._alert(f"Responsable {last} {first} : l'adresse {address_id} n'est pas dans le fichier.", line)
        lines = [part or None for part in address.split(SEPARATOR)] if address else [None] * 7
        texts = (part or None for part in (title, last, usage, first, mail, home, mobile, work))
        yield GuardianRecord._make((key, *texts, *lines, links, line))

    def _person_fault(self, key: str, last: str | None, texts: dict[str, str]) -> str | None:
        if not is_identifier(key):
            return "son identifiant PERSONNE_ID est absent ou n'est pas un nombre"
        if last is None:
            return "son nom est absent"
        if any(len(name or "") > NAME_LENGTH for name in (last, texts.get("NOM_USAGE"), texts.get("PRENOM"))):
            return f"un de ses noms dépasse {NAME_LENGTH} caractères"
        if key in self.persons:
            return f"même PERSONNE_ID que {self._who(key)}, ligne {self.persons[key][1]} ; aucun des deux n'est repris"
        return None

    def _reject(self, key: str, message: str, line: int | None) -> Iterator[GuardianEvent]:
        self.rejected.add(key)
        yield RejectedGuardian(key if is_identifier(key) else "")
        yield Line("blocking", message, self.file, line)

    def _who(self, key: str) -> str:
        if key not in self.persons:
            return f"PERSONNE_ID {key or 'absent'}"
        parts = self.persons[key][0].split(SEPARATOR)
        return f"{parts[1]} {parts[3]}".strip() + f" (PERSONNE_ID {key})"

    def _alert(self, message: str, line: int | None) -> Line:
        return Line("alert", f"{message} {FIX}", self.file, line)


def _texts(element: Any) -> dict[str, str]:
    return {child.tag: text for child in element if (text := child.text) and not text.isspace()}


def _name(texts: dict[str, str], tag: str) -> str | None:
    return one_line(texts.get(tag))


def _phone(texts: dict[str, str], tag: str) -> str:
    return (texts.get(tag) or "").strip()[:PHONE_LENGTH]


def _kinship(value: str | None) -> str | None:
    """Two characters now, one in 2017; shown raw when unknown, never mapped."""
    value = text_of(value)
    return intern(value[:2]) if value else None
