"""Many objects through the same door, in as many statements as for one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, false, func, insert, select, true
from sqlalchemy.orm import Session

from app.core.actor import SYSTEM
from app.core.errors import TransitionRefused
from app.core.uow import unit_of_work
from app.workflow import bulk, engine
from app.workflow.engine import TransitionForbidden
from app.workflow.registry import conditions
from tests.workflow.toy import CLERK, DEFINITION, NOBODY, Mark, Note, Sheet, ToyTrail, force_state, toy_db

pytestmark = pytest.mark.row("C02")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The SQL statements sent meanwhile."""
    seen: list[str] = []

    def see(_c: object, _cur: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):  # sent as a statement on SQLite only
            seen.append(statement)

    event.listen(toy_db.engine, "before_cursor_execute", see)
    try:
        yield seen
    finally:
        event.remove(toy_db.engine, "before_cursor_execute", see)


def sheets(session: Session, count: int, state: str = "complete", **facts: object) -> None:
    with unit_of_work(toy_db):
        session.execute(insert(Sheet), [{"parts": 3, "comment": "Bien", **facts} for _ in range(count)])
        table = Sheet.__table__
        session.connection().execute(table.update().where(table.c.state == "draft").values(state=state))


def states(session: Session) -> dict[str, int]:
    rows = session.execute(select(Sheet.state, func.count()).group_by(Sheet.state)).all()
    return {row[0]: row[1] for row in rows}


def test_rows_move_and_the_others_are_counted_by_reason(toys: Session) -> None:
    sheets(toys, 4)
    sheets(toys, 2, comment="")
    sheets(toys, 3, state="locked")
    sheets(toys, 1, comment=None)
    with unit_of_work(toy_db):
        toys.add_all([Note(sheet_id=5), Note(sheet_id=5), Note(sheet_id=1)])
    outcome = bulk.apply_many(Sheet, "lock", Sheet.id < 10, actor=CLERK, session=toys, data={"place": "salle"})
    assert (outcome.moved, outcome.refused) == (3, 6)
    found = {refusals.unmet.code: refusals.count for refusals in outcome.reasons}
    assert found == {"state": 3, "toy_comment_written": 2, "toy_no_open_note": 2}
    assert outcome.moved_ids(toys) == [2, 3, 4]
    assert list(toys.scalars(select(Sheet.id).where(Sheet.place == "salle").order_by(Sheet.id))) == [2, 3, 4]
    assert list(toys.scalars(select(Mark.sheet_id).order_by(Mark.sheet_id))) == [2, 3, 4]
    assert states(toys) == {"complete": 4, "locked": 6}


def test_each_moved_row_has_one_line_and_a_higher_version(toys: Session) -> None:
    sheets(toys, 3)
    bulk.apply_many(Sheet, "lock", true(), actor=CLERK, session=toys, note={"n": 1})
    outcome = bulk.apply_many(Sheet, "unlock", Sheet.id != 2, actor=CLERK, session=toys, reason=" Erreur ")
    assert list(toys.scalars(select(Sheet.version).order_by(Sheet.id))) == [3, 2, 3]
    lines = toys.scalars(select(ToyTrail).where(ToyTrail.batch == outcome.batch).order_by(ToyTrail.subject_id)).all()
    assert [(x.subject_id, x.action, x.old_state, x.new_state) for x in lines] == [
        (1, "toy_sheet.unlock", "locked", "complete"), (3, "toy_sheet.unlock", "locked", "complete")
    ]  # fmt: skip
    assert {(x.actor_id, x.actor_name, x.personal["reason"]) for x in lines} == {(7, "Odile Marchenoir", "Erreur")}
    assert toys.scalar(select(func.count(ToyTrail.id))) == 5


def test_one_transition_may_lead_each_state_elsewhere(toys: Session) -> None:
    sheets(toys, 2, state="locked")
    sheets(toys, 2, state="draft")
    outcome = bulk.apply_many(Sheet, "file", true(), actor=SYSTEM, session=toys)
    assert outcome.moved == 4 and states(toys) == {"dropped": 2, "locked": 2}
    told = toys.execute(select(ToyTrail.old_state, ToyTrail.new_state).order_by(ToyTrail.subject_id)).all()
    assert told == [("locked", "locked"), ("locked", "locked"), ("draft", "dropped"), ("draft", "dropped")]


def test_as_many_statements_for_1500_rows_as_for_10(toys: Session) -> None:
    def run(count: int) -> tuple[int, int]:
        sheets(toys, count)
        with counted() as move:
            assert bulk.apply_many(Sheet, "lock", true(), actor=CLERK, session=toys).moved == count
        with counted() as ask:
            assert bulk.explain_many(Sheet, "lock", true(), actor=CLERK, session=toys)
        with unit_of_work(toy_db):
            toys.execute(delete(Sheet))
        return len(move), len(ask)

    few = run(10)
    assert run(1500) == few
    assert few == (4, 1)  # count, audit lines, update, marks


def test_explain_many_names_the_rows_and_the_reasons(toys: Session) -> None:
    sheets(toys, 2)
    sheets(toys, 1, comment=" ")
    sheets(toys, 1, state="dropped")
    found = bulk.explain_many(Sheet, "lock", true(), actor=CLERK, session=toys)
    assert [(r.unmet.code, r.count, r.ids) for r in found] == [("state", 1, (4,)), ("toy_comment_written", 1, (3,))]
    assert bulk.explain_many(Sheet, "lock", Sheet.id < 3, actor=CLERK, session=toys) == []
    (closed,) = bulk.explain_many(Sheet, "lock", Sheet.id < 3, actor=NOBODY, session=toys)
    assert (closed.unmet.code, closed.ids) == ("permission", (1, 2))


