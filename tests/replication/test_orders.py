"""A revocation never waits for the nightly copy: one run of the orders and it is done, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app.access.models import ActivationCode
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db
from app.core.scope import account_scope, school_scope
from app.core.uow import unit_of_work
from app.jobs.schedule import BEATS
from app.online.services import move_services
from app.portal.models import Account, AppliedCommand
from app.portal.queries import family, schools_without_service
from app.replication import days, orders
from app.replication.events import the_state
from app.replication.models import ReplicationCommand
from app.replication.orders import apply_commands, order, order_revocations, send_orders
from app.replication.services import replicate
from app.schools.people import Enrolment, GuardianLink, Pupil
from tests.factories import World
from tests.portal.conftest import rows
from tests.replication.conftest import codes_of, in_school, on_portal, published_codes, sign_up
from tests.replication.test_publication import ENDS

pytestmark = pytest.mark.row("M111")


@pytest.fixture
def published(schools: World) -> World:
    """Both schools on the portal."""
    replicate()
    return schools


def children(account_id: int) -> list[int]:
    """The pupils an account sees."""
    portal_db.session.rollback()
    with account_scope(account_id):
        return sorted(child.id for child in family().children)


def test_the_schedule_leaves_room_within_60_seconds() -> None:
    (beat,) = (beat for beat in BEATS if beat.task == "replication.commands")
    assert beat.seconds <= 30


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_whatever_ends_a_code_it_is_revoked_without_a_replication(published: World, end: Any) -> None:
    code = codes_of(published.a, pupil_id=published.of[published.a]["pupils"][2])[0]
    account = sign_up(code)
    assert children(account) == [code.pupil_id]

    def act(session: Any) -> None:
        end(session, session.scalars(select(ActivationCode).where(ActivationCode.id == code.id)).one())

    in_school(published.a, act)
    assert send_orders() == 1
    assert children(account) == []
    assert [c.id for c in published_codes() if not c.valid] == [code.id]


def test_a_closed_service_disappears_and_the_last_one_hides_the_children(published: World) -> None:
    code = codes_of(published.a)[0]
    account = sign_up(code)
    with school_scope(published.a):
        move_services(["marks"], "close", actor=SYSTEM)
    send_orders()
    assert on_portal()["published_school"][published.a]["services"] == ["booklets"]
    assert children(account) == [code.pupil_id]
    with school_scope(published.a):
        move_services(["booklets"], "close", actor=SYSTEM)
    send_orders()
    assert children(account) == []
    with account_scope(account):
        assert schools_without_service(account) == ("Collège Essai 1",)


@pytest.mark.parametrize("end", [Enrolment.ends_on, GuardianLink.ended_on], ids=str)
def test_what_ends_by_its_date_is_revoked_that_day_without_a_replication(published: World, end: Any) -> None:
    code = codes_of(published.a, pupil_id=published.of[published.a]["pupils"][2])[0]
    account = sign_up(code)
    replicate()
    tomorrow = clock.today() + timedelta(days=1)
    ends = update(end.class_).where(end.class_.pupil_id == code.pupil_id).values({end: tomorrow})
    in_school(published.a, lambda s: s.execute(ends))
    send_orders()
    assert children(account) == [code.pupil_id]
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert send_orders() == 1
        assert children(account) == []


def test_the_calendar_is_looked_at_once_a_day(published: World, monkeypatch: Any) -> None:
    """Every few seconds it would cost a lock and two searches through every school."""
    looked: list[Any] = []
    monkeypatch.setattr(days, "the_state", lambda session: looked.append(1) or the_state(session))
    send_orders()
    assert looked == []
    with clock.frozen(clock.now() + timedelta(days=1)):
        send_orders()
        send_orders()
    assert looked == [1]


def test_what_was_revoked_comes_back_when_the_school_changes_its_mind(published: World) -> None:
    """The row was spoilt by the order: the next replication must write it again though the school is as before."""
    for transition in ("close", "open"):
        with school_scope(published.a):
            move_services(["booklets", "marks"], transition, actor=SYSTEM)
        send_orders()
    replicate()
    assert {code.valid for code in published_codes()} == {True}
    assert on_portal()["published_school"][published.a]["services"] == ["booklets", "marks"]


def test_a_change_that_revokes_nothing_orders_nothing_and_is_looked_at_once(published: World) -> None:
    in_school(published.a, lambda s: s.execute(update(Pupil).values(first_name="X")))
    assert order_revocations() == 1
    assert order_revocations() == 0
    assert apply_commands() == 0
    assert replicate().rows == 3, "the new names still go out"


def test_an_order_is_obeyed_once_even_if_its_answer_was_lost(published: World, monkeypatch: Any) -> None:
    """Killed between the portal's commit and ours: the number on the portal keeps it from being obeyed again."""
    code = codes_of(published.a)[0]
    account = sign_up(code)
    with unit_of_work() as session:
        order(session, "revoke", code_ids=[code.id])
    obeyed: list[Any] = []
    real = orders.OBEY["revoke"]
    monkeypatch.setitem(orders.OBEY, "revoke", lambda s, p: (obeyed.append(p), real(s, p)))
    assert apply_commands() == 1
    with unit_of_work() as session:
        session.execute(update(ReplicationCommand).values(applied_at=None))
    assert apply_commands() == 1
    assert len(obeyed) == 1 and children(account) == []
    portal_db.session.rollback()
    assert list(portal_db.session.scalars(select(AppliedCommand.number))) == list(
        admin_db.session.scalars(select(ReplicationCommand.number)))


