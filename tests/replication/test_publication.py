"""What goes out: visible rows, the differences, of the schools that changed (M111, M112)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from app.access.models import AccessRefusal, ActivationCode
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db
from app.core.scope import academy_scope, school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.services import move_services
from app.replication import services as replication
from app.replication.models import ReplicationMark
from app.replication.services import replicate
from app.schools.models import School, SchoolYear
from app.schools.people import Enrolment, GuardianLink, Pupil
from app.workflow import engine
from tests.factories import World
from tests.replication.conftest import codes_of, in_school, on_portal, published_codes, sign_up
from tests.statements import statements


def dirty() -> set[int]:
    """The schools a replication would compare."""
    admin_db.session.rollback()
    marks = ReplicationMark
    return set(admin_db.session.scalars(select(marks.school_id).where(marks.changed != marks.published)))


@pytest.mark.row("M111", "M112")
def test_a_code_opens_nothing_before_the_next_replication(schools: World) -> None:
    assert on_portal()["published_code"] == {}
    done = replicate()
    assert done.rows == 2 + 6 + 8 + 4, "two schools, three pupils, four couples and two classes each"
    shown = on_portal()
    assert {row["services"] == ["booklets", "marks"] for row in shown["published_school"].values()} == {True}
    assert set(shown["published_code"]) == {c.id for s in (schools.a, schools.b) for c in codes_of(s)}
    assert all(code.valid for code in published_codes())


@pytest.mark.row("M111")
def test_the_portal_gets_names_and_hashes_and_no_readable_code(schools: World) -> None:
    replicate()
    code = codes_of(schools.a)[0]
    row = on_portal()["published_code"][code.id]
    assert row["lookup_hash"] == code.lookup_hash and row["hint"] == code.hint
    assert row["guardian_name"].startswith(("Mme ", "M. ")) and row["guardian_first_name"]
    assert "sealed" not in row
    pupil = on_portal()["published_pupil"][code.pupil_id]
    assert "ine" not in pupil and pupil["division"] == "6A"


@pytest.mark.row("M111")
def test_the_second_run_writes_nothing(schools: World) -> None:
    replicate()
    again, all_again = replicate(), replicate(full=True)
    assert (again.rows, again.schools, again.lag) == (0, 0, 0.0)
    assert (all_again.rows, all_again.schools) == (0, 3)


def test_only_what_changed_is_written(schools: World) -> None:
    replicate()
    pupil_id = schools.of[schools.a]["pupils"][0]
    in_school(schools.a, lambda s: s.execute(update(Pupil).where(Pupil.id == pupil_id).values(first_name="Renée")))
    done = replicate()
    assert (done.rows, done.schools) == (1, 1)
    assert on_portal()["published_pupil"][pupil_id]["first_name"] == "Renée"


def test_the_cost_does_not_grow_with_the_academy(schools: World) -> None:
    """A change in one school: the statements are the same with one school or with all of them in the database."""
    replicate()
    counts = []
    for _ in range(2):
        pupil_id = schools.of[schools.a]["pupils"][0]
        in_school(schools.a, lambda s, p=pupil_id: s.execute(
            update(Pupil).where(Pupil.id == p).values(sex="M", last_name=f"N{len(counts)}")))
        with statements() as read, statements(portal_db) as written:
            assert replicate().schools == 1
        counts.append((len(read), len(written)))
    assert counts[0] == counts[1]
    assert sum(counts[0]) < 60


@pytest.mark.parametrize("act", [
    lambda s: s.execute(update(Pupil).values(first_name="X")),
    lambda s: s.get(Pupil, s.scalar(select(Pupil.id))).__setattr__("first_name", "Y"),
    lambda s: s.execute(delete(GuardianLink)),
    lambda s: s.execute(update(School).values(name="Collège Neuf")),
    lambda s: s.execute(update(ActivationCode).values(hint="ZZZZ")),
], ids=["set-based", "object", "delete", "school", "code"])
def test_every_way_of_writing_marks_the_school_and_only_it(schools: World, act: Any) -> None:
    replicate()
    assert dirty() == set()
    in_school(schools.b, act)
    assert dirty() == {schools.b}


def test_reading_and_rolling_back_mark_nothing_and_an_academy_marks_its_own(schools: World) -> None:
    replicate()
    with school_scope(schools.a):
        admin_db.session.scalars(select(Pupil)).all()
        admin_db.session.execute(update(Pupil).values(first_name="X"))
        admin_db.session.rollback()
    assert dirty() == set()
    with academy_scope(schools.authority), unit_of_work() as session:
        session.execute(update(Pupil).values(first_name="X"))
    assert dirty() == {schools.a, schools.b, schools.ecole}


@pytest.mark.row("M111")
def test_closing_every_service_takes_the_codes_away_and_opening_gives_them_back(schools: World) -> None:
    """Accounts keep what they hold meanwhile."""
    replicate()
    account = sign_up(codes_of(schools.a)[0])
    for transition, valid in (("close", False), ("open", True)):
        with school_scope(schools.a):
            move_services(["booklets", "marks"], transition, actor=SYSTEM)
        replicate()
        mine = [code for code in published_codes() if code.school_id == schools.a]
        assert {code.valid for code in mine} == {valid}
        assert account in {code.account_id for code in mine}
        assert {code.valid for code in published_codes() if code.school_id == schools.b} == {True}


ENDS = {
    "invalidated": lambda s, code: engine.apply(code, "invalidate", actor=SYSTEM),
    "refused": lambda s, code: engine.apply(code, "refuse", actor=SYSTEM),
    "refusal of the couple": lambda s, code: s.add(
        AccessRefusal(guardian_id=code.guardian_id, pupil_id=code.pupil_id)),
    "link ended": lambda s, code: s.execute(
        update(GuardianLink).where(GuardianLink.guardian_id == code.guardian_id).values(ended_on=clock.today())),
    "no longer legal": lambda s, code: s.execute(
        update(GuardianLink).where(GuardianLink.guardian_id == code.guardian_id).values(rank=None)),
    "enrolment ended": lambda s, code: s.execute(
        update(Enrolment).where(Enrolment.pupil_id == code.pupil_id).values(ends_on=clock.today())),
}


@pytest.mark.row("M111")
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_what_ends_is_taken_off_the_portal(schools: World, end: Any) -> None:
    replicate()
    code_id = codes_of(schools.a, pupil_id=schools.of[schools.a]["pupils"][2])[0].id

    def act(session: Any) -> None:
        end(session, session.scalars(select(ActivationCode).where(ActivationCode.id == code_id)).one())

    in_school(schools.a, act)
    replicate()
    shown = on_portal()
    assert code_id not in shown["published_code"]
    assert schools.of[schools.a]["pupils"][2] not in shown["published_pupil"], "no pupil without a code"
    assert len(shown["published_code"]) == 7


def test_a_date_that_comes_is_noticed_though_nobody_wrote(schools: World) -> None:
    tomorrow = clock.today() + timedelta(days=1)
    pupil_id = schools.of[schools.a]["pupils"][2]
    in_school(schools.a, lambda s: s.execute(
        update(Enrolment).where(Enrolment.pupil_id == pupil_id).values(ends_on=tomorrow)))
    replicate()
    assert pupil_id in on_portal()["published_pupil"]
    assert dirty() == set()
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert replicate().schools == 1
    assert pupil_id not in on_portal()["published_pupil"]


def test_a_school_that_cannot_be_published_holds_up_no_other(schools: World, monkeypatch: Any) -> None:
    real = replication.publication

    def broken(session: Any, school_id: int, today: date) -> Any:
        if school_id == schools.a:
            raise OSError("unreadable")
        return real(session, school_id, today)

    monkeypatch.setattr(replication, "publication", broken)
    with pytest.raises(ExceptionGroup) as failed:
        replicate()
    assert failed.group_contains(OSError, match="unreadable")
    assert set(on_portal()["published_school"]) == {schools.b}
    assert dirty() == {schools.a}, "the next run takes it up again"
    monkeypatch.undo()
    replicate()
    assert set(on_portal()["published_school"]) == {schools.a, schools.b}


def test_a_crash_between_the_two_commits_converges(schools: World, monkeypatch: Any) -> None:
    """The portal's rows are committed, the mark is not: the next run compares again and writes nothing twice."""
    class Killed(BaseException):
        pass

    real = replication.write_publication

    def write_then_die(*args: Any) -> int:
        real(*args)
        raise Killed

    monkeypatch.setattr(replication, "write_publication", write_then_die)
    with pytest.raises(Killed):
        replicate()
    admin_db.session.remove()
    portal_db.session.remove()
    half = on_portal()
    assert len(half["published_school"]) == 1 and len(dirty()) == 3
    monkeypatch.setattr(replication, "write_publication", real)
    done = replicate()
    assert done.rows == 10, "the other school only"
    assert dirty() == set()
    assert replicate(full=True).rows == 0


