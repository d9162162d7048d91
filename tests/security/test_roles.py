"""The table of rights: complete, written once, editable, never more than one's own (C05)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.core.actor import SYSTEM, Actor
from app.core.clock import frozen, now, today
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import academy_scope, school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import DivisionStaff
from app.schools.people import Staff
from app.security import role_services, roles, services
from app.security.manager import actor_for_user
from app.security.models import RoleGrant
from app.security.people import role_profile
from app.security.queries import places_of, standing
from app.security.seeding import drift, held_by, set_permissions, write_roles
from app.security.table_page import PAGE, render
from app.workflow.catalogue import definition, names
from app.workflow.definition import permission_pairs
from tests.factories import World
from tests.security.conftest import Campus, add_person
from tests.security.objects import other_academy
from tests.statements import statements

pytestmark = pytest.mark.row("C05")


@pytest.fixture
def seeded(world: World) -> World:
    """The world with its roles, on both kinds of database."""
    with unit_of_work() as session:
        write_roles(session)
    return world


def role_id(key: str) -> int:
    with system_scope("test"):
        return services.find_role(admin_db.session(), key).role_id


def actor_of(user_id: int, world: World) -> Actor:
    """The academy administrator as a request makes it."""
    here = standing(admin_db.session(), user_id, "academy", world.authority)
    assert here is not None
    return Actor.person(user_id, "Ada", here.permissions)


def test_the_page_is_current() -> None:
    """docs/roles.md is what the table says."""
    assert PAGE.read_text(encoding="utf-8") == render()


def test_what_workflows_ask_for_is_in_the_table() -> None:
    """`allowed: booklet:lock` names a right that somebody has."""
    transitions = [t for name in names() for t in definition(name).transitions.values()]
    asked = {pair for transition in transitions for pair in permission_pairs(transition.allowed)}
    assert asked and asked <= roles.catalogue()


def test_what_views_ask_for_is_in_the_table(campus: Campus) -> None:
    """No page that nobody may open."""
    views = [v for v in campus.app.appbuilder.baseviews if v.class_permission_name in roles.RESOURCES]  # type: ignore[attr-defined]
    asked = {(verb, view.class_permission_name) for view in views for verb in view.base_permissions}
    assert len(asked) > 60 and asked - roles.catalogue() == set()


def test_every_verb_has_a_name() -> None:
    """The role editor shows words, not codes."""
    assert {verb for r in roles.RESOURCES.values() for verb in r.verbs} <= set(roles.VERB_LABELS)


def test_writing_twice_changes_nothing_and_keeps_what_was_edited(seeded: World) -> None:
    """What was changed on screen survives a restart; drift shows it."""
    head = role_id(roles.HEAD)
    with unit_of_work() as session, system_scope("test"):
        set_permissions(session, head, roles.shipped(roles.HEAD) - {("can_delete", "pupil")} | {("can_list", "person")})
    with unit_of_work() as session:
        assert (write_roles(session).roles, write_roles(session).added) == (0, 0)
        with system_scope("test"):
            found = {d.key: d for d in drift(session)}
    assert found[roles.HEAD].missing == {("can_delete", "pupil")}
    assert found[roles.HEAD].extra == {("can_list", "person")}
    assert not any(found[key] for key in roles.ROLES if key != roles.HEAD)


def test_a_new_permission_reaches_the_roles_that_have_it(seeded: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade gives it, without undoing what was edited; one that is gone goes."""
    head, whole = role_id(roles.HEAD), dict(roles.RESOURCES)
    without = {name: r for name, r in whole.items() if name != "mail"}
    monkeypatch.setattr(roles, "RESOURCES", without)
    with unit_of_work() as session:
        assert write_roles(session).removed == 2
        assert ("can_list", "mail") not in held_by(session, head)
    monkeypatch.setattr(roles, "RESOURCES", whole)
    with unit_of_work() as session:
        assert write_roles(session).added == 2
        assert ("can_list", "mail") in held_by(session, head)


def test_grants_run_between_their_days(seeded: World) -> None:
    """Both ends included, and only on their school."""
    user = add_person(seeded, "claire")
    with system_scope("test"):
        services.grant(user, "head", actor=SYSTEM, school_id=seeded.a, starts_on=today() + timedelta(days=2),
                       ends_on=today() + timedelta(days=4))
    for day, runs in ((1, False), (2, True), (4, True), (5, False)):
        with frozen(now() + timedelta(days=day)):
            assert (standing(admin_db.session(), user, "school", seeded.a) is not None) is runs
            assert standing(admin_db.session(), user, "school", seeded.b) is None
            admin_db.session.rollback()


def test_the_same_person_is_head_here_and_teacher_there(seeded: World) -> None:
    """Rights are those of the current school."""
    user = add_person(seeded, "claire", "head", seeded.a)
    with system_scope("test"):
        services.grant(user, "teacher", actor=SYSTEM, school_id=seeded.b)
    assert actor_for_user(user, seeded.a).can("can_open", "service")
    assert not actor_for_user(user, seeded.b).can("can_open", "service")
    assert not actor_for_user(user, seeded.ecole).permissions
    assert [place.id for place in places_of(admin_db.session(), user)] == [seeded.a, seeded.b]


