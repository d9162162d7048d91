"""The admin application over the small academy of tests/factories.py, with somebody signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from app import create_admin
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import set_scope, system_scope
from app.core.uow import unit_of_work
from app.security.seeding import write_roles
from app.security.services import create_user, grant
from config import Config
from tests.conftest import Urls
from tests.factories import World

PASSPHRASE = "quatre velours anciens"


@dataclass
class Browser:
    """A signed-in client that sends forms as a browser does: with the hidden fields of the page it read."""

    client: FlaskClient

    def get(self, path: str, status: int = 200) -> str:
        """The text of a page."""
        answer = self.client.get(path)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:500])
        return answer.text

    def send(self, path: str, page: str = "", **fields: Any) -> Any:
        """POST with the hidden fields of `page` (the same address unless given)."""
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', self.get(page or path)))
        return self.client.post(path, data=hidden | fields)

    def sheet(self, path: str) -> Worksheet:
        """An exported list, opened again."""
        answer = self.client.get(path)
        assert answer.status_code == 200
        return load_workbook(BytesIO(answer.data)).active


@pytest.fixture
def admin_app(sqlite_databases: Urls, settings: Config, sqlite_world: World) -> Iterator[Flask]:
    """The application itself, as processes assemble it."""
    from dataclasses import replace

    app = create_admin(replace(settings, admin_db=sqlite_databases.admin, portal_db=sqlite_databases.portal))
    app.testing = True
    with app.app_context(), unit_of_work() as session:
        write_roles(session)
    yield app
    admin_db.session.remove()
    set_scope(None)


def sign_in(app: Flask, role: str, **place: int) -> Browser:
    """Somebody new with one role, signed in through the door."""
    name = f"{role}-{len(place)}-{next(iter(place.values()))}"
    authority = place.get("authority_id") or 1
    with app.app_context(), system_scope("test people"), unit_of_work():
        user = create_user(actor=SYSTEM, authority_id=authority, first_name="Odile", last_name="Fontanel",
                           email=f"{name}@example.org", username=name, passphrase=PASSPHRASE)  # fmt: skip
        grant(user.id, role, actor=SYSTEM, **place)
    browser = Browser(app.test_client())
    answer = browser.send("/login/", username=name, password=PASSPHRASE)
    assert answer.status_code == 302, answer.text[:500]
    return browser


@pytest.fixture
def head(admin_app: Flask, sqlite_world: World) -> Browser:
    """The head of school a."""
    return sign_in(admin_app, "head", school_id=sqlite_world.a)


@pytest.fixture
def academy(admin_app: Flask, sqlite_world: World) -> Browser:
    """The administrator of the academy."""
    return sign_in(admin_app, "academy_admin", authority_id=sqlite_world.authority)
