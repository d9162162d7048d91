"""What an edition says otherwise than the one before, as the office and the family read it (M048)."""

from __future__ import annotations

from typing import Any

WHOLE = {
    "school": "Établissement", "year": "Année scolaire", "period": "Période", "level": "Niveau", "levels": "Niveau",
    "cycle": "Cycle", "pupil": "Nom, prénom ou date de naissance", "division": "Classe",
    "class_teachers": "Professeur principal", "council_on": "Date du conseil de classe", "scale": "Échelle",
    "scale_max": "Échelle", "projects": "EPI et accompagnement personnalisé", "pathways": "Parcours éducatifs",
    "schemes": "Modalités d'accompagnement", "overall_comment": "Appréciation générale", "life": "Vie scolaire",
    "masteries": "Composantes du socle", "complement": "Enseignement de complément",
}  # fmt: skip
OF_LINE = {
    "teachers": "enseignants", "elements": "éléments du programme", "comment": "appréciation",
    "positioning": "positionnement", "average": "moyenne", "letter": "positionnement", "not_assessed": "non évalué",
    "depth": "place",
}  # fmt: skip


def differences(old: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
    """Each place that changed, once, subjects first. Both are what `letters.booklet_types.plain` gives."""
    found = _lines(old.get("lines", []), new.get("lines", []))
    found += [label for name, label in WHOLE.items() if old.get(name) != new.get(name)]
    return tuple(dict.fromkeys(found))


def _lines(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[str]:
    before, after = _by_place(old), _by_place(new)
    found = []
    for place, line in after.items():
        label = place[-1]
        if place not in before:
            found.append(f"{label} : ajouté")
            continue
        earlier = before[place]
        parts = [word for name, word in OF_LINE.items() if earlier.get(name) != line.get(name)]
        if parts:
            found.append(f"{label} : {', '.join(dict.fromkeys(parts))}")
    return found + [f"{place[-1]} : retiré" for place in before if place not in after]


def _by_place(lines: list[dict[str, Any]]) -> dict[tuple[str, ...], dict[str, Any]]:
    """A sub-area is known by its area's name and its own."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    area = ""
    for line in lines:
        area = area if line["depth"] else line["label"]
        found[(area, line["label"])] = line
    return found
