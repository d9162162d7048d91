"""What comes back: accounts and the use of codes, in order, once; when both sides moved, the school wins."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.access.models import ActivationCode, PortalAccount
from app.audit.models import AuditLine
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.accounts import change_identifier
from app.portal.children import detach_child
from app.portal.confirmation import lapse_expired
from app.portal.models import PortalThrottle
from app.portal.visitors import Visitor
from app.replication import events
from app.replication.events import read_events
from app.replication.orders import apply_commands, order
from app.replication.services import replicate
from app.security.throttle import Throttles
from app.workflow import engine
from tests.factories import World
from tests.portal.conftest import PASSPHRASE, PORTAL_URL
from tests.replication.conftest import codes_of, in_school, published_codes, sign_up


@pytest.fixture
def published(schools: World) -> World:
    """Both schools on the portal."""
    replicate()
    return schools


def mirror() -> list[tuple[int, str, str]]:
    """The accounts as the school knows them."""
    admin_db.session.rollback()
    with system_scope("assertions of a test"):
        return [(a.id, a.identifier, a.state) for a in admin_db.session.scalars(
            select(PortalAccount).order_by(PortalAccount.id).execution_options(populate_existing=True))]


def lines(action: str) -> int:
    """How many lines of the trail have this action."""
    with system_scope("assertions of a test"):
        return len(list(admin_db.session.scalars(select(AuditLine).where(AuditLine.action == action))))


@pytest.mark.row("M111")
def test_an_account_and_its_used_codes_come_back_once(published: World) -> None:
    codes = codes_of(published.a)
    account = sign_up(codes[0], codes[1])
    done = replicate()
    assert done.events == 6, "created, attached twice, confirmed, used twice"
    assert mirror() == [(account, "maude.berge", "confirmed")]
    back = codes_of(published.a)
    assert [(c.state, c.account_id, c.sealed) for c in back[:2]] == [("used", account, None)] * 2
    assert all(c.used_at is not None for c in back[:2])
    assert back[2].state == "created" and back[2].sealed is not None
    assert lines("guardian_code.use") == 2
    assert read_events() == 0 and replicate().events == 0
    assert lines("guardian_code.use") == 2


def test_what_comes_back_is_no_news_to_the_portal_but_for_the_card(published: World) -> None:
    """The record card of who holds the code goes out (M141), and nothing else."""
    sign_up(codes_of(published.a)[0])
    done = replicate()
    assert (done.schools, done.rows) == (1, 1)
    assert replicate().rows == 0


def test_a_provisional_account_holds_its_codes_without_using_them(published: World) -> None:
    account = sign_up(codes_of(published.a)[0], confirmed=False)
    replicate()
    code = codes_of(published.a)[0]
    assert (code.state, code.account_id) == ("created", account)
    assert mirror()[0][2] == "provisional"


@pytest.mark.row("M118")
def test_a_lapsed_account_gives_its_codes_back_on_both_sides(published: World) -> None:
    sign_up(codes_of(published.a)[0], confirmed=False)
    replicate()
    with clock.frozen(clock.now() + timedelta(days=8)):
        assert lapse_expired() == 1
        replicate()
        assert mirror()[0][2] == "lapsed"
        assert codes_of(published.a)[0].account_id is None
        again = sign_up(codes_of(published.a)[0])
        replicate()
    assert codes_of(published.a)[0].account_id == again
    assert codes_of(published.a)[0].state == "used"


@pytest.mark.row("M118")
def test_a_closed_account_gives_back_the_codes_that_never_served(published: World) -> None:
    """One code served at the first sign-in and stays with its account; the other account was never confirmed."""
    codes = codes_of(published.a)
    for code, confirmed, name in ((codes[0], True, "maude.berge"), (codes[1], False, "maude.autre")):
        account = sign_up(code, confirmed=confirmed, identifier=name)
        replicate()
        with unit_of_work() as session:
            order(session, "close", account_id=account)
        apply_commands()
        replicate()
        held = account if confirmed else None
        assert codes_of(published.a, id=code.id)[0].account_id == held
        assert {c.id: c.account_id for c in published_codes()}[code.id] == held
    assert [state for _id, _name, state in mirror()] == ["closed", "closed"]
    again = sign_up(codes[1])
    replicate()
    assert codes_of(published.a, id=codes[1].id)[0].account_id == again


def test_when_both_sides_moved_the_school_wins(published: World) -> None:
    """The head invalidates while the mother signs in: the code stays dead and no longer opens anything."""
    code = codes_of(published.a)[0]
    sign_up(code)
    in_school(published.a, lambda s: engine.apply(
        s.scalars(select(ActivationCode).where(ActivationCode.id == code.id)).one(), "invalidate", actor=SYSTEM))
    replicate()
    dead = codes_of(published.a)[0]
    assert (dead.state, dead.account_id, dead.used_at) == ("invalidated", None, None)


def test_a_crash_while_reading_reads_the_same_events_again(published: World, monkeypatch: Any) -> None:
    """The last number read is kept with what it brought: both or neither."""
    sign_up(codes_of(published.a)[0])

    def broken(*_args: Any) -> None:
        raise OSError("power cut")

    monkeypatch.setitem(events.APPLY, "code.used", broken)
    with pytest.raises(OSError, match="power cut"):
        read_events()
    assert mirror() == []
    monkeypatch.undo()
    assert read_events() == 4
    assert mirror()[0][2] == "confirmed"


def test_events_are_read_in_batches(published: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(events, "BATCH", 2)
    codes = codes_of(published.a)
    sign_up(codes[0], codes[1])
    assert read_events() == 6
    assert [c.state for c in codes_of(published.a)[:2]] == ["used", "used"]


@pytest.mark.row("M099", "M120")
def test_a_change_of_identifier_and_a_detached_code_come_back(published: World) -> None:
    """The mirror says the same; the code is nobody's, and may be attached to another account."""
    codes = codes_of(published.a)
    account = sign_up(codes[0], codes[1])
    replicate()
    somebody = {"proof": PASSPHRASE, "visitor": Visitor("192.0.2.7", Throttles(portal_db, PortalThrottle)),
                "portal_url": PORTAL_URL}
    change_identifier(account, "maude.martin", **somebody)
    detach_child(account, codes[1].id, **somebody)
    replicate()
    assert mirror() == [(account, "maude.martin", "confirmed")]
    assert [(c.state, c.account_id) for c in codes_of(published.a)[:2]] == [("used", account), ("used", None)]
    replicate(full=True)
    assert {c.id: c.account_id for c in published_codes()}[codes[1].id] is None, "the school does not give it back"
