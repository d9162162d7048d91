"""Bringing files: kept under names of ours, options handed to the job, clear words when something is missing (M014)."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.db import admin_db
from app.core.scope import system_scope
from app.jobs.models import Job
from tests.admin.conftest import Browser, sign_in
from tests.factories import World


@pytest.fixture
def secretary(admin_app: Flask, sqlite_world: World) -> Browser:
    """Signed in on the first collège."""
    return sign_in(admin_app, "secretary", school_id=sqlite_world.a)


def last_job() -> Job | None:
    """The newest job."""
    with system_scope("the test's job"):
        return admin_db.session.scalars(select(Job).order_by(Job.id.desc()).limit(1)).one_or_none()


def test_files_become_a_job_with_the_ticked_options(secretary: Browser, admin_app: Flask) -> None:
    files = [(BytesIO(b"<a/>"), "../../Élèves export.xml"), (BytesIO(b"<b/>"), "Élèves export.xml")]
    answer = secretary.send("/synchronisation/run", page="/synchronisation/", files=files, dry_run="1")
    assert answer.status_code == 302
    job = last_job()
    assert job is not None and answer.headers["Location"] == f"/jobs/{job.id}"
    paths = [Path(name) for name in job.params["files"]]
    assert job.params["dry_run"] is True and "force_year" not in job.params
    assert len(set(paths)) == 2 and all(path.parts[0] == "uploads" and ".." not in path.parts for path in paths)
    root = admin_app.config["LIVRET"].files
    assert [(root / path).read_bytes() for path in paths] == [b"<a/>", b"<b/>"]


def test_no_file_is_a_clear_message_and_no_job(secretary: Browser) -> None:
    answer = secretary.send("/synchronisation/run", page="/synchronisation/")
    assert answer.status_code == 422 and "Aucun fichier n&#39;a été choisi." in answer.text
    assert last_job() is None


def test_only_an_ecole_is_offered_departures(secretary: Browser, admin_app: Flask, sqlite_world: World) -> None:
    page = secretary.get("/synchronisation/")
    assert 'name="departures"' not in page and "ExportXML_ElevesSansAdresses.zip" in page
    ecole = sign_in(admin_app, "secretary", school_id=sqlite_world.ecole)
    page = ecole.get("/synchronisation/")
    assert 'name="departures"' in page and "ONDE" in page
