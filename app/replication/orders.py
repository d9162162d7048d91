"""Orders to the portal that do not wait for the nightly copy: numbered, applied once, within 60 s (DESIGN §7).

Nobody has to remember to send one: every few seconds the schools that changed are looked through for codes that open
nothing any more, whatever the reason (invalidated, refused, service closed, link or enrolment ended, by hand or by
its date).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db, writing
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.portal.confirmation import send_link_for_school
from app.portal.keys import give_link, may_have_slip, take_slip
from app.portal.models import Account, AppliedCommand, PublishedBooklet, PublishedCode, PublishedSchool
from app.portal.records import PublishedAbsence, PublishedMark, PublishedTest
from app.replication.booklets import readable_editions
from app.replication.days import notice_the_day
from app.replication.faults import Faults
from app.replication.half_days import countable
from app.replication.models import ReplicationCommand, ReplicationMark
from app.replication.papers import showable_tests
from app.replication.publication import open_services, visible_ids
from app.workflow import engine
from config import load

REWRITE = ""  # a digest that nothing has: the next replication compares the row's content again


def order(session: Session, kind: str, **payload: Any) -> None:
    """Queue an order, in the transaction that decided it. `kind`: revoke (code_ids), withdraw (school_id, services),
    attach (code_id, account_id), detach (code_id), close (account_id), unpublish (booklet_ids, test_ids,
    absence_ids), reset (account_id), slip (account_id, digest, until)."""
    session.add(ReplicationCommand(kind=kind, payload=payload, created_at=clock.now()))


def send_orders() -> int:
    """Look for revocations in the schools that changed, then apply every order that waits; how many were applied."""
    faults = Faults()
    with faults.aside("looking for revocations"):
        notice_the_day()
        order_revocations()
    applied = 0
    with faults.aside("orders to the portal"):
        applied = apply_commands()
    faults.raise_all()
    return applied


def order_revocations() -> int:
    """Order the end of what the portal still shows and should not; how many schools were looked through."""
    waiting = select(ReplicationMark.school_id, ReplicationMark.changed).where(
        ReplicationMark.changed != ReplicationMark.checked
    )
    with system_scope("schools that changed since they were last looked through"):
        schools = admin_db.session.execute(waiting).all()
    faults = Faults()
    for school_id, changed in schools:
        with faults.aside(f"revocations of school {school_id}"), school_scope(school_id), unit_of_work() as session:
            _order_for(session, school_id)
            session.execute(
                update(ReplicationMark).where(ReplicationMark.school_id == school_id).values(checked=changed)
            )
    faults.raise_all()
    return len(schools)


def _order_for(session: Session, school_id: int) -> None:
    shown = _shown(school_id)
    if not any(shown):
        return
    today, still = clock.today(), open_services(session)
    if gone := sorted(shown.codes - visible_ids(session, today)):
        order(session, "revoke", code_ids=gone)
    if closed := sorted(shown.services - set(still)):
        order(session, "withdraw", school_id=school_id, services=closed)
    if shown.booklets:
        readable = readable_editions(session, today, still)
        if ended := sorted(id for id, edition in shown.booklets.items() if readable.get(id) != edition):
            order(session, "unpublish", booklet_ids=ended)
    if shown.tests and (ended := sorted(shown.tests - showable_tests(session, today, still))):
        order(session, "unpublish", test_ids=ended)
    if shown.absences and (ended := sorted(shown.absences - countable(session, still))):
        order(session, "unpublish", absence_ids=ended)


class _Shown(NamedTuple):
    """What the portal shows of a school: valid codes, services, booklets with their edition, tests, absences."""

    codes: set[int]
    services: set[str]
    booklets: dict[int, int]
    tests: set[int]
    absences: set[int]


def _shown(school_id: int) -> _Shown:
    with system_scope("the replicator reads what it published"), writing(False):
        session = portal_db.session
        valid = select(PublishedCode.id).where(PublishedCode.school_id == school_id, PublishedCode.valid)
        named = select(PublishedSchool.services, PublishedSchool.other_services).where(PublishedSchool.id == school_id)
        read = select(PublishedBooklet.id, PublishedBooklet.edition_id).where(PublishedBooklet.school_id == school_id)
        booklets = {row.id: row.edition_id for row in session.execute(read)}
        services = {code for row in session.execute(named) for code in (*row[0], *(one["code"] for one in row[1]))}
        tests = set(session.scalars(select(PublishedTest.id).where(PublishedTest.school_id == school_id)))
        absences = set(session.scalars(select(PublishedAbsence.id).where(PublishedAbsence.school_id == school_id)))
        found = _Shown(set(session.scalars(valid)), services, booklets, tests, absences)
        session.rollback()
    return found


def apply_commands() -> int:
    """Apply the orders that wait, in their order, each in a transaction of its own on the portal; how many.

    One that fails waits for the next run, with those after it about the same code, and is raised at the end.
    """
    waiting = select(ReplicationCommand.number, ReplicationCommand.kind, ReplicationCommand.payload)
    orders = admin_db.session.execute(
        waiting.where(ReplicationCommand.applied_at.is_(None)).order_by(ReplicationCommand.number)
    ).all()
    admin_db.session.rollback()
    faults, applied = Faults(), 0
    held_up: set[int] = set()
    for number, kind, payload in orders:
        code_id = payload.get("code_id")
        if code_id in held_up:
            continue
        with faults.aside(f"order {number} ({kind})"):
            _apply_once(number, kind, payload)
            _is_done(number)
            applied += 1
            continue
        if code_id is not None:
            held_up.add(code_id)
    faults.raise_all()
    return applied


def _is_done(number: int) -> None:
    with unit_of_work() as session:
        done = update(ReplicationCommand).where(ReplicationCommand.number == number)
        session.execute(done.values(applied_at=clock.now()))


def _apply_once(number: int, kind: str, payload: dict[str, Any]) -> None:
    """The number is written in the transaction that obeys: after a crash in between, it is not obeyed twice."""
    try:
        with system_scope("an order of the school"), unit_of_work(portal_db) as session:
            if session.get(AppliedCommand, number) is None:
                session.add(AppliedCommand(number=number, at=clock.now()))
                session.flush()
                OBEY[kind](session, payload)
    except IntegrityError:  # another worker has just applied it
        if portal_db.session.get(AppliedCommand, number) is None:
            raise


def _revoke(session: Session, payload: dict[str, Any]) -> None:
    ids = payload["code_ids"]
    for start in range(0, len(ids), 500):
        _codes(session, ids[start : start + 500], valid=False, card=None, digest=REWRITE)


def _withdraw(session: Session, payload: dict[str, Any]) -> None:
    school = session.get(PublishedSchool, payload["school_id"])
    if school is not None:
        gone = payload["services"]
        school.services = [code for code in school.services if code not in gone]
        school.other_services = [one for one in school.other_services if one["code"] not in gone]
        school.digest = REWRITE


def _unpublish(session: Session, payload: dict[str, Any]) -> None:
    """A booklet was unlocked, replaced or put off, a test or an absence taken back: the next replication brings back
    what may be read again."""
    tests = payload.get("test_ids", [])
    gone = ((PublishedBooklet.id, payload.get("booklet_ids", [])), (PublishedMark.test_id, tests),
            (PublishedTest.id, tests), (PublishedAbsence.id, payload.get("absence_ids", [])))  # fmt: skip
    for column, ids in gone:
        for start in range(0, len(ids), 500):
            statement = delete(column.class_).where(column.in_(ids[start : start + 500]))
            session.execute(statement.execution_options(synchronize_session=False))


def _attach(session: Session, payload: dict[str, Any]) -> None:
    """Access continuity: the code joins an account that exists (M082), unless a family was quicker and has typed it.
    One that is not published yet comes with its account."""
    account = session.get(Account, payload["account_id"])
    if account is not None and account.state == "confirmed":
        free = update(PublishedCode).where(PublishedCode.id == payload["code_id"], PublishedCode.account_id.is_(None))
        held = free.values(account_id=account.id, attached_at=clock.now(), used_at=clock.now())
        session.execute(held.execution_options(synchronize_session=False))


def _detach(session: Session, payload: dict[str, Any]) -> None:
    _codes(session, [payload["code_id"]], account_id=None, attached_at=None, used_at=None, card=None,
           digest=REWRITE)  # fmt: skip


def _reset(session: Session, payload: dict[str, Any]) -> None:
    """The portal writes and sends the link itself: the school never sees it (M100). A provisional account gets its
    confirmation link again (M118)."""
    account = session.get(Account, payload["account_id"])
    if account is not None and account.state == "confirmed":
        give_link(session, account, load().portal_url, by_school=True)
    elif account is not None and account.state == "provisional" and account.email:
        send_link_for_school(session, account, load().portal_url)


def _slip(session: Session, payload: dict[str, Any]) -> None:
    """The keyed hash of a slip that the school printed (M106)."""
    account = session.get(Account, payload["account_id"])
    if account is not None and may_have_slip(account):
        take_slip(session, account, payload["digest"], datetime.fromisoformat(payload["until"]))


def _close(session: Session, payload: dict[str, Any]) -> None:
    account = session.get(Account, payload["account_id"])
    if account is not None and account.state in ("provisional", "confirmed"):
        engine.apply(account, "close", actor=SYSTEM, session=session)


def _codes(session: Session, ids: list[int], **values: Any) -> None:
    chosen = update(PublishedCode).where(PublishedCode.id.in_(ids))
    session.execute(chosen.values(**values).execution_options(synchronize_session=False))


OBEY: dict[str, Callable[[Session, dict[str, Any]], None]] = {
    "revoke": _revoke,
    "withdraw": _withdraw,
    "attach": _attach,
    "detach": _detach,
    "close": _close,
    "unpublish": _unpublish,
    "reset": _reset,
    "slip": _slip,
}
