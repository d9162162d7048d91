"""The pile that comes back: slips and letters entered by their short code, taken back, listed (M095, M104, M138)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from app.access import returns
from app.access.models import AccessRefusal, ActivationCode, GuardianCode, Notification, PupilRefusal
from app.access.planning import NotifyRequest, make_plan
from app.access.queries import Selection
from app.access.slips import Slip, read_slip
from app.access.unreached import unreached
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.people import Guardian, GuardianLink
from tests.access.test_notification import coded, run, send_mails  # noqa: F401 - a fixture
from tests.factories import World

session = admin_db.session


def link_of(world: World, guardian: str, pupil: int = 0) -> int:
    mine = world.of[world.a]
    found = session.scalar(select(GuardianLink.id).where(GuardianLink.guardian_id == mine[guardian],
                                                         GuardianLink.pupil_id == mine["pupils"][pupil]))  # fmt: skip
    assert found is not None
    return found


def message_of(world: World, guardian: str) -> Notification:
    session.rollback()
    session.expire_all()
    mine = Notification.guardian_id == world.of[world.a][guardian]
    return session.scalars(select(Notification).where(mine).order_by(Notification.id.desc())).first()


def codes_of(world: World, guardian: str) -> set[tuple[str, Any, Any]]:
    session.expire_all()
    found = session.scalars(select(GuardianCode).where(GuardianCode.guardian_id == world.of[world.a][guardian]))
    return {(code.state, code.notified_on, code.notified_mode) for code in found}


@pytest.mark.row("M138")
@pytest.mark.parametrize("kind", ["guardian", "pupil", "message"])
def test_a_short_code_reads_in_any_shape_and_no_slip_of_the_finger_names_another(kind: Any) -> None:
    for number in (1, 7, 12, 1204, 98_765, 123_456_789):
        code = Slip(kind, number).code
        for typed in (code, code.lower(), code.replace("-", " "), f" {code.replace('-', '')} ", code.replace("-", "–")):
            assert read_slip(typed) == Slip(kind, number)
        head, check = code[1:].split("-")
        swaps = [head[:at] + head[at + 1] + head[at] + head[at + 2 :] for at in range(len(head) - 1)]
        wrong = [head[:at] + digit + head[at + 1 :] for at in range(len(head)) for digit in "0123456789"]
        for other in {*swaps, *wrong} - {head}:
            with pytest.raises(BadInput, match="mal lu"):
                read_slip(f"{code[0]}{other}-{check}")


@pytest.mark.parametrize("typed", ["", "R", "R-7", "X12-4", "N12", "R" + "9" * 12 + "-7", "R1204-7-9", "²R12-A"])
def test_what_is_no_code_says_what_to_do(typed: str) -> None:
    with pytest.raises(BadInput) as said:
        read_slip(typed)
    assert "R1204" in (said.value.hint or "") or "Relisez" in (said.value.hint or "")


@pytest.mark.row("M095", "M138")
def test_a_guardians_slip_refuses_and_taking_it_back_gives_the_code_back(coded: World) -> None:  # noqa: F811
    run(coded.a, modes=("paper",))
    with school_scope(coded.a):
        before = codes_of(coded, "father")
        entry = returns.take(Slip("guardian", link_of(coded, "father")).code, actor=SYSTEM)
        assert codes_of(coded, "father") == {("refused", clock.today(), "paper")}
        assert [(one.kind, one.id) for one in returns.entries(clock.today())] == [("guardian", entry.id)]
        assert session.scalars(select(AccessRefusal.by_slip)).all() == [True]
        with pytest.raises(Conflict, match="déjà refusé"):
            returns.take(Slip("guardian", link_of(coded, "father")).code, actor=SYSTEM)
        returns.undo("guardian", entry.id, actor=SYSTEM)
        assert codes_of(coded, "father") == before and returns.entries(clock.today()) == []
        with pytest.raises(NotFound):
            returns.undo("guardian", entry.id, actor=SYSTEM)


@pytest.mark.row("M095")
def test_a_slip_taken_back_before_any_letter_gives_another_code(coded: World) -> None:  # noqa: F811
    """The readable form was destroyed by the refusal, and nobody holds it: a new code can be notified."""
    with school_scope(coded.a):
        entry = returns.take(Slip("guardian", link_of(coded, "father")).code, actor=SYSTEM)
        returns.undo("guardian", entry.id, actor=SYSTEM)
        assert codes_of(coded, "father") == {("invalidated", None, None), ("created", None, None)}


@pytest.mark.row("M104", "M138")
def test_a_slip_for_the_pupil_hides_services_and_leaves_codes_alone(coded: World) -> None:  # noqa: F811
    with school_scope(coded.a):
        before = {(code.id, code.state) for code in session.scalars(select(ActivationCode))}
        entry = returns.take(Slip("pupil", link_of(coded, "mother", 1)).code, actor=SYSTEM)
        assert (entry.kind, entry.pupil is not None) == ("pupil", True)
        refusal = session.scalars(select(PupilRefusal)).one()
        assert refusal.guardian_id == coded.of[coded.a]["mother"]
        assert {(code.id, code.state) for code in session.scalars(select(ActivationCode))} == before
        returns.undo("pupil", entry.id, actor=SYSTEM)
        assert session.scalars(select(PupilRefusal)).all() == []


@pytest.mark.row("M087", "M090")
def test_a_letter_that_came_back_moves_the_guardian_to_the_next_mail_run_and_back(coded: World) -> None:  # noqa: F811
    run(coded.a, modes=("paper",))
    with school_scope(coded.a):
        message = message_of(coded, "mother")
        entry = returns.take(Slip("message", message.id).code, actor=SYSTEM)
        assert codes_of(coded, "mother") == {("created", None, None)}
        assert message_of(coded, "mother").status == "returned"
        mode = {m.guardian.id: m.mode for m in make_plan(NotifyRequest(modes=("email", "paper"))).messages}
        assert mode[coded.of[coded.a]["mother"]] == "email"
        assert {m.mode for m in make_plan(NotifyRequest(modes=("paper",))).messages} == {None}
        assert {line.reason for line in unreached(Selection())} == {"letter-returned", "no-address"}
        with pytest.raises(Conflict, match="déjà saisi"):
            returns.take(Slip("message", message.id).code, actor=SYSTEM)
        assert [(one.kind, one.id) for one in returns.entries(clock.today())] == [("message", message.id)]
        returns.undo("message", entry.id, actor=SYSTEM)
        assert codes_of(coded, "mother") == {("notified", clock.today(), "paper")}
        assert message_of(coded, "mother").guardian.postable and returns.entries(clock.today()) == []


@pytest.mark.row("M086")
def test_a_mail_that_bounced_later_puts_paper_next(coded: World, tmp_path: Path) -> None:  # noqa: F811
    run(coded.a, modes=("email",))
    send_mails(tmp_path)
    with school_scope(coded.a):
        message = message_of(coded, "mother")
        returns.take(Slip("message", message.id).code, actor=SYSTEM)
        mode = {m.guardian.id: m.mode for m in make_plan(NotifyRequest(only="new")).messages}
        assert mode[coded.of[coded.a]["mother"]] == "paper"
        assert unreached(Selection(), ["mail-refused"])[0].reachable
        with unit_of_work():  # the family gives another address: it counts again
            session.execute(update(Guardian).where(Guardian.id == coded.of[coded.a]["mother"])
                            .values(email="maude@example.org"))  # fmt: skip
        session.expire_all()
        mode = {m.guardian.id: m.mode for m in make_plan(NotifyRequest()).messages}
        assert mode[coded.of[coded.a]["mother"]] == "email"


def test_an_older_letter_that_comes_back_does_not_undo_a_newer_one(coded: World) -> None:  # noqa: F811
    run(coded.a, modes=("paper",))
    with school_scope(coded.a):
        old = message_of(coded, "father").id
    session.remove()
    run(coded.a, modes=("paper",), only="all")
    with school_scope(coded.a):
        returns.take(Slip("message", old).code, actor=SYSTEM)
        assert codes_of(coded, "father") == {("notified", clock.today(), "paper")}


def test_what_has_not_gone_cannot_come_back_and_another_school_has_nothing(coded: World) -> None:  # noqa: F811
    run(coded.a, modes=("email",))  # the mail waits in the outbox
    with school_scope(coded.a):
        message, link = message_of(coded, "mother").id, link_of(coded, "father")
        with pytest.raises(Conflict, match="n'est pas parti"):
            returns.take(Slip("message", message).code, actor=SYSTEM)
    with school_scope(coded.b):
        for slip in (Slip("message", message), Slip("guardian", link), Slip("pupil", link)):
            with pytest.raises(NotFound):
                returns.take(slip.code, actor=SYSTEM)


def test_the_list_is_of_one_day_and_an_entry_of_yesterday_stays(coded: World) -> None:  # noqa: F811
    with school_scope(coded.a):
        entry = returns.take(Slip("guardian", link_of(coded, "father")).code, actor=SYSTEM)
        with clock.frozen(clock.now() + timedelta(days=1)):
            assert returns.entries(clock.today()) == []
            with pytest.raises(Conflict, match="trop tard"):
                returns.undo("guardian", entry.id, actor=SYSTEM)