def test_nothing_happens_without_permission_or_reason(toys: Session) -> None:
    sheets(toys, 2, state="locked")
    with pytest.raises(TransitionForbidden):
        bulk.apply_many(Sheet, "unlock", true(), actor=NOBODY, session=toys, reason="Erreur")
    with pytest.raises(TransitionRefused) as caught:
        bulk.apply_many(Sheet, "unlock", true(), actor=CLERK, session=toys)
    assert [u.code for u in caught.value.unmet] == ["reason"]
    assert states(toys) == {"locked": 2}


def test_an_empty_set_is_no_error(toys: Session) -> None:
    outcome = bulk.apply_many(Sheet, "lock", false(), actor=CLERK, session=toys)
    assert (outcome.moved, outcome.refused, outcome.reasons) == (0, 0, ())


def test_objects_read_before_show_their_new_state(toys: Session) -> None:
    sheets(toys, 1)
    with unit_of_work(toy_db):
        sheet = toys.scalars(select(Sheet)).one()
        sheet.comment = "Très bien"  # not flushed yet: the set form must see it
        bulk.apply_many(Sheet, "lock", true(), actor=CLERK, session=toys)
        assert (sheet.state, sheet.version, sheet.comment) == ("locked", 2, "Très bien")


def test_a_failure_afterwards_takes_everything_back(toys: Session) -> None:
    sheets(toys, 3)
    with pytest.raises(RuntimeError), unit_of_work(toy_db):
        bulk.apply_many(Sheet, "lock", true(), actor=CLERK, session=toys)
        raise RuntimeError("disk full")
    assert states(toys) == {"complete": 3}
    assert toys.scalar(select(func.count(ToyTrail.id))) == 0


def test_follow_many_brings_each_row_where_its_data_want_it(toys: Session) -> None:
    sheets(toys, 3, state="complete", parts=1)
    sheets(toys, 1, state="complete", parts=None)
    sheets(toys, 1, state="locked", parts=0)
    sheets(toys, 2, state="draft")
    assert bulk.follow_many(Sheet, true(), session=toys) == {"fill": 2, "reopen": 4}
    assert states(toys) == {"complete": 2, "draft": 4, "locked": 1}


def test_creation_of_many_is_recorded_in_one_statement(toys: Session) -> None:
    sheets(toys, 5, state="draft")
    with counted() as seen:
        assert bulk.record_creation_many(Sheet, Sheet.id > 2, actor=CLERK, session=toys) == 3
    assert len(seen) == 1
    assert set(toys.execute(select(ToyTrail.action, ToyTrail.new_state))) == {("toy_sheet.create", "draft")}


SHEETS = st.lists(
    st.tuples(
        st.sampled_from(list(DEFINITION.states)),
        st.none() | st.integers(0, 5),
        st.none() | st.sampled_from(["", " ", "   ", "Bien", " Bien"]),
        st.lists(st.booleans(), max_size=2),
    ),
    min_size=1,
    max_size=8,
)
USES = {
    "toy_enough_parts": [{"minimum": n} for n in range(6)],
    "toy_comment_written": [{}],
    "toy_no_open_note": [{}],
}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=SHEETS)
def test_both_forms_of_every_condition_agree(toys: Session, rows: list[tuple]) -> None:  # type: ignore[type-arg]
    """C02: a condition says the same on an object and in SQL, and so do the refusals built on them."""
    assert {use.name for kind, use in DEFINITION.uses() if kind == "condition"} == USES.keys()
    with unit_of_work(toy_db):
        for model in (Note, Sheet):
            toys.execute(delete(model))
        for state, parts, comment, notes in rows:
            sheet = Sheet(parts=parts, comment=comment, notes=[Note(settled=settled) for settled in notes])
            toys.add(sheet)
            toys.flush()
            force_state(sheet.id, state)
    everyone = toys.scalars(select(Sheet)).all()
    for name, samples in USES.items():
        for parameters in samples:
            entry = conditions[name]
            in_sql = set(toys.scalars(select(Sheet.id).where(entry.clause(Sheet, **parameters))))
            assert {s.id for s in everyone if not entry(s, **parameters)} == in_sql
    _explanations_agree(toys, list(everyone))
    toys.rollback()


def _explanations_agree(session: Session, everyone: list[Sheet]) -> None:
    for transition in ("lock", "unlock", "file"):
        by_row = {s.id: {u.code for u in engine.explain(s, transition, SYSTEM)} for s in everyone}
        found: dict[int, set[str]] = {s.id: set() for s in everyone}
        for refusals in bulk.explain_many(Sheet, transition, true(), actor=SYSTEM, session=session):
            for row in refusals.ids:
                found[row].add(refusals.unmet.code)
        assert found == by_row


def test_of_two_sets_at_once_each_row_moves_once(toys: Session) -> None:
    sheets(toys, 30)
    toys.rollback()
    ready, moved = threading.Barrier(2), []

    def lock() -> None:
        ready.wait(5)
        moved.append(bulk.apply_many(Sheet, "lock", true(), actor=CLERK, session=toy_db.session()).moved)
        toy_db.session.remove()

    threads = [threading.Thread(target=lock) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(moved) == 2 and sum(moved) == 30
    assert toys.scalar(select(func.count(ToyTrail.id))) == 30
    assert toys.scalar(select(func.count(Mark.id))) == 30
