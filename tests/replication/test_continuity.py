"""A family changes school: the account goes on, from the school's act to what the family sees (M082, M083)."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from app.access.models import GuardianCode, PortalAccount
from app.access.queries import Selection
from app.access.services import create_codes
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.replication.events import read_events
from app.replication.orders import send_orders
from app.replication.services import replicate
from app.schools.people import Guardian, Pupil
from app.workflow import bulk
from tests.factories import World
from tests.replication.conftest import codes_of, published_codes, sign_up
from tests.replication.test_orders import children


@pytest.fixture
def family_of_a(schools: World) -> int:
    """The account of a's mother for her two children; the elder is also a pupil of b, where the mother has another
    record. The school knows of the account."""
    a, b = schools.of[schools.a], schools.of[schools.b]
    replicate()
    account = sign_up(*(codes_of(schools.a, guardian_id=a["mother"])))
    read_events()
    with system_scope("the same people"), unit_of_work() as session:
        elder = session.scalars(select(Pupil).where(Pupil.id == b["pupils"][0])).one()
        session.execute(update(Pupil).where(Pupil.id.in_([a["pupils"][0], b["pupils"][0]]))
                        .values(ine="1234567890A", birth_date=elder.birth_date))  # fmt: skip
        session.execute(update(Guardian).where(Guardian.id.in_([a["mother"], b["mother"]]))
                        .values(last_name="Berge", first_name="Maude"))  # fmt: skip
    admin_db.session.remove()
    return account


@pytest.mark.row("M082", "M083")
def test_what_is_published_already_is_attached_by_an_order(schools: World, family_of_a: int) -> None:
    """One account then holds the codes of two schools."""
    a, b = schools.of[schools.a], schools.of[schools.b]
    assert children(family_of_a) == sorted(a["pupils"][:2])
    replicate()  # the replicator looks for accounts to carry over, and orders it
    send_orders()
    assert children(family_of_a) == sorted([*a["pupils"][:2], b["pupils"][0]])
    with school_scope(schools.b):  # the school where the pupil is now sees the account; its page shows it
        assert [one.id for one in admin_db.session.scalars(select(PortalAccount))] == [family_of_a]


@pytest.mark.row("M082")
def test_a_new_code_comes_to_the_portal_with_its_account(schools: World, family_of_a: int) -> None:
    b = schools.of[schools.b]
    with school_scope(schools.b), unit_of_work() as session:
        bulk.apply_many(GuardianCode, "invalidate", GuardianCode.guardian_id == b["mother"], actor=SYSTEM,
                        session=session)  # fmt: skip
    with school_scope(schools.b):
        create_codes(Selection(), actor=SYSTEM)
    assert [code.account_id for code in codes_of(schools.b, guardian_id=b["mother"], state="used")] == [family_of_a]
    send_orders()  # nothing to attach there yet
    replicate()
    assert b["pupils"][0] in children(family_of_a)


@pytest.mark.row("M082", "M119")
def test_a_family_that_typed_the_code_first_keeps_it(schools: World, family_of_a: int) -> None:
    """Both sides moved: the code stays where the family put it, and the school learns it."""
    b = schools.of[schools.b]
    [code] = codes_of(schools.b, guardian_id=b["mother"], pupil_id=b["pupils"][0])
    other = sign_up(code, identifier="maude.autre")
    with school_scope(schools.b):
        create_codes(Selection(), actor=SYSTEM)  # carried over before the event was read
    send_orders()
    read_events()
    assert next(one.account_id for one in published_codes() if one.id == code.id) == other
    [known] = codes_of(schools.b, id=code.id)
    assert (known.account_id, known.state) == (other, "used")
