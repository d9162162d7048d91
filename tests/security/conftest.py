"""The admin application with one person for each role on school A, an academy administrator, and nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_admin
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, set_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import DivisionStaff, School
from app.schools.people import Staff
from app.security import roles
from app.security.seeding import write_roles
from app.security.services import create_user, grant
from config import Config
from tests.conftest import Urls
from tests.factories import World, make_staff

PASSPHRASE = "tasse bleue wagon tilleul"
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


@dataclass
class Campus:
    """The application, the world it shows, and who may sign in: `people` is role → user id."""

    app: Flask
    world: World
    people: dict[str, int] = field(default_factory=dict)

    def client(self, role: str | None = None) -> Visitor:
        """A browser; with a role, signed in through the door."""
        visitor = Visitor(self.app.test_client())
        if role is not None:
            answer = visitor.sign_in(f"{role}@example.org")
            assert answer.status_code == 302, answer.text[:300]
        return visitor


@dataclass
class Visitor:
    """A client that sends forms as a browser does."""

    client: FlaskClient

    def get(self, path: str) -> Any:
        """GET."""
        return self.client.get(path)

    def hidden(self, page: str) -> dict[str, str]:
        """The hidden fields of the first form of a page: token, and the place it was drawn for."""
        return {name: value for name, value in HIDDEN.findall(self.client.get(page).text)
                if name in ("csrf_token", "drawn_for")}

    def post(self, path: str, page: str, **fields: Any) -> Any:
        """POST with the hidden fields of `page`."""
        return self.client.post(path, data=self.hidden(page) | fields)

    def sign_in(self, name: str, passphrase: str = PASSPHRASE, **headers: Any) -> Any:
        """One attempt at the door."""
        fields = self.hidden("/login/") | {"username": name, "password": passphrase}
        return self.client.post("/login/", data=fields, **headers)

    @property
    def cookie(self) -> str:
        """The session cookie's value."""
        found = self.client.get_cookie("livret_admin")
        return found.value if found else ""


def without_tokens(text: str) -> str:
    """A page without its anti-forgery tokens, which carry the second they were made in."""
    return re.sub(r'name="csrf_token" value="[^"]*"', "", text)


def add_person(world: World, name: str, role: str | None = None, school: int | None = None) -> int:
    """Somebody with a pass-phrase, and a role where given."""
    with system_scope("test people"), unit_of_work():
        user = create_user(actor=SYSTEM, authority_id=world.authority, first_name="Alix", last_name=name.title(),
                           email=f"{name}@example.org", passphrase=PASSPHRASE)
        if role:
            grant(user.id, role, actor=SYSTEM, school_id=school)
        return user.id


@pytest.fixture
def campus(sqlite_databases: Urls, sqlite_world: World, settings: Config) -> Iterator[Campus]:
    """Everything above, on fresh databases."""
    app = create_admin(replace(settings, admin_db=sqlite_databases.admin, portal_db=sqlite_databases.portal))
    app.testing = True
    made = Campus(app, sqlite_world)
    with unit_of_work() as session:
        write_roles(session)
    for key, kind in roles.ROLES.items():
        school = sqlite_world.a if kind.level == "school" else None
        made.people[key] = add_person(sqlite_world, key, None if kind.derived else key, school)
    assign(sqlite_world, made.people[roles.CLASS_TEACHER], leads=True)
    assign(sqlite_world, made.people[roles.TEACHER], leads=False)
    admin_db.session.remove()
    yield made
    admin_db.session.remove()
    set_scope(None)


def assign(world: World, user_id: int, *, leads: bool) -> None:
    """Let a user teach 6A in school A. Who leads it is class teacher from this and nothing else."""
    with school_scope(world.a), unit_of_work() as session:
        staff: Staff = make_staff(session.get_one(School, world.a), user_id=user_id)
        session.add(DivisionStaff(school_id=world.a, division_id=world.of[world.a]["divisions"][0],
                                  staff_id=staff.id, is_class_teacher=leads))
