"""The academy chooses what families sign in with, and the message of the sign-in page (M116, M121)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.core.db import admin_db
from app.core.scope import system_scope
from app.schools.models import Authority
from tests.admin.conftest import Browser
from tests.factories import World


def chosen(world: World) -> tuple[str, str | None]:
    """What is stored."""
    admin_db.session.rollback()
    with system_scope("assertions of a test"):
        return tuple(admin_db.session.execute(  # type: ignore[return-value]
            select(Authority.portal_secret, Authority.portal_message).where(Authority.id == world.authority)).one())


@pytest.mark.row("M116", "M121")
def test_the_academy_chooses_on_its_page(academy: Browser, sqlite_world: World) -> None:
    path = f"/authority/edit/{sqlite_world.authority}"
    page = academy.get(path)
    assert "clavier à l&#39;écran" in page and "Message sur la page de connexion" in page
    fields = {"code": "99", "name": "Académie de Montrevel", "portal_url": "", "dpo_email": ""}
    assert academy.send(path, **fields, portal_secret="autre", portal_message="").status_code == 200
    assert academy.send(path, **fields, portal_secret="keypad", portal_message="x" * 1001).status_code == 200
    assert chosen(sqlite_world) == ("passphrase", None)
    assert academy.send(path, **fields, portal_secret="keypad", portal_message="Fermé dimanche.").status_code == 302
    assert chosen(sqlite_world) == ("keypad", "Fermé dimanche.")


@pytest.mark.row("M121")
def test_a_school_does_not_choose_for_the_academy(head: Browser, sqlite_world: World) -> None:
    head.get(f"/authority/edit/{sqlite_world.authority}", status=403)
