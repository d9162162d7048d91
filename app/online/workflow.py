"""What `workflows/service.yaml` names: a school opens what it may, and closes what is not mandatory (M060, M061)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func
from sqlalchemy.orm import object_session

from app.online.models import OnlineService
from app.online.rules import rule_clause, rule_of
from app.workflow.labels import Label
from app.workflow.registry import condition

ACADEMY = Label("l'académie", "the academy")
BARRED = Label(
    "Vous ne pouvez prétendre à ce téléservice : - soit vous n'êtes pas utilisateur du module Sconet correspondant, "
    "- soit vous n'êtes pas expérimentateur de ce téléservice.",
    "You cannot claim this service: - either you do not use the matching Sconet module, "
    "- or you do not take part in the trial of this service.",
)
MANDATORY = Label(
    "L'académie a rendu ce téléservice obligatoire : il ne peut pas être fermé.",
    "The academy made this service mandatory: it cannot be closed.",
)


@condition("service_not_barred", unmet=BARRED, lifted_by=ACADEMY)
def service_not_barred(service: OnlineService) -> bool:
    """M060: the academy did not put it out of the school's reach."""
    return _rule(service) != "barred"


@service_not_barred.in_sql
def _(model: type[OnlineService]) -> ColumnElement[bool]:
    return func.coalesce(rule_clause(model), "free") != "barred"


@condition("service_not_mandatory", unmet=MANDATORY, lifted_by=ACADEMY)
def service_not_mandatory(service: OnlineService) -> bool:
    """M061: the rector did not make it mandatory."""
    return _rule(service) != "mandatory"


@service_not_mandatory.in_sql
def _(model: type[OnlineService]) -> ColumnElement[bool]:
    return func.coalesce(rule_clause(model), "free") != "mandatory"


def _rule(service: OnlineService) -> str | None:
    session = object_session(service)
    assert session is not None
    found: str | None = session.scalar(rule_of(service.code, service.school_id))
    return found
