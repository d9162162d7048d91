"""Reading back what happened on the portal: in order, once, the last number read kept in the same transaction.

When both sides moved, the admin wins: a code that was invalidated or refused meanwhile is neither attached nor used.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import case, insert, literal, select, update
from sqlalchemy.orm import Session

from app.access.models import VALID_STATES, ActivationCode, GuardianCode, PortalAccount, PupilCode
from app.booklets.models import BookletEdition, BookletReading
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db, writing
from app.core.scope import system_scope
from app.core.types import UtcDateTime
from app.core.uow import unit_of_work
from app.portal.models import PortalEvent
from app.replication.family_words import forget_words, list_errors, send_messages
from app.replication.marks import touch_school, unmarked
from app.replication.models import ReplicationState
from app.workflow import bulk

BATCH = 1000
Payloads = list[dict[str, Any]]


def read_events() -> int:
    """Take over every event not read yet; how many there were."""
    total = 0
    while count := _read_batch():
        total += count
    with system_scope("how far events were read"):
        last = admin_db.session.scalar(select(ReplicationState.last_event).where(ReplicationState.id == 1)) or 0
        admin_db.session.rollback()
        forget_words(last)
    return total


def _read_batch() -> int:
    with system_scope("the portal's events concern every school"), unmarked(), unit_of_work() as session:
        state = the_state(session)
        found = _after(state.last_event)
        for kind, run in groupby(found, key=lambda event: event.kind):
            if kind in APPLY:
                APPLY[kind](session, [event.payload for event in run])
        if found:
            state.last_event = found[-1].id
        return len(found)


def _after(number: int) -> list[Any]:
    with writing(False):  # the unit of work around is the other database's
        found = portal_db.session.execute(
            select(PortalEvent.id, PortalEvent.kind, PortalEvent.payload)
            .where(PortalEvent.id > number)
            .order_by(PortalEvent.id)
            .limit(BATCH)
        ).all()
        portal_db.session.rollback()
        return list(found)


def the_state(session: Session) -> ReplicationState:
    """The one row, locked: two replicators read events one after the other."""
    state = session.get(ReplicationState, 1, with_for_update=True)
    if state is None:
        state = ReplicationState(id=1, last_event=0)
        session.add(state)
        session.flush()
    return state


def _created(session: Session, payloads: Payloads) -> None:
    ids = [p["account_id"] for p in payloads]
    known = set(session.scalars(select(PortalAccount.id).where(PortalAccount.id.in_(ids))))
    rows = [
        {"id": p["account_id"], "kind": p.get("kind", "guardian"), "identifier": p["identifier"],
         "email": p["email"] or None, "state": "provisional", "created_at": datetime.fromisoformat(p["created_at"])}
        for p in payloads if p["account_id"] not in known
    ]  # fmt: skip
    if rows:
        session.execute(insert(PortalAccount), rows)


def _confirmed(session: Session, payloads: Payloads) -> None:
    for payload in payloads:
        moment = datetime.fromisoformat(payload["at"])
        _move(session, [payload["account_id"]], state="confirmed", confirmed_at=moment)


def _lapsed(session: Session, payloads: Payloads) -> None:
    _end(session, payloads, "lapsed")


def _closed(session: Session, payloads: Payloads) -> None:
    _end(session, payloads, "closed")


def _end(session: Session, payloads: Payloads, state: str) -> None:
    """As on the portal, a code that never served is free again."""
    ids = [p["account_id"] for p in payloads]
    _move(session, ids, state=state)
    held = update(ActivationCode).where(ActivationCode.account_id.in_(ids), ActivationCode.used_at.is_(None))
    session.execute(held.values(account_id=None).execution_options(synchronize_session=False))


def _changed(session: Session, payloads: Payloads) -> None:
    """The holder chose another identifier or address (M120)."""
    for payload in payloads:
        _move(session, [payload["account_id"]], identifier=payload["identifier"], email=payload["email"] or None)


def _detached(session: Session, payloads: Payloads) -> None:
    """A code that its account let go: held by nobody, it can be attached again."""
    for payload in payloads:
        held = update(ActivationCode).where(ActivationCode.id == payload["code_id"],
                                            ActivationCode.account_id == payload["account_id"])  # fmt: skip
        session.execute(held.values(account_id=None).execution_options(synchronize_session=False))
    _show_cards(session, [payload["code_id"] for payload in payloads])


def _move(session: Session, ids: list[int], **values: Any) -> None:
    chosen = update(PortalAccount).where(PortalAccount.id.in_(ids))
    session.execute(chosen.values(**values).execution_options(synchronize_session=False))


def _attached(session: Session, payloads: Payloads) -> None:
    holders = {p["code_id"]: p["account_id"] for p in payloads}
    chosen = update(ActivationCode).where(ActivationCode.id.in_(holders), ActivationCode.state.in_(VALID_STATES))
    values = {"account_id": case(holders, value=ActivationCode.id)}
    session.execute(chosen.values(values).execution_options(synchronize_session=False))


def _used(session: Session, payloads: Payloads) -> None:
    """Created or notified codes become used, through the engine; those that died meanwhile stay dead."""
    moments = {p["code_id"]: literal(datetime.fromisoformat(p["at"]), UtcDateTime) for p in payloads}
    where = ActivationCode.id.in_(moments)
    used_at = case(moments, value=ActivationCode.id)
    for model in (GuardianCode, PupilCode):
        chosen = where & (model.holder == model.__mapper__.polymorphic_identity)
        bulk.apply_many(model, "use", chosen, actor=SYSTEM, session=session, data={"used_at": used_at})
    _show_cards(session, list(moments))


def _show_cards(session: Session, code_ids: list[int]) -> None:
    """The record card of who holds these codes appears, or goes, with the next replication (M141)."""
    schools = select(ActivationCode.school_id).where(ActivationCode.id.in_(code_ids)).distinct()
    for school_id in session.scalars(schools):
        touch_school(session, school_id)


def _read(session: Session, payloads: Payloads) -> None:
    """Who has read which edition, the first time: both must still be known to the school that issued it."""
    moments = {(p["edition_id"], p["code_id"]): datetime.fromisoformat(p["at"]) for p in payloads}
    editions, codes = ({pair[i] for pair in moments} for i in (0, 1))
    known = select(BookletEdition.id, ActivationCode.id.label("code_id"), BookletEdition.school_id).where(
        BookletEdition.id.in_(editions), ActivationCode.id.in_(codes),
        ActivationCode.school_id == BookletEdition.school_id)  # fmt: skip
    already = {(row.edition_id, row.code_id) for row in session.execute(
        select(BookletReading.edition_id, BookletReading.code_id).where(BookletReading.edition_id.in_(editions)))}
    rows = [{"school_id": row.school_id, "edition_id": row.id, "code_id": row.code_id,
             "read_at": moments[row.id, row.code_id]}
            for row in session.execute(known)
            if (row.id, row.code_id) in moments and (row.id, row.code_id) not in already]  # fmt: skip
    if rows:
        session.execute(insert(BookletReading), rows)


APPLY: dict[str, Callable[[Session, Payloads], None]] = {
    "account.created": _created,
    "account.confirmed": _confirmed,
    "account.lapsed": _lapsed,
    "account.closed": _closed,
    "account.changed": _changed,
    "code.attached": _attached,
    "code.detached": _detached,
    "code.used": _used,
    "booklet.read": _read,
    "contact.message": send_messages,
    "card.error": list_errors,
}
