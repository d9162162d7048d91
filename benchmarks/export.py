"""export: a list of 100,000 rows as a spreadsheet, through its own route, against openpyxl writing the same rows."""

from __future__ import annotations

import os
import tempfile
from datetime import date
from typing import Any

from openpyxl import Workbook
from sqlalchemy import insert

from app import create_admin
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.people import Pupil
from app.security.seeding import write_roles
from app.security.services import create_user, grant
from benchmarks.common import KINDS, databases, line, peak_mb, timed
from config import load
from tests.admin.conftest import PASSPHRASE, Browser
from tests.factories import World, build_world

ROWS, CHUNK = 100_000, 5_000


def bench_export() -> list[dict[str, Any]]:
    """One line per kind of database; the memory is what writing the list adds to the process."""
    return [_on(kind) for kind in KINDS]


def _on(kind: str) -> dict[str, Any]:
    with databases(kind) as folder:
        world = build_world()
        _fill(world.a)
        os.environ |= {"LIVRET_HOME": str(folder), "LIVRET_ADMIN_DB": str(admin_db.engine.url.render_as_string(False)),
                       "LIVRET_PORTAL_DB": str(portal_db.engine.url.render_as_string(False)),
                       "LIVRET_KEYS": str(folder / "keys" / "admin")}  # fmt: skip
        person = _secretary(world)
        person.get("/pupil/list/")  # everything is loaded
        before = peak_mb()
        size: list[int] = []

        def whole() -> None:
            answer = person.client.get("/pupil/export.xlsx", buffered=False)
            assert answer.status_code == 200
            size.append(sum(len(part) for part in answer.response))
            answer.close()

        seconds = timed(whole)
        added, floor = peak_mb() - before, timed(_floor)
        work = f"liste de {ROWS} lignes en classeur de {size[0] / 2**20:.1f} Mo, {kind}".replace(".", ",")
        return line("export", work, seconds, floor) | {"peak_mb": round(added, 1)}


def _fill(school_id: int) -> None:
    for start in range(0, ROWS, CHUNK):
        rows = [{"school_id": school_id, "last_name": f"ELEVE{n:06d}", "first_name": f"Alix{n % 97}", "sex": "F",
                 "birth_date": date(2014, 1 + n % 12, 1 + n % 28), "source": "siecle", "source_id": f"b{n}"}
                for n in range(start, min(start + CHUNK, ROWS))]  # fmt: skip
        with system_scope("bench"), unit_of_work() as session:
            session.execute(insert(Pupil), rows)


def _secretary(world: World) -> Browser:
    app = create_admin(load())
    app.testing = True
    with app.app_context(), unit_of_work() as session:
        write_roles(session)
    with app.app_context(), system_scope("bench"), unit_of_work():
        user = create_user(actor=SYSTEM, authority_id=world.authority, first_name="Odile", last_name="Fontanel",
                           email="bench@example.org", username="bench", passphrase=PASSPHRASE)  # fmt: skip
        grant(user.id, "secretary", actor=SYSTEM, school_id=world.a)
    person = Browser(app.test_client())
    assert person.send("/login/", username="bench", password=PASSPHRASE).status_code == 302
    return person


def _floor() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Élèves")
    for n in range(ROWS):
        sheet.append([f"ELEVE{n:06d}", None, f"Alix{n % 97}", "F", date(2014, 1 + n % 12, 1 + n % 28), None, "siecle"])
    with tempfile.TemporaryFile() as out:
        book.save(out)