def test_a_crash_inside_the_portals_transaction_leaves_the_school_as_it_was(schools: World, monkeypatch: Any) -> None:
    from app.replication import publish

    def broken(*_args: Any, **_more: Any) -> int:
        raise OSError("disk full")

    monkeypatch.setattr(publish, "_upsert_codes", broken)
    with pytest.raises(ExceptionGroup) as failed:
        replicate()
    assert failed.group_contains(OSError, match="disk full")
    assert on_portal()["published_pupil"] == {}


def test_a_change_made_while_it_runs_is_not_lost(schools: World, monkeypatch: Any) -> None:
    real = replication.write_publication
    pupil_id = schools.of[schools.a]["pupils"][0]

    def write(school_id: int, wanted: Any) -> int:
        written = real(school_id, wanted)
        if school_id == schools.a:
            in_school(schools.a, lambda s: s.execute(
                update(Pupil).where(Pupil.id == pupil_id).values(first_name="Entretemps")))
        return written

    monkeypatch.setattr(replication, "write_publication", write)
    replicate()
    monkeypatch.undo()
    assert dirty() == {schools.a}
    replicate()
    assert on_portal()["published_pupil"][pupil_id]["first_name"] == "Entretemps"


def test_an_empty_portal_is_rebuilt_from_the_schools(schools: World) -> None:
    """A full replication also mends what somebody spoilt by hand."""
    replicate()
    before = on_portal()
    with system_scope("test"), unit_of_work(portal_db) as session:
        for name in ("published_code", "published_pupil", "published_division", "published_school"):
            session.connection().exec_driver_sql(f"DELETE FROM {name}")
    assert replicate().rows == 0
    assert replicate(full=True).rows == 20
    assert on_portal() == before


