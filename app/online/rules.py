"""What the academy decides about a service of a school (M060, M061): mandatory, barred, or nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, or_, select

from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.uow import unit_of_work
from app.online.models import OnlineService, ServiceRule
from app.schools.models import School
from app.workflow import bulk

KINDS = {"mandatory": "Obligatoire", "barred": "Non ouvert à l'établissement", "free": "Au choix de l'établissement"}


def rule_of(code: Any, school_id: Any) -> Select[Any]:
    """The kind of the rule in force for a service of a school, from values or from columns; none = at its choice."""
    return (
        select(ServiceRule.kind)
        .join(School, School.authority_id == ServiceRule.authority_id)
        .where(School.id == school_id, ServiceRule.code == code)
        .where(or_(ServiceRule.school_id.is_(None), ServiceRule.school_id == School.id))
        .order_by(ServiceRule.school_id.is_(None))  # a school's own rule wins
        .limit(1)
    )


def rule_clause(model: type[OnlineService]) -> Any:
    """The same as an SQL expression on the services themselves."""
    return rule_of(model.code, model.school_id).correlate(model).scalar_subquery()


@unit_of_work()
def close_barred(code: str) -> int:
    """Close the service wherever the academy bars it now; how many schools had it open. Their settings are kept."""
    session = admin_db.session()
    session.flush()
    barred = and_(OnlineService.code == code, OnlineService.state == "open", rule_clause(OnlineService) == "barred")
    return bulk.apply_many(OnlineService, "close", barred, actor=SYSTEM, session=session).moved
