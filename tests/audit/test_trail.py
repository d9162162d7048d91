"""The trail and its chain: a removed or altered line shows, and forgetting a person breaks nothing (DESIGN §7)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from app.audit import sealer
from app.audit.models import AuditLine, ChainHead
from app.audit.sealer import ChainFault, erase_personal, heads, seal_pending, verify
from app.audit.services import record, record_many, trail_of
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.models import OnlineService
from app.portal.models import Account, PortalAuditLine
from tests.factories import World

HEAD = Actor.person(3, "Odile Marchenoir", [])


@pytest.fixture
def trail(world: World) -> World:
    """Six lines of school a, sealed in two goes; two of school b, one of the academy."""
    for go in range(2):
        with system_scope("test"), unit_of_work() as session:
            for n in range(3):
                say(session, world.a, f"test.a{go}{n}")
            say(session, world.b, f"test.b{go}")
        seal_pending()
    with system_scope("test"), unit_of_work() as session:
        record(session, "test.academy", actor=SYSTEM)
    assert seal_pending() == 1
    return world


def say(session: Any, school_id: int, action: str) -> None:
    details = {"personal": {"reason": "Erreur de saisie"}, "data": {"é": [1, 2.5, None]}}
    record(session, action, actor=HEAD, school_id=school_id, old_state="x", **details)


def tamper(statement: Any) -> None:
    """Change the database as somebody who has it, but not the audit key, could."""
    with system_scope("test"), unit_of_work() as session:
        session.execute(statement, execution_options={"synchronize_session": False})


def at(world: World, position: int) -> Any:
    return (AuditLine.school_id == world.a) & (AuditLine.chain_position == position)


def test_a_line_is_written_in_the_acts_transaction(world: World) -> None:
    with pytest.raises(RuntimeError), system_scope("test"), unit_of_work() as session:
        say(session, world.a, "test.undone")
        session.flush()
        raise RuntimeError
    with school_scope(world.a), unit_of_work() as session:
        service = session.scalars(select(OnlineService).limit(1)).one()
        record(session, "test.done", service, actor=HEAD)
        service_id = service.id
    with system_scope("test"):
        line = admin_db.session.scalars(select(AuditLine)).one()
    assert (line.action, line.subject_type, line.subject_id) == ("test.done", "online_service", service_id)
    assert (line.school_id, line.actor_id, line.actor_name) == (world.a, 3, "Odile Marchenoir")
    assert line.chain_hash is None  # the sealer comes later


def test_each_database_has_its_own_trail() -> None:
    assert (trail_of(OnlineService), trail_of(Account)) == (AuditLine, PortalAuditLine)


def test_many_lines_in_one_statement(world: World) -> None:
    with school_scope(world.a), unit_of_work() as session:
        where = OnlineService.code.in_(["marks", "absences"])
        more: dict[str, Any] = {"data": {"n": 1}, "personal": {"p": 2}}
        batch, count = record_many(session, "test.many", OnlineService, where, actor=HEAD, **more)
        lines = session.scalars(select(AuditLine).where(AuditLine.batch == batch)).all()
        assert count == len(lines) == 2
        assert {(line.school_id, line.data["n"], line.personal["p"]) for line in lines} == {(world.a, 1, 2)}


def test_lines_are_chained_per_school_and_a_whole_chain_holds(trail: World) -> None:
    assert verify(trail.a) == verify(trail.b) == verify(None) == verify(trail.ecole) == []
    assert {chain: position for chain, (position, _) in heads().items()} == {trail.a: 6, trail.b: 2, 0: 1}
    assert seal_pending() == 0


CHANGES: list[dict[str, Any]] = [
    {"action": "test.other"}, {"new_state": "y"}, {"old_state": None}, {"data": {"é": [1, 2.5, 0]}}, {"subject_id": 9},
    {"actor_name": "Sacha Brun"}, {"actor_id": 4}, {"personal": {"reason": "Autre"}}, {"personal": None},
    {"batch": "b"}, {"personal_digest": "0" * 64}, {"salt": None}, {"chain_hash": "0" * 64},
]  # fmt: skip


def test_an_altered_line_shows_whatever_was_altered(trail: World) -> None:
    with system_scope("test"):
        line = admin_db.session.scalars(select(AuditLine).where(at(trail, 3))).one()
        sealed = {key: getattr(line, key) for change in CHANGES for key in change}
    for change in CHANGES:
        tamper(update(AuditLine).where(at(trail, 3)).values(change))
        faults = verify(trail.a)
        assert faults and (faults[0].kind, faults[0].position) == ("altered", 3), change
        assert verify(trail.b) == []
        tamper(update(AuditLine).where(at(trail, 3)).values(sealed))
        assert verify(trail.a) == []


@pytest.mark.parametrize("positions", [[1], [3], [2, 3], [5, 6]])
def test_a_removed_line_shows_wherever_it_was(trail: World, positions: list[int]) -> None:
    tamper(update(ChainHead).values(line_id=None))
    tamper(delete(AuditLine).where(AuditLine.school_id == trail.a, AuditLine.chain_position.in_(positions)))
    assert verify(trail.a) == [ChainFault("removed", position) for position in positions]
    assert "retirée" in str(verify(trail.a)[0])


def test_everything_removed_shows(trail: World) -> None:
    tamper(update(ChainHead).values(line_id=None))
    tamper(delete(AuditLine))
    assert len(verify(trail.a)) == 6


def test_an_added_line_and_two_lines_exchanged_show(trail: World) -> None:
    with system_scope("test"), unit_of_work() as session:
        copied = session.scalars(select(AuditLine).where(at(trail, 2))).one()
        session.add(AuditLine(action="test.forged", subject_type="", school_id=trail.a, chain_position=2,
                              chain_hash=copied.chain_hash, key_id=copied.key_id, salt=copied.salt,
                              personal_digest=copied.personal_digest))  # fmt: skip
    assert [(f.kind, f.position) for f in verify(trail.a)] == [("added", 2)]
    tamper(delete(AuditLine).where(AuditLine.action == "test.forged"))
    tamper(update(AuditLine).where(at(trail, 2)).values(chain_position=99))
    tamper(update(AuditLine).where(at(trail, 3)).values(chain_position=2))
    tamper(update(AuditLine).where(at(trail, 99)).values(chain_position=3))
    assert [(f.kind, f.position) for f in verify(trail.a)] == [("altered", 2), ("altered", 3), ("altered", 4)]


def test_a_head_put_back_shows(trail: World) -> None:
    tamper(update(ChainHead).where(ChainHead.chain == trail.a).values(position=5))
    assert [f.kind for f in verify(trail.a)] == ["added"]
    tamper(update(ChainHead).where(ChainHead.chain == trail.a).values(position=6, hash="0" * 64))
    assert [f.kind for f in verify(trail.a)] == ["altered"]


def test_without_the_key_nobody_makes_a_line_that_holds(trail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sealer._hash
    monkeypatch.setattr(sealer, "_hash", lambda _key, *rest: real(b"guessed", *rest))
    with system_scope("test"), unit_of_work() as session:
        say(session, trail.a, "test.forged")
    seal_pending()
    monkeypatch.undo()
    assert [(f.kind, f.position) for f in verify(trail.a)] == [("altered", 7)]


def test_forgetting_a_person_keeps_the_chain(trail: World) -> None:
    with system_scope("test"), unit_of_work() as session:
        say(session, trail.a, "test.unsealed")
        assert erase_personal(session, AuditLine.school_id == trail.a) == 6
    with system_scope("test"):
        kept = select(func.count()).where(AuditLine.school_id == trail.a, AuditLine.actor_name != "")
        assert admin_db.session.scalar(kept) == 1  # the line not sealed yet waits its turn
    seal_pending()
    assert verify(trail.a) == []
    tamper(update(AuditLine).where(at(trail, 2)).values(action="test.other"))
    assert [(f.kind, f.position) for f in verify(trail.a)] == [("altered", 2)]


def test_a_long_chain_is_sealed_in_chunks(trail: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealer, "CHUNK", 4)
    with system_scope("test"), unit_of_work() as session:
        for n in range(10):
            say(session, trail.a, f"test.more{n}")
    assert seal_pending() == 10
    assert verify(trail.a) == [] and heads()[trail.a][0] == 16


def test_two_sealers_at_once_make_one_chain(world: World) -> None:
    with system_scope("test"), unit_of_work() as session:
        for n in range(40):
            say(session, world.a, f"test.{n}")
    ready, sealed = threading.Barrier(2), []

    def work() -> None:
        ready.wait(5)
        sealed.append(seal_pending())
        admin_db.session.remove()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(sealed) == 2 and sum(sealed) + seal_pending() == 40
    assert verify(world.a) == [] and heads()[world.a][0] == 40
