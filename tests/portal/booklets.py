"""Published booklets of the tests' families: what the school printed, as the replicator writes it."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.portal.models import PublishedBooklet, PublishedEdition
from letters.booklet_types import (
    BookletFacts,
    BookletLife,
    BookletLine,
    BookletMastery,
    BookletProject,
    BookletPupil,
    BookletSchool,
    LabelledText,
    plain,
)

SCHOOL = BookletSchool(
    academy="Académie de Montrevel", name="Collège Essai", uai="0990001D", address=("1 rue des Tilleuls",
    "99000 MONTREVEL"), phone=None, email=None, head_title="La principale", head_name="Odile Marchenoir")  # fmt: skip
ABSENT: dict[str, Any] = dict.fromkeys(
    ("teachers", "comment", "positioning", "average", "class_average", "letter", "not_assessed"))


def line(label: str, **facts: Any) -> BookletLine:
    """A line with nothing but what is given."""
    return BookletLine(**({"label": label, "depth": 0, "elements": ()} | ABSENT | facts))


LINES = (
    line("Français", teachers="Mme FAUVEL", positioning=3, comment="Des progrès à l'écrit.\nContinuez.",
         elements=("Lire un récit d'aventures.", "Écrire un dialogue.")),
    line("Mathématiques", average="12,50", class_average="11,02", comment="Travail sérieux."),
    line("Technologie", not_assessed="Professeur non remplacé"),
    line("Langage oral", depth=1, positioning=4),
)  # fmt: skip


def facts(last_name: str, first_name: str, **other: Any) -> BookletFacts:
    """A booklet with something of everything."""
    project = BookletProject(kind="epi", title="Un jardin au collège", theme="Transition écologique",
                             subjects=("Sciences", "Français"), teachers=("M. BELHAJ",), description=None,
                             group_comment="Un potager mené à bien.", comment="Moteur du groupe.")
    known = {
        "model": "college", "school": SCHOOL, "year": "2026-2027", "period": "Trimestre 1", "cycle": 4,
        "levels": ("5e", "4e", "3e"), "level": "4e", "division": "4C", "class_teachers": "Mme FAUVEL",
        "pupil": BookletPupil(last_name, first_name, date(2014, 1, 18)), "council_on": date(2026, 11, 20),
        "scale": "objectives", "scale_max": 20, "lines": LINES, "projects": (project,),
        "pathways": (LabelledText("PAR_CIT", "Parcours citoyen", "Délégué de classe."),),
        "schemes": (LabelledText("PAP", "Plan d'accompagnement personnalisé", None),),
        "overall_comment": "Un bon trimestre.", "life": BookletLife(2, 0, 1, None), "masteries": (),
        "complement": None,
    }  # fmt: skip
    return BookletFacts(**(known | other))


def cycle_facts(last_name: str, first_name: str) -> BookletFacts:
    """The end of a cycle."""
    masteries = (BookletMastery("CPD_FRA", "Comprendre, s'exprimer en français", 4),
                 BookletMastery("CPD_ETR", "Comprendre une langue étrangère", 0))
    return facts(last_name, first_name, model="cycle", period="Fin de cycle 4", lines=(), projects=(), pathways=(),
                 schemes=(), life=None, masteries=masteries)


def published(id: int, pupil_id: int, school_id: int, said: BookletFacts, **other: Any) -> list[Any]:
    """A booklet's row with that of its edition."""
    known = {"number": f"2026-{id:06d}", "token": f"jeton{id}", "issued_on": date(2026, 12, 4)}
    booklet = PublishedBooklet(**({
        "id": id, "digest": "x", "school_id": school_id, "pupil_id": pupil_id, "edition_id": id, "first_year": 2026,
        "position": 1, "title": said.period, "level": said.level, "facts": plain(said)} | known | other))  # fmt: skip
    edition = PublishedEdition(id=id, digest="x", school_id=school_id, standing="in_force", **known)
    return [booklet, edition]
