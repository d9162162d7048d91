"""A child's marks as its pages show them (M126, M127). Called in the account's scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from sqlalchemy import select

from app.core.db import portal_db
from app.portal.calendar import Stretch
from app.portal.records import PublishedMark, PublishedTest

HEIGHT, STEP, MARGIN, NARROWEST = 100, 34, 44, 220  # of a chart


@dataclass(frozen=True, slots=True)
class MarkRow:
    """One test: the child's mark (a number or a word) and the class's figures, where there are any."""

    subject: str
    title: str
    taken_on: date
    position: int | None
    out_of: Decimal
    coefficient: Decimal
    value: Decimal | None
    special: str | None
    average: Decimal | None
    lowest: Decimal | None
    highest: Decimal | None

    def within(self, stretch: Stretch) -> bool:
        """Whether it is of a teaching period (as its teacher said), or of these days."""
        if stretch.position and self.position is not None:
            return self.position == stretch.position
        return stretch.holds(self.taken_on)


@dataclass(frozen=True, slots=True)
class Spot:
    """A test in a chart: where it stands, the height of the mark and of the class's figures, from the top."""

    x: int
    mark: float
    average: float | None
    lowest: float | None
    highest: float | None


@dataclass(frozen=True, slots=True)
class SubjectMarks:
    """The tests of one subject in the order of their days, and its chart."""

    subject: str
    rows: tuple[MarkRow, ...]

    @property
    def spots(self) -> tuple[Spot, ...]:
        """The tests with a number, each on a scale of its own out of 100."""
        numbers = [row for row in self.rows if row.value is not None]
        return tuple(Spot(MARGIN + STEP * n, *(_height(part, row) for part in (
            row.value, row.average, row.lowest, row.highest))) for n, row in enumerate(numbers))  # type: ignore[arg-type]

    @property
    def width(self) -> int:
        """Of the chart."""
        return max(NARROWEST, MARGIN + STEP * len(self.spots))


def _height(value: Decimal | None, row: MarkRow) -> float | None:
    return None if value is None else round(HEIGHT - float(value / row.out_of) * HEIGHT, 1)


_MARKS = (
    select(
        PublishedTest.subject, PublishedTest.title, PublishedTest.taken_on, PublishedTest.position,
        PublishedTest.out_of, PublishedTest.coefficient, PublishedMark.value, PublishedMark.special,
        PublishedTest.average, PublishedTest.lowest, PublishedTest.highest,
    )
    .join(PublishedTest, PublishedTest.id == PublishedMark.test_id)
    .order_by(PublishedTest.place, PublishedTest.subject, PublishedTest.taken_on, PublishedTest.id)
)  # fmt: skip


def marks_of(pupil_id: int) -> list[MarkRow]:
    """Everything that is published, by subject then by day; one statement."""
    rows = portal_db.session.execute(_MARKS.where(PublishedMark.pupil_id == pupil_id))
    return [MarkRow(*row) for row in rows]


def by_subject(rows: Sequence[MarkRow]) -> list[SubjectMarks]:
    """The same put together by subject."""
    return [SubjectMarks(subject, tuple(group)) for subject, group in groupby(rows, key=lambda row: row.subject)]
