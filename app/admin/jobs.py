"""Jobs of the current school: list, progress, report with filter and export, files, stop and take up again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, jsonify, redirect, request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import format_datetime, format_decimal
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

from app.admin.drawing import page_of
from app.admin.handmade import HandmadePage, actor, asked_page
from app.admin.life import life_of
from app.admin.page import check_drawn_for
from app.core.clock import PARIS
from app.core.db import admin_db
from app.core.errors import NotFound
from app.exchange.spreadsheets import SheetColumn
from app.jobs import services
from app.jobs.models import Artifact, Job, JobLine
from app.jobs.queries import JobView, artifacts_of, own_job, own_jobs, report, view, worker_is_up
from app.jobs.storage import safe_name, storage
from app.workflow import engine
from app.workflow.catalogue import definition

PAGE, LINES_PAGE = 50, 100
TONES = {"grey": "plain", "blue": "info", "green": "ok", "orange": "warn", "red": "bad"}
# Severities, the gravest first, with the tone of their badge.
SEVERITIES: dict[str, tuple[Any, str]] = {
    "blocking": (_l("Blocking"), "bad"), "alert": (_l("Alert"), "warn"), "info": (_l("Information"), "info"),
}


class JobsPage(HandmadePage):
    """What long work is under way, what became of it, and what it left."""

    route_base = "/jobs"
    default_view = "index"
    class_permission_name = "job"
    title = _l("Jobs and reports")
    category = "exchange"
    shows = Job

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The school's jobs, newest first."""
        count = admin_db.session.scalar(select(func.count()).select_from(own_jobs().order_by(None).subquery())) or 0
        pages = asked_page(PAGE, count)
        rows = admin_db.session.scalars(own_jobs().limit(PAGE).offset(pages.page * PAGE)).all()
        return self.draw("jobs/index.html", rows=rows, pages=pages, badge_of=badge_of, moment=moment)

    @expose("/<int:pk>")
    @has_access
    @permission_name("show")
    def show(self, pk: int) -> str:
        """Progress, or what it ended as; files; report."""
        job = own_job(admin_db.session(), pk)
        severity = request.args.get("severity") if request.args.get("severity") in SEVERITIES else None
        words = request.args.get("q", "").strip()[:100]
        lines = report(pk, severity, words)
        found = admin_db.session.scalar(select(func.count()).select_from(lines.order_by(None).subquery())) or 0
        pages = asked_page(LINES_PAGE, found)
        return self.draw(
            "jobs/show.html", title=job.label, crumbs=((job.label, None),), job=view(admin_db.session(), pk),
            badge_of=badge_of, moment=moment, size=size, life=life_of(job, page_of),
            choices=[choice.transition.name for choice in engine.available(job, actor())],
            artifacts=artifacts_of(admin_db.session(), pk), severities=SEVERITIES, severity=severity, words=words,
            lines=admin_db.session.scalars(lines.limit(LINES_PAGE).offset(pages.page * LINES_PAGE)).all(),
            pages=pages, waits=job.state == "queued" and not worker_is_up())

    @expose("/<int:pk>/status")
    @has_access
    @permission_name("show")
    def status(self, pk: int) -> Any:
        """What the page's script asks for every second."""
        own_job(admin_db.session(), pk)
        return jsonify(_status(view(admin_db.session(), pk)))

    @expose("/<int:pk>/report.xlsx")
    @has_access
    @permission_name("export")
    def export(self, pk: int) -> Any:
        """The report, narrowed as on the page, as a spreadsheet."""
        job = own_job(admin_db.session(), pk)
        severity = request.args.get("severity") if request.args.get("severity") in SEVERITIES else None
        lines = report(pk, severity, request.args.get("q", "")).execution_options(yield_per=1000)
        cells = (_cells(line) for line in admin_db.session.scalars(lines))
        return self.sheet(f"{safe_name(job.label)}-{job.id}", _("Report"), _columns(), cells)

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export_list(self) -> Any:
        """The list of jobs as a spreadsheet (C04)."""
        columns = [SheetColumn(_("Job"), width=50), SheetColumn(_("State")), SheetColumn(_("Outcome"), width=60),
                   SheetColumn(_("Asked for by")), SheetColumn(_("Asked for on"), "moment")]
        rows = ((job.label, badge_of(job.state)[0], job.message, job.created_by_name, job.created_at)
                for job in admin_db.session.scalars(own_jobs().execution_options(yield_per=1000)))
        return self.sheet(str(_("Jobs")), _("Jobs"), columns, rows)

    @expose("/file/<int:pk>")
    @has_access
    @permission_name("export")
    def file(self, pk: int) -> Any:
        """A file of one of the school's jobs, by its id: no name from the address reaches the disk."""
        item = admin_db.session.scalar(select(Artifact).where(Artifact.id == pk))
        if item is None:
            raise NotFound("Ce fichier n'existe pas.")
        own_job(admin_db.session(), item.job_id)
        path = storage().open_artifact(item.path)
        return send_file(path, mimetype=item.mime, as_attachment=True, download_name=item.name)

    @expose("/<int:pk>/cancel", methods=["POST"])
    @has_access
    @permission_name("cancel")
    def cancel(self, pk: int) -> Any:
        """Stop, once confirmed."""
        check_drawn_for()
        job = own_job(admin_db.session(), pk)
        if not request.form.get("confirmed"):
            crumbs = ((job.label, url_for("JobsPage.show", pk=pk)), (_("Stop"), None))
            return self.draw("jobs/cancel.html", title=_("Stop this job?"), crumbs=crumbs, job=job)
        stopped = services.request_cancel(pk, actor=actor())
        said = _("The job is cancelled.") if stopped.ended else _("The job will stop after its present step.")
        flash(said, "info")
        return redirect(url_for("JobsPage.show", pk=pk))

    @expose("/<int:pk>/send-now", methods=["POST"])
    @has_access
    @permission_name("resume")
    def send_now(self, pk: int) -> Any:
        """Do not wait for the hour of a job that is held."""
        check_drawn_for()
        services.send_now(pk, actor=actor())
        flash(_("It leaves now."), "success")
        return redirect(url_for("JobsPage.show", pk=pk))

    @expose("/<int:pk>/resume", methods=["POST"])
    @has_access
    @permission_name("resume")
    def resume(self, pk: int) -> Any:
        """Take a failed or cancelled job up again where it stopped."""
        check_drawn_for()
        services.take_up_again(pk, actor=actor())
        flash(_("The job is queued again: what was done stays done."), "success")
        return redirect(url_for("JobsPage.show", pk=pk))


