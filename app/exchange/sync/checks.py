"""Whether the files are this school's, of this year, and go together. A fault refuses the set: nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import BadInput
from app.exchange.records import Line
from app.exchange.source_file import KIND_LABELS, Kind, SourceFile, open_source
from app.schools.models import School

FORCE_HINT = "Si c'est bien ce que vous voulez, confirmez l'année lors de la synchronisation."


@dataclass(frozen=True, slots=True)
class SchoolFacts:
    """What a synchronisation needs to know of a school, once and for all."""

    id: int
    uai: str
    kind: str
    school_year_id: int
    first_year: int

    @classmethod
    def of(cls, school: School) -> SchoolFacts:
        """Read from the row."""
        return cls(school.id, school.uai, school.kind, school.school_year_id, school.school_year.first_year)


class FileSet:
    """The files of one synchronisation, at most one of each kind."""

    def __init__(self, sources: Sequence[SourceFile]) -> None:
        self._by_kind: dict[Kind, SourceFile] = {}
        for source in sources:
            if (other := self._by_kind.get(source.kind)) is not None:
                raise BadInput(
                    f"Deux fichiers contiennent les {KIND_LABELS[source.kind]} : {other.name} et {source.name}.",
                    file=source.name,
                    hint="Ne gardez que le plus récent.",
                )
            self._by_kind[source.kind] = source

    def get(self, kind: Kind) -> SourceFile | None:
        """The file of that kind."""
        return self._by_kind.get(kind)

    def __iter__(self) -> Iterator[SourceFile]:
        return iter(self._by_kind.values())

    @property
    def is_onde(self) -> bool:
        """ONDE's extractions; SIECLE and STS otherwise."""
        return any(kind.startswith("onde") for kind in self._by_kind)

    @property
    def size(self) -> int:
        """Bytes to read, unpacked."""
        return sum(source.package.size for source in self)


def open_set(files: Sequence[Path], school: SchoolFacts, year: int, *, force_year: bool) -> tuple[FileSet, list[Line]]:
    """Recognise every file and check that they are the school's; also says what is odd but bearable."""
    if not files:
        raise BadInput("Aucun fichier.", hint="Donnez au moins l'export des élèves.")
    found = FileSet([open_source(path) for path in files])
    if found.is_onde and any(not source.kind.startswith("onde") for source in found):
        raise BadInput(
            "Des fichiers d'ONDE et de SIECLE sont mêlés.",
            hint="Une école se synchronise depuis ONDE, un collège depuis SIECLE.",
        )
    lines: list[Line] = []
    for source in found:
        _check_kind(source, school)
        if not found.is_onde:
            lines += _check_header(source, school, year, force_year=force_year)
    lines += _check_agreement(found)
    return found, lines


def _check_kind(source: SourceFile, school: SchoolFacts) -> None:
    if source.kind.startswith("onde") != (school.kind == "ecole"):
        expected = "ONDE" if school.kind == "ecole" else "SIECLE et STS"
        raise BadInput(
            f"Ce fichier contient les {KIND_LABELS[source.kind]}, or l'établissement {school.uai} se synchronise "
            f"depuis {expected}.",
            file=source.name,
            hint="Vérifiez l'établissement choisi et le fichier.",
        )


def _check_header(source: SourceFile, school: SchoolFacts, year: int, *, force_year: bool) -> Iterator[Line]:
    header = source.header
    if header.uai != school.uai:
        whose = (
            f"est celui de l'établissement {header.uai}" if header.uai else "ne dit pas de quel établissement il est"
        )
        raise BadInput(
            f"Le fichier {whose} ; l'établissement à synchroniser est {school.uai}.",
            file=source.name,
            hint="Choisissez l'export de cet établissement.",
        )
    if header.year is None:
        message = "Le fichier ne dit pas son année scolaire : il est pris pour celui de l'année en cours."
        yield Line("alert", message, source.name)
    elif header.year != year and not force_year:
        raise BadInput(
            f"Le fichier est de l'année {header.year}-{header.year + 1} ; l'année en cours est {year}-{year + 1}.",
            file=source.name,
            hint=f"Refaites l'export de l'année en cours. {FORCE_HINT}",
        )
    elif header.year != year:
        message = f"Année {header.year}-{header.year + 1} acceptée à votre demande pour l'année {year}-{year + 1}."
        yield Line("alert", message, source.name)


def _check_agreement(found: FileSet) -> Iterator[Line]:
    years = {source.header.year for source in found if source.header.year}
    if len(years) > 1:
        listed = " ; ".join(f"{source.name} : {source.header.year}" for source in found)
        raise BadInput(f"Les fichiers ne sont pas de la même année ({listed}).", hint="Refaites les exports ensemble.")
    days = {source.header.exported_on for source in found if source.header.exported_on}
    if len(days) > 1:
        yield Line("alert", "Les fichiers n'ont pas été exportés le même jour : refaites les exports ensemble.")
