"""`run.py academy create`: from nothing to an administrator who signs in, in one command."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.core.db import admin_db
from app.core.scope import academy_scope, system_scope
from app.schools.models import Authority, School, SchoolYear
from app.schools.services import academy_of
from app.security.invitations import accept
from app.security.models import UserSecurity
from app.security.queries import places_of
from tests.cli.conftest import Run
from tests.factories import uai

pytestmark = pytest.mark.row("C05")
CREATE = ("academy", "create", "08", "--name", "Académie de Hautebise", "--admin-email", "rectorat@example.org")


def test_an_empty_academy_and_its_administrator(run: Run, home: Path) -> None:
    """The academy with its year and no school; the mailed link opens an account placed there and nowhere else."""
    answer = run(*CREATE, "--json")
    assert answer.status == 0
    assert answer.json == {"code": "08", "name": "Académie de Hautebise", "admin": "rectorat@example.org",
                           "invited": True}
    [mail] = (home / "mail").glob("*.eml")
    body = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default).get_body(("plain",))
    token = re.search(r"#jeton=([\w-]+)", body.get_content() if body else "")
    assert token
    user_id = accept(token[1], "quatre velours anciens")
    with system_scope("what the command made"):
        session = admin_db.session()
        authority = session.scalars(select(Authority)).one()
        counts = [session.scalar(select(func.count(model.id))) for model in (School, SchoolYear)]
        assert counts == [0, 1]
        assert [(place.kind, place.id) for place in places_of(session, user_id)] == [("academy", authority.id)]
    with academy_scope(authority.id):
        assert admin_db.session.scalar(select(func.count(UserSecurity.user_id))) == 1


def test_a_code_is_used_once_and_nothing_is_half_written(run: Run, home: Path) -> None:
    """The second one changes nothing; an address that is none leaves no academy behind."""
    assert run(*CREATE).status == 0
    again = run(*CREATE)
    assert (again.status, "existe déjà" in again.err) == (2, True)
    wrong = run("academy", "create", "09", "--name", "Autre", "--admin-email", "nulle part")
    assert wrong.status == 2
    assert run("academy", "create", "1234", "--name", "X", "--admin-email", "a@example.org").status == 2
    with system_scope("what the commands left"):
        assert admin_db.session.scalars(select(Authority.code)).all() == ["08"]


def test_a_school_goes_into_the_academy_of_its_uai(run: Run, home: Path) -> None:
    """The academy made by hand is the one found by the département."""
    code, name = academy_of(uai(990_001))
    run("academy", "create", code, "--name", "Le nom choisi", "--admin-email", "a@example.org")
    made = run("school", "create", uai(990_001), "--name", "Collège", "--json")
    assert made.json["authority"] == "Le nom choisi" != name
