"""Small files as SIECLE, STS and ONDE write them, for one quirk at a time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from typing import Any

from app.exchange.identifiers import key_letter, rnie_key
from app.exchange.readers import read_file
from app.exchange.records import Line

UAI = f"0960001{key_letter(960001)}"
YEAR = 2026
INE = f"123456789{rnie_key(123456789)}"
PARAMETERS = (
    f"<PARAMETRES><UAJ>{UAI}</UAJ><ANNEE_SCOLAIRE>{YEAR}</ANNEE_SCOLAIRE>"
    "<DATE_EXPORT>14/09/2026</DATE_EXPORT></PARAMETRES>"
)


def tags(**values: Any) -> str:
    """Children, None left out."""
    return "".join(f"<{tag}>{value}</{tag}>" for tag, value in values.items() if value is not None)


def pupil(key: object = 1, *, attribute: bool = True, **fields: Any) -> str:
    """One ELEVE without any doubt, unless `fields` say otherwise."""
    base: dict[str, Any] = {
        "INE_RNIE": None, "NOM_DE_FAMILLE": f"MARTIN{key}", "PRENOM": "Léa", "DATE_NAISS": "05/03/2014", "CODE_SEXE": 2,
        "CODE_PAYS": 100, "CODE_COMMUNE_INSEE_NAISS": "96001", "CODE_MEF": "10010012110",
    }  # fmt: skip
    child = "" if attribute else f"<ELEVE_ID>{key}</ELEVE_ID>"
    head = f'<ELEVE ELEVE_ID="{key}">' if attribute else "<ELEVE>"
    return f"{head}{child}{tags(**(base | fields))}</ELEVE>"


def structure(key: object, *codes: str, kind: str = "D") -> str:
    """One STRUCTURES_ELEVE; « 6A/G » is a group."""
    pairs = [(code.partition("/")[0], code.partition("/")[2] or kind) for code in codes]
    inner = "".join(f"<STRUCTURE>{tags(CODE_STRUCTURE=code, TYPE_STRUCTURE=what)}</STRUCTURE>" for code, what in pairs)
    return f'<STRUCTURES_ELEVE ELEVE_ID="{key}">{inner}</STRUCTURES_ELEVE>'


def eleves(*pupils: str, structures: Iterable[str] = (), first: bool = False, parameters: str = PARAMETERS) -> bytes:
    """BEE_ELEVES; `first` puts STRUCTURES before ELEVES."""
    parts = [f"<ELEVES>{''.join(pupils)}</ELEVES>", f"<STRUCTURES>{''.join(structures)}</STRUCTURES>"]
    body = "\n".join(reversed(parts) if first else parts)
    return xml(f'<BEE_ELEVES VERSION="2.1">{parameters}\n<DONNEES>{body}</DONNEES></BEE_ELEVES>')


def person(key: object, **fields: Any) -> str:
    """One PERSONNE."""
    base: dict[str, Any] = {"LC_CIVILITE": "MME", "NOM_DE_FAMILLE": f"DUPONT{key}", "PRENOM": "Anne", "ADRESSE_ID": 7}
    return f'<PERSONNE PERSONNE_ID="{key}">{tags(**(base | fields))}</PERSONNE>'


def link(pupil_id: object, person_id: object, **fields: Any) -> str:
    """One RESPONSABLE_ELEVE of the new generation, unless `fields` say otherwise."""
    base: dict[str, Any] = {"ELEVE_ID": pupil_id, "PERSONNE_ID": person_id, "CODE_PARENTE": 10}
    if "RESP_LEGAL" not in fields:
        base["NIVEAU_RESPONSABILITE"] = 1
    return f"<RESPONSABLE_ELEVE>{tags(**(base | fields))}</RESPONSABLE_ELEVE>"


ADDRESS = (
    '<ADRESSE ADRESSE_ID="7"><LIGNE1_ADRESSE>3 rue Basse</LIGNE1_ADRESSE><CODE_POSTAL>96000</CODE_POSTAL>'
    "<LIBELLE_POSTAL>MONTREVEL</LIBELLE_POSTAL><CODE_PAYS>100</CODE_PAYS><LL_PAYS>FRANCE</LL_PAYS></ADRESSE>"
)


def responsables(persons: Iterable[str], links: Iterable[str], addresses: str = ADDRESS) -> bytes:
    """BEE_RESPONSABLES."""
    return xml(
        f"<BEE_RESPONSABLES>{PARAMETERS}<DONNEES>\n<PERSONNES>{''.join(persons)}</PERSONNES>\n"
        f"<RESPONSABLES>{''.join(links)}</RESPONSABLES>\n<ADRESSES>{addresses}</ADRESSES></DONNEES></BEE_RESPONSABLES>"
    )


def sts(individuals: str, divisions: str = "", groups: str = "", parameters: str = "") -> bytes:
    """STS_EDT."""
    return xml(
        f'<STS_EDT><PARAMETRES><UAJ CODE="{UAI}"/><ANNEE_SCOLAIRE ANNEE="{YEAR}"/>{parameters}</PARAMETRES><DONNEES>'
        f"<INDIVIDUS>{individuals}</INDIVIDUS><STRUCTURE><DIVISIONS>{divisions}</DIVISIONS>"
        f"<GROUPES>{groups}</GROUPES></STRUCTURE></DONNEES></STS_EDT>"
    )


def xml(body: str, encoding: str = "ISO-8859-15") -> bytes:
    """With its declaration."""
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{body}'.encode(encoding, "xmlcharrefreplace")


def zipped(*files: tuple[str, bytes]) -> bytes:
    """A zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return out.getvalue()


def table(*rows: str, encoding: str = "cp1252", end: str = "\r\n") -> bytes:
    """A csv."""
    return (end.join(rows) + end).encode(encoding)


def read(data: bytes, kind: type | None = None) -> list[Any]:
    """What a file gives; only the records of one kind when asked."""
    found = list(read_file(data, "essai"))
    return [item for item in found if kind is None or isinstance(item, kind)]


def lines(data: bytes, severity: str | None = None) -> list[Line]:
    """The report lines of a file."""
    return [line for line in read(data, Line) if severity in (None, line.severity)]
