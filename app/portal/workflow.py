"""What `workflows/account.yaml` names. An account that nobody confirmed leaves nothing behind (M118)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, cast, literal, select, update

from app.core import clock
from app.core.types import UtcDateTime
from app.portal.events import tell_school
from app.portal.models import Account, PublishedCode
from app.workflow.labels import Label
from app.workflow.registry import Act, column_effect, condition, effect

FREED = "#"  # begins no identifier that a person may choose


@condition(
    "confirmation_link_alive",
    unmet=Label(
        "Le lien de confirmation a plus d'une semaine. Demandez-en un nouveau.",
        "The confirmation link is more than a week old. Ask for a new one.",
    ),
    lifted_by=Label("le titulaire du compte", "the account's holder"),
)
def confirmation_link_alive(account: Account) -> bool:
    """M118: the link is valid one week."""
    return account.confirm_until is not None and account.confirm_until > clock.now()


@confirmation_link_alive.in_sql
def _(model: type[Account]) -> ColumnElement[bool]:
    return model.confirm_until > literal(clock.now(), UtcDateTime)


@condition(
    "confirmation_link_dead",
    unmet=Label("Le lien de confirmation est encore valable.", "The confirmation link is still valid."),
)
def confirmation_link_dead(account: Account) -> bool:
    """An account lapses when its link has ended, and not before."""
    return account.confirm_until is None or account.confirm_until <= clock.now()


@confirmation_link_dead.in_sql
def _(model: type[Account]) -> ColumnElement[bool]:
    return model.confirm_until.is_(None) | (model.confirm_until <= literal(clock.now(), UtcDateTime))


@column_effect("stamp_confirmed")
def stamp_confirmed(_model: type[Account], act: Act) -> dict[str, Any]:
    """The link has served and the state keeps it from serving twice; its hash stays to say so to who follows it."""
    return {"confirmed_at": act.at, "confirm_until": None}


@column_effect("free_identifier")
def free_identifier(model: type[Account], _act: Act) -> dict[str, Any]:
    """Somebody else, or the same person, may choose it again."""
    return {"identifier_key": literal(FREED) + cast(model.id, String)}


@column_effect("end_sessions")
def end_sessions(model: type[Account], _act: Act) -> dict[str, Any]:
    """Open sessions carry the epoch of their sign-in, so none goes on."""
    return {"epoch": model.epoch + 1}


@effect("free_codes")
def free_codes(account: Account, act: Act) -> None:
    """The codes of an account that lapsed or was closed can be used for another one, if they never served."""
    free_codes_of(select(literal(account.id)), act)


@free_codes.on_many
def _(model: type[Account], rows: ColumnElement[bool], act: Act) -> None:
    free_codes_of(select(model.id).where(rows), act)


def free_codes_of(accounts: Any, act: Act) -> None:
    """One statement for one account or for many; a code that served to sign in stays with its account."""
    held = update(PublishedCode).where(PublishedCode.account_id.in_(accounts), PublishedCode.used_at.is_(None))
    freed = {"account_id": None, "attached_at": None}
    act.session.execute(held.values(freed), execution_options={"synchronize_session": False})
    act.session.expire_all()


@effect("report_to_school")
def report_to_school(account: Account, act: Act) -> None:
    """The school's mirror of the account follows (M099)."""
    _report([account.id], act)


@report_to_school.on_many
def _(model: type[Account], rows: ColumnElement[bool], act: Act) -> None:
    _report(list(act.session.scalars(select(model.id).where(rows).order_by(model.id))), act)


def _report(account_ids: list[int], act: Act) -> None:
    (state,) = act.transition.targets
    told = [{"account_id": account_id, "at": act.at.isoformat()} for account_id in account_ids]
    tell_school(act.session, f"account.{state}", told)
