"""Which tests and marks families see (M066–M068, M126–M128), by the day that `app.online.forecast` gives each.

The class's figures are worked out here over everybody who has a number, and only where enough have one: the average,
lowest and highest of three pupils would tell the third what the other two got.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.curriculum.models import TeachingItem
from app.online.forecast import mark_day
from app.online.models import MarksDueDate
from app.online.papers import Mark, TestPaper
from app.online.settings import settings_of_school
from app.schools.models import School
from app.schools.people import Enrolment
from app.schools.periods import DivisionScheme, Period

SERVICE = "marks"
FEWEST = 5  # marks of a test below which nothing is said of the class
CENT = Decimal("0.01")
NO_PAIR = (None, None)
Row = dict[str, Any]
Pair = tuple[int | None, int | None]
Shows = Callable[[date, Pair], bool]
_TEST = (
    TestPaper.id, TestPaper.school_id, TestPaper.division_id, TestPaper.position, TestPaper.period_count,
    TestPaper.title, TestPaper.taken_on, TestPaper.out_of, TestPaper.coefficient, TestPaper.publish_on,
    TeachingItem.label.label("subject"), TeachingItem.position.label("place"),
)  # fmt: skip


def paper_rows(
    session: Session, today: date, services: Collection[str], pupil_ids: Collection[int]
) -> tuple[dict[int, Row], dict[int, Row]]:
    """The tests and the marks to publish, each by its id, for these pupils; nothing while the service is closed. The
    rows of marks carry their digest: their content itself."""
    if SERVICE not in services or not pupil_ids:
        return {}, {}
    tests = {row.id: row for row in session.execute(_published(today).with_only_columns(*_TEST))}
    if not tests:
        return {}, {}
    pairs, shows = _pairs(session), _shows(session, today)
    marks: dict[int, Row] = {}
    numbers: dict[int, list[Decimal]] = defaultdict(list)
    seen: set[int] = set()
    days = {id: row.publish_on for id, row in tests.items()}
    # Names and not attributes of rows: a year of a big school is more than a hundred thousand marks.
    for id, school_id, test_id, pupil_id, value, special in session.execute(_marks(today)):
        if value is not None:
            numbers[test_id].append(value)
        if pupil_id in pupil_ids and shows(days[test_id], pairs.get(pupil_id, NO_PAIR)):
            marks[id] = {"id": id, "school_id": school_id, "pupil_id": pupil_id, "test_id": test_id, "value": value,
                         "special": special, "digest": special or str(value)}  # fmt: skip
            seen.add(test_id)
    counts = _period_counts(session)
    return {id: _test_row(tests[id], numbers[id], counts) for id in sorted(seen)}, marks


def showable_tests(session: Session, today: date, services: Collection[str]) -> set[int]:
    """The tests that some pupils may still see, without looking at marks: what is no longer here is withdrawn from the
    portal within the minute."""
    if SERVICE not in services:
        return set()
    continuous = settings_of_school().marks_publication == "continuous"
    due = [] if continuous else list(session.scalars(select(MarksDueDate.due_on).distinct()))
    kind = "continuous" if continuous else "scheduled"
    rows = session.execute(_published(today).with_only_columns(TestPaper.id, TestPaper.publish_on))
    return {id for id, publish_on in rows if _has_come(mark_day(publish_on, kind, due), today)}


def _published(today: date) -> Any:
    """The tests of the school's year that their teachers published."""
    year = select(School.school_year_id).where(School.id == TestPaper.school_id).scalar_subquery()
    return (
        select(TestPaper)
        .join(TeachingItem, and_(TeachingItem.id == TestPaper.item_id, TeachingItem.school_id == TestPaper.school_id))
        .where(TestPaper.school_year_id == year, TestPaper.publish_on <= today)
    )


def _marks(today: date) -> Any:
    chosen = _published(today).with_only_columns(TestPaper.id)
    columns = Mark.id, Mark.school_id, Mark.test_id, Mark.pupil_id, Mark.value, Mark.special
    return select(*columns).where(Mark.test_id.in_(chosen))


def _pairs(session: Session) -> dict[int, Pair]:
    """Pupil → programme and class of the school's year: what due dates are held for (M068)."""
    rows = session.execute(
        select(Enrolment.pupil_id, Enrolment.programme_id, Enrolment.division_id)
        .join(School, School.id == Enrolment.school_id)
        .where(Enrolment.school_year_id == School.school_year_id)
    )
    return {row.pupil_id: (row.programme_id, row.division_id) for row in rows}


def _shows(session: Session, today: date) -> Shows:
    """Whether the pupils of a pair see a test that its teacher publishes on a day."""
    kind = settings_of_school().marks_publication
    dates: dict[Pair, list[date]] = defaultdict(list)
    for row in session.execute(select(MarksDueDate.programme_id, MarksDueDate.division_id, MarksDueDate.due_on)):
        dates[row.programme_id, row.division_id].append(row.due_on)
    known: dict[tuple[date, Pair], bool] = {}

    def shows(publish_on: date, pair: Pair) -> bool:
        key = (publish_on, pair)
        if key not in known:
            known[key] = _has_come(mark_day(publish_on, kind, dates.get(pair, ())), today)
        return known[key]

    return shows


def _has_come(day: date | None, today: date) -> bool:
    return day is not None and day <= today


def _period_counts(session: Session) -> dict[int, int]:
    """Class → how many periods it follows."""
    rows = session.execute(
        select(DivisionScheme.division_id, func.count(Period.id))
        .join(Period, and_(Period.scheme_id == DivisionScheme.scheme_id, Period.school_id == DivisionScheme.school_id))
        .group_by(DivisionScheme.division_id)
    )
    return dict(rows.all())  # type: ignore[arg-type]


def _test_row(test: Any, numbers: list[Decimal], counts: dict[int, int]) -> Row:
    """A test whose class was cut into periods otherwise since then belongs to a period by its date: no position."""
    kept = test.division_id is None or counts.get(test.division_id) == test.period_count
    average, lowest, highest = class_figures(numbers)
    return {"id": test.id, "school_id": test.school_id, "subject": test.subject, "place": test.place,
            "title": test.title, "taken_on": test.taken_on, "position": test.position if kept else None,
            "out_of": test.out_of, "coefficient": test.coefficient, "average": average, "lowest": lowest,
            "highest": highest}  # fmt: skip


def class_figures(numbers: Iterable[Decimal]) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Average (two decimals), lowest and highest; nothing when too few pupils have a number."""
    known = list(numbers)
    if len(known) < FEWEST:
        return None, None, None
    return (sum(known, Decimal(0)) / len(known)).quantize(CENT, ROUND_HALF_UP), min(known), max(known)
