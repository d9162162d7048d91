"""The shipped lists (app/curriculum/data): levels, programmes. Read once, never written."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import NamedTuple

DATA = Path(__file__).parent / "data"


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


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def levels() -> dict[str, Level]:
    """Every level by code."""
    found = (Level(row["code"], row["label"], int(row["cycle"]), int(row["rank"])) for row in _rows("grade_levels.csv"))
    return {level.code: level for level in found}


@cache
def _programmes() -> dict[str, ProgrammeLabel]:
    rows = _rows("programmes.csv")
    return {row["mef_code"]: ProgrammeLabel(row["mef_code"], row["label"], row["level"]) for row in rows}


def programme_label(mef_code: str) -> ProgrammeLabel:
    """Label and level of a MEF; an unlisted code is kept as « inconnu »."""
    return _programmes().get(mef_code) or ProgrammeLabel(mef_code, f"MEF inconnu {mef_code}", None, known=False)