def badge_of(state: str) -> tuple[str, str]:
    """Label and tone of a state, from the workflow's file."""
    found = definition(Job.__workflow__).states[state]
    return str(found.label), TONES[found.colour]


def moment(value: datetime) -> str:
    """Day and time in Paris, as people write them."""
    return str(format_datetime(value.astimezone(PARIS), "short", rebase=False))


def size(count: int) -> str:
    """The size of a file, as people say it."""
    if count < 1000:
        return _("%(n)s bytes", n=count)
    if count < 1_000_000:
        return _("%(n)s kB", n=format_decimal(round(count / 1000)))
    return _("%(n)s MB", n=format_decimal(round(count / 1_000_000, 1)))


def _status(job: JobView) -> dict[str, Any]:
    return {"state": job.state, "label": badge_of(job.state)[0], "percent": job.percent, "message": job.message,
            "step": job.steps_done, "steps": job.steps_total, "ended": job.ended, "lines": job.lines}


def _columns() -> list[SheetColumn]:
    return [SheetColumn(_("Severity")), SheetColumn(_("Message"), width=80), SheetColumn(_("Concerns"), width=40),
            SheetColumn(_("File"), width=40), SheetColumn(_("Line"), "number")]


def _cells(line: JobLine) -> tuple[Any, ...]:
    return str(SEVERITIES[line.severity][0]), line.message, line.subject, line.file, line.line
