"""The `sync` job: two steps, a report in the job's lines, resumed without doing anything twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.core.actor import Actor
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.exchange import tasks
from app.exchange.sync.checks import SchoolFacts
from app.exchange.sync.outcome import Report
from app.exchange.sync.service import Options, apply_staged, stage_files
from app.jobs import celery_app, services
from app.jobs.queries import lines_of
from app.jobs.storage import Storage, use_storage
from app.schools.models import School
from app.schools.people import Pupil
from tests.exchange.conftest import Synced
from tests.exchange.files import eleves, pupil
from tests.exchange.test_sync import GUARDIANS, PUPILS, staged_rows

OPERATOR = Actor("system", None, "essai")


@pytest.fixture
def home(college: Synced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(celery_app, "wake_worker", lambda: None)
    use_storage(Storage(tmp_path / "home"))
    yield tmp_path / "home" / "files"
    use_storage(None)


def ask(college: Synced, home: Path, *files: bytes, **params: Any) -> services.JobView:
    """Keep the files as an upload does, and submit."""
    (home / "uploads" / "x").mkdir(parents=True, exist_ok=True)
    paths = [f"uploads/x/{number}.xml" for number in range(len(files))]
    for path, data in zip(paths, files, strict=True):
        (home / path).write_bytes(data)
    with school_scope(college.id):
        return services.submit("sync", college.id, {"files": paths} | params, OPERATOR, "Synchronisation")


def report(college: Synced, job_id: int) -> list[dict[str, Any]]:
    """The job's lines."""
    with school_scope(college.id), unit_of_work() as session:
        return list(lines_of(session, job_id))


def test_the_job_synchronises_and_reports(college: Synced, home: Path) -> None:
    job = services.run_here(ask(college, home, PUPILS, GUARDIANS).id)
    assert (job.state, services.exit_code(job), job.result["status"]) == ("done", 0, "done")
    assert job.result["counts"]["couples"] == 3
    assert len(college.all(Pupil, "id")) == 2
    assert any("pas d'INE" in line["message"] for line in report(college, job.id))
    assert list((home / "uploads" / "x").iterdir()) == [], "the files of a whole school are not kept"


def test_a_record_left_out_is_exit_1(college: Synced, home: Path) -> None:
    job = services.run_here(ask(college, home, eleves(pupil(1), pupil(2, PRENOM=""))).id)
    assert (job.state, services.exit_code(job)) == ("done", 1)


def test_a_faulty_file_refuses_the_job_with_file_and_line(college: Synced, home: Path) -> None:
    job = services.run_here(ask(college, home, GUARDIANS, PUPILS[:-20]).id)
    assert (job.state, services.exit_code(job)) == ("refused", 2)
    (line,) = [line for line in report(college, job.id) if line["severity"] == "blocking"]
    assert ("tronqué" in line["message"], line["file"], line["line"] is not None) == (True, "1.xml", True)
    assert (college.all(Pupil, "id"), staged_rows()) == (set(), 0)


def test_a_dry_run_writes_nothing(college: Synced, home: Path) -> None:
    job = services.run_here(ask(college, home, PUPILS, dry_run=True).id)
    assert (job.state, job.result["counts"]["created"], college.all(Pupil, "id")) == ("done", 2, set())


@pytest.mark.parametrize("half", ["stage_files", "apply_staged"])
def test_a_run_cut_short_is_taken_up_and_nothing_happens_twice(
    college: Synced, home: Path, monkeypatch: pytest.MonkeyPatch, half: str
) -> None:
    """Stopped at the end of either half, before its commit: the next run does the whole once."""
    real = getattr(tasks, half)

    def cut(*args: Any, **options: Any) -> Any:
        real(*args, **options)
        raise KeyboardInterrupt

    asked = ask(college, home, PUPILS, GUARDIANS)
    monkeypatch.setattr(tasks, half, cut)
    with pytest.raises(KeyboardInterrupt):
        services.run_here(asked.id)
    assert college.all(Pupil, "id") == set()
    monkeypatch.setattr(tasks, half, real)
    job = services.run_here(asked.id)
    assert (job.state, job.result["counts"]["created"], staged_rows()) == ("done", 4, 0)
    assert len(college.all(Pupil, "id")) == 2


def test_a_run_that_failed_while_applying_reads_again_when_taken_up(
    college: Synced, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was staged went with the failure: applying nothing and saying « 4 created » would be a lie."""
    real = tasks.apply_staged

    def broken(*_args: Any, **_options: Any) -> Any:
        raise RuntimeError("the database fell")

    asked = ask(college, home, PUPILS, GUARDIANS)
    monkeypatch.setattr(tasks, "apply_staged", broken)
    assert services.run_here(asked.id).state == "failed" and staged_rows() == 0
    said = len(report(college, asked.id))
    monkeypatch.setattr(tasks, "apply_staged", real)
    with school_scope(college.id):
        services.take_up_again(asked.id, actor=OPERATOR)
    job = services.run_here(asked.id)
    assert (job.state, job.result["counts"]["created"], staged_rows()) == ("done", 4, 0)
    assert len(college.all(Pupil, "id")) == 2
    assert len(report(college, asked.id)) == said + 1, "only the closing line is new"


def test_staging_again_replaces_what_a_killed_run_left(college: Synced, tmp_path: Path) -> None:
    path = tmp_path / "eleves.xml"
    path.write_bytes(PUPILS)
    with school_scope(college.id):
        school = SchoolFacts.of(admin_db.session.get_one(School, college.id))
        stage_files([path], school, "job-1", Options(), Report())
        once = staged_rows()
        staged = stage_files([path], school, "job-1", Options(), Report())
        assert staged_rows() == once > 0
        with unit_of_work():
            counts = apply_staged(staged, school, Options(), Report(), actor=OPERATOR)
    assert (counts["created"], counts["pupils"], staged_rows()) == (2, 2, 0)
