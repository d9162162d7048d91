"""entry: one cell saved by a teacher (p95), against one UPDATE; a grid of 30 × 4 cells, against one executemany."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, update

from app.booklets.cells import Cell
from app.booklets.entry import Change, save_cells
from app.booklets.models import Attainment
from app.core.actor import Actor
from app.core.db import admin_db, refresh_statistics
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from benchmarks.common import KINDS, databases, line, timed
from tests.booklets.factories import make_class
from tests.booklets.staffroom import someone
from tests.factories import build_world
from tests.statements import statements

PUPILS, SUBJECTS, CLASSES, SAVES = 30, 3, 27, 200


def bench_entry() -> list[dict[str, Any]]:
    """Two lines per kind of database, in a school of 27 classes."""
    return [found for kind in KINDS for found in _on(kind)]


def _on(kind: str) -> list[dict[str, Any]]:
    with databases(kind):
        school_id, actor, lines = _school()
        with school_scope(school_id):
            with statements() as sent:
                _save(lines[:1], "Un", None, actor)
            _save(lines[:1], "Deux", "Un", actor)
            one = _p95(lambda n: _save(lines[:1], f"Texte {n}", f"Texte {n - 1}" if n else "Deux", actor))
            grid = [Change(Cell("line", key, field), value, None) for key in lines
                    for field, value in (("positioning", 2), ("comment", "Bien."))][: PUPILS * 4]  # fmt: skip
            with statements() as all_sent:
                save_cells(grid, actor=actor)
            again = [Change(c.cell, 3 if c.value == 2 else "Mieux.", c.value) for c in grid]
            seconds = timed(lambda: save_cells(again, actor=actor))
        floor = _p95(lambda n: _floor(lines[:1], f"Texte {n}"))
        grid_floor = timed(lambda: _floor([change.cell.id for change in grid], "Bien."))
    return [line("entry", f"une case, 95e centile de {SAVES}, {kind}, {len(sent)} requêtes SQL", one, floor),
            line("entry", f"grille de {len(grid)} cases, {kind}, {len(all_sent)} requêtes SQL", seconds, grid_floor)]


def _school() -> tuple[int, Actor, list[int]]:
    """A collège with the booklets of its classes; a teacher of one of them, and its lines."""
    world = build_world()
    with system_scope("bench"), unit_of_work() as session:
        school = session.get_one(School, world.b)
        division, booklets = make_class(school, PUPILS)
        items = [attainment.item for attainment in booklets[0].attainments]
        actor = someone(school, "teacher", assigned=division, teaches=tuple((division, item) for item in items))
        lines = [attainment.id for booklet in booklets for attainment in booklet.attainments]
        _others(school, items)
        refresh_statistics(session, Attainment)
    return world.b, actor, lines


def _others(school: School, items: list[Any]) -> None:
    """The other classes, so that a line is looked for among thousands."""
    from tests.booklets.factories import make_booklet, make_line
    from tests.factories import make_division, make_pupil

    for number in range(1, CLASSES):
        division = make_division(school, f"C{number:02}")
        for _ in range(PUPILS):
            booklet = make_booklet(school, make_pupil(school, division), division)
            for item in items:
                make_line(booklet, item)


def _save(lines: list[int], value: str, base: str | None, actor: Actor) -> None:
    outcomes = save_cells([Change(Cell("line", key, "comment"), value, base) for key in lines], actor=actor)
    assert {outcome.state for outcome in outcomes} == {"saved"}, outcomes


def _floor(lines: list[int], text: str) -> None:
    table = Attainment.__table__
    statement = update(table).where(table.c.id == bindparam("key")).values(comment=text)  # type: ignore[arg-type]
    with admin_db.engine.begin() as connection:
        connection.execute(statement, [{"key": key} for key in lines])


def _p95(work: Callable[[int], None]) -> float:
    times = sorted(timed(lambda n=n: work(n)) for n in range(SAVES))  # type: ignore[misc]
    return times[int(SAVES * 0.95)]
