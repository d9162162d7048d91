"""Which sign-in is whose: what is proposed, what the head stores, what nobody may do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.rights import writer_of
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingService
from app.schools.models import School
from app.schools.people import Staff
from app.security import services
from app.security.models import RoleGrant
from app.security.roles import shipped
from app.security.seeding import write_roles
from app.security.staff_accounts import staff_accounts, tie_accounts
from tests.booklets.factories import make_class
from tests.factories import World, add, make_staff

HEAD = Actor.person(None, "Odile MARCHENOIR", shipped("head"))


@pytest.fixture
def school(world: World) -> Iterator[School]:
    with system_scope("roles of the test"), unit_of_work() as session:
        write_roles(session)
    with school_scope(world.a), unit_of_work() as session:
        yield session.get_one(School, world.a)


def account(school: School, first_name: str, last_name: str, email: str = "", role: str = "teacher") -> int:
    """Somebody with a role on the school."""
    name = f"{first_name}.{last_name}".lower()
    with system_scope("a person of the test"):
        user = services.create_user(
            actor=SYSTEM, authority_id=school.authority_id, first_name=first_name, last_name=last_name,
            email=email or f"{name}@example.org", username=name, passphrase="onze paniers sous la tonnelle")
        services.grant(user.id, role, actor=SYSTEM, school_id=school.id, starts_on=date(2020, 9, 1))
        return user.id


def proposed() -> dict[str, str | None]:
    rows, _ = staff_accounts()
    return {row.name: row.proposed.username if row.proposed else None for row in rows if row.proposed or row.account}


def test_the_same_address_or_the_same_names_are_proposed(school: School) -> None:
    make_staff(school, last_name="VIGNE", usage_name="LORMONT", first_name="Anne")
    make_staff(school, last_name="ÖZGÜR", first_name="Yaël", email="Yael.Ozgur@example.org")
    make_staff(school, last_name="DURAND", first_name="Luc")
    make_staff(school, last_name="DURAND", first_name="Luc")
    account(school, "Anne", "Lormont")
    account(school, "Y.", "O.", "yael.ozgur@example.org")
    account(school, "Luc", "Durand")
    assert proposed() == {"LORMONT Anne": "anne.lormont", "ÖZGÜR Yaël": "y..o."}, "two of the same names: none"


def test_classes_follow_at_once(school: School) -> None:
    division, booklets = make_class(school, 1)
    staff = make_staff(school, last_name="VIGNE", first_name="Anne")
    add(TeachingService(school_id=school.id, division_id=division.id, item_id=booklets[0].attainments[0].item_id,
                        staff_id=staff.id))  # fmt: skip
    user = account(school, "Anne", "Vigne")
    teacher = Actor.person(user, "Anne VIGNE", shipped("teacher"))
    assert writer_of(teacher).classes == frozenset()
    assert tie_accounts({staff.id: user}, actor=HEAD) == 1
    assert writer_of(teacher).classes == {division.id}
    assert tie_accounts({staff.id: user}, actor=HEAD) == 0, "nothing new"
    assert tie_accounts({staff.id: None}, actor=HEAD) == 1 and writer_of(teacher).classes == frozenset()
    lines = admin_db.session.scalars(select(AuditLine.data).where(AuditLine.action == "staff.account")).all()
    assert [line["user"] for line in lines if line] == [user, None]


def test_one_account_for_one_person(school: School) -> None:
    one, two = make_staff(school, last_name="UN"), make_staff(school, last_name="DEUX")
    first, second = account(school, "A", "Premier"), account(school, "B", "Second")
    tie_accounts({one.id: first, two.id: second}, actor=HEAD)
    for wanted in ({one.id: first, two.id: first}, {two.id: first}):
        with pytest.raises(Conflict):
            tie_accounts(wanted, actor=HEAD)
    assert tie_accounts({one.id: second, two.id: first}, actor=HEAD) == 2, "they may be exchanged"


def test_only_the_head_and_only_the_school_s_people(school: School, world: World) -> None:
    staff, user = make_staff(school), account(school, "A", "Premier")
    for role in ("secretary", "teacher", "cpe"):
        with pytest.raises(Forbidden):
            tie_accounts({staff.id: user}, actor=Actor.person(None, role, shipped(role)))
    with system_scope("another school's people"):
        other = make_staff(admin_db.session.get_one(School, world.b))
        stranger = account(admin_db.session.get_one(School, world.b), "C", "Ailleurs")
    for wanted in ({other.id: user}, {staff.id: stranger}, {staff.id: 999_999}):
        with pytest.raises(NotFound):
            tie_accounts(wanted, actor=HEAD)
    assert admin_db.session.scalars(select(Staff.user_id).where(Staff.id == staff.id)).one() is None


def test_an_account_whose_role_is_over_stays_shown_until_it_is_taken_off(school: School) -> None:
    staff, user = make_staff(school, last_name="VIGNE"), account(school, "Anne", "Vigne")
    tie_accounts({staff.id: user}, actor=HEAD)
    with system_scope("the role ends"):
        grant = admin_db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == user)).one()
        services.end_grant(grant.id, actor=SYSTEM)
    [row] = [row for row in staff_accounts()[0] if row.staff_id == staff.id]
    assert row.account is not None and row.account.user_id == user
    assert tie_accounts({staff.id: user}, actor=HEAD) == 0, "saving the page changes nothing"
