"""Interleaved edits of two teachers, as Hypothesis finds them: nothing is silently lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from app.booklets.cells import Cell
from app.booklets.entry import Change, save_cells
from app.booklets.models import Attainment
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.booklets.factories import make_class
from tests.booklets.staffroom import someone
from tests.factories import World

EXAMPLES, STEPS = 20, 50  # a thousand steps
TEACHERS = (0, 1)
TEXTS = st.sampled_from(["Bien.", "À revoir", "  ", "Très bien 👏", "Progrès\r\nnets", "e\u0301lan", "élan", "Bien. "])


@pytest.fixture
def lesson(sqlite_world: World) -> Iterator[tuple[list[Cell], tuple[Actor, Actor]]]:
    """Comments and positions of two pupils, and two teachers of the subject."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.a)
        division, booklets = make_class(school, 2)
        item = booklets[0].attainments[0].item
        people = [someone(school, "teacher", name, teaches=((division, item),)) for name in ("Belhaj", "Fauvel")]
        cells = [Cell("line", b.attainments[0].id, field) for b in booklets for field in ("comment", "positioning")]
    with school_scope(sqlite_world.a):
        yield cells, (people[0], people[1])


def test_nothing_is_silently_lost(lesson: tuple[list[Cell], tuple[Actor, Actor]]) -> None:
    cells, people = lesson

    class Staffroom(RuleBasedStateMachine):
        """Each teacher has a page open that shows what they last saw of each cell."""

        @initialize()
        def open_pages(self) -> None:
            now = save_cells([Change(cell, None, None) for cell in cells], actor=people[0])
            self.stored = {outcome.cell: outcome.shown for outcome in now}
            for cell, shown in self.stored.items():
                if shown:
                    [outcome] = save_cells([Change(cell, None, shown)], actor=people[0])
                    self.stored[cell] = outcome.shown
            self.seen = [dict(self.stored) for _ in TEACHERS]

        @rule(who=st.sampled_from(TEACHERS), which=st.sampled_from(range(len(cells))), text=TEXTS,
              mark=st.sampled_from(["1", "2", "3", "4", ""]))  # fmt: skip
        def types(self, who: int, which: int, text: str, mark: str) -> None:
            cell = cells[which]
            typed = text if cell.field == "comment" else mark
            before = self.stored[cell]
            [outcome] = save_cells([Change(cell, typed, self.seen[who][cell])], actor=people[who])
            if outcome.state == "clash":
                assert self.seen[who][cell] != before, "only over what one has not seen"
                assert outcome.shown == before, "the other's text is handed over, and still stands"
            else:
                assert outcome.state in ("saved", "unchanged"), outcome
                assert self.seen[who][cell] == before or outcome.shown == before, "nobody wrote over a text unseen"
                self.stored[cell] = outcome.shown
            self.seen[who][cell] = outcome.shown

        @rule(who=st.sampled_from(TEACHERS))
        def reloads(self, who: int) -> None:
            self.seen[who] = dict(self.stored)

        @invariant()
        def the_database_holds_what_was_saved(self) -> None:
            if hasattr(self, "stored"):
                admin_db.session.expire_all()
                assert {cell: shown_of(cell) for cell in cells} == self.stored

    run_state_machine_as_test(Staffroom, settings=settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck)))  # fmt: skip


def shown_of(cell: Cell) -> str:
    """What a page would show of the cell now."""
    value: Any = getattr(admin_db.session.get_one(Attainment, cell.id), cell.field)
    return "" if value is None else str(value)
