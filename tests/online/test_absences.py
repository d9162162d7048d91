"""Half-days of absence: added in a stretch, ticked one by one, removed; who may (M129, M130)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.cells import Cell
from app.booklets.entry import Change, Outcome
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.online.absence_entry import CHANGE, add_half_days, half_days, remove_half_day, save_absences
from app.online.absences import Absence, counts
from app.schools.models import School
from tests.booklets.staffroom import someone
from tests.factories import World
from tests.online.gradebook import make_absence

pytestmark = pytest.mark.row("M129", "M130")
FRIDAY, MONDAY = "2026-10-09", "2026-10-12"


@pytest.fixture
def school(world: World) -> Iterator[School]:
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


@pytest.fixture
def cpe(school: School) -> Actor:
    return someone(school, "cpe")


@pytest.fixture
def pupil(world: World, school: School) -> int:
    return int(world.of[world.a]["pupils"][0])


def stored() -> list[tuple[str, str]]:
    rows = admin_db.session.execute(select(Absence.day, Absence.half).order_by(Absence.day, Absence.half))
    return [(f"{row.day:%a %d}", row.half) for row in rows]


def tick(absence: Absence, field: str, value: Any, base: Any, actor: Actor) -> Outcome:
    [outcome] = save_absences([Change(Cell("absence", absence.id, field), value, base)], actor=actor)
    return outcome


def test_a_stretch_is_half_day_by_half_day_without_sunday(school: School, cpe: Actor, pupil: int) -> None:
    assert add_half_days(pupil, (FRIDAY, "pm"), (MONDAY, "am"), reason=" Grippe ", actor=cpe) == 3
    assert stored() == [("Fri 09", "pm"), ("Sat 10", "am"), ("Mon 12", "am")]
    assert add_half_days(pupil, (FRIDAY, "am"), (MONDAY, "pm"), actor=cpe) == 2, "those that are known stay"
    assert add_half_days(pupil, (FRIDAY, "am"), ("", "pm"), actor=cpe) == 0
    kept = admin_db.session.scalars(select(Absence).where(Absence.reason.is_not(None))).all()
    assert {(row.noted, row.filed, row.legitimate, row.reason) for row in kept} == {(True, False, False, "Grippe")}
    assert admin_db.session.scalars(select(Absence).where(counts())).all() == []


@pytest.mark.parametrize(("start", "end", "said"), [
    ((MONDAY, "am"), (FRIDAY, "pm"), "Au"), (("2026-10-11", "am"), ("", "am"), "Du"),
    (("2025-10-10", "am"), ("", "am"), "Du"), ((FRIDAY, "soir"), ("", "am"), "Du"), (("", "am"), ("", "am"), "Du"),
    ((FRIDAY, "am"), ("2027-06-01", "am"), "Au"),
])  # fmt: skip
def test_a_wrong_stretch_is_named(
    school: School, cpe: Actor, pupil: int, start: tuple[str, str], end: tuple[str, str], said: str
) -> None:
    with pytest.raises(BadInput) as told:
        add_half_days(pupil, start, end, actor=cpe)
    assert told.value.sentence().startswith(said) and stored() == []


def test_ticks_are_cells(school: School, cpe: Actor, pupil: int) -> None:
    absence = make_absence(school.id, pupil, date(2026, 10, 9), filed=False, legitimate=False)
    head = someone(school, "head")
    assert tick(absence, "filed", "1", "0", cpe).state == "saved"
    assert tick(absence, "filed", "1", "0", cpe).state == "unchanged"
    assert tick(absence, "reason", "Rendez-vous médical", "", cpe).state == "saved"
    assert tick(absence, "reason", "x" * 101, "Rendez-vous médical", cpe).state == "refused"
    found = tick(absence, "reason", "Autre", "", head)
    assert (found.state, found.by) == ("clash", "Camille cpe")
    assert tick(absence, "pupil_id", "3", "", cpe).state == "refused"
    admin_db.session.expire_all()
    assert (absence.filed, absence.legitimate, absence.reason) == (True, False, "Rendez-vous médical")
    assert tick(absence, "legitimate", "1", "0", cpe).state == "saved"
    assert admin_db.session.scalars(select(Absence.id).where(counts())).all() == [absence.id]
    assert len(admin_db.session.scalars(select(AuditLine).where(AuditLine.action == CHANGE)).all()) == 3


@pytest.mark.row("C05")
@pytest.mark.parametrize("role", ["secretary", "teacher", "librarian"])
def test_only_the_cpe_and_the_direction(school: School, pupil: int, role: str) -> None:
    absence, actor = make_absence(school.id, pupil, date(2026, 10, 9)), someone(school, role)
    assert tick(absence, "filed", "0", "1", actor).state == "refused"
    for act in (lambda: add_half_days(pupil, (MONDAY, "am"), ("", ""), actor=actor),
                lambda: remove_half_day(absence.id, actor=actor)):
        with pytest.raises(Forbidden):
            act()


def test_another_schools_rows_do_not_exist(school: School, cpe: Actor, pupil: int, world: World) -> None:
    absence = make_absence(school.id, pupil, date(2026, 10, 9))
    with school_scope(world.b):
        other = someone(admin_db.session.get_one(School, world.b), "cpe", "ailleurs")
        assert tick(absence, "filed", "0", "1", other).state == "refused"
        with pytest.raises(NotFound):
            remove_half_day(absence.id, actor=other)
        with pytest.raises(NotFound):
            add_half_days(pupil, (MONDAY, "am"), ("", "am"), actor=other)


def test_the_list_of_a_class(school: School, cpe: Actor, pupil: int, world: World) -> None:
    sixth, fifth = world.of[world.a]["divisions"]
    later = make_absence(school.id, pupil, date(2026, 10, 12), "pm")
    sooner = make_absence(school.id, pupil, date(2026, 10, 9))
    make_absence(school.id, pupil, date(2026, 11, 9))
    found = half_days(sixth, date(2026, 10, 5), date(2026, 10, 18))
    assert [line.id for line in found] == [later.id, sooner.id]
    assert half_days(fifth, date(2026, 10, 5), date(2026, 10, 18)) == []
    remove_half_day(sooner.id, actor=cpe)
    assert [line.id for line in half_days(sixth, date(2026, 10, 5), date(2026, 10, 18))] == [later.id]
