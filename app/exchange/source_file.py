"""What a file is: SIECLE pupils, SIECLE guardians, STS, or one of ONDE's three extractions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from app.core.errors import BadInput
from app.exchange.fields import french_date, iso_date
from app.exchange.onde.table import onde_kind
from app.exchange.packaging import Package, open_package
from app.exchange.records import Header
from app.exchange.xml_stream import read_prolog

Kind = Literal["siecle_pupils", "siecle_guardians", "sts", "onde_pupils", "onde_guardians", "onde_teachers"]

ROOTS: dict[str, Kind] = {
    "BEE_ELEVES": "siecle_pupils",
    "BEE_RESPONSABLES": "siecle_guardians",
    "STS_EDT": "sts",
}
KIND_LABELS: dict[Kind, str] = {
    "siecle_pupils": "élèves de SIECLE",
    "siecle_guardians": "responsables de SIECLE",
    "sts": "personnels et services de STS",
    "onde_pupils": "élèves d'ONDE",
    "onde_guardians": "responsables d'ONDE",
    "onde_teachers": "enseignants d'ONDE",
}
_NEEDED = (
    "La synchronisation lit ExportXML_ElevesSansAdresses, ExportXML_ResponsablesAvecAdresses, "
    "sts_emp_<UAI>_<année>.xml et les extractions csv d'ONDE."
)
_FROM_TIMETABLE = "Ce fichier va d'un logiciel d'emploi du temps vers STS (emp_sts) : il ne décrit pas l'établissement."
_UNUSED = {
    "BEE_STRUCTURES": "Structures : les divisions viennent du fichier des élèves.",
    "BEE_NOMENCLATURES": "Nomenclature : les libellés des formations sont fournis avec Livret.",
    "BEE_COMMUN": "Communs : l'adresse et le chef d'établissement se saisissent à l'écran.",
    "BEE_COMMUNS": "Communs : l'adresse et le chef d'établissement se saisissent à l'écran.",
}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A recognised file: how to read its bytes, what it is and what it says of itself."""

    package: Package
    kind: Kind
    header: Header

    @property
    def name(self) -> str:
        """The file's name, as the person knows it."""
        return self.package.name


def open_source(content: Path | bytes, name: str | None = None) -> SourceFile:
    """Recognise a file by its root element or its csv headers; what cannot be used raises BadInput."""
    package = open_package(content, name or (content.name if isinstance(content, Path) else "fichier"))
    with package.stream() as stream:
        start = stream.read(256 << 10)
    if not _looks_like_xml(start):
        return SourceFile(package, onde_kind(start, package.name), Header())
    root, parameters = read_prolog(package, ("DONNEES", "NOMENCLATURES"))
    kind = _kind_of(root.tag, parameters, package.name)
    if parameters is None:
        raise BadInput(
            "Le fichier ne dit ni l'établissement ni l'année (bloc PARAMETRES absent).",
            file=package.name,
            hint="Refaites l'export depuis SIECLE ou STS.",
        )
    return SourceFile(package, kind, _sts_header(parameters) if kind == "sts" else _bee_header(parameters))


def _looks_like_xml(start: bytes) -> bool:
    bare = start[:4096].replace(b"\x00", b"")
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        bare = bare.removeprefix(mark)
    return bare.lstrip().startswith(b"<")


def _kind_of(root: str, parameters: Any | None, name: str) -> Kind:
    if root == "EDT_STS" or (root == "STS_EDT" and _says_where_it_comes_from(parameters)):
        raise BadInput(
            _FROM_TIMETABLE, file=name, hint="Exportez sts_emp_<UAI>_<année>.xml depuis STS et déposez celui-là."
        )
    if root in ROOTS:
        return ROOTS[root]
    if root in _UNUSED:
        raise BadInput(f"Ce fichier n'est pas utilisé. {_UNUSED[root]}", file=name, hint="Retirez-le de l'envoi.")
    raise BadInput(f"Ce fichier n'est pas un export attendu (racine « {root[:60]} »).", file=name, hint=_NEEDED)


def _says_where_it_comes_from(parameters: Any | None) -> bool:
    return parameters is not None and parameters.find("APPLICATION_SOURCE") is not None


def _bee_header(parameters: Any) -> Header:
    texts = {child.tag: (child.text or "").strip() for child in parameters}
    return Header(
        texts.get("UAJ", "").upper() or None, _year(texts.get("ANNEE_SCOLAIRE")), french_date(texts.get("DATE_EXPORT"))
    )


def _sts_header(parameters: Any) -> Header:
    uaj, year = parameters.find("UAJ"), parameters.find("ANNEE_SCOLAIRE")
    uai = (uaj.get("CODE") or "").strip().upper() if uaj is not None else ""
    exported = parameters.findtext("DATE_EXPORT")
    return Header(
        uai or None,
        _year(year.get("ANNEE") if year is not None else None),
        french_date(exported) or iso_date(exported),
    )


def _year(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) == 4 else None
