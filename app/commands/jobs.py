"""Long work asked for from the command line: by the worker while one is up, in this process otherwise (DESIGN §8)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.commands.base import ProgressLine, Result, operator
from app.core.mail_transport import transport_for
from app.core.uow import unit_of_work
from app.jobs import queries, services
from app.jobs.mail import deliver_all
from app.jobs.queries import JobView
from app.jobs.registry import load_tasks
from app.jobs.storage import storage
from config import Config

SHOWN_LINES = 40
SEVERITIES = {"info": "info", "alert": "alerte", "blocking": "BLOQUANT"}


def carry_out(kind: str, school_id: int | None, params: Mapping[str, Any], label: str) -> JobView:
    """Submit a job and follow it to its end, with a progress line on a terminal."""
    progress = ProgressLine(label)
    try:
        job = services.submit(kind, school_id, params, operator(), label)
        return services.carry_out(job.id, on_progress=progress)
    finally:
        progress.close()


def send_mails(settings: Config) -> None:
    """Send here what the outbox holds when no worker is there to do it; what cannot leave now waits for one."""
    if services.worker_is_up():
        return
    load_tasks()
    transport = transport_for(settings.mail, settings.mail_sender)
    while any(outcome.sent + outcome.failed for outcome in deliver_all(transport).values()):
        pass


def report_of(job: JobView) -> list[dict[str, Any]]:
    """The job's report lines, as `--json` prints them."""
    with unit_of_work() as session:
        return list(queries.lines_of(session, job.id))


def result_of(job: JobView, data: Mapping[str, Any], said: list[str]) -> Result:
    """A job's outcome as a command says it: its closing sentence, its report, its exit code."""
    lines = report_of(job)
    facts = {"status": job.state, "message": job.message, "job": job.id, **data, "lines": lines}
    if job.state in ("refused", "failed"):
        rest = [line for line in lines if line["message"] not in job.message]
        return Result(facts, [f"Erreur : {job.message}", *in_words(rest)], services.exit_code(job))
    rest = [line for line in lines if line["message"] != job.message]
    return Result(facts, [*([job.message] if job.message else []), *said, *in_words(rest)], services.exit_code(job))


def in_words(lines: list[dict[str, Any]]) -> list[str]:
    """The report for a terminal: what blocks first, what is odd next, and not thousands of them."""
    order = ["blocking", "alert", "info"]
    ranked = sorted(lines, key=lambda line: order.index(line["severity"]))
    shown = [_in_words(line) for line in ranked[:SHOWN_LINES]]
    rest = len(lines) - len(shown)
    return [*shown, *([f"… et {rest} lignes de plus (--json les donne toutes)"] if rest else [])]


def _in_words(line: dict[str, Any]) -> str:
    place = ", ".join([*([line["file"]] if line["file"] else []), *([f"ligne {line['line']}"] if line["line"] else [])])
    return f"  [{SEVERITIES[line['severity']]}] {place + ' : ' if place else ''}{line['message']}"


def save_artifact(job: JobView, out: Path | None) -> str | None:
    """Copy the job's newest file to `out`; returns where it is (in the instance's files without `out`)."""
    with unit_of_work() as session:
        found = queries.artifacts_of(session, job.id)
        stored = storage().open_artifact(found[-1].path) if found else None
    if stored is None or out is None:
        return str(stored) if stored else None
    shutil.copyfile(stored, out)
    return str(out)
