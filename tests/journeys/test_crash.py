"""`kill -9` of the worker at random moments of a campaign of 300: nobody is forgotten, nobody gets two.

One campaign was recalled before: none of it ever leaves. The other is held, then half of the guardians are written to
by e-mail, half on paper; some mailboxes do not exist, and a second run reaches their owners on paper. SMTP cannot be
exactly-once: a mail that was being handed over at the moment of a kill may arrive twice, then under the same Message-ID
and shown as uncertain.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from app.access import campaign
from app.access.models import GuardianCode, Notification
from app.access.planning import NotifyRequest, make_plan
from app.access.queries import Selection
from app.access.services import create_codes
from app.access.slips import Slip
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.models import Artifact, Job, WorkerHeartbeat
from app.jobs.storage import storage
from app.online.services import move_services
from app.schools.models import School
from tests.conftest import Urls
from tests.factories import World, build_world, make_guardian, make_pupil
from tests.smtp import Mailbox, smtp_server

GUARDIANS, BOUNCES = 300, 12
KILLS = int(os.environ.get("LIVRET_TEST_KILLS", "4"))  # a step that never ends is given up after twenty starts:
LONGEST = 1.5 if KILLS < 20 else 5.0  # many kills leave it the time to end
HOLD = timedelta(seconds=4)
ROOT = Path(__file__).resolve().parents[2]


def fill(world: World) -> None:
    """300 guardians in the école-free school B, one child each, every other one with an e-mail address."""
    with system_scope("crash test"), unit_of_work() as session:
        school = session.get_one(School, world.b)
        for number in range(GUARDIANS - 3):
            email = f"parent{number}@example.org" if number % 2 else None
            make_guardian(school, make_pupil(school), email=email)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def instance(
    request: pytest.FixtureRequest, tmp_path: Path, keys_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[World, Mailbox, dict[str, str]]]:
    """An instance's environment: SQLite with the embedded broker, or PostgreSQL with Redis; a slow real SMTP server."""
    kind = request.param
    urls: Urls = request.getfixturevalue(f"{'sqlite' if kind == 'sqlite' else 'postgres'}_databases")
    broker = f"sqla+sqlite:///{tmp_path}/broker.db" if kind == "sqlite" else os.environ.get("LIVRET_TEST_REDIS")
    if broker is None:
        pytest.skip("LIVRET_TEST_REDIS is not set: run.py test starts a Redis")
    with smtp_server() as mailbox:
        mailbox.seconds = 0.01
        said = {"LIVRET_HOME": str(tmp_path), "LIVRET_ADMIN_DB": urls.admin, "LIVRET_PORTAL_DB": urls.portal,
                "LIVRET_BROKER": broker, "LIVRET_MAIL": mailbox.url,
                "LIVRET_KEYS": str(keys_folder / "admin")}  # fmt: skip
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        world = build_world()
        fill(world)
        yield world, mailbox, os.environ | {"PYTHONPATH": str(ROOT)}


