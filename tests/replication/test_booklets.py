"""Booklets on the portal: edited, published, the pupil's; gone within a minute; who read them comes back (C06)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from app.booklets.models import Booklet, BookletEdition, BookletPublication, BookletReading
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db
from app.core.errors import NotFound
from app.core.scope import account_scope, system_scope
from app.core.uow import unit_of_work
from app.online.services import move_services
from app.portal.booklets import booklets_of, check_edition, open_booklet
from app.portal.models import PublishedBooklet, PublishedEdition
from app.replication.orders import send_orders
from app.replication.services import replicate
from app.schools.models import Division, School
from app.schools.people import Pupil
from app.workflow import engine
from tests.booklets.factories import fill, issue, make_booklet, make_items, make_line
from tests.factories import World
from tests.portal.conftest import rows
from tests.replication.conftest import codes_of, in_school, sign_up

pytestmark = pytest.mark.row("C06")


@pytest.fixture
def edited(schools: World) -> World:
    """One edited booklet for each pupil of both schools."""
    for school_id in (schools.a, schools.b):
        in_school(school_id, lambda session, school_id=school_id: _edit_all(session, schools, school_id))
    return schools


def _edit_all(session: Any, world: World, school_id: int) -> None:
    school, facts = session.get_one(School, school_id), world.of[school_id]
    items = make_items(school)
    for n, pupil_id in enumerate(facts["pupils"]):
        division = session.get_one(Division, facts["divisions"][0 if n < 2 else 1])
        booklet = make_booklet(school, session.get_one(Pupil, pupil_id), division)
        for item in items:
            make_line(booklet, item)
        session.expire_all()
        issue(fill(booklet))


def booklet_of(world: World, school_id: int, pupil: int = 0) -> int:
    """The id of a pupil's booklet."""
    with system_scope("assertions of a test"):
        found = select(Booklet.id).where(Booklet.pupil_id == world.of[school_id]["pupils"][pupil])
        return admin_db.session.scalars(found).one()


def shown() -> set[int]:
    """The booklets on the portal."""
    return {row.id for row in rows(PublishedBooklet)}


def unlock(session: Any, booklet_id: int) -> None:
    booklet = session.scalars(select(Booklet).where(Booklet.id == booklet_id)).one()
    engine.apply(booklet, "unlock", actor=SYSTEM, reason="Une erreur")


def test_edited_booklets_go_out_once(edited: World) -> None:
    assert shown() == set()
    replicate()
    assert len(shown()) == 6
    assert {row.facts["overall_comment"] for row in rows(PublishedBooklet)} == {"Un bon trimestre."}
    assert {row.standing for row in rows(PublishedEdition)} == {"in_force"}
    assert replicate(full=True).rows == 0


def test_a_family_reads_its_own_and_the_school_learns_it_once(edited: World) -> None:
    replicate()
    code = codes_of(edited.a, pupil_id=edited.of[edited.a]["pupils"][2])[0]
    account, own = sign_up(code), booklet_of(edited, edited.a, 2)
    with account_scope(account):
        [line] = booklets_of(code.pupil_id)
        assert (line.id, line.is_new, line.year, line.title) == (own, True, "2026-2027", "Trimestre 1")
        assert open_booklet(own).facts.overall_comment == "Un bon trimestre."
        open_booklet(own)
        assert not booklets_of(code.pupil_id)[0].is_new
        for foreign in shown() - {own}:
            with pytest.raises(NotFound):
                open_booklet(foreign)
    portal_db.session.rollback()
    replicate()
    with system_scope("assertions of a test"):
        [reading] = admin_db.session.scalars(select(BookletReading)).all()
        assert (reading.code_id, reading.school_id, reading.edition.booklet_id) == (code.id, edited.a, own)


@pytest.mark.row("M048")
def test_unlocking_takes_it_off_the_portal_within_a_minute(edited: World) -> None:
    replicate()
    own = booklet_of(edited, edited.a)
    in_school(edited.a, lambda session: unlock(session, own))
    assert own in shown()
    send_orders()
    assert own not in shown() and len(shown()) == 5
    replicate()
    assert [row.standing for row in rows(PublishedEdition)].count("withdrawn") == 1


def test_closing_the_service_hides_every_booklet_of_the_school(edited: World) -> None:
    replicate()
    in_school(edited.a, lambda _session: move_services(["booklets"], "close", actor=SYSTEM))
    send_orders()
    assert shown() == {booklet_of(edited, edited.b, n) for n in range(3)}
    in_school(edited.a, lambda _session: move_services(["booklets"], "open", actor=SYSTEM))
    replicate()
    assert len(shown()) == 6


def test_a_publication_date_holds_a_class_back_until_its_day(edited: World) -> None:
    day = clock.today() + timedelta(days=3)
    division = edited.of[edited.a]["divisions"][0]

    def put_off(session: Any) -> None:
        session.add(BookletPublication(school_id=edited.a, division_id=division, position=1, period_count=3,
                                       publish_on=day))

    in_school(edited.a, put_off)
    replicate()
    assert shown() == {booklet_of(edited, edited.a, 2), *(booklet_of(edited, edited.b, n) for n in range(3))}
    with clock.frozen(clock.now() + timedelta(days=3)):
        replicate()
        assert len(shown()) == 6, "the day has come, though nobody wrote anything"
    in_school(edited.a, lambda session: session.execute(
        update(BookletPublication).values(publish_on=day + timedelta(days=9))))
    send_orders()
    assert len(shown()) == 4, "put off again: gone within a minute"


def test_a_new_edition_replaces_the_one_shown(edited: World) -> None:
    replicate()
    own = booklet_of(edited, edited.a)

    def again(session: Any) -> None:
        unlock(session, own)
        session.execute(update(BookletEdition).where(BookletEdition.booklet_id == own).values(
            replaced_at=clock.now(), withdrawn_at=None))
        issue(session.get_one(Booklet, own), "Corrigé.")

    in_school(edited.a, again)
    send_orders()
    replicate()
    assert {row.facts["overall_comment"] for row in rows(PublishedBooklet) if row.id == own} == {"Corrigé."}
    standings = sorted(row.standing for row in rows(PublishedEdition))
    assert standings == ["in_force"] * 6 + ["replaced"]


def test_anybody_checks_a_printed_booklet_and_learns_no_name(edited: World) -> None:
    replicate()
    edition = rows(PublishedEdition)[0]
    checked = check_edition(edition.token)
    assert (checked.number, checked.standing) == (edition.number, "in_force")
    with pytest.raises(NotFound):
        check_edition("inconnu")
    assert set(PublishedEdition.__table__.c.keys()) == {
        "id", "digest", "school_id", "token", "number", "issued_on", "standing"}


def test_a_booklet_without_a_code_stays_in_the_school(edited: World) -> None:
    pupil = edited.of[edited.a]["pupils"][2]

    def act(session: Any) -> None:
        from app.access.models import ActivationCode

        session.execute(delete(ActivationCode).where(ActivationCode.pupil_id == pupil))

    in_school(edited.a, act)
    replicate()
    assert booklet_of(edited, edited.a, 2) not in shown() and len(shown()) == 5


def test_readings_of_unknown_editions_are_passed_over(edited: World) -> None:
    from app.portal.events import tell_school

    with unit_of_work(portal_db) as session:
        tell_school(session, "booklet.read", [{"code_id": 1, "edition_id": 987_654, "at": clock.now().isoformat()}])
    replicate()
    with system_scope("assertions of a test"):
        assert admin_db.session.scalars(select(BookletReading)).all() == []