def test_a_faulty_order_keeps_waiting_and_keeps_no_other_waiting(published: World) -> None:
    """Nor does it let one overtake it that is about the same code; the run is seen to fail."""
    first, second = codes_of(published.a)[:2]
    account = sign_up(codes_of(published.b)[0])
    with unit_of_work() as session:
        order(session, "attach", code_id=first.id)  # no account: it cannot be obeyed
        order(session, "detach", code_id=first.id)
        order(session, "attach", code_id=second.id, account_id=account)
        order(session, "revoke", code_ids=[first.id])
    for _ in range(2):
        with pytest.raises(ExceptionGroup) as failed:
            send_orders()
        assert failed.group_contains(KeyError)
        assert second.pupil_id in children(account)
        assert [c.id for c in published_codes() if not c.valid] == [first.id]
        waiting = select(ReplicationCommand.kind).where(ReplicationCommand.applied_at.is_(None))
        assert list(admin_db.session.scalars(waiting.order_by(ReplicationCommand.number))) == ["attach", "detach"]
    in_school(published.a, lambda s: s.execute(update(Pupil).values(first_name="X")))
    with pytest.raises(ExceptionGroup):
        replicate()
    assert {p["first_name"] for p in on_portal()["published_pupil"].values() if p["school_id"] == published.a} == {"X"}


def test_a_school_that_cannot_be_looked_through_holds_up_no_other(published: World, monkeypatch: Any) -> None:
    real = orders._order_for

    def broken(session: Any, school_id: int) -> None:
        if school_id == published.a:
            raise OSError("unreadable")
        real(session, school_id)

    monkeypatch.setattr(orders, "_order_for", broken)
    for school_id in (published.a, published.b):
        with school_scope(school_id):
            move_services(["booklets", "marks"], "close", actor=SYSTEM)
    with pytest.raises(ExceptionGroup):
        send_orders()
    services = {id: row["services"] for id, row in on_portal()["published_school"].items()}
    assert services == {published.a: ["booklets", "marks"], published.b: []}
    monkeypatch.undo()
    send_orders()
    assert on_portal()["published_school"][published.a]["services"] == []


def test_orders_run_in_their_order(published: World) -> None:
    code = codes_of(published.a)[0]
    account = sign_up(codes_of(published.b)[0])
    with unit_of_work() as session:
        order(session, "attach", code_id=code.id, account_id=account)
        order(session, "detach", code_id=code.id)
        order(session, "attach", code_id=code.id, account_id=account)
    assert apply_commands() == 3
    assert children(account) == sorted([code.pupil_id, codes_of(published.b)[0].pupil_id])


def test_the_school_can_close_an_account(published: World) -> None:
    account = sign_up(codes_of(published.a)[0])
    with unit_of_work() as session:
        order(session, "close", account_id=account)
    send_orders()
    assert [a.state for a in rows(Account)] == ["closed"]
    replicate()
    from app.access.models import PortalAccount

    with school_scope(published.a):
        assert admin_db.session.scalars(select(PortalAccount.state)).all() == ["closed"]
