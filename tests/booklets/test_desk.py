"""« Fin de période »: where classes stand, who has what left, closing and reopening, reminders by e-mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.audit.models import AuditLine
from app.booklets.closing import close_from, end_reopening, reopen, reopenings
from app.booklets.desk import by_person, class_lines, left, teachers_of_the_year
from app.booklets.locking import lock
from app.booklets.models import Booklet, EntryClosing
from app.booklets.reminding import late
from app.booklets.selection import Picked
from app.core.actor import SYSTEM, Actor
from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.mail_transport import transport_for
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.mail import deliver_all
from app.jobs.models import JobLine, MailOutbox
from app.jobs.storage import Storage, use_storage
from app.schools.models import School
from app.schools.people import Staff
from tests.booklets.factories import fill, make_booklet, make_class, make_line
from tests.booklets.staffroom import someone
from tests.factories import World, make_division, make_pupil
from tests.statements import statements

TERM = (1, 3)


class Room:
    """A class with three pupils in a school: its teacher of the first subject, its class teacher, the head."""

    def __init__(self, school: School, pupils: int = 3) -> None:
        self.school = school
        self.division, self.booklets = make_class(school, pupils)
        self.items = [line.item for line in self.booklets[0].attainments]
        self.head = someone(school, "head")
        self.teacher = someone(school, "teacher", assigned=self.division, teaches=((self.division, self.items[0]),))
        self.leader = someone(school, "class_teacher", leads=self.division)

    def staff(self, actor: Actor) -> Staff:
        return admin_db.session.scalars(select(Staff).where(Staff.user_id == actor.user_id)).one()

    def told(self) -> dict[str, list[tuple[str, int]]]:
        """Name of the sign-in → what is left, on how many booklets; "" for nobody's."""
        found = left(TERM)
        users = {self.staff(actor).id: name for name, actor in (("teacher", self.teacher), ("leader", self.leader))}
        said = {users[p.staff_id]: [(one.label.fr, one.booklets) for one in p.left] for p in by_person(found)}
        return said | {"": [(one.label.fr, one.booklets) for one in found if not one.staff]}


@pytest.fixture
def room(world: World) -> Iterator[Room]:
    with school_scope(world.a), unit_of_work() as session:
        yield Room(session.get_one(School, world.a))


@pytest.mark.row("M042", "M044")
def test_who_has_what_left_in_a_college(room: Room) -> None:
    fill(room.booklets[0])
    assert room.told() == {
        "teacher": [("Français", 2)],
        "leader": [("Appréciation générale", 2)],
        "": [("Mathématiques", 2), ("Histoire-géographie", 2), ("Vie scolaire", 2)],
    }


def test_each_thing_leads_to_the_page_where_it_is_filled_in(room: Room) -> None:
    addresses = {one.label.fr: one.address for one in left(TERM)}
    assert addresses["Français"].endswith(f"?division={room.division.id}&period=1-3&item={room.items[0].id}")
    assert addresses["Vie scolaire"].startswith("/entry/life/?")


@pytest.mark.row("M044")
def test_who_has_what_left_in_an_ecole(world: World) -> None:
    with school_scope(world.ecole), unit_of_work() as session:
        school = session.get_one(School, world.ecole)
        division, booklets = make_class(school, 2, code="CP")
        fill(booklets[0])
        someone(school, "teacher", assigned=division)
        [person] = by_person(left(TERM))
        assert [(one.label.fr, one.booklets) for one in person.left] == [
            ("Domaines à compléter", 1), ("Appréciation générale", 1)]  # fmt: skip


@pytest.mark.row("M042")
def test_classes_with_their_states(room: Room) -> None:
    fill(room.booklets[0])
    lock(Picked(1, 3, room.division.id), actor=room.head)
    other = make_division(room.school, "4D")
    [line] = class_lines(TERM)
    assert (line.division, line.drafts, line.complete, line.locked, line.edited, line.total) == ("4C", 2, 0, 1, 0, 3)
    assert other.label not in [one.division for one in class_lines(TERM)], "a class without booklets is no line"


def test_the_number_of_statements_does_not_grow(room: Room) -> None:
    few = cost()
    for number in range(4):
        division = make_division(room.school, f"3{number}")
        someone(room.school, "class_teacher", f"pp{number}", leads=division)
        for item in room.items:
            make_line(make_booklet(room.school, make_pupil(room.school, division), division), item)
    assert cost() == few <= 8


def cost() -> int:
    admin_db.session.flush()
    with statements() as sent:
        class_lines(TERM)
        late(TERM)
    return len(sent)


# — closing and reopening —


def test_the_last_day_of_entry_is_set_and_taken_back(room: Room) -> None:
    day = today() + timedelta(3)
    assert close_from([room.division.id], TERM, day, actor=room.head) == 1
    assert class_lines(TERM)[0].closes_on == day
    close_from([room.division.id], TERM, day + timedelta(1), actor=room.head)
    assert admin_db.session.scalar(select(func.count(EntryClosing.id))) == 1, "replaced, not added"
    close_from([room.division.id], TERM, None, actor=room.head)
    assert class_lines(TERM)[0].closes_on is None
    lines = admin_db.session.scalars(select(AuditLine.data).where(AuditLine.action == "entry.close")).all()
    assert [line["day"] for line in lines if line] == [day.isoformat(), (day + timedelta(1)).isoformat(), None]


