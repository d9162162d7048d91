"""Due dates of marks: pairs of programme and class, and days that cannot be (M068, M069)."""

from __future__ import annotations

from datetime import date

import pytest

from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.online.choices import set_publication
from app.online.due_dates import add_due_date, remove_due_date, with_date
from app.online.queries import pairs
from app.online.services import move_services
from app.schools.models import Division, Programme, School
from app.schools.periods import DivisionScheme, Period, PeriodScheme
from tests.factories import World, make_pupil

DAY = date(2026, 12, 12)
pytestmark = pytest.mark.row("M068", "M069")


@pytest.fixture
def scheduled(world: World) -> World:
    """School a publishes its marks at due dates."""
    with school_scope(world.a):
        move_services(["marks"], "open", actor=SYSTEM)
        set_publication("scheduled", actor=SYSTEM)
    return world


def keys() -> list[str]:
    return [pair.key for pair in pairs()]


def table() -> dict[str, list[str]]:
    return {pair.label: [f"{day:%d/%m/%Y}" for day in pair.due_dates] for pair in pairs()}


def test_pairs_are_those_of_this_years_pupils(scheduled: World) -> None:
    with school_scope(scheduled.a):
        with unit_of_work() as session:
            school, sixth = session.get_one(School, scheduled.a), session.get_one(
                Division, scheduled.of[scheduled.a]["divisions"][0])
            segpa = Programme(mef_code="16610019110", label="6SEGPA")
            session.add(segpa)
            session.flush()
            make_pupil(school, sixth, segpa)
            make_pupil(school, sixth)  # without programme: no pair
        assert list(table()) == ["6EME – 5B", "6EME – 6A", "6SEGPA – 6A"]
    with school_scope(scheduled.ecole):
        assert pairs() == []


def test_a_date_is_added_to_some_and_taken_from_some(scheduled: World) -> None:
    with school_scope(scheduled.a):
        assert add_due_date("2026-12-12", keys(), actor=SYSTEM) == (DAY, 2)
        assert add_due_date("30/11/2026", keys()[:1], actor=SYSTEM) == (date(2026, 11, 30), 1)
        assert table() == {"6EME – 5B": ["30/11/2026", "12/12/2026"], "6EME – 6A": ["12/12/2026"]}
        assert [pair.label for pair in with_date(date(2026, 11, 30))] == ["6EME – 5B"]
        assert remove_due_date("2026-12-12", keys()[:1], actor=SYSTEM) == (DAY, 1)
        assert table() == {"6EME – 5B": ["30/11/2026"], "6EME – 6A": ["12/12/2026"]}
        with pytest.raises(BadInput, match="n'est pas proposé"):
            remove_due_date("2026-12-12", keys(), actor=SYSTEM)  # one of them no longer has it


@pytest.mark.parametrize(("text", "told"), [
    ("2027-02-31", "Date d'échéance : « 2027-02-31 » n'est pas une date"),
    ("31/02/2027", "Date d'échéance : « 31/02/2027 » n'est pas une date"),
    ("", "Date d'échéance : choisissez un jour"),
    ("demain", "Date d'échéance : « demain » n'est pas une date"),
    ("2026-08-31", "hors de l'année scolaire"),
    ("2027-07-07", "hors de l'année scolaire"),
    ("0001-01-01", "hors de l'année scolaire"),
])  # fmt: skip
def test_days_that_cannot_be_due_dates(scheduled: World, text: str, told: str) -> None:
    with school_scope(scheduled.a):
        with pytest.raises(BadInput, match=told):
            add_due_date(text, keys(), actor=SYSTEM)
        assert set(map(tuple, table().values())) == {()}


def test_a_day_before_the_first_period_of_a_class(scheduled: World) -> None:
    with school_scope(scheduled.a):
        with unit_of_work() as session:
            scheme = PeriodScheme(school_year_id=scheduled.year, label="À nos dates")
            session.add(scheme)
            session.flush()
            session.add(Period(scheme_id=scheme.id, position=1, label="Période 1", starts_on=date(2026, 10, 1),
                               ends_on=date(2027, 1, 31)))
            session.add(DivisionScheme(division_id=scheduled.of[scheduled.a]["divisions"][0], scheme_id=scheme.id))
        with pytest.raises(BadInput) as refused:
            add_due_date("2026-09-30", keys(), actor=SYSTEM)
        assert refused.value.sentence() == ("Date d'échéance : le 30/09/2026 précède la première période de "
                                            "6EME – 6A. Elle commence le 01/10/2026.")
        add_due_date("2026-09-30", keys()[:1], actor=SYSTEM)
        add_due_date("2026-10-01", keys()[1:], actor=SYSTEM)


def test_a_date_that_is_there_already_is_said_and_nothing_is_stored(scheduled: World) -> None:
    with school_scope(scheduled.a):
        add_due_date("2026-12-12", keys()[:1], actor=SYSTEM)
        with pytest.raises(Conflict, match="le 12/12/2026 est déjà fixé pour 6EME – 5B"):
            add_due_date("2026-12-12", keys(), actor=SYSTEM)
        assert table() == {"6EME – 5B": ["12/12/2026"], "6EME – 6A": []}


def test_pairs_of_nobody(scheduled: World) -> None:
    with school_scope(scheduled.a), pytest.raises(BadInput, match="cochez au moins un couple"):
        add_due_date("2026-12-12", [], actor=SYSTEM)
    with school_scope(scheduled.b):
        theirs = keys()
    with school_scope(scheduled.a):
        for wrong in (theirs, ["x"], ["1-2-3"], ["999999-999999"]):
            with pytest.raises(BadInput, match="n'est pas proposé"):
                add_due_date("2026-12-12", wrong, actor=SYSTEM)
        with pytest.raises(BadInput, match="aucun couple MEF / division n'a d'échéance le 12/12/2026"):
            remove_due_date("2026-12-12", keys(), actor=SYSTEM)


@pytest.mark.row("M066")
def test_dates_belong_to_scheduled_publication_of_an_open_service(scheduled: World) -> None:
    with school_scope(scheduled.a):
        move_services(["marks"], "close", actor=SYSTEM)
        with pytest.raises(Conflict, match="est fermé"):
            add_due_date("2026-12-12", keys(), actor=SYSTEM)
        move_services(["marks"], "open", actor=SYSTEM)
        set_publication("continuous", confirmed=True, actor=SYSTEM)
        with pytest.raises(Conflict, match="au fil de l'eau"):
            add_due_date("2026-12-12", keys(), actor=SYSTEM)
    admin_db.session.remove()
