"""What a school may do to an account, from its page to the portal (M099, M100, M106, M118)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from app.access import accounts as acts
from app.access.models import PortalAccount
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db
from app.core.errors import Conflict, NotFound
from app.core.scope import school_scope
from app.portal import keys
from app.portal.confirmation import confirm
from app.portal.models import Account, AccountKey, PortalMail, PortalThrottle, PublishedCode
from app.portal.signin import sign_in
from app.portal.signup import NewAccount, create_account
from app.portal.visitors import Visitor
from app.replication import tasks
from app.replication.services import replicate
from app.security.throttle import Throttles
from tests.factories import World
from tests.portal.conftest import PASSPHRASE, PORTAL_URL, link_of, rows
from tests.replication.conftest import codes_of, line_of, sign_up

OTHER = "cinq loutres jouent aux cartes"


@pytest.fixture
def published(schools: World) -> World:
    """Both schools on the portal."""
    replicate()
    return schools


@pytest.fixture
def somebody(keys_folder: Any) -> Visitor:
    """At the counter's computer."""
    return Visitor("192.0.2.7", Throttles(portal_db, PortalThrottle))


def provisional(world: World, somebody: Visitor, email: str = "m@example.org") -> int:
    """An account that the school knows of within a minute, without waiting for the night."""
    new = NewAccount("guardian", (line_of(codes_of(world.a)[0]),), "maude.berge", PASSPHRASE, email)
    account = create_account(new, visitor=somebody, portal_url=PORTAL_URL)
    tasks.commands()
    return account


def at_school(school_id: int, act: Any, *args: Any) -> Any:
    """An act of the school's secretary, carried to the portal."""
    with school_scope(school_id):
        done = act(*args, actor=SYSTEM)
    admin_db.session.remove()
    tasks.commands()
    return done


def mirror(world: World, account: int) -> PortalAccount:
    """The account as the school sees it."""
    admin_db.session.rollback()
    with school_scope(world.a):
        return admin_db.session.scalars(select(PortalAccount).where(PortalAccount.id == account)).one()


@pytest.mark.row("M099")
def test_the_school_sees_an_account_within_a_minute(published: World, somebody: Visitor) -> None:
    account = provisional(published, somebody)
    found = mirror(published, account)
    assert (found.identifier, found.email, found.state) == ("maude.berge", "m@example.org", "provisional")
    assert codes_of(published.a)[0].account_id == account


@pytest.mark.row("M118")
def test_the_school_sends_the_confirmation_link_again(published: World, somebody: Visitor) -> None:
    account = provisional(published, somebody)
    first = link_of(rows(PortalMail)[-1])
    at_school(published.a, acts.send_again, account)
    second = link_of(rows(PortalMail)[-1])
    assert first != second and confirm(first).value == "unknown" and confirm(second).value == "confirmed"


@pytest.mark.row("M118")
def test_the_school_cancels_a_provisional_account_and_its_codes_are_free(published: World, somebody: Visitor) -> None:
    account = provisional(published, somebody)
    at_school(published.a, acts.cancel, account)
    assert rows(Account)[0].state == "closed"
    assert rows(PublishedCode, PublishedCode.account_id.is_not(None)) == []
    assert mirror_state(account) == "closed"
    again = provisional(published, somebody)
    assert again != account and rows(Account)[1].state == "provisional"


def mirror_state(account: int) -> str:
    """Read without the school's gate: no code leads there any more."""
    tasks.commands()
    admin_db.session.rollback()
    table = PortalAccount.__table__
    with admin_db.engine.connect() as connection:
        return str(connection.execute(select(table.c.state).where(table.c.id == account)).scalar_one())


@pytest.mark.row("M118")
def test_a_slip_of_the_counter_confirms_an_account_without_e_mail_once(published: World, somebody: Visitor) -> None:
    account = provisional(published, somebody, email="")
    assert mirror(published, account).email is None
    with pytest.raises(Conflict):
        at_school(published.a, acts.send_again, account)
    _account, slip = at_school(published.a, acts.counter_slip, account)
    assert all(slip not in key.key_hash for key in rows(AccountKey)) and re.fullmatch(r"\w{4} \w{4}", slip)
    with pytest.raises(keys.KeyRefused):
        keys.follow_slip("somebody.else", slip, OTHER, visitor=somebody)
    keys.follow_slip("maude.berge", slip.lower(), OTHER, visitor=somebody)
    assert sign_in("maude.berge", OTHER, visitor=somebody).confirmed
    with pytest.raises(keys.KeyRefused):
        keys.follow_slip("maude.berge", slip, PASSPHRASE, visitor=somebody)
    tasks.commands()
    assert mirror(published, account).state == "confirmed" and codes_of(published.a)[0].state == "used"
    _account, later = at_school(published.a, acts.counter_slip, account)  # no e-mail: forgotten means the counter again
    keys.follow_slip("maude.berge", later, PASSPHRASE, visitor=somebody)


@pytest.mark.row("M106", "M118")
def test_no_slip_and_no_cancelling_for_a_confirmed_account_with_an_address(published: World) -> None:
    """The school could enter with a slip; its holder has a link."""
    account = sign_up(codes_of(published.a)[0])
    tasks.commands()
    for act in (acts.counter_slip, acts.cancel, acts.send_again):
        with pytest.raises(Conflict):
            at_school(published.a, act, account)
    assert rows(AccountKey) == []


@pytest.mark.row("M099")
def test_another_schools_account_does_not_exist(published: World, somebody: Visitor) -> None:
    account = provisional(published, somebody)
    for act in (acts.counter_slip, acts.cancel, acts.send_again):
        with pytest.raises(NotFound):
            at_school(published.b, act, account)
    assert rows(Account)[0].state == "provisional"
