"""`kill -9` of the worker at ten random moments of a 300-letter notification: nobody is forgotten, nobody gets two.

Half of the guardians are written to by e-mail, half on paper. SMTP cannot be exactly-once: a mail that was being
handed over at the moment of a kill may arrive twice, then under the same Message-ID and shown as uncertain.
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
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select

from app.access.models import ActivationCode, Notification
from app.access.planning import NotifyRequest
from app.access.queries import Selection
from app.access.services import create_codes
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.models import Job, WorkerHeartbeat
from app.online.services import move_services
from app.schools.models import School
from tests.conftest import Urls
from tests.factories import World, build_world, make_guardian, make_pupil
from tests.smtp import Mailbox, smtp_server

GUARDIANS, KILLS = 300, 10
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
def test_ten_kills_lose_nothing_and_send_nothing_twice(
    instance: tuple[World, Mailbox, dict[str, str]], tmp_path: Path
) -> None:
    world, mailbox, environment = instance
    with school_scope(world.b):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
        job = jobs.submit("codes.notify", world.b, NotifyRequest().as_params(), SYSTEM, "Notifier").id
    log = tmp_path / "celery.log"
    worker = ("--pool", "threads", "--concurrency", "4")
    moments = random.Random(20260901)
    with process("beat", environment, log, "--pidfile", "", "--schedule", str(tmp_path / "beat-schedule")):
        for _ in range(KILLS):
            known = beats()
            with process("worker", environment, log, *worker):
                wait_until(lambda known=known: beats() > known, 60, "a worker starts")
                time.sleep(moments.uniform(0.0, 1.5))
        with process("worker", environment, log, *worker):
            wait_until(lambda: everything_done(world.b, job), 120, "the run ends")
    check_letters(world.b, tmp_path)
    check_mails(world.b, mailbox)
    with school_scope(world.b):
        left = select(func.count(ActivationCode.id)).where(ActivationCode.notified_on.is_(None))
        assert admin_db.session.scalar(left) == 1  # the one guardian with neither address nor e-mail


def everything_done(school: int, job_id: int) -> bool:
    """Whether the job ended and no message is on its way."""
    with school_scope(school), unit_of_work() as session:
        state = session.scalar(select(Job.state).where(Job.id == job_id))
        assert state in ("queued", "running", "done"), state
        waiting = select(func.count(Notification.id)).where(Notification.status == "planned")
        return state == "done" and session.scalar(waiting) == 0


def check_letters(school: int, home: Path) -> None:
    """Exactly one letter for each guardian on paper, and it is in the PDF once."""
    [pdf] = (home / "files" / "jobs").rglob("*courriers.pdf")
    printed = Counter(re.findall(r"N\d{7}", "\n".join(page.extract_text() for page in PdfReader(pdf).pages)))
    with school_scope(school):
        items = admin_db.session.scalars(select(Notification).where(Notification.mode == "paper")).all()
        assert len({item.guardian_id for item in items}) == len(items) > 100
        assert set(printed) == {f"N{item.id:07d}" for item in items}
        ranges = sorted((item.first_page, item.last_page) for item in items)
        assert all(before[1] < after[0] for before, after in zip(ranges, ranges[1:], strict=False))


def check_mails(school: int, mailbox: Mailbox) -> None:
    """Everybody with an address got a mail; one that arrived twice is the same message, and shown as uncertain."""
    received: dict[str, list[str]] = defaultdict(list)
    for mail in mailbox.received:
        received[mail.recipients[0]].append(str(mail.message["Message-ID"]))
    with school_scope(school):
        items = admin_db.session.scalars(select(Notification).where(Notification.mode == "email")).all()
        assert len({item.guardian_id for item in items}) == len(items) > 100
        for item in items:
            ids = received[item.guardian.email]
            assert len(set(ids)) == 1
            assert len(ids) == 1 or item.status == "uncertain", (item.guardian.email, ids, item.status)
    assert len(received) == len(items)
