"""The shipped lists about what is taught: areas, subjects, support schemes, EPI themes, complements, proposals."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from app.curriculum.reference import rows_of

AREA_CYCLES = (2, 3)
KINDS_OF_SCHOOL = ("ecole", "college")
COMPLEMENT_LEVELS = {1: "Objectifs atteints", 2: "Objectifs dépassés"}


class Area(NamedTuple):
    """A subject area of the école, or (with its `parent`) a part of one, in one cycle."""

    cycle: int
    code: str
    label: str
    short_label: str
    parent: str


class SubjectLabel(NamedTuple):
    """A subject of the collège. `use`: usual = every collège has it, listed = when it is taught, none = taught without
    a line on booklets. An unlisted code is kept as its own label."""

    code: str
    label: str
    short_label: str
    use: str = "listed"
    known: bool = True


class ShippedProposal(NamedTuple):
    """A programme element proposed for some subjects or areas and some levels (M034)."""

    codes: tuple[str, ...]
    levels: tuple[str, ...]
    heading: str
    text: str

    def suits(self, item_code: str, level_code: str) -> bool:
        """Whether it is for that item and level; a code that ends with « * » is for every code that begins so, an
        area for what its parts propose. Without level: whatever the level."""
        level = level_code.removesuffix(" SEGPA")
        return (not level or level in self.levels) and any(_matches(code, item_code) for code in self.codes)


def _matches(code: str, item_code: str) -> bool:
    if code.endswith("*"):
        return item_code.startswith(code[:-1])
    family = item_code.endswith("-RAC") and code.startswith(item_code[:4])
    return family or code == item_code


@cache
def areas() -> tuple[Area, ...]:
    """In the order of booklets: each area, then its parts."""
    return tuple(Area(int(row["cycle"]), row["code"], row["label"], row["short_label"], row["parent"])
                 for row in rows_of("areas.csv"))  # fmt: skip


@cache
def subjects() -> dict[str, SubjectLabel]:
    """Subjects by their code of the BCN, in the order of booklets."""
    return {row["code"]: SubjectLabel(row["code"], row["label"], row["short_label"], row["use"])
            for row in rows_of("subjects.csv")}  # fmt: skip


def subject_label(code: str) -> SubjectLabel:
    """What the list says of a subject; an unlisted code is its own label."""
    return subjects().get(code) or SubjectLabel(code, code, code, known=False)


@cache
def _schemes() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    return tuple((row["code"], row["label"], tuple(row["kinds"].split())) for row in rows_of("support_schemes.csv"))


def support_schemes(kind: str) -> dict[str, str]:
    """The schemes (dispositifs) that booklets of an école or a collège take over, with their labels; for an école
    exactly eleven (M020): any other, « Autre » first, is not taken."""
    return {code: label for code, label, kinds in _schemes() if kind in kinds}


@cache
def epi_themes() -> dict[str, str]:
    """The eight national themes of EPI, by code."""
    return {row["code"]: row["label"] for row in rows_of("epi_themes.csv")}


@cache
def complements() -> dict[str, str]:
    """Enseignements de complément of cycle 4, by code."""
    return {row["code"]: row["label"] for row in rows_of("complements.csv")}


@cache
def shipped_proposals() -> tuple[ShippedProposal, ...]:
    """Every proposal, in the order of the file."""
    return tuple(ShippedProposal(tuple(row["item_code"].split()), tuple(row["levels"].split()), row["heading"],
                                 row["text"]) for row in rows_of("proposals.csv"))  # fmt: skip
