"""The tests of a class or group in a subject and a period, and one test with its pupils, as their pages show them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, or_, select

from app.booklets.models import Booklet, GroupPupil
from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import NotFound
from app.online.forecast import Visible, mark_forecast
from app.online.marking import Marker, MarksChosen
from app.online.models import MarksDueDate
from app.online.papers import SPECIALS, Mark, TestPaper
from app.online.settings import settings_of_school
from app.schools.models import Programme, School
from app.schools.people import Enrolment, Pupil

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A test in the list: how many marks are entered, and the average of the numbers."""

    paper: TestPaper
    entered: int
    average: Decimal | None


@dataclass(frozen=True, slots=True)
class MarkLine:
    """A pupil of a test."""

    pupil_id: int
    name: str
    value: str


def shown_mark(value: Decimal | None, special: str | None) -> str:
    """« 12,5 », « ABS », nothing: as fields, the trail and spreadsheets write a mark."""
    if value is None:
        return special or ""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")


def papers_of(chosen: MarksChosen) -> list[PaperLine]:
    """The tests of the choice, latest first; one statement."""
    assert chosen.set is not None and chosen.period is not None and chosen.item is not None
    figures = (
        select(Mark.test_id, func.count(Mark.id).label("entered"), func.avg(Mark.value).label("average"))
        .group_by(Mark.test_id).subquery()
    )  # fmt: skip
    rows = admin_db.session.execute(
        select(TestPaper, figures.c.entered, figures.c.average)
        .outerjoin(figures, figures.c.test_id == TestPaper.id)
        .where(TestPaper.division_id.is_not_distinct_from(chosen.set.division_id),
               TestPaper.group_id.is_not_distinct_from(chosen.set.group_id), TestPaper.item_id == chosen.item.id,
               TestPaper.position == chosen.period.position, TestPaper.period_count == chosen.period.count,
               TestPaper.school_year_id == _year())
        .order_by(TestPaper.taken_on.desc(), TestPaper.id.desc())
    )  # fmt: skip
    return [PaperLine(paper, entered or 0, None if average is None else Decimal(average).quantize(CENT))
            for paper, entered, average in rows]  # fmt: skip


def paper_seen(marker: Marker, paper_id: int) -> TestPaper:
    """A test of this year whose marks the person may enter. Raises `NotFound`."""
    found = admin_db.session.scalars(
        select(TestPaper).where(TestPaper.id == paper_id, TestPaper.school_year_id == _year())).one_or_none()
    if found is None or marker.refusal(found.division_id, found.group_id, found.item_id, found.item.parent_id or 0):
        raise NotFound("Ce contrôle n'existe pas.")
    return found


def _year() -> Any:
    return select(School.school_year_id).where(School.id == TestPaper.school_id).scalar_subquery()


def lines_of(paper: TestPaper) -> list[MarkLine]:
    """The pupils of the class or group, and those who left it with a mark, by name; three statements."""
    marks = {row.pupil_id: shown_mark(row.value, row.special) for row in admin_db.session.execute(
        select(Mark.pupil_id, Mark.value, Mark.special).where(Mark.test_id == paper.id))}  # fmt: skip
    return [MarkLine(id, name, marks.get(id, "")) for id, name in names_of([paper]).items()]


def average_of(lines: Iterable[MarkLine]) -> str:
    """The average of the numbers, as it is shown; nothing without a number."""
    numbers = [Decimal(line.value.replace(",", ".")) for line in lines if line.value and line.value not in SPECIALS]
    return shown_mark((sum(numbers, Decimal(0)) / len(numbers)).quantize(CENT), None) if numbers else ""


def names_of(papers: Sequence[TestPaper]) -> dict[int, str]:
    """Pupil → name, in order, of everybody who is or was in these tests; two or three statements."""
    members: set[int] = set().union(*members_of(papers).values())
    marked = select(Mark.pupil_id).where(Mark.test_id.in_([paper.id for paper in papers]))
    rows = admin_db.session.execute(
        select(Pupil.id, Pupil.last_name, Pupil.usage_name, Pupil.first_name)
        .where(or_(Pupil.id.in_(members), Pupil.id.in_(marked)))
        .order_by(Pupil.last_name, Pupil.first_name, Pupil.id)
    )  # fmt: skip
    return {row.id: f"{row.usage_name or row.last_name} {row.first_name}" for row in rows}


def members_of(papers: Iterable[Any]) -> dict[int, set[int]]:
    """Test → the pupils of its class (present) or group; a statement for classes and one for groups."""
    papers = list(papers)
    by_class = _classes({p.division_id for p in papers if p.division_id is not None})
    by_group = _groups({p.group_id for p in papers if p.group_id is not None})
    return {p.id: set(by_class[p.division_id] if p.division_id is not None else by_group[p.group_id]) for p in papers}


def _classes(ids: Collection[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    if ids:
        present = or_(Enrolment.ends_on.is_(None), Enrolment.ends_on > today())
        rows = select(Enrolment.division_id, Enrolment.pupil_id).where(Enrolment.division_id.in_(ids), present)
        for division_id, pupil_id in admin_db.session.execute(rows):
            found[division_id or 0].add(pupil_id)
    return found


def _groups(ids: Collection[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    if ids:
        same = and_(Booklet.id == GroupPupil.booklet_id, Booklet.school_id == GroupPupil.school_id)
        rows = select(GroupPupil.group_id, Booklet.pupil_id).join(Booklet, same).where(GroupPupil.group_id.in_(ids))
        for group_id, pupil_id in admin_db.session.execute(rows):
            found[group_id].add(pupil_id)
    return found


def forecasts(paper: TestPaper) -> list[tuple[str, Visible]]:
    """When families see a published test: once, or for each programme of the class with its own due dates (M068)."""
    if paper.publish_on is None:
        return []
    kind = settings_of_school().marks_publication
    if kind == "continuous":
        return [("", mark_forecast(paper.publish_on, kind, ()))]
    dates: dict[tuple[int, str], list[date]] = defaultdict(list)
    for programme_id, label, due_on in admin_db.session.execute(_due_dates(paper)):
        dates[programme_id, label].append(due_on)
    return [(label, mark_forecast(paper.publish_on, kind, (day for day in days if day is not None)))
            for (_id, label), days in dates.items()]  # fmt: skip


def _due_dates(paper: TestPaper) -> Any:
    """Programme, its name and each due date, of the pupils of the test; a programme without date comes once."""
    pair = and_(MarksDueDate.programme_id == Enrolment.programme_id, MarksDueDate.division_id == Enrolment.division_id,
                MarksDueDate.school_id == Enrolment.school_id)  # fmt: skip
    return (
        select(Enrolment.programme_id, Programme.label, MarksDueDate.due_on)
        .join(Enrolment.programme)
        .outerjoin(MarksDueDate, pair)
        .where(Enrolment.pupil_id.in_(members_of([paper])[paper.id]),
               Enrolment.school_year_id == paper.school_year_id)
        .distinct()
        .order_by(Programme.label, MarksDueDate.due_on)
    )  # fmt: skip
