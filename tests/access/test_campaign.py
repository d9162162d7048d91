"""A campaign seen in rehearsal, held ten minutes, recalled or sent off (M084–M091)."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from app.access import campaign
from app.access.models import GuardianCode, Notification
from app.access.planning import NotifyRequest
from app.access.services import readable
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.errors import Conflict, NotFound
from app.core.mail_delivery import deliver_pending
from app.core.mail_transport import transport_for
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.mail import _kinds, deliver_all
from app.jobs.models import Job, MailOutbox
from app.schools.people import Guardian
from tests.access.test_notification import coded, send_mails  # noqa: F401 - a fixture
from tests.factories import World
from tests.servers import free_port
from tests.smtp import smtp_server

session = admin_db.session


def launched(world: World, *modes: str) -> int:
    with school_scope(world.a):
        wish = NotifyRequest(modes=modes or ("email", "paper"))  # type: ignore[arg-type]
        return campaign.launch(wish, actor=SYSTEM, label="Notifier").id


def state(job_id: int) -> str:
    session.rollback()
    with system_scope("assertions"):
        return str(session.scalar(select(Job.state).where(Job.id == job_id)))


def notified(world: World) -> int:
    with school_scope(world.a):
        return len(session.scalars(select(GuardianCode.id).where(GuardianCode.notified_on.is_not(None))).all())


def test_mails_wait_ten_minutes_and_no_worker_takes_them_before(coded: World) -> None:  # noqa: F811
    job_id, start = launched(coded), clock.now()
    assert jobs.run_waiting() == 0 and state(job_id) == "queued"
    with clock.frozen(start + campaign.HOLD - timedelta(seconds=5)):
        assert jobs.run_waiting() == 0
    with clock.frozen(start + campaign.HOLD + timedelta(seconds=5)):
        assert jobs.run_waiting() == 1
    assert state(job_id) == "done"


def test_recalled_nobody_is_notified_and_it_never_leaves(coded: World) -> None:  # noqa: F811
    job_id = launched(coded)
    with school_scope(coded.a):
        jobs.request_cancel(job_id, actor=SYSTEM)
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert jobs.run_waiting() == 0
    assert state(job_id) == "cancelled" and notified(coded) == 0
    with system_scope("assertions"):
        assert session.scalars(select(Notification)).all() == session.scalars(select(MailOutbox)).all() == []
    launched(coded)  # and another one may be prepared


def test_sent_off_at_once_it_does_not_wait(coded: World) -> None:  # noqa: F811
    job_id = launched(coded)
    with school_scope(coded.a):
        jobs.send_now(job_id, actor=SYSTEM)
        with pytest.raises(Conflict, match="n'attend plus"):
            jobs.send_now(job_id, actor=SYSTEM)
    assert jobs.run_waiting() == 1 and state(job_id) == "done"
    with school_scope(coded.b), pytest.raises(NotFound):
        jobs.send_now(job_id, actor=SYSTEM)


def test_one_campaign_waits_at_a_time(coded: World) -> None:  # noqa: F811
    launched(coded)
    with pytest.raises(Conflict, match="attend déjà son départ"):
        launched(coded)
    with school_scope(coded.a):
        assert campaign.waiting() is not None
    with school_scope(coded.b):
        assert campaign.waiting() is None


def test_paper_alone_does_not_wait(coded: World) -> None:  # noqa: F811
    job_id = launched(coded, "paper")
    assert jobs.run_waiting() == 1 and state(job_id) == "done"


@pytest.mark.row("M091", "M137")
def test_the_letter_seen_is_the_letter_that_leaves(coded: World, tmp_path: Path) -> None:  # noqa: F811
    """With the real codes and every child, and nothing stored."""
    mother = coded.of[coded.a]["mother"]
    with school_scope(coded.a):
        message = campaign.one_message(NotifyRequest(modes=("paper",)), mother)
        text = " ".join(page.extract_text() for page in PdfReader(BytesIO(campaign.rehearsed_letter(message))).pages)
        codes = session.scalars(select(GuardianCode).where(GuardianCode.guardian_id == mother)).all()
        assert len(codes) == 2
        assert all((readable(code) or "?").replace(" ", "") in text.replace(" ", "") for code in codes)
        mail = campaign.rehearsed_mail(campaign.one_message(NotifyRequest(modes=("email",)), mother))
        assert all((readable(code) or "?") in mail.text for code in codes)
    assert notified(coded) == 0


def test_who_gets_nothing_has_nothing_to_see(coded: World) -> None:  # noqa: F811
    with school_scope(coded.a):
        other = campaign.one_message(NotifyRequest(), coded.of[coded.a]["other"])
        assert other.mode is None
        with pytest.raises(NotFound, match="adresse postale"):
            campaign.rehearsed_letter(other)
        with pytest.raises(NotFound):
            campaign.one_message(NotifyRequest(), coded.of[coded.b]["mother"])


@pytest.mark.row("M087", "M090")
def test_a_server_that_is_down_for_an_hour_in_mid_campaign_costs_nobody_anything(coded: World) -> None:  # noqa: F811
    """One mail has gone; the others wait, nobody is blamed and nobody is written to twice."""
    mine = coded.of[coded.a]
    with school_scope(coded.a), unit_of_work():
        for who in ("father", "other"):
            session.execute(update(Guardian).where(Guardian.id == mine[who]).values(email=f"{who}@example.org"))
    job_id = launched(coded, "email")
    with school_scope(coded.a):
        jobs.send_now(job_id, actor=SYSTEM)
    assert jobs.run_waiting() == 1
    start = clock.now()
    with smtp_server() as mailbox:
        working, down = (transport_for(url, "Livret <livret@example.org>")
                         for url in (mailbox.url, f"smtp://127.0.0.1:{free_port()}"))  # fmt: skip
        with system_scope("the outbox of every school"):
            assert deliver_pending(admin_db, MailOutbox, working, _kinds, limit=1).sent == 1
        for minutes in range(1, 60, 5):
            with clock.frozen(start + timedelta(minutes=minutes)):
                [outcome] = [one for name, one in deliver_all(down).items() if name == "mail_outbox"]
                assert outcome.unreachable and outcome.sent == outcome.failed == 0
        assert notified(coded) < 4
        with clock.frozen(start + timedelta(minutes=61)):
            deliver_all(working)
            deliver_all(working)
        assert sorted(to for mail in mailbox.received for to in mail.recipients) == [
            "father@example.org", "mere@example.org", "other@example.org"]  # fmt: skip
    assert notified(coded) == 4
    with school_scope(coded.a):
        assert set(session.scalars(select(Notification.status))) == {"done"}


def test_the_copy_to_oneself_goes_at_once_without_the_codes(coded: World, tmp_path: Path) -> None:  # noqa: F811
    mother = coded.of[coded.a]["mother"]
    with school_scope(coded.a):
        message = campaign.one_message(NotifyRequest(), mother)
        codes = [(code.hint, readable(code) or "?") for code in session.scalars(
            select(GuardianCode).where(GuardianCode.guardian_id == mother))]  # fmt: skip
        campaign.copy_to_oneself(message, "principale@example.org", actor=SYSTEM)
    [mail] = send_mails(tmp_path)
    assert mail["To"].endswith("principale@example.org>") and mail["Subject"].startswith("[Copie]")
    for part in ("plain", "html"):
        body = mail.get_body((part,)).get_content()
        assert all(hint in body and whole not in body for hint, whole in codes)
        assert all(whole.replace(" ", "").replace("-", "") not in body for _hint, whole in codes)
    assert notified(coded) == 0
