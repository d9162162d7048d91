"""The shipped lists (app/curriculum/data): levels, programmes, areas, subjects. Read once, never written."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"
PATHWAYS = {
    "PAR_CIT": "Parcours citoyen",
    "PAR_ART": "Parcours d'éducation artistique et culturelle",
    "PAR_SAN": "Parcours éducatif de santé",
    "PAR_AVN": "Parcours avenir",
}
OBJECTIVES = {1: "Non atteints", 2: "Partiellement atteints", 3: "Atteints", 4: "Dépassés"}
MASTERY = {1: "Insuffisante", 2: "Fragile", 3: "Satisfaisante", 4: "Très bonne", 0: "Dispensé"}
# The eight components of the common base (socle commun), in the order they are printed.
BASE_COMPONENTS = {
    "CPD_FRA": "Comprendre, s'exprimer en utilisant la langue française à l'oral et à l'écrit",
    "CPD_ETR": "Comprendre, s'exprimer en utilisant une langue étrangère et, le cas échéant, une langue régionale",
    "CPD_SCI": "Comprendre, s'exprimer en utilisant les langages mathématiques, scientifiques et informatiques",
    "CPD_ART": "Comprendre, s'exprimer en utilisant les langages des arts et du corps",
    "MET_APP": "Les méthodes et outils pour apprendre",
    "FRM_CIT": "La formation de la personne et du citoyen",
    "SYS_NAT": "Les systèmes naturels et les systèmes techniques",
    "REP_MND": "Les représentations du monde et l'activité humaine",
}
# National themes of the EPI, support schemes, and what the end of cycle 4 may add (enseignements de complément).
EPI_THEMES = {
    "EPI_SAN": "Corps, santé, bien-être et sécurité",
    "EPI_ART": "Culture et création artistiques",
    "EPI_EDD": "Transition écologique et développement durable",
    "EPI_ICC": "Information, communication, citoyenneté",
    "EPI_LGA": "Langues et cultures de l'Antiquité",
    "EPI_LGE": "Langues et cultures étrangères ou, le cas échéant, régionales",
    "EPI_PRO": "Monde économique et professionnel",
    "EPI_STS": "Sciences, technologie et société",
}
SCHEMES = {
    "PAP": "Plan d'accompagnement personnalisé",
    "PAI": "Projet d'accueil individualisé",
    "PPRE": "Programme personnalisé de réussite éducative",
    "PPS": "Projet personnalisé de scolarisation",
    "ULIS": "Unité localisée pour l'inclusion scolaire",
    "UPE2A": "Unité pédagogique pour élèves allophones arrivants",
    "SEGPA": "Section d'enseignement général et professionnel adapté",
    "CTR": "Contrat de réussite",
    "RASED": "Réseau d'aides spécialisées aux élèves en difficulté",
    "BILINGUE": "Classe bilingue",
    "CHAD": "Classe à horaires aménagés danse",
    "CHAM": "Classe à horaires aménagés musique",
    "CHAT": "Classe à horaires aménagés théâtre",
}
COMPLEMENTS = {
    "AUC": "Aucun",
    "LCA": "Langues et cultures de l'Antiquité",
    "LCE": "Langues et cultures européennes",
    "LCR": "Langues et cultures régionales",
    "CHK": "Chant choral",
    "PRO": "Découverte professionnelle",
    "LSF": "Langue des signes française",
    "LVE": "Langue vivante étrangère",
}


class Level(NamedTuple):
    """Niveau, with its cycle; `rank` orders them."""

    code: str
    label: str
    cycle: int
    rank: int


class ProgrammeLabel(NamedTuple):
    """What the shipped list says of a MEF; an unlisted code has `level` None and says it is unknown."""

    mef_code: str
    label: str
    level: str | None
    known: bool = True


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a shipped list, by column."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def levels() -> dict[str, Level]:
    """Every level by code."""
    found = (
        Level(row["code"], row["label"], int(row["cycle"]), int(row["rank"])) for row in rows_of("grade_levels.csv")
    )
    return {level.code: level for level in found}


@cache
def _programmes() -> dict[str, ProgrammeLabel]:
    rows = rows_of("programmes.csv")
    return {row["mef_code"]: ProgrammeLabel(row["mef_code"], row["label"], row["level"]) for row in rows}


def programme_label(mef_code: str) -> ProgrammeLabel:
    """Label and level of a MEF; an unlisted code is kept as « inconnu »."""
    return _programmes().get(mef_code) or ProgrammeLabel(mef_code, f"MEF inconnu {mef_code}", None, known=False)
