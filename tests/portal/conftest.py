"""A portal over published rows of two invented families, as the replicator would have written them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.core.codes import hint, show
from app.core.crypto import lookup_hash
from app.core.db import portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal import web
from app.portal.activation import TypedLine
from app.portal.models import (
    Account,
    PortalEvent,
    PortalMail,
    PortalThrottle,
    PublishedCode,
    PublishedPupil,
    PublishedSchool,
)
from app.portal.signup import NewAccount
from app.portal.visitors import Visitor
from app.security.throttle import Throttles
from config import Config
from tests.conftest import Urls
from tests.portal.booklets import cycle_facts, facts, published

PASSPHRASE = "quatre tortues boivent du cidre"
PORTAL_URL = "https://portail.example.org"
MARGUERITE = ("0MQUXR43E7KNC", "Zoé-Anaïs", date(2014, 1, 18))
HUGO = ("3807NDEEYESRI", "Hugo", date(2012, 2, 6))
HUGO_FATHER = ("0AB2CDEFGHJKL", "Hugo", date(2012, 2, 6))
ELSEWHERE = ("1ZZZZZZZZZZZZ", "Nils", date(2013, 3, 3))
CLOSED = ("2CCCCCCCCCCCC", "Ava", date(2013, 4, 4))
PUPILS_OWN = ("2EEEEEEEEEEEE", "Hugo", date(2012, 2, 6))


def school(id: int, name: str, services: list[str], **facts: Any) -> PublishedSchool:
    """A published school."""
    return PublishedSchool(id=id, digest="x", uai=f"099000{id}X", name=name, academy="Académie de Montrevel",
                           address=["1 rue des Tilleuls", "99000 MONTREVEL"], phone="01 99 00 00 00",
                           services=services, **facts)


def pupil(id: int, school_id: int, last: str, first: str, born: date) -> PublishedPupil:
    """A published pupil."""
    return PublishedPupil(id=id, digest="x", school_id=school_id, last_name=last, first_name=first, birth_date=born,
                          sex="F", division="6A")


def code(id: int, pupil_id: int, school_id: int, text: str, **facts: Any) -> PublishedCode:
    """A published code, a guardian's unless said otherwise."""
    facts = {"holder": "guardian", "guardian_id": 100 + id, "guardian_name": "Mme BERGÉ Maude",
             "guardian_first_name": "Maude", "valid": True} | facts
    return PublishedCode(id=id, digest="x", school_id=school_id, pupil_id=pupil_id, hint=hint(text),
                         lookup_hash=lookup_hash(text)[1], **facts)


def publish() -> None:
    """A collège with two siblings (mother's codes, the father's for one, one of the pupil's own), another family in
    a second school, and a school that closed all its services."""
    with system_scope("published rows of a test"), unit_of_work(portal_db) as session:
        session.add_all([school(1, "Collège Essai", ["marks", "booklets"], contact=True),
                         school(2, "École Essai", ["booklets"]),
                         school(3, "Collège Fermé", [])])
        session.flush()
        session.add_all([pupil(11, 1, "BERGÉ", *MARGUERITE[1:]), pupil(12, 1, "BERGÉ", *HUGO[1:]),
                         pupil(21, 2, "MAUREL", *ELSEWHERE[1:]), pupil(31, 3, "TISSOT", *CLOSED[1:])])
        session.flush()
        session.add_all([
            code(1, 11, 1, MARGUERITE[0]), code(2, 12, 1, HUGO[0]),
            code(3, 12, 1, HUGO_FATHER[0], guardian_name="M. BERGÉ Paul", guardian_first_name="Paul"),
            code(4, 21, 2, ELSEWHERE[0], guardian_name="Mme MAUREL Ida", guardian_first_name="Ida"),
            code(5, 31, 3, CLOSED[0], valid=False),
            code(6, 12, 1, PUPILS_OWN[0], holder="pupil", guardian_id=None, guardian_name=None,
                 guardian_first_name=None),
            *published(1100, 11, 1, facts("BERGÉ", "Zoé Anaïs")),
            *published(1101, 11, 1, cycle_facts("BERGÉ", "Zoé Anaïs"), position=0, first_year=2025),
            *published(2100, 21, 2, facts("MAUREL", "Lou")),
        ])