def test_class_teacher_follows_from_the_assignment(seeded: World) -> None:
    """It comes with the tick, goes with it, and cannot be granted."""
    user = add_person(seeded, "claire", "teacher", seeded.a)
    with school_scope(seeded.a), unit_of_work() as session:
        staff = session.get_one(Staff, seeded.of[seeded.a]["staff"])
        staff.user_id = user
        link = DivisionStaff(school_id=seeded.a, division_id=seeded.of[seeded.a]["divisions"][0], staff_id=staff.id)
        session.add(link)
    assert not actor_for_user(user, seeded.a).can("can_list", "guardian")
    with school_scope(seeded.a), unit_of_work():
        link.is_class_teacher = True
    assert actor_for_user(user, seeded.a).can("can_list", "guardian")
    with school_scope(seeded.a), unit_of_work():
        link.is_class_teacher = False
    assert not actor_for_user(user, seeded.a).can("can_list", "guardian")
    with system_scope("test"), pytest.raises(BadInput):
        services.grant(user, "class_teacher", actor=SYSTEM, school_id=seeded.a)


def test_inside_a_school_the_academy_reads(seeded: World) -> None:
    """Entering shows everything and changes nothing; schools of other academies stay closed."""
    elsewhere = other_academy()
    user = add_person(seeded, "ada", "academy_admin")
    inside = actor_for_user(user, seeded.a)
    assert inside.can("can_list", "guardian_code") and inside.can("can_show", "pupil")
    assert {verb for verb, _resource in inside.permissions} <= roles.READING
    assert standing(admin_db.session(), user, "school", elsewhere) is None
    outside = actor_for_user(user, None)
    assert outside.can("can_add", "role_grant") and not outside.can("can_create", "guardian_code")


def test_nobody_hands_on_more_than_they_hold(seeded: World) -> None:
    """Neither by a grant, nor by a role of one's own, nor by editing one."""
    user, other = add_person(seeded, "ada", "academy_admin"), add_person(seeded, "paul")
    with unit_of_work() as session, system_scope("test"):
        lost = {("can_notify", "guardian_code")}
        set_permissions(session, role_id(roles.ACADEMY_ADMIN), roles.shipped(roles.ACADEMY_ADMIN) - lost)
    actor = actor_of(user, seeded)
    with academy_scope(seeded.authority):
        with pytest.raises(Forbidden):
            services.grant(other, "secretary", actor=actor, school_id=seeded.a)
        services.grant(other, "librarian", actor=actor, school_id=seeded.a)
        with pytest.raises(Forbidden):
            role_services.create_role("Assistant", frozenset(lost), actor=actor, authority_id=seeded.authority)
        with pytest.raises(Forbidden):
            role_services.edit_role(role_id(roles.CPE), roles.shipped(roles.CPE) | lost, actor=actor,
                                    authority_id=seeded.authority)
        with pytest.raises(Forbidden):
            role_services.reset_role(role_id(roles.ACADEMY_ADMIN), actor=actor, authority_id=seeded.authority)


def test_nobody_takes_over_who_holds_more(seeded: World) -> None:
    """Whoever changes an address gets the next link to a pass-phrase: who may only edit people would become anybody."""
    full, clerk = add_person(seeded, "ada", "academy_admin"), add_person(seeded, "paul")
    teacher = add_person(seeded, "lise", "teacher", seeded.a)
    with academy_scope(seeded.authority):
        wanted = frozenset({("can_list", "person"), ("can_edit", "person")}) | roles.shipped(roles.TEACHER)
        made = role_services.create_role("Annuaire", wanted & roles.offered("academy"), actor=actor_of(full, seeded),
                                         authority_id=seeded.authority, level="academy").role_id  # fmt: skip
        services.grant(clerk, made, actor=SYSTEM, authority_id=seeded.authority)
        actor = actor_of(clerk, seeded)
        for change in ({"email": "mine@example.org"}, {"email": "ada@example.org", "active": False}):
            with pytest.raises(Forbidden):
                services.update_user(full, actor=actor, first_name="A", last_name="B", **change)
        services.update_user(full, actor=actor, first_name="Ada", last_name="B", email="ada@example.org")
        services.update_user(teacher, actor=actor_of(full, seeded), first_name="L", last_name="B",
                             email="l@example.org")  # fmt: skip


