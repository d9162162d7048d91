"""One subject or area of a class in a period: a line for each pupil, with what the period before said (M035)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import aliased

from app.booklets.cell_store import DEFAULT_LETTERS
from app.booklets.cells import SCALE_FIELDS, shown
from app.booklets.choices import Chosen
from app.booklets.models import SEALED_STATES, Attainment, Booklet, PositioningType
from app.core.db import admin_db
from app.curriculum.models import TeachingItem
from app.curriculum.reference import OBJECTIVES

OPTIONS = tuple((str(value), label) for value, label in OBJECTIVES.items())


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One pupil's line. `before` is the line of the period before, where there is one."""

    id: int
    name: str
    state: str
    scale: str
    scale_max: int
    letters: tuple[str, ...]
    for_all: bool
    values: Any
    before: Any = None

    @property
    def sealed(self) -> bool:
        """Whether the booklet is locked or edited."""
        return self.state in SEALED_STATES

    @property
    def field(self) -> str:
        """Which cell says how far the pupil got: positioning, average or letter."""
        return SCALE_FIELDS[self.scale]

    @property
    def value(self) -> str:
        """What that cell holds, as it is shown."""
        return shown(getattr(self.values, self.field))

    @property
    def options(self) -> Sequence[tuple[str, str]]:
        """What there is to choose from; nothing for marks, which are typed."""
        if self.scale == "letters":
            return [(letter, letter) for letter in self.letters]
        return OPTIONS if self.scale == "objectives" else ()

    @property
    def told_before(self) -> str:
        """How far the pupil got in the period before, in words."""
        if self.before is None:
            return ""
        if self.before.not_assessed:
            return f"Non évalué : {self.before.not_assessed}"
        if self.before.positioning:
            return OBJECTIVES[self.before.positioning]
        return shown(self.before.average) or self.before.letter or ""


@dataclass(frozen=True, slots=True)
class Grid:
    """The pupils of a class whose lines are expressed alike: one grid, two in a class whose levels differ."""

    scale: str
    scale_max: int
    options: Sequence[tuple[str, str]]
    lines: Sequence[ClassLine]

    @property
    def average(self) -> str:
        """The class's average, where marks are used."""
        marks = [line.values.average for line in self.lines
                 if line.values.average is not None and line.values.followed and not line.values.not_assessed]
        return shown(round(sum(marks) / Decimal(len(marks)), 2)) if marks else ""


FIELDS = ("positioning", "average", "letter", "not_assessed", "comment", "followed")


def class_lines(chosen: Chosen) -> list[ClassLine]:
    """The lines of the chosen subject, by name; in one statement."""
    assert chosen.item is not None
    then, past = aliased(Booklet), aliased(Attainment)
    columns = [getattr(Attainment, name) for name in FIELDS]
    before = [getattr(past, name).label(f"past_{name}") for name in FIELDS]
    rows = admin_db.session.execute(
        select(Attainment.id, Booklet.last_name, Booklet.first_name, Booklet.state, Booklet.scale, Booklet.scale_max,
               PositioningType.letters, TeachingItem.election, *columns, past.id.label("past_id"), *before)
        .join(Booklet, and_(Booklet.id == Attainment.booklet_id, Booklet.school_id == Attainment.school_id))
        .join(TeachingItem, and_(TeachingItem.id == Attainment.item_id, TeachingItem.school_id == Attainment.school_id))
        .outerjoin(PositioningType, and_(PositioningType.grade_level_id == Booklet.grade_level_id,
                                         PositioningType.school_id == Booklet.school_id))
        .outerjoin(then, and_(then.pupil_id == Booklet.pupil_id, then.school_year_id == Booklet.school_year_id,
                              then.period_count == Booklet.period_count, then.position == Booklet.position - 1,
                              then.position > 0))
        .outerjoin(past, and_(past.booklet_id == then.id, past.item_id == Attainment.item_id))
        .where(chosen.where, Attainment.item_id == chosen.item.id)
        .order_by(Booklet.last_name, Booklet.first_name, Booklet.id)
    )  # fmt: skip
    return [_line(row) for row in rows]


def _line(row: Any) -> ClassLine:
    letters = tuple(row.letters.split()) if row.letters else DEFAULT_LETTERS
    before = _Before(*(getattr(row, f"past_{name}") for name in FIELDS)) if row.past_id is not None else None
    return ClassLine(row.id, f"{row.last_name} {row.first_name}", row.state, row.scale, row.scale_max, letters,
                     row.election not in ("O", "F"), row, before)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Before:
    positioning: int | None
    average: Decimal | None
    letter: str | None
    not_assessed: str | None
    comment: str | None
    followed: bool


def grids_of(lines: Iterable[ClassLine]) -> list[Grid]:
    """The lines put together by the way they are expressed."""
    groups: dict[tuple[str, int, tuple[tuple[str, str], ...]], list[ClassLine]] = {}
    for line in lines:
        groups.setdefault((line.scale, line.scale_max, tuple(line.options)), []).append(line)
    return [Grid(scale, scale_max, options, found) for (scale, scale_max, options), found in groups.items()]
