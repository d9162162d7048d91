"""The page where the secretary brings the files of the pupil base (M014)."""

from __future__ import annotations

import re
import secrets
from pathlib import Path
from typing import Any

from flask import current_app, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from werkzeug.datastructures import FileStorage

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.core.db import admin_db
from app.core.errors import BadInput
from app.jobs import services as jobs
from app.schools.models import School

MAX_FILES = 6
OPTIONS = ("dry_run", "departures", "force_year")  # tick boxes of the page, parameters of the job


class SynchronisationPage(HandmadePage):
    """Upload, then the job's page shows progress and report."""

    route_base = "/synchronisation"
    default_view = "index"
    class_permission_name = "synchronisation"
    category = "exchange"
    title = _l("Synchronise pupils and staff")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The form, with what to export from where."""
        school = admin_db.session.scalars(select(School).where(School.id == school_id())).one()
        return self.draw("exchange/synchronise.html", establishment=school)

    @expose("/run", methods=["POST"])
    @has_access
    @permission_name("run")
    def run(self) -> Any:
        """Keep the files and start the job."""
        check_drawn_for()
        school = school_id()
        uploads = [upload for upload in request.files.getlist("files") if upload.filename]
        if not uploads:
            raise BadInput("Aucun fichier n'a été choisi.", hint="Choisissez les fichiers exportés, puis recommencez.")
        if len(uploads) > MAX_FILES:
            raise BadInput(f"Trop de fichiers : {len(uploads)}.", hint=f"Au plus {MAX_FILES} à la fois.")
        paths = keep_uploads(current_app.config["LIVRET"].files, uploads)
        asked = {name: True for name in OPTIONS if request.form.get(name)}
        job = jobs.submit("sync", school, {"files": paths} | asked, actor(), "Synchronisation")
        return self.to_job(job.id)


def keep_uploads(files: Path, uploads: list[FileStorage]) -> list[str]:
    """Store uploads in a folder of their own; returns their paths relative to `files`."""
    folder = Path("uploads") / secrets.token_hex(8)
    (files / folder).mkdir(parents=True, mode=0o700)
    kept = []
    for number, upload in enumerate(uploads):
        name = re.sub(r"[^\w.\-]+", "_", Path((upload.filename or "").replace("\\", "/")).name)[-100:].lstrip(".")
        path = folder / (name or f"fichier-{number}")
        if str(path) in kept:
            path = folder / f"{number}-{name}"
        upload.save(files / path)
        kept.append(str(path))
    return kept
