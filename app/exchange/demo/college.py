"""The demo collège, as SIECLE and STS would export it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from math import ceil
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

from app.exchange.demo.names import FAMILY_NAMES, MEN, WOMEN
from app.exchange.demo.people import Adult, Child, Family, Plan, families

ENCODING = "ISO-8859-15"
LEVELS = (("6", "10010012110"), ("5", "10110001110"), ("4", "10210001110"), ("3", "10310019110"))
CLASSES_PER_LEVEL, CLASS_SIZE, LETTERS = 8, 28, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SUBJECTS = (
    ("020700", "FRANC", "FRANCAIS", 7),
    ("061300", "MATHS", "MATHEMATIQUES", 7),
    ("043700", "HI-GE", "HISTOIRE-GEOGRAPHIE", 5),
    ("030201", "AGL1", "ANGLAIS LV1", 5),
    ("030602", "ESP2", "ESPAGNOL LV2", 4),
    ("062900", "SVT", "SCIENCES VIE & TERRE", 4),
    ("062300", "PH-CH", "PHYSIQUE-CHIMIE", 3),
    ("070800", "TECHN", "TECHNOLOGIE", 3),
    ("100100", "EPS", "EDUCATION PHYSIQUE & SPORTIVE", 5),
    ("090100", "A-PLA", "ARTS PLASTIQUES", 2),
    ("081300", "EDMUS", "EDUCATION MUSICALE", 2),
)
OTHER_STAFF = (("DIR", "M."), ("ADF", "MME"), ("EDU", "MME"))
TEACHERS = 50


@dataclass(frozen=True, slots=True)
class College:
    """What the files say of the school."""

    uai: str
    year: int
    plan: Plan

    @property
    def classes_per_level(self) -> int:
        """Eight (6A to 6H) up to a thousand pupils, then as many as classes of 28 need."""
        needed = ceil(self.plan.pupils / len(LEVELS) / CLASS_SIZE)
        return CLASSES_PER_LEVEL if self.plan.pupils <= 1000 else max(CLASSES_PER_LEVEL, needed)

    def division(self, child: Child) -> str:
        """The class of a pupil."""
        return self.division_code(child.rank % len(LEVELS), child.rank // len(LEVELS) % self.classes_per_level)

    def division_code(self, level: int, number: int) -> str:
        """« 6A »; beyond the letters « 6-27 »."""
        digit = LEVELS[level][0]
        return f"{digit}{LETTERS[number]}" if self.classes_per_level <= len(LETTERS) else f"{digit}-{number + 1}"


def write_college(folder: Path, college: College) -> tuple[Path, Path, Path]:
    """The three files, in the order a secretary would choose them."""
    pupils = folder / "ExportXML_ElevesSansAdresses.zip"
    guardians = folder / "ExportXML_ResponsablesAvecAdresses.zip"
    staff = folder / f"sts_emp_{college.uai}_{college.year}.xml"
    _write_zip(pupils, "ElevesSansAdresses.xml", _pupils(college))
    _write_zip(guardians, "ResponsablesAvecAdresses.xml", _guardians(college))
    with staff.open("w", encoding=ENCODING, errors="xmlcharrefreplace") as file:
        file.writelines(_staff(college))
    return pupils, guardians, staff


def _write_zip(path: Path, name: str, lines: Iterable[str]) -> None:
    entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))  # the same bytes for the same seed
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(entry, "w") as out:
        waiting = iter(lines)
        while some := "".join(islice(waiting, 2000)):
            out.write(some.encode(ENCODING, "xmlcharrefreplace"))


def _tags(indent: int, **values: object) -> str:
    pad = " " * indent
    return "".join(f"{pad}<{tag}>{escape(str(value))}</{tag}>\n" for tag, value in values.items() if value != "")


def _head(root: str, college: College) -> str:
    exported = date(college.year, 9, 14).strftime("%d/%m/%Y")
    stamp = f"{exported} 08:15:00"
    fields = _tags(4, UAJ=college.uai, ANNEE_SCOLAIRE=college.year, DATE_EXPORT=exported, HORODATAGE=stamp)
    start = f'<?xml version="1.0" encoding="{ENCODING}"?>\n<{root} VERSION="2.1">\n'
    return f"{start}  <PARAMETRES>\n{fields}  </PARAMETRES>\n  <DONNEES>\n"


def _children(college: College) -> Iterator[Child]:
    return (child for family in families(college.plan) for child in family.children)


def _pupils(college: College) -> Iterator[str]:
    yield _head("BEE_ELEVES", college)
    yield "    <ELEVES>\n"
    for child in _children(college):
        yield _pupil(child, college)
    yield "    </ELEVES>\n    <STRUCTURES>\n"
    for child in _children(college):
        yield (
            f'      <STRUCTURES_ELEVE ELEVE_ID="{child.key}" ELENOET="{child.rank + 1}">\n        <STRUCTURE>\n'
            + _tags(10, CODE_STRUCTURE=college.division(child), TYPE_STRUCTURE="D")
            + "        </STRUCTURE>\n      </STRUCTURES_ELEVE>\n"
        )
    yield "    </STRUCTURES>\n  </DONNEES>\n</BEE_ELEVES>\n"


def _pupil(child: Child, college: College) -> str:
    fields = _tags(
        8,
        ID_NATIONAL=child.ine,
        ELENOET=child.rank + 1,
        NOM_DE_FAMILLE=child.last_name,
        PRENOM=child.first_name,
        PRENOM2=child.second_name,
        DATE_NAISS=child.born.strftime("%d/%m/%Y"),
        CODE_SEXE=1 if child.sex == "M" else 2,
        DOUBLEMENT=0,
        CODE_PAYS=100,
        CODE_COMMUNE_INSEE_NAISS=child.insee,
        CODE_DEPARTEMENT_NAISS="096",
        CODE_REGIME=2 if child.rank % 3 else 0,
        CODE_STATUT="ST",
        CODE_MEF=LEVELS[child.rank % len(LEVELS)][1],
        DATE_ENTREE=date(college.year, 9, 1).strftime("%d/%m/%Y"),
    )
    return f'      <ELEVE ELEVE_ID="{child.key}" ELENOET="{child.rank + 1}">\n{fields}      </ELEVE>\n'


def _guardians(college: College) -> Iterator[str]:
    yield _head("BEE_RESPONSABLES", college)
    yield "    <PERSONNES>\n"
    for family in families(college.plan):
        yield from map(_person, family.adults)
    yield "    </PERSONNES>\n    <RESPONSABLES>\n"
    for family in families(college.plan):
        yield from _links(family)
    yield "    </RESPONSABLES>\n    <ADRESSES>\n"
    for family in families(college.plan):
        yield from _addresses(family)
    yield "    </ADRESSES>\n  </DONNEES>\n</BEE_RESPONSABLES>\n"


def _person(adult: Adult) -> str:
    fields = _tags(
        8,
        LC_CIVILITE=adult.title,
        NOM_DE_FAMILLE=adult.last_name,
        NOM_USAGE=adult.usage_name,
        PRENOM=adult.first_name,
        TEL_PERSONNEL=adult.phone,
        TEL_PORTABLE=adult.mobile,
        ACCEPTE_SMS=1,
        MEL=adult.email,
        COMMUNICATION_ADRESSE=0,
        ADRESSE_ID=adult.address.key,
    )
    return f'      <PERSONNE PERSONNE_ID="{adult.key}">\n{fields}      </PERSONNE>\n'


def _links(family: Family) -> Iterator[str]:
    for child in family.children:
        for adult in family.adults:
            fields = _tags(
                8,
                ELEVE_ID=child.key,
                PERSONNE_ID=adult.key,
                CODE_PARENTE=adult.kinship,
                NIVEAU_RESPONSABILITE=adult.level,
                PAIE_FRAIS_SCOLAIRES="true" if adult.pays else "false",
                HEBERGE_ELEVE=str(adult.level == 1).lower(),
            )
            yield f"      <RESPONSABLE_ELEVE>\n{fields}      </RESPONSABLE_ELEVE>\n"


def _addresses(family: Family) -> Iterator[str]:
    for address in {adult.address.key: adult.address for adult in family.adults}.values():
        abroad = address.country_code != "100"
        lines = {f"LIGNE{n}_ADRESSE": line for n, line in enumerate(address.lines, start=1)}
        fields = _tags(
            8,
            **lines,
            CODE_POSTAL=address.postal_code,
            **{"COMMUNE_ETRANGERE" if abroad else "LIBELLE_POSTAL": address.town},
            CODE_PAYS=address.country_code,
            LL_PAYS=address.country,
        )
        yield f'      <ADRESSE ADRESSE_ID="{address.key}">\n{fields}      </ADRESSE>\n'


def _staff(college: College) -> Iterator[str]:
    dice = Random(f"{college.plan.seed}-staff")
    divisions = [(lv, n) for lv in range(len(LEVELS)) for n in range(college.classes_per_level)]
    count = max(TEACHERS, ceil(TEACHERS * college.plan.pupils / 815))
    yield f'<?xml version="1.0" encoding="{ENCODING}"?>\n<STS_EDT>\n  <PARAMETRES>\n    <UAJ CODE="{college.uai}"/>\n'
    yield f'    <ANNEE_SCOLAIRE ANNEE="{college.year}"/>\n  </PARAMETRES>\n  <NOMENCLATURES>\n    <MATIERES>\n'
    for code, short, label, _ in SUBJECTS:
        fields = _tags(8, CODE_GESTION=short, LIBELLE_COURT=short, LIBELLE_LONG=label)
        yield f'      <MATIERE CODE="{code}">\n{fields}      </MATIERE>\n'
    yield "    </MATIERES>\n  </NOMENCLATURES>\n  <DONNEES>\n    <INDIVIDUS>\n"
    for number in range(count):
        led = [college.division_code(*division) for division in divisions[number::count]]
        yield _individual(dice, number + 1, "ENS", led)
    for number, (function, _) in enumerate(OTHER_STAFF, start=count + 1):
        yield _individual(dice, number, function, [])
    yield "    </INDIVIDUS>\n    <STRUCTURE>\n      <DIVISIONS>\n"
    teachers = _teachers_by_subject(count)
    for at, division in enumerate(divisions):
        yield _division(college, division, at, teachers, at % count + 1)
    yield "      </DIVISIONS>\n    </STRUCTURE>\n  </DONNEES>\n</STS_EDT>\n"


def _individual(dice: Random, key: int, function: str, led: list[str]) -> str:
    woman = dice.random() < 0.6
    name = dice.choice(FAMILY_NAMES).upper()
    fields = _tags(
        8,
        SEXE=2 if woman else 1,
        CIVILITE=2 if woman else 1,
        NOM_USAGE=name,
        NOM_PATRONYMIQUE=name,
        PRENOM=dice.choice(WOMEN if woman else MEN),
        DATE_NAISSANCE=date(dice.randint(1962, 1998), dice.randint(1, 12), dice.randint(1, 28)).isoformat(),
        FONCTION=function,
    )
    leads = "".join(
        f"          <PROF_PRINC>\n{_tags(12, CODE_STRUCTURE=code)}          </PROF_PRINC>\n" for code in led
    )
    leads = f"        <PROFS_PRINC>\n{leads}        </PROFS_PRINC>\n" if led else ""
    return f'      <INDIVIDU ID="{key}" TYPE="epp">\n{fields}{leads}      </INDIVIDU>\n'


def _teachers_by_subject(count: int) -> dict[str, list[int]]:
    """Numbers of the teachers of each subject, in proportion to the hours it takes."""
    weight = sum(subject[3] for subject in SUBJECTS)
    found: dict[str, list[int]] = {}
    first = 1
    for at, (code, _, _, hours) in enumerate(SUBJECTS):
        last = count if at == len(SUBJECTS) - 1 else first + max(1, hours * count // weight) - 1
        found[code] = list(range(first, last + 1))
        first = last + 1
    return found


def _division(
    college: College, division: tuple[int, int], at: int, teachers: dict[str, list[int]], leader: int
) -> str:
    """One class; its class teacher teaches it too."""
    level, number = division
    code = college.division_code(level, number)
    services = "".join(
        f'            <SERVICE CODE_MATIERE="{subject}" CODE_MOD_COURS="CG">\n              <ENSEIGNANTS>\n'
        f'                <ENSEIGNANT ID="{leader if leader in numbers else numbers[at % len(numbers)]}" TYPE="epp"/>\n'
        "              </ENSEIGNANTS>\n            </SERVICE>\n"
        for subject, numbers in teachers.items()
    )
    label = _tags(10, LIBELLE_LONG=f"{LEVELS[level][0]}EME {code[1:].strip('-')}")
    return (
        f'        <DIVISION CODE="{code}">\n{label}'
        f'          <MEFS_APPARTENANCE>\n            <MEF_APPARTENANCE CODE="{LEVELS[level][1]}"/>\n'
        f"          </MEFS_APPARTENANCE>\n          <SERVICES>\n{services}          </SERVICES>\n        </DIVISION>\n"
    )
