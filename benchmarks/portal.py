"""portal: the home page of signed-in families, 16 clients at once, against a plain Flask + Core page with the same
queries. Both run in gunicorn, one process each, as the portal does."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from flask import Flask, request
from sqlalchemy import insert, select

from app.core import clock
from app.core.crypto import PORTAL_KEYS, KeyRing, new_token, token_hash, use_keys
from app.core.db import portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.models import Account, PortalSession, PublishedCode, PublishedPupil, PublishedSchool
from app.workflow.stateful import ENGINE
from benchmarks.common import KINDS, databases, line
from config import Config
from tests.statements import statements

FAMILIES, CLIENTS, PAGES = 200, 16, 400
COOKIE = "livret_portail"


def bench_portal() -> Iterator[dict[str, Any]]:
    """One line per kind of database."""
    for kind in KINDS:
        with databases(kind) as folder:
            tokens = _fill()
            statements = _statements(tokens[0])
            url = portal_db.engine.url.render_as_string(hide_password=False)
            seconds, floor_seconds = _measure(url, folder, tokens)
        pace = f"{PAGES / seconds:.0f} par seconde, {statements} requêtes SQL"
        yield line("portal", f"{PAGES} pages d'accueil, {CLIENTS} clients, {pace}, {kind}", seconds, floor_seconds)


def _fill() -> list[str]:
    """A school, families with two children each, all signed in; the cookies of their sessions."""
    moment, tokens = clock.now(), [new_token() for _ in range(FAMILIES)]
    numbers = range(1, FAMILIES + 1)
    with system_scope("bench"), unit_of_work(portal_db) as session:
        session.add(PublishedSchool(
            id=1, digest="", uai="0990001X", name="Collège Mesure", academy="Académie", phone=None,
            address=["1 rue du Banc", "99000 MONTREVEL"], services=["booklets", "marks"]))
        session.flush()
        session.execute(insert(Account).execution_options(**{ENGINE: True}), [
            {"id": n, "kind": "guardian", "identifier": f"famille{n}", "identifier_key": f"famille{n}", "epoch": 1,
             "password_hash": "", "email": "f@example.org", "locale": "fr", "created_at": moment, "state": "confirmed",
             "version": 1} for n in numbers])
        session.execute(insert(PublishedPupil), [
            {"id": 2 * n + c, "digest": "", "school_id": 1, "last_name": f"ELEVE{n}", "first_name": f"Alix{c}",
             "birth_date": date(2013, 1, 1 + c), "sex": "F", "division": "6A"} for n in numbers for c in (0, 1)])
        session.execute(insert(PublishedCode), [
            {"id": 2 * n + c, "digest": "", "school_id": 1, "pupil_id": 2 * n + c, "holder": "guardian",
             "guardian_id": n, "guardian_name": "Mme ELEVE Maude", "guardian_first_name": "Maude", "hint": "0MQU",
             "lookup_hash": f"{n}-{c}", "valid": True, "account_id": n} for n in numbers for c in (0, 1)])
        session.execute(insert(PortalSession), [
            {"token_hash": token_hash(token), "owner_id": n, "epoch": 1, "data": '{"csrf_token":"x"}',
             "created_at": moment, "seen_at": moment} for n, token in zip(numbers, tokens, strict=True)])
    return tokens


def home() -> Flask:
    """What gunicorn serves: the portal itself."""
    from app.portal import web

    app = Flask("app.portal", template_folder="templates", static_folder="../static", static_url_path="/assets")
    web.build(app, Config(home=_bind()))
    return app


def floor() -> Flask:
    """What gunicorn serves for comparison: the same rows by Core, on a page without layout."""
    _bind()
    app = Flask("floor")
    template = app.jinja_env.from_string(PLAIN)
    session, account = PortalSession.__table__, Account.__table__
    code, pupil, school = PublishedCode.__table__, PublishedPupil.__table__, PublishedSchool.__table__
    opened = select(code, pupil, school).join(pupil, pupil.c.id == code.c.pupil_id).join(
        school, school.c.id == pupil.c.school_id).where(code.c.valid).order_by(pupil.c.birth_date)

    @app.get("/")
    def page() -> str:
        with portal_db.engine.connect() as connection:
            token = token_hash(request.cookies[COOKIE])
            signed = connection.execute(select(session).where(session.c.token_hash == token)).one()
            found = connection.execute(select(account).where(account.c.id == signed.owner_id)).one()
            rows = connection.execute(opened.where(code.c.account_id == signed.owner_id)).all()
        facts = {"account": found, "rows": [row._mapping for row in rows], "pupil": pupil.c, "school": school.c}
        return template.render(**facts)

    return app


PLAIN = """<!DOCTYPE html><html lang="fr"><title>Accueil</title><h1>Bienvenue {{ account.identifier }}</h1>
{% for row in rows %}<h2>{{ row[pupil.first_name] }} {{ row[pupil.last_name] }}</h2><p>{{ row[pupil.birth_date] }}</p>
<p>{{ row[school.name] }}{% for line in row[school.address] %}<br>{{ line }}{% endfor %}</p>
<ul>{% for service in row[school.services] %}<li>{{ service }}</li>{% endfor %}</ul>{% endfor %}</html>"""


def _bind() -> Path:
    folder = Path(os.environ["LIVRET_BENCH_FOLDER"])
    use_keys(KeyRing(folder / "keys" / "portal", PORTAL_KEYS))
    portal_db.bind(os.environ["LIVRET_BENCH_DB"])
    return folder


def _statements(token: str) -> int:
    from app.portal import web

    app = Flask("app.portal", template_folder="templates", static_folder="../static", static_url_path="/assets")
    web.build(app, Config())
    client = app.test_client()
    client.set_cookie(COOKIE, token)
    client.get("/")
    with statements(portal_db) as sent:
        assert client.get("/").status_code == 200
    return len([statement for statement in sent if not statement.startswith("BEGIN")])


def _measure(url: str, folder: Path, tokens: list[str]) -> tuple[float, float]:
    """Seconds for the portal and for the floor, the best of three turns each, taken in turn: both meet the same
    moods of the machine."""
    environment = os.environ | {"LIVRET_BENCH_DB": url, "LIVRET_BENCH_FOLDER": str(folder)}
    with ExitStack() as stack:
        ports = [stack.enter_context(_serving(what, environment)) for what in ("home", "floor")]
        for port in ports:
            _ask(port, tokens, CLIENTS * 4)  # warm
        turns = [[_ask(port, tokens, PAGES) for port in ports] for _ in range(3)]
    seconds, floor_seconds = (min(turn[at] for turn in turns) for at in (0, 1))
    return seconds, floor_seconds


@contextmanager
def _serving(what: str, environment: dict[str, str]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listening:
        listening.set_inheritable(True)
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listening.fileno()}", "--workers", "1",
                   "--log-level", "error", "--no-control-socket", f"benchmarks.portal:{what}()"]
        server = subprocess.Popen(command, env=environment, pass_fds=[listening.fileno()])
        try:
            yield listening.getsockname()[1]
        finally:
            server.terminate()
            server.wait()


def _ask(port: int, tokens: list[str], pages: int) -> float:
    """Seconds until `CLIENTS` clients have got `pages` pages between them."""
    faults: list[str] = []

    def client(number: int) -> None:
        for at in range(number, pages, CLIENTS):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/", headers={"Cookie": f"{COOKIE}={tokens[at % len(tokens)]}"})
            answer = connection.getresponse()
            if b"Alix" not in answer.read() or answer.status != 200:
                faults.append(f"{answer.status}")
            connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults[:3]
    return time.perf_counter() - start
