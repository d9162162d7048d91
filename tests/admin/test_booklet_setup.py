"""The set-up pages of booklets, as the head, a teacher and the secretary see them (M003–M013)."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.booklets.settings import booklet_settings, may_enter_collectively
from app.core.db import admin_db
from app.core.scope import school_scope
from tests.admin.conftest import Browser, sign_in
from tests.factories import World


def menu_of(page: str) -> list[str]:
    """The labels of the menu bar's entries, in order."""
    nav = page.split('<nav class="menu"')[1].split("</nav>")[0]
    return re.findall(r'<li><a href="[^"]*"[^>]*>([^<]+)</a>', nav)


@pytest.mark.row("M004")
def test_import_mode_read_changed_stored(head: Browser, sqlite_world: World) -> None:
    page = head.get("/import-mode/")
    assert "Saisie manuelle" in page and 'href="/import-mode/edit"' in page
    assert 'type="radio"' not in page
    form = head.get("/import-mode/edit")
    assert [label in form for label in ("Saisie manuelle", "Depuis Sconet_Notes", "Depuis un autre logiciel")]
    assert re.search(r'value="manual"[^>]* checked', form)
    answer = head.send("/import-mode/store", "/import-mode/edit", import_mode="software")
    assert answer.status_code == 302
    assert "Depuis un autre logiciel" in head.get("/import-mode/")
    with school_scope(sqlite_world.a):
        assert booklet_settings().import_mode == "software"
        assert not may_enter_collectively()
    admin_db.session.remove()


def test_a_mode_that_does_not_exist(head: Browser) -> None:
    answer = head.send("/import-mode/store", "/import-mode/edit", import_mode="pronote")
    assert answer.status_code == 422 and "Choisissez un mode d" in answer.text
    assert "Saisie manuelle" in head.get("/import-mode/")


def test_the_secretary_reads_and_a_teacher_does_not(admin_app: Flask, sqlite_world: World) -> None:
    secretary = sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    assert "/import-mode/edit" not in secretary.get("/import-mode/")
    secretary.get("/import-mode/edit", status=403)
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.a)
    teacher.get("/import-mode/", status=403)
    assert "Paramétrage de l&#39;import" not in menu_of(teacher.get("/"))


def test_settings_begin_with_the_booklets(head: Browser) -> None:
    menu = menu_of(head.get("/"))
    assert menu.index("Paramétrage de l&#39;import") < menu.index("Élèves")
