"""Server-side sessions (SECURITY_TRAPS 10): leaving ends them, an epoch ends all, little is written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask, session
from sqlalchemy import event, select, update

from app.core.clock import frozen, now
from app.core.crypto import token_hash
from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.security.models import Throttle, UserSecurity, WebSession
from app.security.queries import user_epoch
from app.security.services import end_all_sessions
from app.security.web import client_address, protect
from config import Config
from tests.conftest import Urls
from tests.factories import World
from tests.security.conftest import add_person


@pytest.fixture
def person(world: World) -> int:
    """Somebody to sign in."""
    return add_person(world, "claire")


@pytest.fixture
def tiny(databases: Urls, settings: Config) -> Iterator[Flask]:
    """The smallest application under the same protection as both of ours."""
    app = Flask("tiny")
    protect(app, settings, db=admin_db, sessions=WebSession, throttles=Throttle, epoch_of=user_epoch, cookie="c",
            hosts=("localhost",))  # fmt: skip
    app.config["WTF_CSRF_ENABLED"] = False  # forgery has tests of its own

    @app.get("/in/<int:owner>")
    def enter(owner: int) -> str:
        session.sign_in(owner, 1)  # type: ignore[attr-defined]
        return "in"

    @app.get("/out")
    def leave() -> str:
        session.sign_out()  # type: ignore[attr-defined]
        return "out"

    @app.get("/who")
    def who() -> str:
        return str(session.owner_id)  # type: ignore[attr-defined]

    @app.get("/keep/<word>")
    def keep(word: str) -> str:
        session["word"] = word
        return "kept"

    @app.get("/word")
    def word() -> str:
        return str(session.get("word"))

    @app.get("/small")
    def small() -> str:
        session["csrf_token"] = "x"
        return "small"

    @app.teardown_request
    def clean(_error: Any) -> None:
        admin_db.session.remove()

    yield app
    admin_db.session.remove()


def rows() -> list[Any]:
    found = list(admin_db.session.scalars(select(WebSession)))
    admin_db.session.remove()
    return found


def value(client: Any) -> str:
    return client.get_cookie("c").value


def writes(app: Flask) -> list[str]:
    """What is written from now on."""
    found: list[str] = []

    def see(_c: Any, _cur: Any, statement: str, *_rest: Any) -> None:
        if statement.split()[0] in ("INSERT", "UPDATE", "DELETE"):
            found.append(statement)

    event.listen(admin_db.engine, "before_cursor_execute", see)
    return found


def test_the_cookie_is_not_in_the_table(tiny: Flask, person: int) -> None:
    """256 random bits; the table holds their hash only."""
    client = tiny.test_client()
    answer = client.get(f"/in/{person}")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie and "Path=/" in cookie
    assert len(value(client)) == 43
    assert [row.token_hash for row in rows()] == [token_hash(value(client))]


def test_leaving_ends_it_for_whoever_kept_the_cookie(tiny: Flask, person: int) -> None:
    """Trap 10: a copied cookie is worth nothing afterwards."""
    client, thief = tiny.test_client(), tiny.test_client()
    client.get(f"/in/{person}")
    thief.set_cookie("c", value(client))
    assert thief.get("/who").text == str(person)
    client.get("/out")
    assert thief.get("/who").text == "None"
    assert rows() == []


def test_signing_in_changes_the_token(tiny: Flask, person: int) -> None:
    """Whoever planted a session before the sign-in does not share it, nor anything in it (fixation)."""
    client, planted = tiny.test_client(), tiny.test_client()
    planted.get("/keep/trap")
    client.set_cookie("c", value(planted))
    client.get(f"/in/{person}")
    assert value(client) != value(planted)
    assert client.get("/word").text == "None"
    assert planted.get("/who").text == "None"
    assert len(rows()) == 1


def test_an_epoch_ends_every_session(tiny: Flask, person: int) -> None:
    """A changed pass-phrase, « sign out everywhere », a closed account."""
    clients = [tiny.test_client() for _ in range(3)]
    for client in clients:
        client.get(f"/in/{person}")
    with system_scope("test"), unit_of_work() as work:
        work.execute(update(UserSecurity).where(UserSecurity.user_id == person).values(epoch=2))
    assert [client.get("/who").text for client in clients] == ["None"] * 3
    with system_scope("test"), unit_of_work() as work:
        end_all_sessions(work, person)
    assert rows() == []


def test_a_session_that_ended_does_not_come_back(tiny: Flask, person: int) -> None:
    """A slow request that ends after the session did must not write it again."""
    def meanwhile() -> None:
        with system_scope("test"), unit_of_work() as work:
            end_all_sessions(work, person)

    client = tiny.test_client()
    client.get(f"/in/{person}")
    tiny.before_request_funcs.setdefault(None, []).append(meanwhile)
    client.get("/keep/late")
    assert rows() == []


@pytest.mark.parametrize(("minutes", "alive"), [(59, True), (61, False)])
def test_idle(tiny: Flask, person: int, minutes: int, alive: bool) -> None:
    """An hour without use ends it."""
    client, start = tiny.test_client(), now()
    with frozen(start):
        client.get(f"/in/{person}")
    with frozen(start + timedelta(minutes=minutes)):
        assert (client.get("/who").text == str(person)) is alive


def test_absolute(tiny: Flask, person: int) -> None:
    """Twelve hours at most, however busy."""
    client, start = tiny.test_client(), now()
    with frozen(start):
        client.get(f"/in/{person}")
    for quarter in range(1, 48):
        with frozen(start + timedelta(minutes=15 * quarter)):
            assert client.get("/who").text == str(person)
    with frozen(start + timedelta(hours=12, seconds=1)):
        assert client.get("/who").text == "None"


def test_reading_writes_at_most_every_five_minutes(tiny: Flask, person: int) -> None:
    """A page costs one SELECT."""
    client, start = tiny.test_client(), now()
    with frozen(start):
        client.get(f"/in/{person}")
        seen = writes(tiny)
        for _ in range(5):
            client.get("/who")
    with frozen(start + timedelta(minutes=4)):
        client.get("/who")
    assert seen == []
    with frozen(start + timedelta(minutes=6)):
        client.get("/who")
        client.get("/who")
    assert len(seen) == 1


def test_a_crowd_at_the_door_writes_nothing(tiny: Flask, person: int) -> None:
    """Before sign-in the token of the form stays in a signed cookie."""
    seen = writes(tiny)
    client = tiny.test_client()
    client.get("/small")
    assert "." in value(client) and seen == [] and rows() == []
    client.get(f"/in/{person}")
    assert "." not in value(client) and len(rows()) == 1


@pytest.mark.parametrize("forged", ["x" * 43, "eyJ3b3JkIjoiaGkifQ.aaaa.bbbb", "", "a" * 4000])
def test_a_made_up_cookie_is_nobody(tiny: Flask, person: int, forged: str) -> None:
    """And nothing is written for it."""
    client = tiny.test_client()
    client.set_cookie("c", forged)
    assert client.get("/who").text == "None"
    assert rows() == []


def test_old_rows_go(tiny: Flask, person: int) -> None:
    """Each sign-in sweeps what is over."""
    start = now()
    with frozen(start - timedelta(days=2)):
        tiny.test_client().get(f"/in/{person}")
    with frozen(start):
        tiny.test_client().get(f"/in/{person}")
    assert len(rows()) == 1


def test_the_cookie_is_bound_to_the_host_in_production(databases: Urls, settings: Config, person: int) -> None:
    """`Secure`, and the `__Host-` prefix that keeps other hosts from setting it."""
    from dataclasses import replace

    app = Flask("secure")
    protect(app, replace(settings, secure_cookies=True), db=admin_db, sessions=WebSession, throttles=Throttle,
            epoch_of=user_epoch, cookie="c", hosts=("localhost",))  # fmt: skip

    @app.get("/in")
    def enter() -> str:
        session.sign_in(person, 1)  # type: ignore[attr-defined]
        return "in"

    answer = app.test_client().get("/in", base_url="https://localhost")
    assert answer.headers["Set-Cookie"].startswith("__Host-c=") and "Secure" in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize(("proxies", "counted"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_attempts_are_counted_by_the_visitor_and_not_by_the_proxy(
    databases: Urls, settings: Config, proxies: int, counted: str
) -> None:
    """Or 30 wrong codes an hour would close the portal to the whole academy; what a visitor adds by itself is not
    believed."""
    from dataclasses import replace

    app = Flask("proxied")
    protect(app, replace(settings, proxies=proxies), db=admin_db, sessions=WebSession, throttles=Throttle,
            epoch_of=user_epoch, cookie="c", hosts=("localhost",))  # fmt: skip
    app.add_url_rule("/", view_func=client_address)
    said = {"X-Forwarded-For": "198.51.100.1, 203.0.113.9"}
    assert app.test_client().get("/", headers=said).text == counted