@contextmanager
def process(name: str, environment: dict[str, str], log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery process, killed at the end of the block."""
    command = [sys.executable, "-m", "celery", "-A", "app.jobs.celery", name, *arguments]
    with log.open("ab") as output:
        started = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output,
                                   start_new_session=True)  # fmt: skip
    try:
        yield started
    finally:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def beats() -> int:
    """How many workers have ever said they are here."""
    with unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(WorkerHeartbeat)) or 0


def wait_until(condition: object, seconds: float, what: str) -> None:
    """Poll; fail with `what` when the time is over."""
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.mark.row("M091")
def test_kills_lose_nothing_and_send_nothing_twice(
    instance: tuple[World, Mailbox, dict[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, mailbox, environment = instance
    monkeypatch.setattr(campaign, "HOLD", HOLD)
    bounced = {f"parent{number * 2 + 1}@example.org" for number in range(BOUNCES)}
    mailbox.answers = {address: ["550 5.1.1 boite inconnue"] * 100 for address in bounced}
    with school_scope(world.b):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
        recalled = launch()
        jobs.request_cancel(recalled, actor=SYSTEM)
        job, held_until = launch(), clock.now() + HOLD
    log = tmp_path / "celery.log"
    worker = ("--pool", "threads", "--concurrency", "4")
    moments = random.Random(20260901)
    with process("beat", environment, log, "--pidfile", "", "--schedule", str(tmp_path / "beat-schedule")):
        for _ in range(KILLS):
            known = beats()
            with process("worker", environment, log, *worker):
                wait_until(lambda known=known: beats() > known, 60, "a worker starts")
                time.sleep(moments.uniform(0.0, LONGEST))
        with process("worker", environment, log, *worker):
            wait_until(lambda: everything_done(world.b, job), 120, "the run ends")
    check_letters(world.b, job)
    check_mails(world.b, mailbox, bounced)
    assert left(world.b) == 1 + BOUNCES  # and the one guardian with neither address nor e-mail
    with school_scope(world.b):
        assert {m.mode for m in make_plan(NotifyRequest()).messages} == {"paper", None}
        again = launch()
    jobs.run_waiting()
    check_letters(world.b, again, BOUNCES)
    assert left(world.b) == 1
    with school_scope(world.b), unit_of_work() as session:
        run = session.get_one(Job, job)
        assert run.started_at is not None and run.started_at >= held_until - timedelta(seconds=1)
        assert session.scalar(select(func.count(Notification.id)).where(Notification.job_id == recalled)) == 0


def launch() -> int:
    """Prepare a campaign by both modes; it is held while anything in it leaves by e-mail."""
    return campaign.launch(NotifyRequest(), actor=SYSTEM, label="Notifier").id


def left(school: int) -> int:
    """How many codes nobody was told of."""
    with school_scope(school), unit_of_work() as session:
        return session.scalar(select(func.count(GuardianCode.id)).where(GuardianCode.notified_on.is_(None))) or 0


def everything_done(school: int, job_id: int) -> bool:
    """Whether the job ended and no message is on its way."""
    with school_scope(school), unit_of_work() as session:
        state, message = session.execute(select(Job.state, Job.message).where(Job.id == job_id)).one()
        assert state in ("queued", "running", "done"), message
        waiting = select(func.count(Notification.id)).where(Notification.status == "planned")
        return state == "done" and session.scalar(waiting) == 0


def check_letters(school: int, job_id: int, count: int | None = None) -> None:
    """Exactly one letter for each guardian on paper, and it is in the PDF once."""
    with school_scope(school), unit_of_work() as session:
        path = session.scalars(select(Artifact.path).where(Artifact.job_id == job_id)).one()
        sheets = "\n".join(page.extract_text() for page in PdfReader(storage().open_artifact(path)).pages)
        printed = Counter(re.findall(r"Réf\. (N\d+-\w)", sheets))
        mine = (Notification.job_id == job_id, Notification.mode == "paper")
        items = session.scalars(select(Notification).where(*mine).order_by(Notification.id)).all()
        assert len({item.guardian_id for item in items}) == len(items) == (count or len(items)) > 10
        assert printed == {Slip("message", item.id).code: 1 for item in items}
        ranges = sorted((item.first_page, item.last_page) for item in items)
        assert all(before[1] < after[0] for before, after in zip(ranges, ranges[1:], strict=False))


def check_mails(school: int, mailbox: Mailbox, bounced: set[str]) -> None:
    """Everybody with a mailbox got a mail, the others are known as not reached; one that arrived twice is the same
    message, and shown as uncertain."""
    received: dict[str, list[str]] = defaultdict(list)
    for mail in mailbox.received:
        received[mail.recipients[0]].append(str(mail.message["Message-ID"]))
    with school_scope(school):
        items = admin_db.session.scalars(select(Notification).where(Notification.mode == "email")).all()
        assert len({item.guardian_id for item in items}) == len(items) > 100
        refused = {item.guardian.email: item for item in items if item.status == "failed"}
        assert set(refused) == bounced == {item.guardian.refused_email for item in refused.values()}
        reached = [item for item in items if item.status != "failed"]
        for item in reached:
            ids = received[item.guardian.email]
            assert len(set(ids)) == 1
            assert len(ids) == 1 or item.status == "uncertain", (item.guardian.email, ids, item.status)
    assert len(received) == len(reached)
