"""Which marks and absences reach the portal, and when they leave it (M066–M068, M126–M130)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from app.access.models import AccessRefusal, ActivationCode
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import system_scope
from app.curriculum.models import TeachingItem, TeachingService
from app.online.absences import Absence
from app.online.choices import set_publication
from app.online.due_dates import add_due_date
from app.online.models import ContactAddress
from app.online.papers import Mark, TestPaper
from app.online.services import move_services
from app.portal.models import PublishedSchool
from app.portal.records import PublishedAbsence, PublishedDivision, PublishedMark, PublishedTest
from app.replication.orders import send_orders
from app.replication.papers import FEWEST, class_figures
from app.replication.services import replicate
from app.schools.models import Division, DivisionStaff, School
from app.schools.people import Staff
from app.workflow import engine
from tests.booklets.factories import make_items, make_scheme
from tests.factories import World, make_pupil
from tests.online.gradebook import give, make_absence, make_paper
from tests.portal.conftest import rows
from tests.replication.conftest import codes_of, in_school
from tests.statements import statements

TEACHERS_DAY = date(2026, 10, 12)


@contextmanager
def on(day: int, month: int = 10) -> Iterator[None]:
    """Noon of a day of 2026."""
    with clock.frozen(datetime(2026, month, day, 10, tzinfo=UTC)):
        yield


@pytest.fixture
def marked(schools: World) -> World:
    """Marks in both schools: a published test of 6A whose pupils 0 and 1 have codes and four others have none, one that
    is not published; absences open too."""
    with on(1):
        for school_id in (schools.a, schools.b):
            in_school(school_id, lambda session, school_id=school_id: _fill(session, schools, school_id))
    return schools


def _fill(session: Any, world: World, school_id: int) -> None:
    move_services(["absences"], "open", actor=SYSTEM)
    school, facts = session.get_one(School, school_id), world.of[school_id]
    division = session.get_one(Division, facts["divisions"][0])
    make_scheme(school, division)
    item = make_items(school)[0]
    others = [make_pupil(school, division).id for _ in range(4)]
    shown = make_paper(division, item, title="Publié", publish_on=TEACHERS_DAY)
    give(shown, *zip([*facts["pupils"][:2], *others], (10, "ABS", 12, 14.5, 9, 20), strict=True))
    hidden = make_paper(division, item, title="Pas encore")
    give(hidden, (facts["pupils"][0], 3))
    session.flush()


def shown(model: Any = PublishedMark, school_id: int | None = None) -> list[Any]:
    return [row for row in rows(model) if school_id in (None, row.school_id)]


def change(world: World, act: Callable[[Any], Any]) -> None:
    in_school(world.a, act)


@pytest.mark.row("M067", "M126", "M128")
def test_a_test_is_shown_the_day_after_its_teachers_date(marked: World) -> None:
    with on(12):
        replicate()
        assert shown() == [] and shown(PublishedTest) == []
    with on(13):
        replicate()  # nobody wrote: the day has come
        assert len(shown()) == 4 and {row.title for row in shown(PublishedTest)} == {"Publié"}
        assert {(row.value, row.special) for row in shown()} == {(Decimal(10), None), (None, "ABS")}
        pupils = {pupil for s in (marked.a, marked.b) for pupil in marked.of[s]["pupils"]}
        assert {row.pupil_id for row in shown()} <= pupils, "nobody without a code"
        assert replicate(full=True).rows == 0


@pytest.mark.row("M126")
def test_the_figures_are_those_of_the_whole_class(marked: World) -> None:
    with on(13):
        replicate()
        [test] = shown(PublishedTest, marked.a)
        assert (test.average, test.lowest, test.highest) == (Decimal("13.10"), Decimal(9), Decimal(20))
        change(marked, lambda s: s.execute(delete(Mark).where(Mark.value == 20, Mark.school_id == marked.a)))
        replicate()
        [test] = shown(PublishedTest, marked.a)
        assert (test.average, test.lowest, test.highest) == (None, None, None), "four numbers are too few"


@pytest.mark.parametrize("count", range(FEWEST + 2))
def test_too_few_marks_say_nothing_of_the_others(count: int) -> None:
    said = class_figures([Decimal(n) for n in range(count)])
    assert said == ((Decimal(count - 1) / 2, 0, count - 1) if count >= FEWEST else (None, None, None))


@pytest.mark.row("M068")
def test_at_due_dates_the_teachers_date_must_not_come_later(marked: World) -> None:
    programme, division = marked.of[marked.a]["programme"], marked.of[marked.a]["divisions"][0]
    with on(5):
        change(marked, lambda _s: set_publication("scheduled", actor=SYSTEM))
        for day in ("11/10/2026", "20/10/2026"):
            change(marked, lambda _s, day=day: add_due_date(day, [f"{programme}-{division}"], actor=SYSTEM))
    for day, count in ((11, 0), (13, 0), (19, 0), (20, 2)):
        with on(day):
            replicate()
            assert len(shown(school_id=marked.a)) == count, day
    assert len(shown(school_id=marked.b)) == 2, "as it goes along there"


@pytest.mark.row("M068")
def test_due_dates_are_held_for_each_pair(marked: World) -> None:
    """Two pupils of one class, of two programmes: only the pair with a date sees the test."""
    from app.schools.people import Enrolment
    from tests.factories import make_programme

    division, pupils = marked.of[marked.a]["divisions"][0], marked.of[marked.a]["pupils"]

    def other_programme(session: Any) -> None:
        second = make_programme(session.get_one(School, marked.a), "10310019110", "3EME")
        session.execute(update(Enrolment).where(Enrolment.pupil_id == pupils[1]).values(programme_id=second.id))

    with on(5):
        change(marked, other_programme)
        change(marked, lambda _s: set_publication("scheduled", actor=SYSTEM))
        key = f"{marked.of[marked.a]['programme']}-{division}"
        change(marked, lambda _s: add_due_date("20/10/2026", [key], actor=SYSTEM))
    with on(20):
        replicate()
        assert [row.pupil_id for row in shown(school_id=marked.a)] == [pupils[0]]


@pytest.mark.row("M128")
def test_what_the_teacher_takes_back_is_gone_within_the_minute(marked: World) -> None:
    with on(13):
        replicate()
        mine = TestPaper.school_id == marked.a
        change(marked, lambda s: s.execute(update(TestPaper).where(mine).values(publish_on=None)))
        assert len(shown(school_id=marked.a)) == 2
        send_orders()
        assert shown(school_id=marked.a) == [] and shown(PublishedTest, marked.a) == []
        assert len(shown(school_id=marked.b)) == 2
        change(marked, lambda s: s.execute(update(TestPaper).where(mine, TestPaper.title == "Publié").values(
            publish_on=TEACHERS_DAY)))
        replicate()
        assert len(shown(school_id=marked.a)) == 2


@pytest.mark.row("M066")
def test_closing_the_service_takes_all_away(marked: World) -> None:
    with on(13):
        replicate()
        change(marked, lambda _s: move_services(["marks"], "close", actor=SYSTEM))
        send_orders()
        assert shown(school_id=marked.a) == [] and len(shown(school_id=marked.b)) == 2
        replicate()
        assert {row.team == [] for row in shown(PublishedDivision, marked.a)} == {True}


def test_a_refused_guardian_s_only_child_is_not_published(marked: World) -> None:
    """Pupil 1's only code is the mother's: refused, the marks leave with the code."""
    pupil = marked.of[marked.a]["pupils"][1]

    def refuse(session: Any) -> None:
        code = session.scalars(select(ActivationCode).where(ActivationCode.pupil_id == pupil,
                                                            ActivationCode.holder == "guardian")).one()
        session.add(AccessRefusal(school_id=marked.a, guardian_id=code.guardian_id, pupil_id=pupil))
        engine.apply(code, "refuse", actor=SYSTEM)
        session.execute(delete(ActivationCode).where(ActivationCode.pupil_id == pupil,
                                                     ActivationCode.holder == "pupil"))

    with on(13):
        replicate()
        assert pupil in {row.pupil_id for row in shown()}
        change(marked, refuse)
        replicate()
        assert pupil not in {row.pupil_id for row in shown()}
        assert all(code.pupil_id != pupil for code in codes_of(marked.a) if code.state in ("created", "used"))


@pytest.mark.row("M127")
def test_a_class_comes_with_its_periods_and_its_team(marked: World) -> None:
    def lead(session: Any) -> None:
        staff = session.scalars(select(Staff)).first()
        staff.title = "MME"
        item = session.scalars(select(TeachingItem).order_by(TeachingItem.position)).first()
        division = marked.of[marked.a]["divisions"][0]
        session.add_all([
            DivisionStaff(school_id=marked.a, division_id=division, staff_id=staff.id, is_class_teacher=True),
            TeachingService(school_id=marked.a, division_id=division, item_id=item.id, staff_id=staff.id)])

    with on(13):
        change(marked, lead)
        replicate()
        row = next(r for r in shown(PublishedDivision, marked.a) if r.id == marked.of[marked.a]["divisions"][0])
        assert [p[1] for p in row.periods] == ["Trimestre 1", "Trimestre 2", "Trimestre 3"]
        assert row.periods[0][2:] == ["2026-09-01", "2026-11-30"]
        [(subject, teacher, principal)] = row.team
        assert (subject, teacher.startswith("Mme "), principal) == ("Français", True, True)
        [test] = shown(PublishedTest, marked.a)
        assert (test.subject, test.position) == ("Français", 1)


@pytest.mark.row("M129", "M130")
def test_only_noted_filed_and_legitimate_half_days_count(marked: World) -> None:
    pupil, day = marked.of[marked.a]["pupils"][0], date(2026, 10, 5)

    def note(_session: Any) -> None:
        make_absence(marked.a, pupil, day, "am", reason="Secret médical")
        for n, lacking in enumerate(("noted", "filed", "legitimate"), start=1):
            make_absence(marked.a, pupil, date(2026, 10, 5 + n), **{lacking: False})
        make_absence(marked.a, pupil, date(2025, 10, 6))

    with on(13):
        change(marked, note)
        replicate()
        [row] = shown(PublishedAbsence)
        assert (row.pupil_id, row.day, row.half) == (pupil, day, "am")
        assert set(PublishedAbsence.__table__.c.keys()) == {"id", "digest", "school_id", "pupil_id", "day", "half"}
        change(marked, lambda s: s.execute(update(Absence).where(Absence.day == day).values(legitimate=False)))
        send_orders()
        assert shown(PublishedAbsence) == [], "taken back within the minute"
        change(marked, lambda s: s.execute(update(Absence).where(Absence.day == day).values(legitimate=True)))
        replicate()
        assert len(shown(PublishedAbsence)) == 1
        change(marked, lambda _s: move_services(["absences"], "close", actor=SYSTEM))
        send_orders()
        assert shown(PublishedAbsence) == []


@pytest.mark.row("M130")
def test_the_school_life_office_has_its_card_while_the_service_is_open(marked: World) -> None:
    def card() -> Any:
        return next(row for row in rows(PublishedSchool) if row.id == marked.a).school_life

    with on(13):
        change(marked, lambda s: s.execute(update(School).values(email="college@example.org", fax="03 99 00 00 09")))
        replicate()
        assert card() == {"email": "college@example.org", "fax": "03 99 00 00 09"}
        office = {"label": "Vie Scolaire", "email": "vs@example.org"}
        change(marked, lambda s: s.add(ContactAddress(school_id=marked.a, **office)))
        replicate()
        assert card()["email"] == "vs@example.org"
        change(marked, lambda _s: move_services(["absences"], "close", actor=SYSTEM))
        replicate()
        assert card() is None


def test_the_statements_do_not_grow_with_the_marks(marked: World) -> None:
    def more(session: Any) -> None:
        division = session.get_one(Division, marked.of[marked.a]["divisions"][0])
        item = session.scalars(select(TeachingItem)).first()
        for n in range(20):
            paper = make_paper(division, item, title=f"Contrôle {n}", publish_on=TEACHERS_DAY)
            give(paper, *((pupil, n) for pupil in marked.of[marked.a]["pupils"][:2]))

    with on(13):
        replicate()
        counts = []
        for _ in range(2):
            with statements() as seen:
                replicate(full=True)
            counts.append(len(seen))
            change(marked, more)
        assert counts[0] == counts[1], counts
        with system_scope("assertions of a test"):
            assert len(admin_db.session.scalars(select(TestPaper.id)).all()) == 4 + 40
