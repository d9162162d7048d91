"""A group is saved while a booklet of one of its pupils is locked: whichever comes first, nothing locked changes."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from app.booklets.models import Booklet, ProjectGroup
from app.booklets.project_store import SharedChanges
from app.booklets.projects import GroupChanges, make_group, save_group
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from app.workflow import engine
from tests.booklets.factories import fill, make_class
from tests.booklets.test_projects import declare
from tests.factories import World


@pytest.mark.row("M055")
@pytest.mark.parametrize("round_", range(5))
def test_saving_and_locking_at_once(world: World, round_: int) -> None:
    with school_scope(world.a), unit_of_work() as session:
        _division, [booklet] = make_class(session.get_one(School, world.a), pupils=1)
        project = declare(session.get_one(School, world.a), "Méthodes", booklet.attainments[0].item)
        group = make_group(project.id, "Groupe 1", 1, 3, actor=SYSTEM)
        save_group(group.id, GroupChanges(add=[booklet.id]), actor=SYSTEM)
        fill(booklet)
        session.expire_all()
        engine.follow(booklet)
        ids = booklet.id, group.id
    start, told = threading.Barrier(2), {}

    def run(name: str, act: Any) -> None:
        with school_scope(world.a):
            start.wait()
            try:
                told[name] = act()
            finally:
                admin_db.session.remove()

    def lock() -> None:
        with unit_of_work() as session:
            engine.apply(session.get_one(Booklet, ids[0]), "lock", actor=SYSTEM)

    def save() -> Any:
        changes = GroupChanges(SharedChanges(comment="Actif.", base_comment=""))
        return save_group(ids[1], changes, actor=SYSTEM).complete

    threads = [threading.Thread(target=run, args=pair) for pair in (("lock", lock), ("save", save))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(told) == {"lock", "save"}
    with school_scope(world.a):
        kept = admin_db.session.get_one(ProjectGroup, ids[1])
        assert admin_db.session.get_one(Booklet, ids[0]).state == "locked"
        assert (kept.comment == "Actif.") is told["save"]
