"""Invented booklets of every model, from the shortest to the longest plausible one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from letters.booklet_types import (
    BookletComplement,
    BookletFacts,
    BookletLife,
    BookletLine,
    BookletMastery,
    BookletProject,
    BookletPupil,
    BookletSchool,
    LabelledText,
    PrintedBooklet,
    Stamp,
    digest,
)

SCHOOL = BookletSchool(
    academy="Académie de Montrevel", name="Collège Marguerite-Sauvageot", uai="0990001A",
    address=("12 rue des Tanneurs", "99200 VALMONT"), phone="01 99 00 12 12", email="ce.0990001a@exemple.fr",
    head_title="La principale", head_name="Mme Solange ABITBOL",
)  # fmt: skip
ECOLE = replace(SCHOOL, name="École élémentaire des Prés-Verts", head_title="Le directeur", head_name="M. Yanis CORBEL",
                address=("3 place de l'Orme", "99210 SAINT-ELME"))  # fmt: skip
SUBJECTS = (
    ("Français", "Mme OSEI"), ("Mathématiques", "M. BELHAJ"), ("Histoire-géographie", "Mme TRANCHANT"),
    ("Enseignement moral et civique", "Mme TRANCHANT"), ("Anglais LV1", "M. DUPUIS"), ("Espagnol LV2", "Mme SOLER"),
    ("Sciences de la vie et de la Terre", "M. KANTÉ"), ("Physique-chimie", "Mme LE GOFF"),
    ("Technologie", "M. AUBRY"), ("Arts plastiques", "Mme PONS"), ("Éducation musicale", "M. RICHEZ"),
    ("Éducation physique et sportive", "Mme WALTER, M. NUNES"),
)  # fmt: skip
ELEMENTS = (
    "Lire et comprendre des textes variés, en dégager le sens et l'intention.",
    "Rédiger un récit organisé en respectant les consignes données.",
)
COMMENT = (
    "Un trimestre sérieux. Les leçons sont apprises et la participation est régulière ; il faut encore soigner la "
    "rédaction des réponses et relire les consignes jusqu'au bout."
)
AREAS = (
    ("Français", ("Langage oral", "Lecture et compréhension de l'écrit", "Écriture", "Étude de la langue")),
    ("Mathématiques", ("Nombres et calcul", "Grandeurs et mesures", "Espace et géométrie")),
    ("Éducation physique et sportive", ()), ("Enseignements artistiques", ("Arts plastiques", "Éducation musicale")),
    ("Questionner le monde", ("Le vivant, la matière, les objets", "L'espace et le temps")),
    ("Enseignement moral et civique", ()),
)  # fmt: skip
COMPONENTS = (
    ("CPD_FRA", "Comprendre, s'exprimer en utilisant la langue française à l'oral et à l'écrit"),
    ("CPD_ETR", "Comprendre, s'exprimer en utilisant une langue étrangère et, le cas échéant, une langue régionale"),
    ("CPD_SCI", "Comprendre, s'exprimer en utilisant les langages mathématiques, scientifiques et informatiques"),
    ("CPD_ART", "Comprendre, s'exprimer en utilisant les langages des arts et du corps"),
    ("MET_APP", "Les méthodes et outils pour apprendre"), ("FRM_CIT", "La formation de la personne et du citoyen"),
    ("SYS_NAT", "Les systèmes naturels et les systèmes techniques"),
    ("REP_MND", "Les représentations du monde et l'activité humaine"),
)  # fmt: skip


def line(label: str, **said: Any) -> BookletLine:
    """A line of the table."""
    empty: dict[str, Any] = {"depth": 0, "teachers": None, "elements": (), "comment": None, "positioning": None,
                             "average": None, "class_average": None, "letter": None, "not_assessed": None}
    return BookletLine(label=label, **(empty | said))


def college(scale: str = "objectives", *, times: int = 1, **changes: Any) -> BookletFacts:
    """Twelve subjects; `times` repeats what teachers wrote."""
    lines = tuple(_subject(n, label, teachers, scale, times) for n, (label, teachers) in enumerate(SUBJECTS))
    said: dict[str, Any] = {
        "model": "college", "school": SCHOOL, "year": "2026-2027", "period": "Trimestre 1", "cycle": 4,
        "levels": ("5e", "4e", "3e"), "level": "4e", "division": "4e C", "class_teachers": "Mme TRANCHANT",
        "pupil": BookletPupil("BAUDRILLARD-OUATTARA", "Éloïse", date(2013, 3, 9)), "council_on": date(2026, 12, 1),
        "scale": scale, "scale_max": 20, "lines": lines, "projects": _projects(times),
        "pathways": (LabelledText("PAR_CIT", "Parcours citoyen", "Élection des délégués, visite de la mairie."),
                     LabelledText("PAR_AVN", "Parcours avenir", "Rencontre avec deux anciens élèves apprentis.")),
        "schemes": (LabelledText("PAP", "Plan d'accompagnement personnalisé", None),),
        "overall_comment": " ".join(["Bilan encourageant : Éloïse progresse dans l'expression écrite et s'investit en "
                                     "sciences. Poursuivez ainsi en consolidant les méthodes de travail."] * times),
        "life": BookletLife(4, 0, 2, "Élève ponctuelle." if times == 1 else COMMENT * 3), "masteries": (),
        "complement": None,
    }  # fmt: skip
    return BookletFacts(**(said | changes))


def _subject(n: int, label: str, teachers: str, scale: str, times: int) -> BookletLine:
    elements = tuple(f"{text} {n}" if k else text for k in range(times) for text in ELEMENTS)
    own: dict[str, Any] = {
        "objectives": {"positioning": n % 4 + 1}, "marks": {"average": f"{8 + n},5", "class_average": "11,2"},
        "letters": {"letter": "ABCD"[n % 4]},
    }[scale]  # fmt: skip
    if n == 8:
        own = {"not_assessed": "Enseignant non remplacé"}
    return line(label, teachers=teachers, elements=elements, comment=" ".join([COMMENT] * times), **own)


def _projects(times: int) -> tuple[BookletProject, ...]:
    texts = [" ".join([text] * times) for text in ("Réalisation d'un livret sur l'eau dans la ville.", COMMENT)]
    return (
        BookletProject("epi", "L'eau, du ruisseau au robinet", "Transition écologique et développement durable",
                       ("SVT", "Physique-chimie"), ("M. KANTÉ", "Mme LE GOFF"), None, texts[0], texts[1]),
        BookletProject("ap", "Apprendre à apprendre", None, ("Français", "Mathématiques"), ("Mme OSEI",), None,
                       texts[0], None),
    )  # fmt: skip


def ecole(*, times: int = 1, **changes: Any) -> BookletFacts:
    """Areas with their sub-areas; elements and positioning on these, the comment on the area."""
    lines = []
    for n, (label, subs) in enumerate(AREAS):
        own = {} if subs else {"elements": ELEMENTS * times, "positioning": n % 4 + 1}
        lines.append(line(label, teachers="Mme FAUVEL", comment=" ".join([COMMENT] * times), **own))
        lines += [line(sub, depth=1, elements=ELEMENTS[:1] * times, positioning=(n + k) % 4 + 1)
                  for k, sub in enumerate(subs)]  # fmt: skip
    said = {
        "model": "ecole", "school": ECOLE, "cycle": 2, "levels": ("CP", "CE1", "CE2"), "level": "CP",
        "division": "CP A", "class_teachers": "Mme FAUVEL", "lines": tuple(lines), "projects": (), "council_on": None,
        "life": None,
    }  # fmt: skip
    return college(times=times, **(said | changes))


def cycle(*, times: int = 1, **changes: Any) -> BookletFacts:
    """The eight components, one of them exempt, a complement, the synthesis."""
    said = {
        "model": "cycle", "period": "Fin de cycle 4", "lines": (), "projects": (), "pathways": (), "schemes": (),
        "masteries": tuple(BookletMastery(code, label, (n + 3) % 5) for n, (code, label) in enumerate(COMPONENTS)),
        "complement": BookletComplement("LCA", "Langues et cultures de l'Antiquité", 2), "life": None,
        "level": "3e", "council_on": None,
    }  # fmt: skip
    return college(times=times, **(said | changes))


def shortest(model: str) -> BookletFacts:
    """As little as a booklet may say."""
    bare: dict[str, Any] = {"projects": (), "pathways": (), "schemes": (), "life": None, "overall_comment": "Bien.",
                            "council_on": None, "class_teachers": None}
    if model == "cycle":
        return cycle(**bare | {"complement": None})
    if model == "ecole":
        lines = tuple(line(label, comment="Bien.", positioning=3, elements=("Lire.",)) for label, _ in AREAS[:3])
        return ecole(**bare | {"lines": lines})
    return college(**bare | {"lines": (line("Français", comment="Bien.", positioning=3),)})


def printed(facts: BookletFacts, *, number: str | None = "2026-000123") -> PrintedBooklet:
    """The booklet as an edition; without number as a draft."""
    page = "https://livret.exemple.fr/verification/Zr8kq2Lw9sYtB4nXpV6mHd"
    stamp = Stamp(number, date(2026, 12, 4), digest(facts), page) if number else None
    return PrintedBooklet(facts.pupil.name, facts, stamp)