def test_a_teacher_gets_more_time(room: Room) -> None:
    staff = room.staff(room.teacher)
    assert (staff.id, str(staff)) in teachers_of_the_year()
    until = today() + timedelta(2)
    assert reopen([room.division.id], TERM, staff.id, until, actor=room.head) == 1
    reopen([room.division.id], TERM, staff.id, until + timedelta(1), actor=room.head)
    [one] = reopenings(TERM)
    assert (one.division, one.until, one.over) == ("4C", until + timedelta(1), False)
    end_reopening(one.id, actor=room.head)
    assert reopenings(TERM) == []


def test_only_the_head_closes_and_only_what_exists(room: Room) -> None:
    staff = room.staff(room.teacher).id
    for act in (lambda who: close_from([room.division.id], TERM, today(), actor=who),
                lambda who: reopen([room.division.id], TERM, staff, today(), actor=who),
                lambda who: end_reopening(1, actor=who)):  # fmt: skip
        with pytest.raises(Forbidden):
            act(room.teacher)
    with pytest.raises(BadInput, match="Aucune classe"):
        close_from([], TERM, today(), actor=room.head)
    with pytest.raises(BadInput, match="au moins"):
        reopen([room.division.id], TERM, staff, today() - timedelta(1), actor=room.head)
    with pytest.raises(NotFound):
        reopen([room.division.id], TERM, 999_999, today(), actor=room.head)
    with pytest.raises(NotFound):
        close_from([999_999], TERM, today(), actor=room.head)
    with pytest.raises(NotFound):
        end_reopening(999_999, actor=room.head)


# — reminders —


@pytest.fixture
def staffed(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, int, int]]:
    """The world, a teacher with an address and the class teacher without one."""
    monkeypatch.setenv("LIVRET_HOME", str(tmp_path))
    use_storage(Storage(tmp_path))
    with school_scope(world.a), unit_of_work() as session:
        room = Room(session.get_one(School, world.a))
        teacher, leader = room.staff(room.teacher), room.staff(room.leader)
        teacher.email, leader.email = "yael.ozgur@example.org", None
        found = (world, teacher.id, leader.id)
    admin_db.session.remove()
    yield found
    use_storage(None)


def remind(world: World, *staff: int, again: bool = False) -> tuple[dict[str, Any], list[str]]:
    params = {"position": 1, "period_count": 3, "staff": list(staff), "again": again}
    with school_scope(world.a):
        job = jobs.submit("booklets.remind", world.a, params, SYSTEM, "Relancer")
        done = jobs.run_here(job.id)
        said = list(admin_db.session.scalars(select(JobLine.message).where(JobLine.job_id == job.id)))
        result = dict(done.result or {})
    admin_db.session.remove()
    return result, said


def sent(tmp_path: Path) -> list[Any]:
    deliver_all(transport_for(f"file://{tmp_path}/mail", "Livret <livret@example.org>"))
    files = sorted((tmp_path / "mail").glob("*.eml")) if (tmp_path / "mail").exists() else []
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def test_a_teacher_is_reminded_once_a_day(staffed: tuple[World, int, int], tmp_path: Path) -> None:
    world, teacher, leader = staffed
    result, said = remind(world, teacher, leader)
    assert result["reminded"] == 1 and any("Pas d'adresse" in line for line in said)
    [mail] = sent(tmp_path)
    words = mail.get_body(("plain",)).get_content()
    assert mail["To"].endswith("<yael.ozgur@example.org>")
    assert "4C, Français : 3 bilans" in words and "/entry/comments/?division=" in words
    result, said = remind(world, teacher)
    assert result["reminded"] == 0 and any("Déjà relancé" in line for line in said)
    result, _ = remind(world, teacher, again=True)
    assert result["reminded"] == 1 and len(sent(tmp_path)) == 2


def test_what_was_filled_in_meanwhile_is_not_asked_for(staffed: tuple[World, int, int], tmp_path: Path) -> None:
    world, teacher, _leader = staffed
    remind(world, teacher)
    with school_scope(world.a), unit_of_work() as session:
        for booklet in session.scalars(select(Booklet)):
            fill(booklet)
    admin_db.session.remove()
    assert sent(tmp_path) == []
    with school_scope(world.a):
        [mail] = admin_db.session.scalars(select(MailOutbox)).all()
        assert mail.status == "failed" and "Plus rien à compléter" in (mail.error or "")
        assert late(TERM) == []


def test_another_school_s_people_are_not_reminded(staffed: tuple[World, int, int]) -> None:
    world, teacher, _leader = staffed
    with school_scope(world.b):
        params = {"position": 1, "period_count": 3, "staff": [teacher], "again": False}
        job = jobs.run_here(jobs.submit("booklets.remind", world.b, params, SYSTEM, "Relancer").id)
        assert (job.result or {})["reminded"] == 0
