"""The job of editions killed with SIGKILL wherever it is: it goes on, each booklet gets one number and its pages."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from app.booklets import edit_tasks
from app.booklets.models import Booklet
from app.core.scope import school_scope
from app.jobs import services as jobs
from app.jobs.models import Job
from config import ROOT
from tests.booklets.test_editing import SCHOOL, editions, locked_class, pages, session, world  # noqa: F401 - fixture
from tests.conftest import Urls
from tests.factories import World

PUPILS, CHUNK = 24, 4
RUN = """
import sys
from app.booklets import edit_tasks
from app.core.db import admin_db, portal_db
from app.jobs.services import run_here
edit_tasks.CHUNK = int(sys.argv[3])
admin_db.bind(sys.argv[1]); portal_db.bind(sys.argv[2])
run_here(int(sys.argv[4]))
"""


@pytest.mark.row("M046", "M047")
def test_kill_nine_at_random_moments(
    databases: Urls, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    """Four kills in a row, then the end: every booklet edited once, numbers without a gap, the file whole."""
    from app.booklets.edit_wish import EditWish
    from app.booklets.editing import ask
    from app.core.actor import SYSTEM

    monkeypatch.setattr(edit_tasks, "CHUNK", CHUNK)
    ids = locked_class(world, PUPILS)
    with school_scope(world.a):
        job_id = ask(EditWish(SCHOOL), actor=SYSTEM, school_id=world.a, label="Édition").id
    session.remove()
    chance, command = random.Random(3), [sys.executable, "-c", RUN, databases.admin, databases.portal, str(CHUNK)]
    for _ in range(4):
        process = subprocess.Popen([*command, str(job_id)], cwd=ROOT, env=os.environ | {"LIVRET_HOME": str(tmp_path)})
        time.sleep(chance.uniform(2.5, 6.0))
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = jobs.run_here(job_id)
    assert done.state == "done" and done.result["done"] == PUPILS, done.message
    assert [one.booklet_id for one in editions(world)] == ids
    assert [one.number for one in editions(world)] == [f"2026-{n:06d}" for n in range(1, PUPILS + 1)]
    text = pages(done)
    assert len(text) == 2 * PUPILS
    for one in editions(world):
        assert one.first_page and one.number in text[one.first_page - 1]
    with school_scope(world.a):
        assert set(session.scalars(select(Booklet.state))) == {"edited"}
        assert session.scalars(select(Job.state).where(Job.id == job_id)).one() == "done"
