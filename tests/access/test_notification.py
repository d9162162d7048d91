"""Notifying: who gets what, one message per guardian, and when date and mode are stored (M084–M091)."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from email import message_from_bytes, policy
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from app.access.models import ActivationCode, Notification
from app.access.notifying import single_letter
from app.access.planning import NO_SERVICE, NobodyToNotify, NotifyRequest, make_plan
from app.access.queries import Selection
from app.access.services import create_codes, readable
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, NotFound
from app.core.mail_transport import transport_for
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.mail import deliver_all
from app.jobs.models import JobLine
from app.jobs.storage import Storage, use_storage
from app.online.services import move_services
from app.schools.people import Guardian, GuardianLink
from app.workflow import engine
from tests.factories import World, build_world

session = admin_db.session


@pytest.fixture
def coded(databases: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The world with school A's services open and its four codes created; an instance folder of the test's own."""
    monkeypatch.setenv("LIVRET_HOME", str(tmp_path))
    monkeypatch.setenv("LIVRET_REPLICATE", "02:00")
    use_storage(Storage(tmp_path))
    world = build_world()
    with school_scope(world.a):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
    yield world
    use_storage(None)


def run(school: int, **filters: Any) -> Any:
    """Submit and run the notification here."""
    with school_scope(school):
        job = jobs.submit("codes.notify", school, NotifyRequest(**filters).as_params(), SYSTEM, "Notifier")
    return jobs.run_here(job.id)


def send_mails(folder: Path) -> list[Any]:
    """Let the outbox go to files; the messages that left."""
    deliver_all(transport_for(f"file://{folder}/mail", "Livret <livret@example.org>"))
    files = sorted((folder / "mail").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]


def pdf_text(folder: Path) -> list[str]:
    """The text of each page of the run's PDF."""
    path = next((folder / "files" / "jobs").rglob("*courriers.pdf"))
    return [page.extract_text() for page in PdfReader(path).pages]


@pytest.mark.row("M086", "M087")
@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        (("email",), {"email": 1, "unreachable": 2}),
        (("paper",), {"paper": 2, "unreachable": 1}),
        (("email", "paper"), {"email": 1, "paper": 1, "unreachable": 1}),
    ],
)
def test_mode_of_each_guardian(coded: World, modes: tuple[str, ...], expected: dict[str, int]) -> None:
    with school_scope(coded.a):
        assert dict(make_plan(NotifyRequest(modes=modes)).counts) == expected


@pytest.mark.row("M084")
def test_filters_by_rank_population_and_progress(coded: World) -> None:
    mine = coded.of[coded.a]
    with school_scope(coded.a):
        ranks = {c.rank for m in make_plan(NotifyRequest(ranks=(2,))).messages for c in m.couples}
        assert ranks == {2}
        fifth = make_plan(NotifyRequest(Selection("division", mine["divisions"][1])))
        assert [m.guardian.id for m in fifth.messages] == [mine["other"]]
        with pytest.raises(NobodyToNotify):
            make_plan(NotifyRequest(only="no-account"))
        with unit_of_work():
            session.execute(update(ActivationCode).values(notified_on=clock.today()))
        assert len(make_plan(NotifyRequest(only="no-account")).messages) == 3
        assert len(make_plan(NotifyRequest(only="all")).messages) == 3


@pytest.mark.row("M088")
def test_nobody_left_says_so_in_the_guides_words(coded: World) -> None:
    with school_scope(coded.b), pytest.raises(NobodyToNotify) as empty:
        make_plan(NotifyRequest())
    assert empty.value.message == "Attention — Aucun couple élève / responsable n'existe pour cette sélection"


@pytest.mark.row("M085")
def test_at_least_one_mode_must_be_ticked() -> None:
    with pytest.raises(BadInput, match="mode de transmission"):
        NotifyRequest(modes=())


@pytest.mark.row("M089")
def test_no_open_service_is_reported_word_for_word(coded: World) -> None:
    with school_scope(coded.a):
        move_services(["booklets"], "close", actor=SYSTEM)
        job = run(coded.a, modes=("paper",))
    with system_scope("reads the report"):
        messages = session.scalars(select(JobLine.message).where(JobLine.job_id == job.id)).all()
    assert NO_SERVICE in messages