def test_a_role_of_ones_own(seeded: World) -> None:
    """Made from the table, granted on a school, changed: it holds from the next request on."""
    user, other = add_person(seeded, "ada", "academy_admin"), add_person(seeded, "paul")
    actor = actor_of(user, seeded)
    wanted = frozenset({("can_list", "pupil"), ("can_read", "every_class")})
    with academy_scope(seeded.authority):
        made = role_services.create_role("Assistant", wanted, actor=actor, authority_id=seeded.authority).role_id
        services.grant(other, made, actor=actor, school_id=seeded.a)
        assert actor_for_user(other, seeded.a).permissions == wanted
        with pytest.raises(Conflict):
            role_services.create_role("assistant", wanted, actor=actor, authority_id=seeded.authority)
        with pytest.raises(BadInput):  # what makes no sense in a school
            role_services.edit_role(made, wanted | {("can_add", "person")}, actor=actor, authority_id=seeded.authority)
        role_services.edit_role(made, wanted | {("can_show", "pupil")}, actor=actor, authority_id=seeded.authority)
    assert actor_for_user(other, seeded.a).can("can_show", "pupil")


def test_the_keys_of_the_house_are_kept(seeded: World) -> None:
    """Nobody locks everybody out."""
    user = add_person(seeded, "ada", "academy_admin")
    actor, chief = actor_of(user, seeded), role_id(roles.ACADEMY_ADMIN)
    with academy_scope(seeded.authority):
        with pytest.raises(Conflict):
            role_services.edit_role(chief, roles.shipped(roles.ACADEMY_ADMIN) - {("can_edit", "role")}, actor=actor,
                                    authority_id=seeded.authority)
        own = admin_db.session.query(RoleGrant).filter_by(user_id=user).one()
        with pytest.raises(Conflict):
            services.end_grant(own.id, actor=actor)
        with pytest.raises(Conflict):
            services.update_user(user, actor=actor, first_name="A", last_name="B", email="a@example.org", active=False)


def test_two_academies_do_not_see_each_other(seeded: World) -> None:
    """Neither people, nor schools, nor grants, nor roles of their own; shipped roles are then not edited."""
    school = other_academy()
    user, stranger = add_person(seeded, "ada", "academy_admin"), add_person(seeded, "paul")
    actor = actor_of(user, seeded)
    with system_scope("test"), unit_of_work() as session:
        from app.security.models import UserSecurity

        theirs = session.get_one(UserSecurity, stranger)
        theirs.authority_id = 2
        hidden = role_services.create_role("Veille", frozenset(), actor=SYSTEM, authority_id=2).role_id
    with academy_scope(seeded.authority):
        for refused in (lambda: services.grant(stranger, "head", actor=actor, school_id=seeded.a),
                        lambda: services.grant(user, "head", actor=actor, school_id=school),
                        lambda: services.grant(user, hidden, actor=actor, school_id=seeded.a),
                        lambda: services.update_user(stranger, actor=actor, first_name="X", last_name="Y",
                                                     email="x@example.org"),
                        lambda: role_profile(hidden)):
            with pytest.raises(NotFound):
                refused()
        with pytest.raises(Conflict):
            role_services.reset_role(role_id(roles.HEAD), actor=actor, authority_id=seeded.authority)


@pytest.mark.parametrize(("starts", "ends"), [(0, None), (-3, 0), (5, None), (3, 4)])
def test_no_two_grants_on_one_day(seeded: World, starts: int, ends: int | None) -> None:
    """The same role twice at the same place is a mistake."""
    user = add_person(seeded, "claire")
    day = today()
    with system_scope("test"):
        services.grant(user, "head", actor=SYSTEM, school_id=seeded.a, starts_on=day, ends_on=day + timedelta(days=9))
        services.grant(user, "head", actor=SYSTEM, school_id=seeded.b)
        with pytest.raises(Conflict):
            services.grant(user, "head", actor=SYSTEM, school_id=seeded.a, starts_on=day + timedelta(days=starts),
                           ends_on=None if ends is None else day + timedelta(days=ends))
        services.grant(user, "head", actor=SYSTEM, school_id=seeded.a, starts_on=day + timedelta(days=10))


def test_ending_a_grant_takes_effect_at_once(seeded: World) -> None:
    """The very next question is answered without it; the row stays as history."""
    user = add_person(seeded, "claire")
    with system_scope("test"):
        old = services.grant(user, "head", actor=SYSTEM, school_id=seeded.a, starts_on=today() - timedelta(days=30))
        services.end_grant(old.id, actor=SYSTEM)
    assert not actor_for_user(user, seeded.a).permissions
    with system_scope("test"):
        assert admin_db.session.get_one(RoleGrant, old.id).ends_on == today() - timedelta(days=1)
        fresh = services.grant(user, "head", actor=SYSTEM, school_id=seeded.a)
        services.end_grant(fresh.id, actor=SYSTEM)
    assert not actor_for_user(user, seeded.a).permissions


def test_a_list_page_costs_at_most_eight_statements(campus: Campus) -> None:
    """Session, person, place, roles, count, rows (25 in stock FAB)."""
    visitor = campus.client(roles.HEAD)
    visitor.get("/pupil/list/")
    with statements() as sent:
        assert visitor.get("/pupil/list/").status_code == 200
    assert len([text for text in sent if not text.startswith("BEGIN")]) <= 8, sent
