"""What `workflows/job.yaml` names."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func

from app.jobs.models import Job
from app.workflow.labels import Label
from app.workflow.registry import Act, column_effect, condition


@condition(
    "cancel_was_requested",
    unmet=Label("Personne n'a demandé l'arrêt de ce traitement.", "Nobody asked to stop this job."),
)
def cancel_was_requested(job: Job) -> bool:
    """A running job ends as cancelled only when somebody asked for it."""
    return job.cancel_requested


@cancel_was_requested.in_sql
def _(model: type[Job]) -> ColumnElement[bool]:
    return model.cancel_requested.is_(True)


@column_effect("stamp_started")
def stamp_started(model: type[Job], act: Act) -> dict[str, Any]:
    """The first start counts, not a takeover."""
    return {"started_at": func.coalesce(model.started_at, act.at)}


@column_effect("stamp_ended")
def stamp_ended(_model: type[Job], act: Act) -> dict[str, Any]:
    """Nobody works on it any more."""
    return {"ended_at": act.at, "lease_owner": None, "lease_until": None}


@column_effect("release_lease")
def release_lease(_model: type[Job], _act: Act) -> dict[str, Any]:
    """Whoever comes next may take it."""
    return {"lease_owner": None, "lease_until": None}


@column_effect("clear_ending")
def clear_ending(_model: type[Job], _act: Act) -> dict[str, Any]:
    """It starts again where it stopped: what is done stays done."""
    return {"ended_at": None, "cancel_requested": False, "attempts": 0}