@pytest.mark.row("M086", "M090", "M091", "M137")
def test_paper_run_writes_one_letter_per_guardian_and_stores_date_and_mode(coded: World, tmp_path: Path) -> None:
    job = run(coded.a, modes=("paper",))
    assert job.state == "done", job.message
    assert (job.result["letters"], job.result["emails"], job.result["unreachable"]) == (2, 0, 1)
    pages = pdf_text(tmp_path)
    assert len(pages) == job.result["pages"]
    with school_scope(coded.a):
        for item in session.scalars(select(Notification)):
            assert item.status == "done"
            letter = " ".join(pages[item.first_page - 1 : item.last_page])
            codes = session.scalars(select(ActivationCode).where(ActivationCode.guardian_id == item.guardian_id)).all()
            assert all(readable(code).replace(" ", "") in letter.replace(" ", "") for code in codes)
            assert {(c.state, c.notified_on, c.notified_mode) for c in codes} == {("notified", clock.today(), "paper")}
        waiting = session.scalars(select(ActivationCode).where(ActivationCode.notified_on.is_(None))).all()
        assert [code.guardian_id for code in waiting] == [coded.of[coded.a]["other"]]


@pytest.mark.row("M087", "M090", "M091")
def test_mail_run_stores_date_and_mode_only_once_the_mail_has_gone(coded: World, tmp_path: Path) -> None:
    job = run(coded.a, modes=("email",))
    mother = coded.of[coded.a]["mother"]
    with school_scope(coded.a):
        codes = session.scalars(select(ActivationCode).where(ActivationCode.guardian_id == mother)).all()
        shown = [readable(code) for code in codes]
        assert {code.notified_on for code in codes} == {None}
    session.remove()
    [mail] = send_mails(tmp_path)
    body = mail.get_body(("plain",)).get_content()
    assert mail["To"].endswith("<mere@example.org>")
    assert all(code in body for code in shown)
    with school_scope(coded.a):
        codes = session.scalars(select(ActivationCode).where(ActivationCode.guardian_id == mother)).all()
        assert {(c.state, c.notified_on, c.notified_mode) for c in codes} == {("notified", clock.today(), "email")}
    assert job.result["emails"] == 1


@pytest.mark.row("M090")
def test_the_default_run_takes_only_codes_never_notified(coded: World) -> None:
    run(coded.a, modes=("paper",))
    with school_scope(coded.a):
        assert [m.mode for m in make_plan(NotifyRequest()).messages] == [None]
        assert len(make_plan(NotifyRequest(only="all")).messages) == 3


@pytest.mark.row("M090", "M091")
@pytest.mark.parametrize("only", ["new", "all"])
def test_a_mail_still_in_the_outbox_is_not_sent_a_second_time(coded: World, tmp_path: Path, only: Any) -> None:
    """The mail server is slow or away, and the head presses the button again."""
    run(coded.a, modes=("email",))
    with school_scope(coded.a), pytest.raises(NobodyToNotify):
        make_plan(NotifyRequest(modes=("email",), ranks=(1,), only=only,
                                selection=Selection("division", coded.of[coded.a]["divisions"][0])))  # fmt: skip
    session.remove()
    assert run(coded.a, only=only).result["emails"] == 0
    assert len(send_mails(tmp_path)) == 1


@pytest.mark.row("M084")
def test_an_address_gone_bad_since_the_plan_costs_one_guardian_and_not_the_campaign(
    coded: World, tmp_path: Path
) -> None:
    mine = coded.of[coded.a]
    with school_scope(coded.a), unit_of_work():
        session.execute(update(Guardian).where(Guardian.id == mine["father"]).values(email="pere@example.org"))
        session.execute(update(Guardian).where(Guardian.id == mine["mother"]).values(email="mere..@example.org"))
    job = run(coded.a, modes=("email",))
    assert job.state == "done" and job.lines["alert"] == 2, job.message
    assert [mail["To"].partition("<")[2] for mail in send_mails(tmp_path)] == ["pere@example.org>"]
    with school_scope(coded.a):
        assert session.scalars(select(Notification.status).order_by(Notification.status)).all() == ["done", "failed"]


