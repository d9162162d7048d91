"""What `workflows/guardian_code.yaml` names. A code's readable form is destroyed when nobody needs it (DESIGN §7)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, case, exists, null, select
from sqlalchemy.orm import object_session

from app.access.models import ActivationCode
from app.core.clock import PARIS
from app.online.models import OnlineService
from app.workflow.labels import Label
from app.workflow.registry import Act, column_effect, condition

HEAD = Label("le chef d'établissement", "the head of school")


@condition(
    "school_has_open_service",
    unmet=Label(
        "Aucun téléservice n'est ouvert dans l'établissement.",
        "No online service is open in the school.",
    ),
    lifted_by=HEAD,
)
def school_has_open_service(code: ActivationCode) -> bool:
    """M082: access is carried over provided that services are open in the new school."""
    session = object_session(code)
    assert session is not None
    question = select(OnlineService.id).where(_open_in(code.school_id)).limit(1)
    return session.scalar(question) is not None


@school_has_open_service.in_sql
def _(model: type[ActivationCode]) -> ColumnElement[bool]:
    return exists(select(OnlineService.id).where(_open_in(model.school_id)))


def _open_in(school_id: Any) -> ColumnElement[bool]:
    return (OnlineService.school_id == school_id) & (OnlineService.state == "open")


@condition("has_served", unmet=Label("Ce code n'a pas servi.", "This code was never used."))
def has_served(code: ActivationCode) -> bool:
    """An account signed in with it."""
    return code.used_at is not None


@has_served.in_sql
def _(model: type[ActivationCode]) -> ColumnElement[bool]:
    return model.used_at.is_not(None)


@column_effect("destroy_seal")
def destroy_seal(_model: type[ActivationCode], _act: Act) -> dict[str, Any]:
    """Used, invalidated or refused: only the first block stays, as a hint."""
    return {"sealed": None}


@column_effect("destroy_seal_if_used")
def destroy_seal_if_used(model: type[ActivationCode], _act: Act) -> dict[str, Any]:
    """The letter of a code carried over has gone: its readable form goes too. An unused one can be printed again."""
    return {"sealed": case((model.state == "used", null()), else_=model.sealed)}


@column_effect("keep_seal_for_letter")
def keep_seal_for_letter(model: type[ActivationCode], _act: Act) -> dict[str, Any]:
    """A code carried over to an existing account keeps its readable form until its letter has gone (DESIGN §7)."""
    return {"sealed": case((model.state == "created", model.sealed), else_=null())}


@column_effect("stamp_used")
def stamp_used(_model: type[ActivationCode], act: Act) -> dict[str, Any]:
    """When it was used, unless the caller (the replicator) knows the moment better."""
    return {} if "used_at" in act.values else {"used_at": act.at}


@column_effect("stamp_carried_over")
def stamp_carried_over(_model: type[ActivationCode], act: Act) -> dict[str, Any]:
    """M082: the day of the access continuity."""
    return {"carried_over_on": act.at.astimezone(PARIS).date()}


@column_effect("stamp_code_change")
def stamp_code_change(_model: type[ActivationCode], act: Act) -> dict[str, Any]:
    """M094: the history shows the date of the last change."""
    return {"changed_at": act.at}


@column_effect("forget_notification")
def forget_notification(_model: type[ActivationCode], _act: Act) -> dict[str, Any]:
    """What did not reach its guardian counts as never sent."""
    return {"notified_on": None, "notified_mode": None}
