"""codes: 1,552 codes created and sealed, against HMAC + AES-GCM + Core insert of the same rows."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, insert

from app.access.models import ActivationCode
from app.access.queries import Selection
from app.access.services import create_codes
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db, refresh_statistics
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.services import move_services
from app.schools.models import School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from benchmarks.common import KINDS, databases, line, timed
from tests.factories import build_world, make_guardian, make_pupil
from tests.statements import statements

COUPLES = 1552


def bench_codes() -> list[dict[str, Any]]:
    """One line per kind of database; SQL statements are counted."""
    return [_on(kind) for kind in KINDS]


def _on(kind: str) -> dict[str, Any]:
    with databases(kind):
        world = build_world()
        couples = _fill(world.b)
        with school_scope(world.b):
            move_services(["booklets"], "open", actor=SYSTEM)
            with statements() as sent:
                create_codes(Selection(), actor=SYSTEM)  # warms up, and shows what one costs in statements
            _forget()
            seconds = timed(lambda: create_codes(Selection(), actor=SYSTEM))
            _forget()
        floor = timed(lambda: _floor(world.b, couples))
        return line("codes", f"{len(couples)} codes créés et scellés, {kind}, {len(sent)} requêtes SQL", seconds, floor)


def _fill(school_id: int) -> list[tuple[int, int]]:
    """Guardians until the school has as many couples as a large collège."""
    with system_scope("bench"), unit_of_work() as session:
        school = session.get_one(School, school_id)
        made = [(g.id, p.id) for p, g in ((p, make_guardian(school, p)) for p in _pupils(school))]
        refresh_statistics(session, Pupil, Enrolment, Guardian, GuardianLink)  # as the synchronisation does
    return made


def _pupils(school: Any) -> Any:
    return (make_pupil(school) for _ in range(COUPLES - 4))


def _forget() -> None:
    with unit_of_work() as session:
        session.execute(delete(ActivationCode))


def _floor(school_id: int, couples: list[tuple[int, int]]) -> None:
    key, seal = os.urandom(32), AESGCM(os.urandom(32))
    rows = []
    for guardian, pupil in couples:
        code, nonce = secrets.token_hex(8)[:13].upper(), os.urandom(12)
        rows.append({
            "school_id": school_id, "holder": "guardian", "guardian_id": guardian, "pupil_id": pupil, "hint": code[:4],
            "lookup_key": "k", "lookup_hash": hmac.new(key, code.encode(), hashlib.sha256).hexdigest(),
            "sealed": nonce + seal.encrypt(nonce, code.encode(), b""), "state": "created", "version": 1,
            "created_at": clock.now(), "changed_at": clock.now()})  # fmt: skip
    with admin_db.engine.begin() as connection:
        connection.execute(insert(ActivationCode.__table__), rows)
