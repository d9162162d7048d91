"""What a school chooses for its booklets: import mode (M004, M005) and who may lock."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.models import BookletSettings
from app.booklets.settings import (
    booklet_settings,
    let_teachers_lock,
    may_enter_collectively,
    may_enter_projects,
    may_import,
    set_import_mode,
)
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden
from app.core.scope import academy_scope, school_scope
from tests.factories import World
from tests.statements import statements


@pytest.mark.row("M004")
def test_one_mode_per_school(world: World) -> None:
    """Manual until somebody chooses; storing again changes the same row, and another school keeps its own."""
    with school_scope(world.a):
        assert booklet_settings().import_mode == "manual"
        set_import_mode("sconet", actor=SYSTEM)
        set_import_mode("software", actor=SYSTEM)
        set_import_mode("software", actor=SYSTEM)
        assert booklet_settings().import_mode == "software"
        assert [row.import_mode for row in admin_db.session.scalars(select(BookletSettings))] == ["software"]
        lines = admin_db.session.scalars(select(AuditLine).where(AuditLine.action == "booklet_setting.edit")).all()
        assert [line.data for line in lines] == [{"import_mode": "sconet"}, {"import_mode": "software"}]
    with school_scope(world.b):
        assert booklet_settings().import_mode == "manual"


@pytest.mark.parametrize(
    ("mode", "collective", "projects", "imports"),
    [("manual", True, True, False), ("sconet", False, True, True), ("software", False, False, True)],
)
def test_what_exists_in_each_mode(world: World, mode: str, collective: bool, projects: bool, imports: bool) -> None:
    """Collective entry in manual mode only, AP and EPI while not everything is imported (M028)."""
    with school_scope(world.a):
        set_import_mode(mode, actor=SYSTEM)
        assert (may_enter_collectively(), may_enter_projects(), may_import()) == (collective, projects, imports)


def test_an_academy_has_no_mode(world: World) -> None:
    """Outside a school nothing is entered."""
    with academy_scope(world.authority):
        assert not may_enter_collectively() and not may_enter_projects() and not may_import()
        assert not booklet_settings().teachers_lock


def test_class_teachers_lock_only_if_the_head_says_so(world: World) -> None:
    """Off by default; the import mode is left as it is."""
    with school_scope(world.a):
        assert not booklet_settings().teachers_lock
        set_import_mode("sconet", actor=SYSTEM)
        let_teachers_lock(True, actor=SYSTEM)
        admin_db.session.remove()
        found = booklet_settings()
        assert (found.teachers_lock, found.import_mode) == (True, "sconet")


def test_refused(world: World) -> None:
    """Another word, another person, no school."""
    with school_scope(world.a):
        with pytest.raises(BadInput, match="Choisissez un mode"):
            set_import_mode("pronote", actor=SYSTEM)
        with pytest.raises(Forbidden):
            set_import_mode("sconet", actor=Actor("user", 1, "Alix", frozenset()))
        with pytest.raises(Forbidden):
            let_teachers_lock(True, actor=Actor("user", 1, "Alix", frozenset()))
        assert booklet_settings().import_mode == "manual"
    with academy_scope(world.authority), pytest.raises(BadInput, match="établissement"):
        set_import_mode("sconet", actor=SYSTEM)


def test_read_once_in_a_transaction(world: World) -> None:
    """A menu of ten entries asks ten times: one statement."""
    with school_scope(world.a):
        set_import_mode("sconet", actor=SYSTEM)
        admin_db.session.remove()
        with statements() as sent:
            assert [may_enter_collectively() for _ in range(5)] == [False] * 5
        assert len([words for words in sent if "SELECT" in words]) == 1
    with school_scope(world.b):
        assert may_enter_collectively(), "another school in the same transaction"