@pytest.mark.row("M111")
def test_lag_is_the_age_of_the_oldest_change(schools: World) -> None:
    replicate()
    moment = clock.now()
    with clock.frozen(moment):
        in_school(schools.a, lambda s: s.execute(update(Pupil).values(sex="M")))
    with clock.frozen(moment + timedelta(minutes=5)):
        in_school(schools.a, lambda s: s.execute(update(Pupil).values(sex="F")))
    with clock.frozen(moment + timedelta(minutes=9)):
        assert replicate().lag == 540.0


@pytest.mark.row("M075", "M111")
def test_a_new_year_keeps_who_comes_back_and_drops_who_left_over_the_summer(schools: World) -> None:
    """Last year's enrolments have no end: only being in this year's file says that a pupil is still there."""
    replicate()
    account = sign_up(*codes_of(schools.a)[:1])
    with system_scope("the academy opens the new year"), unit_of_work() as session:
        year = SchoolYear(authority_id=schools.authority, first_year=2027, starts_on=date(2027, 9, 1),
                          ends_on=date(2028, 7, 6))  # fmt: skip
        session.add(year)
        session.flush()
        new_year = year.id
        session.execute(update(School).values(school_year_id=new_year))
    replicate()
    shown = {code.pupil_id for code in published_codes() if code.school_id == schools.a}
    assert shown == set(schools.of[schools.a]["pupils"]), "the year has begun, its file has not come yet"
    stays = codes_of(schools.a)[0].pupil_id
    in_school(schools.a, lambda s: s.add(Enrolment(pupil_id=stays, school_year_id=new_year)))
    replicate()
    left = [code for code in published_codes() if code.school_id == schools.a]
    assert {code.pupil_id for code in left} == {stays} and account in {code.account_id for code in left}