@pytest.mark.row("M091")
def test_a_guardian_picked_through_one_class_gets_every_child_in_one_letter(coded: World) -> None:
    mine = coded.of[coded.a]
    with school_scope(coded.a):
        with unit_of_work():  # the younger sibling moves to the other class
            from app.schools.people import Enrolment

            session.execute(update(Enrolment).where(Enrolment.pupil_id == mine["pupils"][1])
                            .values(division_id=mine["divisions"][1]))  # fmt: skip
        plan = make_plan(NotifyRequest(Selection("division", mine["divisions"][1])))
        mother = next(m for m in plan.messages if m.guardian.id == mine["mother"])
        assert {c.pupil.id for c in mother.couples} == set(mine["pupils"][:2])


@pytest.mark.row("M084")
def test_an_address_refused_by_the_server_leaves_the_guardian_to_notify(coded: World, tmp_path: Path) -> None:
    from app.access.notifying import not_delivered
    from app.core.mail_kinds import OutgoingMail

    job = run(coded.a, modes=("email",))
    with school_scope(coded.a), unit_of_work():
        item = session.scalars(select(Notification)).one()
        gone = OutgoingMail(1, "codes.notify", str(item.id), coded.a, "mere@example.org", "<x@y>", False, 1,
                            clock.now(), "550 inconnue")  # fmt: skip
        not_delivered(session(), gone)
    with school_scope(coded.a):
        assert session.scalars(select(Notification.status)).one() == "failed"
        assert "550 inconnue" in session.scalars(select(JobLine.message).where(JobLine.job_id == job.id)).all()[-1]
        mother = session.get(Guardian, coded.of[coded.a]["mother"])
        assert mother.id in {m.guardian.id for m in make_plan(NotifyRequest()).messages}


def test_a_full_disk_ends_the_job_as_such_and_notifies_nobody(
    coded: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("letters.files.os.fsync", full)
        job = run(coded.a, modes=("paper",))
    assert job.state == "failed" and "plus de place sur le disque" in job.message
    assert not list(tmp_path.rglob("*courriers*"))
    with school_scope(coded.a):
        assert {c.state for c in session.scalars(select(ActivationCode))} == {"created"}
    with school_scope(coded.a):
        assert jobs.run_here(jobs.take_up_again(job.id, actor=SYSTEM).id).state == "done"


def test_a_letter_that_cannot_be_printed_is_named_and_nothing_is_half_done(coded: World) -> None:
    with school_scope(coded.a):
        with unit_of_work():
            session.execute(
                update(Guardian).where(Guardian.id == coded.of[coded.a]["father"]).values(last_name=" ", first_name=" ")
            )
        job = run(coded.a, modes=("paper",))
        assert job.state == "refused" and "Recipient.name" in job.message
        assert {c.state for c in session.scalars(select(ActivationCode))} == {"created"}


def test_a_link_that_ends_while_the_mail_waits_takes_its_child_out(coded: World, tmp_path: Path) -> None:
    mine = coded.of[coded.a]
    run(coded.a, modes=("email",))
    with school_scope(coded.a), unit_of_work():
        gone = (GuardianLink.guardian_id == mine["mother"], GuardianLink.pupil_id == mine["pupils"][0])
        session.execute(update(GuardianLink).where(*gone).values(ended_on=clock.today()))
    [mail] = send_mails(tmp_path)
    body = mail.get_body(("plain",)).get_content()
    with school_scope(coded.a):
        codes = {c.pupil_id: c for c in session.scalars(select(ActivationCode)) if c.guardian_id == mine["mother"]}
        ended, kept = codes[mine["pupils"][0]], codes[mine["pupils"][1]]
        assert readable(ended) not in body and readable(kept) in body
        assert (ended.state, kept.state) == ("created", "notified")


@pytest.mark.row("M091")
def test_each_letter_alone_until_its_code_is_dead(coded: World) -> None:
    run(coded.a, modes=("paper",))
    with school_scope(coded.a):
        item = session.scalars(select(Notification).where(Notification.mode == "paper")).first()
        name, document = single_letter(item.id)
        assert name == f"courrier-{item.id}.pdf"
        assert len(PdfReader(BytesIO(document)).pages) == item.last_page - item.first_page + 1
        code = session.scalars(select(ActivationCode).where(ActivationCode.guardian_id == item.guardian_id)).first()
        engine.apply(code, "invalidate", actor=SYSTEM)
        with pytest.raises(Conflict, match="n'est plus valable"):
            single_letter(item.id)
    with school_scope(coded.b), pytest.raises(NotFound):
        single_letter(item.id)
