"""An invented academy with one collège and one école, written as the real files of SIECLE, STS and ONDE.

The demo is read through the same synchronisation as a school's own files. The same seed gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.core.clock import today
from app.exchange.demo.college import College, write_college
from app.exchange.demo.ecole import PUPILS, Ecole, write_ecole
from app.exchange.demo.people import REFERENCE_PUPILS, Plan
from app.exchange.identifiers import key_letter

AUTHORITY_CODE, AUTHORITY_NAME = "96", "Académie de Montrevel"
COLLEGE_NUMBER, ECOLE_NUMBER = 960_001, 960_112


@dataclass(frozen=True, slots=True)
class DemoSchool:
    """What is typed on the school's screen, and the files to synchronise."""

    uai: str
    kind: str
    name: str
    address1: str
    address2: str | None
    postal_code: str
    city: str
    phone: str
    email: str
    head_title: str
    head_name: str
    pupils: int
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The academy, its two schools and where their files are."""

    folder: Path
    authority_code: str
    authority_name: str
    year: int
    college: DemoSchool
    ecole: DemoSchool


def write_demo(folder: Path, *, pupils: int = REFERENCE_PUPILS, seed: int = 1, year: int | None = None) -> DemoFiles:
    """Write the demo's files under `folder`: 815 pupils, 1,487 legal guardians, 1,552 couples, 32 divisions,
    50 teachers for the collège; eleven classes for the école. `year` is the year of September."""
    year = year or school_year_of_today()
    folder.mkdir(parents=True, exist_ok=True)
    college = _college(folder, pupils, seed, year)
    return DemoFiles(folder, AUTHORITY_CODE, AUTHORITY_NAME, year, college, _ecole(folder, seed, year))


def school_year_of_today() -> int:
    """The year of September of the school year in course (it turns on 1 August)."""
    day = today()
    return day.year if day.month >= 8 else day.year - 1


def uai_of(number: int) -> str:
    """A UAI with its check letter; département 96 does not exist."""
    return f"{number:07d}{key_letter(number)}"


def _college(folder: Path, pupils: int, seed: int, year: int) -> DemoSchool:
    uai = uai_of(COLLEGE_NUMBER)
    plan = Plan(pupils, seed, levels=4, youngest=year - 11)
    files = write_college(folder, College(uai, year, plan))
    return DemoSchool(
        uai,
        "college",
        "Collège Les Grands Chênes",
        "12 rue des Tilleuls",
        "BP 40",
        "96000",
        "MONTREVEL",
        "0199001200",
        "ce.college@montrevel.example.org",
        "La principale",
        "Mme Hélène VARENNE",
        pupils,
        files,
    )


def _ecole(folder: Path, seed: int, year: int) -> DemoSchool:
    plan = Plan(PUPILS, seed + 1, levels=8, youngest=year - 3, first_key=40_000_000)
    files = write_ecole(folder / "onde", Ecole(year, plan))
    return DemoSchool(
        uai_of(ECOLE_NUMBER),
        "ecole",
        "École primaire du Vieux Moulin",
        "3 rue du Moulin",
        None,
        "96100",
        "VALBRUNE",
        "0199001230",
        "ecole@montrevel.example.org",
        "Le directeur",
        "M. Rachid BOULANGER",
        PUPILS,
        files,
    )
