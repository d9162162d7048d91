"""A locked booklet cannot change, whoever asks and by whatever road (M017): every form of the application with
everything it could say, the jobs those forms start, the synchronisation, and SQL itself, where triggers are the guard.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Boolean, Date, Integer, Numeric, Table, delete, insert, select, update

from app.booklets.cells import FIELDS, Cell
from app.booklets.facts import facts_of
from app.booklets.models import Booklet, BookletScheme, Pathway
from app.booklets.project_store import SharedChanges
from app.booklets.projects import GroupChanges, make_group, save_group
from app.booklets.refreshing import refresh_class
from app.core.actor import SYSTEM
from app.core.db import AdminBase, admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.models import Job
from app.schools.models import School
from app.schools.people import Pupil
from app.workflow import engine
from letters.booklet_types import plain
from tests.admin.conftest import Browser, admin_app, head  # noqa: F401 - fixtures
from tests.booklets.factories import fill, make_class
from tests.booklets.test_projects import declare
from tests.factories import World, add, make_staff
from tests.security.routes import ADMIN

pytestmark = pytest.mark.row("M017", "M045")

# Every table with a row for each booklet, or for a part of one: what the booklet says, or what is said about it.
CONTENT = {"attainment", "attainment_element", "pathway", "booklet_scheme", "base_mastery", "group_pupil"}
ABOUT = {"booklet_fault", "booklet_waiver", "booklet_edition"}
LIFE = {"state", "version", "locked_at", "locked_by", "edited_at"}
# Roads that open a booklet, or end the visit.
OPENS = {"BookletsPage.unlock", "BookletLockPage.undo"}
LEAVES = {"SignIn.logout", "SignIn.leave", "ChangeSchool.enter", "ChangeSchool.index", "OwnPassphrase.index"}


@dataclass
class Place:
    """A school with a locked booklet and an open one beside it in the class."""

    school: int
    locked: int
    open: int
    numbers: dict[str, int]


def build(session: Any, school: School) -> Place:
    """Something in every table that a booklet of a collège is made of."""
    division, booklets = make_class(school, pupils=2)
    project = declare(school, "Apprendre à apprendre", booklets[0].attainments[0].item)
    group = make_group(project.id, "Groupe 1", 1, 3, actor=SYSTEM)
    save_group(group.id, GroupChanges(SharedChanges(comment="Actif.", base_comment=""),
                                      add=[booklet.id for booklet in booklets]), actor=SYSTEM)
    for booklet in booklets:
        fill(booklet)
        add(Pathway(school_id=school.id, booklet_id=booklet.id, code="PAR_CIT", text="Élu au conseil des élèves."))
        add(BookletScheme(school_id=school.id, booklet_id=booklet.id, code="PAP"))
    session.expire_all()
    engine.follow(booklets[0])
    engine.apply(booklets[0], "lock", actor=SYSTEM)
    session.flush()
    numbers = {"division": division.id, "pupil": booklets[0].pupil_id, "project_group": group.id, "ap": project.id,
               "epi": project.id, "booklet": booklets[0].id, "teaching_item": booklets[0].attainments[0].item_id}
    return Place(school.id, booklets[0].id, booklets[1].id, numbers)


def said(booklet_id: int) -> tuple[Any, ...]:
    """All that the database holds of a booklet, and what would be printed of it."""
    admin_db.session.expire_all()
    found: dict[str, Any] = {}
    for name in sorted(CONTENT):
        table = AdminBase.metadata.tables[name]
        found[name] = [tuple(row) for row in sql(
            select(table).where(table.c.booklet_id == booklet_id).order_by(table.c.id))]
    booklet = AdminBase.metadata.tables["booklet"]
    row = sql(select(booklet).where(booklet.c.id == booklet_id)).mappings().one()
    printed = plain(facts_of([booklet_id])[booklet_id])
    printed.pop("school")  # the head's name and the school's address are those of the day it is issued
    return found, {name: value for name, value in row.items() if name not in LIFE | {"id"}}, printed, row["state"]


# — the forms —


@pytest.fixture
def place(admin_app: Flask, sqlite_world: World) -> Iterator[Place]:  # noqa: F811
    with school_scope(sqlite_world.a), unit_of_work() as session:
        found = build(session, session.get_one(School, sqlite_world.a))
    admin_db.session.remove()
    yield found


def everything(place: Place, booklet: int) -> dict[str, Any]:
    """All that a form could say of a booklet: each of its cells, and every field that any page of ours sends."""
    with school_scope(place.school):
        one = admin_db.session.get_one(Booklet, booklet)
        owners = {"line": [line.id for line in one.attainments], "booklet": [one.id], "mastery": [one.id],
                  "pathway": [one.id], "member": []}
        fields = {kind: tuple(known) for kind, known in FIELDS.items()}
        cells = {Cell(kind, key, field).name: "3" if field in ("positioning", "lateness", "followed") else "Changé"
                 for kind, keys in owners.items() for key in keys for field in fields.get(kind, ())}
        pupil, member = one.pupil_id, place.numbers["project_group"]
    admin_db.session.remove()
    return {**cells, **{f"base:{name}": "" for name in cells}, "division": str(place.numbers["division"]),
            "period": "1-3", "item": str(place.numbers["teaching_item"]), "rowid": str(booklet), "ids": str(booklet),
            "booklet": str(booklet), "pupil": str(pupil), "population": "school", "value": "1", "reason": "Essai",
            "comment": "Changé", "base_comment": "Actif.", "title": "Changé", "base_title": "Apprendre à apprendre",
            "remove": str(booklet), "add": str(booklet), "text-1": "Changé", "text": "Changé",
            "council_on": "2026-12-01", "label": "Changé", "short_label": "Changé", "last_name": "CHANGÉ",
            "first_name": "Changé", "confirmed": "1", "closes_on": "2026-12-12", "until": "2027-06-30",
            "copies": "pupil", "import_mode": "manual",
            f"member-{member}-comment": "Changé", "scale": "marks", "scale_max": "10", "undo": ""}  # fmt: skip


def forms(app: Flask) -> list[tuple[str, Any]]:
    """Every address of the application that takes a form."""
    return [(rule.endpoint, rule) for rule in app.url_map.iter_rules()
            if "POST" in (rule.methods or ()) and rule.endpoint not in OPENS | LEAVES]


def test_no_form_of_the_application_changes_it(
    admin_app: Flask, head: Browser, place: Place  # noqa: F811
) -> None:
    """Each is sent with everything it could say, by the head, and the jobs it starts are carried out."""
    with school_scope(place.school):
        before, beside = said(place.locked), said(place.open)
    tried, hidden = 0, _hidden(head, "/")
    for booklet in (place.locked, place.open):
        sent = hidden | everything(place, booklet)
        for endpoint, rule in forms(admin_app):
            route = ADMIN[endpoint]
            number = booklet if route.object == "booklet" else place.numbers.get(route.object or "", 1)
            values = {name: route.values.get(name, number) for name in rule.arguments}
            path = admin_app.url_map.bind("localhost").build(endpoint, values)
            answer = head.client.post(path, data=sent)
            tried += 1
            assert answer.status_code < 500, (endpoint, answer.status_code)
            _carry_out(place.school)
            with school_scope(place.school):
                assert said(place.locked)[:3] == before[:3], endpoint
                assert said(place.locked)[3] in ("locked", "edited"), endpoint
            admin_db.session.remove()
    assert tried > 150
    with school_scope(place.school):
        assert said(place.open) != beside, "the same forms do change an open booklet"


def _carry_out(school_id: int) -> None:
    with school_scope(school_id):
        waiting = list(admin_db.session.scalars(select(Job.id).where(Job.state == "queued")))
        admin_db.session.rollback()
    for job_id in waiting:
        jobs.run_here(job_id)
    admin_db.session.remove()


def test_a_subject_keeps_its_name_on_it(head: Browser, place: Place) -> None:  # noqa: F811
    """What it prints comes from the list of subjects too: the head is told, and unlocks or adds another one."""
    with school_scope(place.school):
        before = said(place.locked)
    path = f"/teaching-item/edit/{place.numbers['teaching_item']}"
    sent = {"label": "Lettres", "short_label": "Lettres", "code": "020700", "position": "0"}
    answer = head.client.post(path, data=_hidden(head, path) | sent)
    assert "bilans verrouillés impriment cette discipline" in answer.text
    with school_scope(place.school):
        assert said(place.locked) == before
    admin_db.session.remove()
    retired = head.client.post(path, data=_hidden(head, path) | sent | {"label": "Français", "short_label": "Français",
                                                                        "retired": "y"})  # fmt: skip
    assert retired.status_code == 302, "it can still be retired"


def _hidden(head: Browser, path: str) -> dict[str, str]:  # noqa: F811
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', head.get(path)))


def test_the_cells_of_a_script_do_not_change_it(head: Browser, place: Place) -> None:  # noqa: F811
    with school_scope(place.school):
        before = said(place.locked)
    names = [name for name in everything(place, place.locked) if f"base:{name}" in everything(place, place.locked)]
    page = head.get("/entry/comments/")
    user, token = re.search(r'data-user="(\d+)"', page), re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert user and token
    drawn = re.search(r'name="drawn_for" value="([^"]+)"', page)
    answer = head.client.post("/entry/cells", json={"user": int(user[1]), "cells": [
        {"cell": name, "value": "Changé", "base": None} for name in names]},
        headers={"X-CSRFToken": token[1], "X-Drawn-For": drawn[1] if drawn else ""})  # fmt: skip
    assert answer.status_code == 200, answer.text[:300]
    assert {one["state"] for one in answer.json["outcomes"]} == {"refused"}  # type: ignore[index]
    with school_scope(place.school):
        assert said(place.locked) == before


# — SQL —


@pytest.fixture
def stored(world: World) -> Iterator[Place]:
    """The same on both databases, with the eight components of an end-of-cycle booklet too."""
    with school_scope(world.a), unit_of_work() as session:
        yield build(session, session.get_one(School, world.a))


def test_every_table_of_booklets_is_guarded_or_about_them() -> None:
    """A new table of contents without a guard fails here."""
    tables = {table.name for table in AdminBase.metadata.tables.values()
              if table.name != "booklet" and any(key.column.table.name == "booklet" for key in table.foreign_keys)}
    assert tables == CONTENT | ABOUT


@pytest.mark.parametrize("name", sorted(CONTENT))
def test_sql_cannot_change_what_it_holds(stored: Place, name: str) -> None:
    table = AdminBase.metadata.tables[name]
    rows = _rows(stored, table)
    here, there = rows
    copy = {key: value for key, value in here.items() if key != "id"}
    attempts = {
        "insert": insert(table).values(copy),
        "update": update(table).where(table.c.id == here["id"]).values(booklet_id=stored.locked),
        "delete": delete(table).where(table.c.id == here["id"]),
        "move in": update(table).where(table.c.id == there["id"]).values(booklet_id=stored.locked),
        "move out": update(table).where(table.c.id == here["id"]).values(booklet_id=stored.open),
    }
    for road, statement in attempts.items():
        _refused(statement, f"{name}: {road}")
    sql(delete(table).where(table.c.id == there["id"]))  # an open one can


def _rows(stored: Place, table: Table) -> list[dict[str, Any]]:
    """A row of the locked booklet and one of the open one; components of the base are put in before the lock."""
    if table.name == "base_mastery":
        _before_the_lock(stored, table)
    found = []
    for booklet in (stored.locked, stored.open):
        row = sql(select(table).where(table.c.booklet_id == booklet).limit(1)).mappings().one()
        found.append(dict(row))
    return found


def _before_the_lock(stored: Place, table: Table) -> None:
    locked = admin_db.session.get_one(Booklet, stored.locked)
    engine.apply(locked, "unlock", actor=SYSTEM, reason="Essai")
    for booklet in (stored.locked, stored.open):
        sql(insert(table).values(school_id=stored.school, booklet_id=booklet, component="CPD_FRA",
                                                      level=3))
    admin_db.session.expire_all()
    engine.apply(locked, "lock", actor=SYSTEM)
    admin_db.session.flush()


def test_sql_cannot_change_one_column_of_the_booklet_itself(stored: Place) -> None:
    """Its life moves through the workflow; everything else stands."""
    table = AdminBase.metadata.tables["booklet"]
    now = dict(sql(select(table).where(table.c.id == stored.locked)).mappings().one())
    for column in table.columns:
        if column.name not in LIFE | {"id"}:
            another = update(table).where(table.c.id == stored.locked).values({column.name: _other(column, now)})
            _refused(another, column.name)
    _refused(delete(table).where(table.c.id == stored.locked), "delete")


def _other(column: Any, now: dict[str, Any]) -> Any:
    value = now[column.name]
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, Integer | Numeric):
        return (value or 0) + 1000
    return date(2020, 1, 1) if isinstance(column.type, Date) else "?"


def sql(statement: Any) -> Any:
    """On the connection itself: the session refuses SQL that names a table, which would be the guard's merit then."""
    return admin_db.session().connection().execute(statement)


def _refused(statement: Any, road: str) -> None:
    with pytest.raises(Exception, match="booklet_locked"), admin_db.session.begin_nested():
        sql(statement)
        pytest.fail(road)


# — the pupil base —


def test_the_pupil_base_does_not_change_it(world: World) -> None:
    """The pupil is renamed, changes class, the teachers too: the locked booklet says what it said (M017)."""
    with school_scope(world.a), unit_of_work() as session:
        place = build(session, session.get_one(School, world.a))
        before = said(place.locked)
        pupil = session.get_one(Pupil, place.numbers["pupil"])
        pupil.last_name, pupil.first_name = "AUTRE", "Prénom"
        make_staff(session.get_one(School, world.a), last_name="NOUVEAU")
        session.flush()
        assert "AUTRE Prénom" not in refresh_class(place.numbers["division"], actor=SYSTEM).pupils
        assert said(place.locked) == before
