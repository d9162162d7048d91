"""Several people at the very same moment, each with a connection of their own, on both databases."""

from __future__ import annotations

import random
import threading
from itertools import pairwise

from sqlalchemy import select

from app.audit.models import AuditLine
from app.booklets.cells import Cell
from app.booklets.entry import CHANGE, Change, save_cells
from app.booklets.locking import LOCK, lock
from app.booklets.models import Attainment, Booklet
from app.booklets.selection import Picked
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import TransitionRefused
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from app.workflow import bulk, engine
from tests.booklets.factories import fill, make_class
from tests.booklets.staffroom import someone
from tests.factories import World

EDITS = 60


def lesson(world: World) -> tuple[list[int], list[int], list[Actor]]:
    """Lines and booklets of four pupils, and two teachers of the subject."""
    with school_scope(world.a), unit_of_work() as session:
        school = session.get_one(School, world.a)
        division, booklets = make_class(school, pupils=4)
        item = booklets[0].attainments[0].item
        pair = [someone(school, "teacher", name, teaches=((division, item),)) for name in ("Belhaj", "Fauvel")]
        return [b.attainments[0].id for b in booklets], [b.id for b in booklets], pair


def together(*works: object) -> list[BaseException]:
    """Run them at once; what they raised."""
    failed: list[BaseException] = []

    def run(work: object) -> None:
        try:
            work()  # type: ignore[operator]
        except BaseException as error:
            failed.append(error)
        finally:
            admin_db.session.remove()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return failed


def test_every_text_is_replaced_by_somebody_who_saw_it(world: World) -> None:
    """In the trail each change begins where the one before ended: nobody wrote over a text they had not seen, and no
    two saves waited for each other for ever."""
    lines, _, pair = lesson(world)
    admin_db.session.remove()

    def write(actor: Actor, seed: int) -> None:
        chance, seen = random.Random(seed), dict.fromkeys(lines, "")
        with school_scope(world.a):
            for number in range(EDITS):
                batch = chance.sample(lines, chance.randint(1, 4))
                changes = [Change(Cell("line", key, "comment"), f"{actor.name} {number}", seen[key]) for key in batch]
                for outcome in save_cells(changes, actor=actor):
                    assert outcome.state in ("saved", "clash"), outcome
                    seen[outcome.cell.id] = outcome.shown

    assert together(lambda: write(pair[0], 1), lambda: write(pair[1], 2)) == []
    with school_scope(world.a):
        written = select(AuditLine).where(AuditLine.action == CHANGE).order_by(AuditLine.id)
        trail = admin_db.session.scalars(written).all()
        for key in lines:
            story = [line.personal or {} for line in trail if (line.data or {})["place"] == f"line-{key}-comment"]
            assert story[0]["before"] == "" and len(story) > 5
            assert [(a["after"], b["before"]) for a, b in pairwise(story) if a["after"] != b["before"]] == []
            assert admin_db.session.get_one(Attainment, key).comment == story[-1]["after"]


def test_a_lock_and_an_entry_at_once_leave_nothing_half_done(world: World) -> None:
    """Either the text came first and is in the locked booklet, or the lock came first and the text was refused."""
    lines, booklets, pair = lesson(world)
    with school_scope(world.a), unit_of_work() as session:
        for key in booklets:
            engine.follow(fill(session.get_one(Booklet, key)))
    admin_db.session.remove()
    said: dict[int, str] = {}

    def write() -> None:
        with school_scope(world.a):
            for key in lines:
                [outcome] = save_cells([Change(Cell("line", key, "comment"), "Dernier mot.",
                                               "Travail régulier et soigné.")], actor=pair[0])  # fmt: skip
                said[key] = outcome.state

    def lock() -> None:
        with school_scope(world.a), unit_of_work() as session:
            bulk.apply_many(Booklet, "lock", Booklet.id.in_(booklets), actor=SYSTEM, session=session)

    assert [e for e in together(write, lock) if not isinstance(e, TransitionRefused)] == []
    with school_scope(world.a):
        for key in lines:
            stored = admin_db.session.get_one(Attainment, key)
            assert stored.booklet.state == "locked"
            assert stored.comment == ("Dernier mot." if said[key] == "saved" else "Travail régulier et soigné.")
            assert said[key] in ("saved", "refused")


def test_two_heads_lock_at_once_and_each_booklet_once(world: World) -> None:
    """What one has just locked, the other passes over: nobody sees an error, one line of history for each booklet."""
    _, booklets, _ = lesson(world)
    with school_scope(world.a), unit_of_work() as session:
        for key in booklets:
            engine.follow(fill(session.get_one(Booklet, key)))
    admin_db.session.remove()
    start, done = threading.Barrier(2), []

    def lock_all(name: str) -> None:
        with school_scope(world.a):
            start.wait()
            done.append(lock(Picked(1, 3), actor=Actor.person(None, name, [LOCK])))

    assert together(lambda: lock_all("La principale"), lambda: lock_all("L'adjoint")) == []
    assert sorted(outcome.done for outcome in done) == [0, 4] and all(not outcome.refused for outcome in done)
    with school_scope(world.a):
        lines = admin_db.session.scalars(select(AuditLine.subject_id).where(AuditLine.action == "booklet.lock")).all()
        assert sorted(line or 0 for line in lines) == sorted(booklets)