@pytest.fixture
def families(databases: Urls) -> Urls:
    """The published rows, on both kinds of database."""
    publish()
    return databases


@pytest.fixture
def sqlite_families(sqlite_databases: Urls) -> Urls:
    """The same on SQLite only."""
    publish()
    return sqlite_databases


@pytest.fixture
def visitor(keys_folder: Any) -> Visitor:
    """Somebody somewhere."""
    return Visitor("192.0.2.7", Throttles(portal_db, PortalThrottle))


def line(known: tuple[str, str, date], **other: Any) -> TypedLine:
    """A line of the form, right unless told otherwise."""
    text, first_name, born = known
    return replace(TypedLine(text, first_name, born), **other)


def new_account(*lines: TypedLine, **facts: Any) -> NewAccount:
    """A good form."""
    facts = {"holder": "guardian", "identifier": "maude.berge", "passphrase": PASSPHRASE,
             "email": "maude@example.org"} | facts
    return NewAccount(lines=lines or (line(MARGUERITE),), **facts)


def build_portal(settings: Config) -> Flask:
    """The portal over the databases of the test."""
    app = Flask("app.portal", template_folder="templates", static_folder="../static", static_url_path="/assets")
    web.build(app, settings)
    app.testing = True
    return app


@pytest.fixture
def portal(sqlite_families: Urls, settings: Config) -> Flask:
    """The portal over the published rows."""
    return build_portal(settings)


@pytest.fixture
def client(portal: Flask) -> FlaskClient:
    """A browser without scripts."""
    return portal.test_client()


def token_of(page: str) -> str:
    """The anti-forgery token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page[:2000]
    return found[1]


def send(client: FlaskClient, path: str, data: dict[str, Any], *, page: str | None = None, **more: Any) -> Any:
    """Open `page` (by default the same path), then send the form on it."""
    shown = client.get(page or path).text
    return client.post(path, data=data | {"csrf_token": token_of(shown)}, **more)


def typed(*children: tuple[str, str, date], **facts: str) -> dict[str, str]:
    """The fields of the sign-up form for these children."""
    data = {"identifier": "maude.berge", "passphrase": PASSPHRASE, "again": PASSPHRASE, "email": "maude@example.org"}
    for at, (text, first_name, born) in enumerate(children):
        for number, block in enumerate(show(text).split(" - "), 1):
            data[f"lines-{at}-c{number}"] = block
        data |= {f"lines-{at}-first_name": first_name, f"lines-{at}-birth_date": born.strftime("%d/%m/%Y")}
    return data | facts


def rows(model: Any, *where: Any) -> list[Any]:
    """Rows of the portal database, read afresh."""
    with system_scope("assertions of a test"):
        portal_db.session.rollback()
        return list(portal_db.session.scalars(select(model).where(*where).order_by(model.id)
                                              .execution_options(populate_existing=True)))


def accounts() -> list[Account]:
    """Every account."""
    return rows(Account)


def events() -> list[tuple[str, dict[str, Any]]]:
    """What the school was told, in order."""
    return [(e.kind, e.payload) for e in rows(PortalEvent)]


def mails() -> list[PortalMail]:
    """The outbox."""
    return rows(PortalMail)


def link_of(mail: PortalMail) -> str:
    """The token of a confirmation mail."""
    found = re.search(r"/confirmation/(\S+)", mail.text)
    assert found, mail.text
    return found[1]


@pytest.fixture
def count_calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], list[Any]]:
    """Count the calls of a function while it goes on working."""

    def watch(module: Any, name: str) -> list[Any]:
        calls: list[Any] = []
        real = getattr(module, name)

        def counting(*args: Any, **kwargs: Any) -> Any:
            calls.append(args)
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, counting)
        return calls

    return watch
