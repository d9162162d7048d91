"""The pages of jobs: progress, report, files, stop, and nothing of another school."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from app.core.actor import Actor
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import celery_app, services
from app.jobs.context import JobContext
from app.jobs.models import Artifact, Job
from app.jobs.registry import JobKind, job_kind
from app.jobs.storage import Storage, use_storage
from tests.admin.conftest import Browser, sign_in
from tests.factories import World

OPERATOR = Actor("system", None, "Odile Fontanel")


@job_kind
class Reporting(JobKind):
    """A job with a report of every severity and a file."""

    name = "toy.reporting"

    def run_step(self, ctx: JobContext, payload: object) -> None:
        ctx.line("info", "Élève ajouté.", subject="ABELARD Zoé")
        ctx.line("alert", "Adresse incomplète.", "responsables.xml", 12)
        ctx.line("blocking", '=HYPERLINK("http://ailleurs.example")', "eleves.xml", 7)
        ctx.artifact("courriers été.pdf", b"%PDF-1.7 lettre")
        ctx.message("1 élève ajouté.")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(celery_app, "wake_worker", lambda: None)
    use_storage(Storage(tmp_path / "home"))
    yield
    use_storage(None)


def asked(school: int) -> int:
    with school_scope(school):
        return services.submit("toy.reporting", school, {}, OPERATOR, "Synchronisation").id


def done(school: int) -> int:
    job_id = asked(school)
    with school_scope(school):
        assert services.run_here(job_id).state == "done"
    return job_id


def file_of(job_id: int) -> int:
    from sqlalchemy import select

    with system_scope("test"), unit_of_work() as session:
        return session.scalars(select(Artifact.id).where(Artifact.job_id == job_id)).one()


def test_the_list_shows_the_schools_own_jobs(head: Browser, sqlite_world: World) -> None:
    done(sqlite_world.a)
    with school_scope(sqlite_world.b):
        services.submit("toy.reporting", sqlite_world.b, {}, OPERATOR, "Chez le voisin")
    page = head.get("/jobs/")
    assert "Synchronisation" in page and "1 élève ajouté." in page and "Terminé" in page
    assert "Chez le voisin" not in page


def test_a_job_that_ended_shows_outcome_files_and_report(head: Browser, sqlite_world: World) -> None:
    page = head.get(f"/jobs/{done(sqlite_world.a)}")
    for words in ("1 élève ajouté.", "courriers été.pdf", "ABELARD Zoé", "Adresse incomplète.", "responsables.xml"):
        assert words in page
    assert "jobs.js" not in page and "http-equiv" not in page, "nothing more will happen"


def test_a_job_under_way_follows_itself_with_and_without_scripts(head: Browser, sqlite_world: World) -> None:
    job_id = asked(sqlite_world.a)
    page = head.get(f"/jobs/{job_id}")
    assert 'http-equiv="refresh"' in page and "jobs.js" in page and f'data-job="/jobs/{job_id}/status"' in page
    said = head.client.get(f"/jobs/{job_id}/status").get_json()
    assert (said["state"], said["percent"], said["ended"], said["label"]) == ("queued", 0, False, "En attente")


def test_the_report_is_narrowed(head: Browser, sqlite_world: World) -> None:
    job_id = done(sqlite_world.a)
    page = head.get(f"/jobs/{job_id}?severity=alert")
    assert "Adresse incomplète." in page and "Élève ajouté." not in page
    page = head.get(f"/jobs/{job_id}?q=zoé+ajouté")
    assert "ABELARD Zoé" in page and "Adresse incomplète." not in page
    assert "Adresse incomplète." in head.get(f"/jobs/{job_id}?severity=nonsense")


@pytest.mark.row("C04")
def test_the_report_is_exported_as_shown_without_formulas(head: Browser, sqlite_world: World) -> None:
    job_id = done(sqlite_world.a)
    sheet = head.sheet(f"/jobs/{job_id}/report.xlsx?severity=blocking")
    [cells] = list(sheet.iter_rows(min_row=2))
    assert [c.value for c in cells][1:] == ['=HYPERLINK("http://ailleurs.example")', None, "eleves.xml", 7]
    assert cells[1].data_type == "s"
    assert head.sheet(f"/jobs/{job_id}/report.xlsx").max_row == 4


def test_a_file_is_downloaded_under_its_name(head: Browser, sqlite_world: World) -> None:
    answer = head.client.get(f"/jobs/file/{file_of(done(sqlite_world.a))}")
    assert answer.data == b"%PDF-1.7 lettre" and answer.mimetype == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_file_that_is_gone_says_what_to_do(head: Browser, sqlite_world: World, tmp_path: Path) -> None:
    artifact = file_of(done(sqlite_world.a))
    for path in (tmp_path / "home/files/jobs").rglob("*.pdf"):
        path.unlink()
    assert "Relancez le traitement" in head.get(f"/jobs/file/{artifact}", 404)


def test_another_schools_job_and_file_do_not_exist(head: Browser, sqlite_world: World) -> None:
    job_id = done(sqlite_world.b)
    for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/status", f"/jobs/{job_id}/report.xlsx",
                 f"/jobs/file/{file_of(job_id)}"):
        head.get(path, 404)
    assert head.send(f"/jobs/{job_id}/cancel", page="/jobs/").status_code in (404, 409)


def test_stopping_asks_first(head: Browser, sqlite_world: World) -> None:
    job_id = asked(sqlite_world.a)
    asks = head.send(f"/jobs/{job_id}/cancel", page=f"/jobs/{job_id}")
    assert asks.status_code == 200 and 'name="confirmed"' in asks.text
    answer = head.send(f"/jobs/{job_id}/cancel", page=f"/jobs/{job_id}", confirmed="1")
    assert answer.status_code == 302
    with system_scope("test"), unit_of_work() as session:
        assert session.get_one(Job, job_id).state == "cancelled"
    page = head.get(f"/jobs/{job_id}")
    assert "Reprendre" in page
    head.send(f"/jobs/{job_id}/resume", page=f"/jobs/{job_id}")
    with system_scope("test"), unit_of_work() as session:
        assert session.get_one(Job, job_id).state == "queued"


def test_a_teacher_sees_no_jobs(admin_app: Flask, sqlite_world: World) -> None:
    job_id = done(sqlite_world.a)
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.a)
    for path in ("/jobs/", f"/jobs/{job_id}", f"/jobs/file/{file_of(job_id)}", "/jobs/99999"):
        teacher.get(path, 403)


def test_the_academy_lists_its_own_jobs_only(academy: Browser, sqlite_world: World) -> None:
    done(sqlite_world.a)
    with system_scope("test"):
        own = services.submit("toy.reporting", None, {}, OPERATOR, "Traitement de l'académie").id
        services.run_here(own)
    page = academy.get("/jobs/")
    assert "Traitement de l&#39;académie" in page and "1 élève ajouté." in page
    assert page.count("</tr>") == 2, "a heading and one job"
    academy.get(f"/jobs/{own}")


def test_nothing_is_english_on_screen(head: Browser, sqlite_world: World) -> None:
    page = head.get(f"/jobs/{done(sqlite_world.a)}") + head.get("/jobs/")
    for word in ("Report", "Severity", "Blocking", "Files", "Asked for", "Words in", "Concerns"):
        assert word not in page


