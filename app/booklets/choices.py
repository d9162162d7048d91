"""What the entry pages offer to choose from: class, period, subject or area (M031), for one person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, func, select

from app.booklets.base import class_staff, class_teachers, together
from app.booklets.models import Attainment, Booklet
from app.booklets.rights import Writer, readable_divisions
from app.core.clock import today
from app.core.db import admin_db
from app.curriculum.models import TeachingItem
from app.schools.models import Division, School, SchoolYear
from app.schools.periods import DivisionScheme, Period


@dataclass(frozen=True, slots=True)
class ClassChoice:
    """A class of this year whose booklets the person reads."""

    id: int
    label: str
    own: bool


@dataclass(frozen=True, slots=True)
class PeriodChoice:
    """A period of the class, « 2026/2027 – Trimestre 1 »; `position` 0 is the end of the cycle."""

    position: int
    count: int
    label: str
    starts_on: date | None = None

    @property
    def key(self) -> str:
        """How addresses name it."""
        return f"{self.position}-{self.count}"


@dataclass(frozen=True, slots=True)
class ItemChoice:
    """A subject, an area or (`depth` 1) a sub-area that is in booklets of the class; `teachers` as they show them;
    `own` when the person writes there."""

    id: int
    area_id: int
    label: str
    teachers: str
    own: bool

    @property
    def depth(self) -> int:
        """1 for a sub-area."""
        return int(self.id != self.area_id)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a page is about. Any of the three is None when there is nothing to choose; `leaders` are the class
    teachers, `staff` whoever else is assigned."""

    classes: Sequence[ClassChoice]
    periods: Sequence[PeriodChoice] = ()
    items: Sequence[ItemChoice] = ()
    division: ClassChoice | None = None
    period: PeriodChoice | None = None
    item: ItemChoice | None = None
    leaders: str = ""
    staff: str = ""

    @property
    def ready(self) -> bool:
        """Whether there is a class and a period to work on."""
        return self.division is not None and self.period is not None

    @property
    def where(self) -> Any:
        """Criterion: the booklets of the class in the period."""
        assert self.division is not None and self.period is not None
        return and_(Booklet.division_id == self.division.id, Booklet.position == self.period.position,
                    Booklet.period_count == self.period.count)  # fmt: skip


def choose(writer: Writer, asked: dict[str, str], *, items: str = "all", cycles: bool = False) -> Chosen:
    """What the address (or the person's last choice) asks for, within what there is; else one's own first class, the
    present period, one's own first subject. `items`: all, areas (without sub-areas) or none; `cycles` offers the end
    of a cycle too. Four to six statements."""
    classes = _classes(writer)
    division = next((c for c in classes if str(c.id) == asked.get("division")), None) or _first_own(classes)
    if division is None:
        return Chosen(classes)
    people = class_staff(admin_db.session(), [division.id])[division.id]
    said: dict[str, Any] = {"leaders": class_teachers(people) or "",
                            "staff": together(name for name, _leads in people) or ""}  # fmt: skip
    periods = [*periods_of(division.id), *(_cycle_end(division.id) if cycles else ())]
    period = next((p for p in periods if p.key == asked.get("period")), None) or present_period(periods)
    if period is None or items == "none":
        return Chosen(classes, periods, (), division, period, **said)
    found = [i for i in _items(writer, division.id, period) if items == "all" or not i.depth]
    item = next((i for i in found if str(i.id) == asked.get("item")), None) or _first_own(found)
    return Chosen(classes, periods, found, division, period, item, **said)


def _first_own(choices: Sequence[Any]) -> Any:
    return next((c for c in choices if c.own), choices[0] if choices else None)


def _classes(writer: Writer) -> list[ClassChoice]:
    rows = admin_db.session.execute(
        select(Division.id, Division.label)
        .join(School, School.id == Division.school_id)
        .where(Division.school_year_id == School.school_year_id, readable_divisions(writer))
        .order_by(Division.label, Division.id)
    )
    own = writer.led or writer.classes
    return [ClassChoice(row.id, row.label, row.id in own) for row in rows]


def periods_of(division_id: int) -> list[PeriodChoice]:
    """The periods of the class's scheme, in order."""
    rows = admin_db.session.execute(
        select(Period.position, Period.label, Period.starts_on, SchoolYear.first_year)
        .join(DivisionScheme, and_(DivisionScheme.scheme_id == Period.scheme_id,
                                   DivisionScheme.school_id == Period.school_id))
        .join(Division, and_(Division.id == DivisionScheme.division_id, Division.school_id == DivisionScheme.school_id))
        .join(SchoolYear, SchoolYear.id == Division.school_year_id)
        .where(DivisionScheme.division_id == division_id)
        .order_by(Period.position)
    ).all()  # fmt: skip
    return [PeriodChoice(row.position, len(rows), f"{row.first_year}/{row.first_year + 1} – {row.label}", row.starts_on)
            for row in rows]  # fmt: skip


def _cycle_end(division_id: int) -> list[PeriodChoice]:
    label = select(func.min(Booklet.period_label)).where(Booklet.division_id == division_id, Booklet.position == 0)
    found = admin_db.session.scalar(label)
    return [PeriodChoice(0, 0, found)] if found else []


def present_period(periods: Sequence[PeriodChoice]) -> PeriodChoice | None:
    """The last one begun, else the first."""
    begun = [p for p in periods if p.starts_on is not None and p.starts_on <= today()]
    return begun[-1] if begun else (periods[0] if periods else None)


def _items(writer: Writer, division_id: int, period: PeriodChoice) -> list[ItemChoice]:
    """What the booklets of the class hold, areas before their sub-areas."""
    rows = admin_db.session.execute(
        select(TeachingItem.id, Attainment.area_id, TeachingItem.label, func.max(Attainment.teachers).label("teachers"))
        .join(Attainment, and_(Attainment.item_id == TeachingItem.id, Attainment.school_id == TeachingItem.school_id))
        .join(Booklet, and_(Booklet.id == Attainment.booklet_id, Booklet.school_id == Attainment.school_id))
        .where(Booklet.division_id == division_id, Booklet.position == period.position,
               Booklet.period_count == period.count)
        .group_by(TeachingItem.id, Attainment.area_id, TeachingItem.label, TeachingItem.position)
        .order_by(TeachingItem.position, TeachingItem.id)
    )  # fmt: skip
    everywhere = writer.everywhere
    return [ItemChoice(row.id, row.area_id, row.label, row.teachers or "",
                       everywhere or writer.teaches(division_id, row.id, row.area_id)) for row in rows]  # fmt: skip
