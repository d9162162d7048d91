"""One object through the one door."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.core.actor import SYSTEM, Actor
from app.core.errors import Forbidden, NotFound, TransitionRefused
from app.core.uow import unit_of_work
from app.workflow import engine
from app.workflow.engine import TransitionForbidden
from app.workflow.history import history
from app.workflow.stateful import StateAssigned
from tests.workflow.toy import CLERK, NOBODY, Mark, Note, Sheet, ToyTrail, force_state, toy_db

pytestmark = pytest.mark.row("C02")


def a_sheet(session: Session, state: str = "complete", **facts: object) -> Sheet:
    """A sheet ready to be locked, unless `facts` say otherwise."""
    with unit_of_work(toy_db):
        sheet = Sheet(**{"parts": 3, "comment": "Bien", **facts})  # type: ignore[arg-type]
        session.add(sheet)
        session.flush()
        force_state(sheet.id, state)
    return sheet


def count_lines(session: Session) -> int:
    return session.scalar(select(func.count(ToyTrail.id))) or 0


def test_a_new_object_begins_in_the_initial_state(toys: Session) -> None:
    sheet = Sheet(parts=1)
    assert sheet.state == "draft"
    with unit_of_work(toy_db):
        toys.add(sheet)
    assert (sheet.state, sheet.version) == ("draft", 1)


@pytest.mark.parametrize("assign", [
    lambda s: setattr(s, "state", "locked"),
    lambda s: Sheet(state="locked"),
    lambda s: toy_db.session.execute(update(Sheet).values(state="locked")),
    lambda s: toy_db.session.execute(update(Sheet).values({Sheet.state: "locked"})),
    lambda s: toy_db.session.execute(update(Sheet).ordered_values((Sheet.parts, 1), (Sheet.state, "locked"))),
    lambda s: toy_db.session.execute(update(Sheet), [{"id": s.id, "state": "locked"}]),
    lambda s: toy_db.session.execute(insert(Sheet), [{"state": "draft"}, {"state": "locked"}]),
    lambda s: toy_db.session.execute(insert(Sheet).values(state="locked")),
    lambda s: toy_db.session.execute(insert(Sheet).values([{"parts": 1, "state": "locked"}])),
    lambda s: toy_db.session.execute(insert(Sheet).from_select(["state"], select(Sheet.state))),
])  # fmt: skip
def test_the_state_cannot_be_assigned(toys: Session, assign: object) -> None:
    sheet = a_sheet(toys)
    with pytest.raises(StateAssigned), unit_of_work(toy_db):
        assign(sheet)  # type: ignore[operator]
    toys.expire_all()
    assert list(toys.scalars(select(Sheet.state))) == ["complete"]


def test_rows_may_be_inserted_in_the_initial_state(toys: Session) -> None:
    with unit_of_work(toy_db):
        toys.execute(insert(Sheet), [{"parts": 1}, {"parts": 2}])
        toys.execute(insert(Sheet), [{"parts": 3, "state": "draft"}])
    assert list(toys.execute(select(Sheet.state, Sheet.version))) == [("draft", 1)] * 3


def test_a_transition_writes_state_version_line_and_effects(toys: Session) -> None:
    sheet = a_sheet(toys)
    moved = engine.apply(sheet, "lock", actor=CLERK, note={"by": "test"}, place="armoire")
    assert (moved.old_state, moved.new_state) == ("complete", "locked")
    assert (sheet.state, sheet.version, sheet.place) == ("locked", 2, "armoire")
    assert sheet.moved_at is not None
    assert list(toys.scalars(select(Mark.sheet_id))) == [sheet.id]
    line = toys.scalars(select(ToyTrail)).one()
    assert (line.action, line.subject_type, line.subject_id) == ("toy_sheet.lock", "toy_sheet", sheet.id)
    assert (line.actor_id, line.actor_name) == (7, "Odile Marchenoir")
    assert (line.old_state, line.new_state, line.data) == ("complete", "locked", {"by": "test"})


def test_it_joins_the_callers_unit_of_work(toys: Session) -> None:
    sheet = a_sheet(toys)
    with pytest.raises(RuntimeError, match="no"), unit_of_work(toy_db):
        engine.apply(sheet, "lock", actor=CLERK)
        raise RuntimeError("no")
    assert (sheet.state, sheet.version, count_lines(toys)) == ("complete", 1, 0)
    assert toys.scalar(select(func.count(Mark.id))) == 0


def test_a_refusal_lists_everything_that_is_missing(toys: Session) -> None:
    sheet = a_sheet(toys, comment=" ")
    with unit_of_work(toy_db):
        toys.add_all([Note(sheet_id=sheet.id), Note(sheet_id=sheet.id, settled=True), Note(sheet_id=sheet.id)])
    with pytest.raises(TransitionRefused) as caught:
        engine.apply(sheet, "lock", actor=CLERK)
    unmet = caught.value.unmet
    assert [u.code for u in unmet] == ["toy_comment_written", "toy_no_open_note", "toy_no_open_note"]
    assert [u.record for u in unmet] == [("toy_sheet", sheet.id), ("toy_note", 1), ("toy_note", 3)]
    assert "L'appréciation manque" in caught.value.message and "Verrouiller" in caught.value.message
    assert (caught.value.status, caught.value.transition) == (409, "lock")
    assert (sheet.state, sheet.version, count_lines(toys)) == ("complete", 1, 0)


def test_the_wrong_state_is_said_in_both_languages(toys: Session) -> None:
    (unmet,) = engine.explain(a_sheet(toys, state="draft"), "lock", CLERK)
    assert unmet.message == "L'état est « Brouillon ». Possible seulement dans l'état : Complète."
    assert unmet.label.text("en") == "The state is “Draft”. Only possible in the state: Complete."


def test_a_refusal_says_who_can_lift_it_and_fills_its_blanks(toys: Session) -> None:
    requires = engine.catalogue.ready("toy_sheet").transitions["fill"].requires
    (unmet,) = engine.unmet_conditions(a_sheet(toys, parts=1), requires)
    assert (unmet.message, str(unmet.lifted_by)) == ("Il faut 3 parties.", "l'enseignant")


def test_without_the_permission_it_is_forbidden(toys: Session) -> None:
    sheet = a_sheet(toys)
    assert [u.code for u in engine.explain(sheet, "lock", NOBODY)] == ["permission"]
    with pytest.raises(TransitionForbidden) as caught:
        engine.apply(sheet, "lock", actor=NOBODY)
    assert isinstance(caught.value, Forbidden) and caught.value.status == 403


@pytest.mark.parametrize(("actor", "transition", "may"), [
    (SYSTEM, "lock", True), (SYSTEM, "file", True), (SYSTEM, "unlock", True), (SYSTEM, "fill", True),
    (CLERK, "lock", True), (CLERK, "file", False), (CLERK, "fill", False),
    (Actor("account", 3, "Une mère"), "unlock", True), (Actor("account", 3, "Une mère"), "lock", False),
    (NOBODY, "unlock", False),
])  # fmt: skip
def test_who_may(actor: Actor, transition: str, may: bool) -> None:
    assert engine.permitted(engine.catalogue.ready("toy_sheet").transition(transition), actor) is may


def test_a_reason_is_asked_for(toys: Session) -> None:
    sheet = a_sheet(toys, state="locked")
    for reason in (None, "  "):
        with pytest.raises(TransitionRefused) as caught:
            engine.apply(sheet, "unlock", actor=CLERK, reason=reason)
        assert [u.code for u in caught.value.unmet] == ["reason"]
    engine.apply(sheet, "unlock", actor=CLERK, reason=" Note oubliée ")
    assert [(e.sentence(), e.sentence("en"), e.reason) for e in history(sheet)] == [
        ("Fiche déverrouillée", "Sheet unlocked", "Note oubliée")
    ]


def test_a_stale_form_is_refused(toys: Session) -> None:
    sheet = a_sheet(toys, state="locked")
    drawn_with = sheet.version
    engine.apply(sheet, "unlock", actor=CLERK, reason="Erreur")
    with pytest.raises(TransitionRefused) as caught:
        engine.apply(sheet, "lock", actor=CLERK, version=drawn_with)
    assert [u.code for u in caught.value.unmet] == ["stale"]


def test_unknown_transition_and_deleted_row(toys: Session) -> None:
    sheet = a_sheet(toys)
    with pytest.raises(NotFound, match="melt"):
        engine.apply(sheet, "melt", actor=SYSTEM)
    with toy_db.engine.begin() as other:
        other.exec_driver_sql("DELETE FROM toy_sheet")
    with pytest.raises(NotFound):
        engine.apply(sheet, "lock", actor=SYSTEM)


def test_engine_columns_cannot_come_as_data(toys: Session) -> None:
    sheet = a_sheet(toys)
    with pytest.raises(ValueError, match="engine"):
        engine.apply(sheet, "lock", actor=CLERK, state="dropped")
    with pytest.raises(ValueError, match="already set"):
        engine.apply(sheet, "lock", actor=CLERK, moved_at=None)
    assert sheet.state == "complete"


def test_available_gives_the_buttons_and_why_some_are_grey(toys: Session) -> None:
    choices = engine.available(a_sheet(toys, comment=None), CLERK)
    assert [(c.transition.name, [u.code for u in c.unmet]) for c in choices] == [("lock", ["toy_comment_written"])]
    assert engine.available(a_sheet(toys), NOBODY) == []


def test_automatic_transitions_follow_the_data_both_ways(toys: Session) -> None:
    sheet = a_sheet(toys, state="draft", parts=2)
    assert engine.follow(sheet) == []
    sheet.parts = 3
    assert [m.transition for m in engine.follow(sheet, actor=CLERK)] == ["fill"]
    assert (sheet.state, sheet.version) == ("complete", 2)
    sheet.parts = 1
    assert [m.new_state for m in engine.follow(sheet)] == ["draft"]
    with unit_of_work(toy_db):
        force_state(sheet.id, "locked")
    sheet.parts = 0
    assert engine.follow(sheet) == [] and sheet.state == "locked"


def test_history_begins_with_the_creation(toys: Session) -> None:
    with unit_of_work(toy_db):
        sheet = Sheet(parts=3, comment="Bien")
        toys.add(sheet)
        engine.record_creation(sheet, actor=CLERK)
        engine.follow(sheet)
        engine.apply(sheet, "lock", actor=CLERK)
    entries = history(sheet)
    assert [e.sentence() for e in entries] == ["Fiche créée", "Fiche complète", "Fiche verrouillée"]
    assert [(e.old_state, e.new_state) for e in entries] == [
        (None, "draft"), ("draft", "complete"), ("complete", "locked")
    ]  # fmt: skip
    assert [e.actor_name for e in entries] == ["Odile Marchenoir", "Livret", "Odile Marchenoir"]


def test_of_two_at_once_the_second_loses(toys: Session) -> None:
    """Both have read « complete »; one locks, the other is refused, and there is one line."""
    sheet_id = a_sheet(toys).id
    toys.rollback()
    ready, outcomes = threading.Barrier(2), []

    def lock() -> None:
        session = toy_db.session()
        sheet = session.get(Sheet, sheet_id)
        session.rollback()
        ready.wait(5)
        try:
            engine.apply(sheet, "lock", actor=CLERK, session=session)
            outcomes.append("locked")
        except TransitionRefused as refused:
            outcomes.append(refused.unmet[0].code)
        finally:
            toy_db.session.remove()

    threads = [threading.Thread(target=lock) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["locked", "state"]
    assert count_lines(toys) == 1
    assert toys.scalar(select(Sheet.version)) == 2


def test_the_update_itself_counts_its_row(toys: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even were the row to change between the reading and the UPDATE, the second would lose."""
    sheet = a_sheet(toys)
    real = engine.explain

    def meanwhile(obj: Sheet, transition: str, actor: Actor) -> list[object]:
        found = real(obj, transition, actor)
        table = Sheet.__table__
        toys.connection().execute(table.update().values(state="draft"))
        return found  # type: ignore[return-value]

    monkeypatch.setattr(engine, "explain", meanwhile)
    with pytest.raises(TransitionRefused) as caught:
        engine.apply(sheet, "lock", actor=CLERK)
    assert [u.code for u in caught.value.unmet] == ["state"]
    assert count_lines(toys) == 0
