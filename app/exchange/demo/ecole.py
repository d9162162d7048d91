"""The demo école, as ONDE would extract it: three csv in Windows-1252, all values quoted."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from app.exchange.demo.names import FAMILY_NAMES, MEN, WOMEN
from app.exchange.demo.people import Adult, Family, Plan, families

PUPILS = 268
# (class identifier, label, levels): eleven classes
CLASSES = (
    ("960101", "PS - Mme Aubépine", ("PS",)),
    ("960102", "PS MS", ("PS", "MS")),
    ("960103", "MS", ("MS",)),
    ("960104", "GS", ("GS",)),
    ("960105", "GS - CP", ("GS", "CP")),
    ("960106", "CP", ("CP",)),
    ("960107", "CE1", ("CE1",)),
    ("960108", "CE1 - CE2", ("CE1", "CE2")),
    ("960109", "CE2", ("CE2",)),
    ("960110", "CM1", ("CM1",)),
    ("960111", "CM2", ("CM2",)),
)
LEVELS = ("PS", "MS", "GS", "CP", "CE1", "CE2", "CM1", "CM2")
CYCLES = dict.fromkeys(("PS", "MS", "GS"), "MATERNELLE") | dict.fromkeys(("CP", "CE1", "CE2"), "CYCLE II")
PUPIL_HEADERS = (
    "Nom élève", "Nom d'usage élève", "Prénom élève", "Date naissance", "Sexe", "INE", "Adresse1", "Cp1", "Commune1",
    "Pays1", "Adresse2", "Cp2", "Commune2", "Pays2", " Cycle", "Niveau", "Libellé classe", "Identifiant classe",
    "Attestation fournie", "Autorisation associations", "Autorisation photo", "Décision de passage",
)  # fmt: skip
GUARDIAN_HEADERS = (
    "Civilité Responsable", "Nom usage responsable", "Nom responsable", "Prénom responsable", "Adresse responsable",
    "CP responsable", "Commune responsable", "Pays", "Courriel", "Téléphone domicile", "Téléphone travail",
    "Téléphone portable", *("Nom d'usage enfant", "Nom de famille enfant", "Prénom enfant", "Classes enfants") * 3,
)  # fmt: skip
TEACHER_HEADERS = (
    "Civilité", "Nom usage", "Nom", "Prénom", "Adresse", "CP", "Commune", "Pays", "Courriel", "Téléphone domicile",
    "Téléphone portable", "Directeur", "Classe",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ecole:
    """What the files say of the school."""

    year: int
    plan: Plan


def write_ecole(folder: Path, ecole: Ecole) -> tuple[Path, Path, Path]:
    """The three extractions."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = tuple(folder / f"CSVExtraction-{name}.csv" for name in ("eleves", "responsables", "enseignants"))
    people = list(families(ecole.plan))
    classes = _classes(people)
    _write(paths[0], PUPIL_HEADERS, _pupils(people, classes))
    _write(paths[1], GUARDIAN_HEADERS, _guardians(people, classes))
    _write(paths[2], TEACHER_HEADERS, _teachers(ecole.plan.seed))
    return paths  # type: ignore[return-value]


def _write(path: Path, headers: tuple[str, ...], rows: Iterable[Iterable[str]]) -> None:
    with path.open("w", encoding="cp1252", newline="", errors="replace") as file:
        writer = csv.writer(file, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(headers)
        writer.writerows(rows)


def _classes(people: list[Family]) -> dict[int, tuple[str, str, str]]:
    """(identifier, label, level) of each child: children of a level go round its classes."""
    turns: dict[str, int] = defaultdict(int)
    found = {}
    for child in (child for family in people for child in family.children):
        level = LEVELS[child.rank % len(LEVELS)]
        open_to = [(code, label) for code, label, taught in CLASSES if level in taught]
        code, label = open_to[turns[level] % len(open_to)]
        turns[level] += 1
        found[child.key] = (code, label, level)
    return found


def _pupils(people: list[Family], classes: dict[int, tuple[str, str, str]]) -> Iterator[list[str]]:
    for family in people:
        for child in family.children:
            code, label, level = classes[child.key]
            homes = [_home(adult) for adult in family.adults if adult.level == 1]
            second = homes[1] if len(homes) > 1 and homes[1] != homes[0] else ["", "", "", ""]
            born = child.born.strftime("%d/%m/%Y")
            cycle = CYCLES.get(level, "CYCLE III")
            identity = [child.last_name, "", child.first_name, born, child.sex, child.ine]
            yield [*identity, *homes[0], *second, cycle, level, label, code, "Oui", "Non", "Oui", ""]


def _home(adult: Adult) -> list[str]:
    address = adult.address
    return [" ".join(address.lines), address.postal_code, address.town, address.country]


def _guardians(people: list[Family], classes: dict[int, tuple[str, str, str]]) -> Iterator[list[str]]:
    for family in people:
        children = [cell for c in family.children for cell in ("", c.last_name, c.first_name, classes[c.key][1])]
        for adult in family.adults:
            if adult.level != 1:
                continue
            names = [adult.title, adult.usage_name, adult.last_name, adult.first_name]
            reach = [adult.email, adult.phone, "", adult.mobile]
            yield [*names, *_home(adult), *reach, *(children + [""] * 12)[:12]]


def _teachers(seed: int) -> Iterator[list[str]]:
    dice = Random(f"{seed}-teachers")
    names = dice.sample(FAMILY_NAMES, len(CLASSES))
    for at, (name, (_, label, _)) in enumerate(zip(names, CLASSES, strict=True)):
        woman = dice.random() < 0.75
        first = dice.choice(WOMEN if woman else MEN)
        civility, family = "MME" if woman else "M.", name.upper()
        yield [civility, "", family, first, *[""] * 7, "oui" if at == len(CLASSES) - 1 else "non", label]
