"""Writing a school's publication into the portal database: the differences, in one transaction, repeatable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import portal_db, writing
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.models import (
    Account,
    PublishedBooklet,
    PublishedCode,
    PublishedEdition,
    PublishedPupil,
    PublishedSchool,
)
from app.portal.records import PublishedAbsence, PublishedDivision, PublishedMark, PublishedTest
from app.replication.publication import Held, Publication, Row

CHUNK = 500
USE = ("account_id", "attached_at", "used_at")  # the portal's own columns: written with a new row, never after
SCHOOL_LOCK = 7_305_413  # with the school's id, PostgreSQL's advisory lock: two replicators do not mix


def unknown_editions(school_id: int, wanted: Publication) -> set[int]:
    """The editions whose words the portal does not have yet: only those are read and sent."""
    with system_scope("the replicator reads what it published"), writing(False):
        shown = select(PublishedBooklet.id, PublishedBooklet.digest).where(PublishedBooklet.school_id == school_id)
        known = {row.id: row.digest for row in portal_db.session.execute(shown)}
        portal_db.session.rollback()
    return {row["edition_id"] for id, row in wanted.booklets.items() if known.get(id) != row["digest"]}


def write_publication(school_id: int, wanted: Publication) -> int:
    """Make the portal show exactly `wanted` of a school; how many rows were written. Doing it twice writes nothing."""
    with system_scope("the replicator writes what it publishes"), unit_of_work(portal_db) as session:
        _alone(session, school_id)
        schools = {school_id: wanted.school} if wanted.school else {}
        written = _upsert(session, PublishedSchool, PublishedSchool.id == school_id, schools)
        written += _upsert(session, PublishedPupil, PublishedPupil.school_id == school_id, wanted.pupils)
        written += _upsert_codes(session, school_id, wanted)
        written += _upsert_booklets(session, school_id, wanted)
        written += _upsert(session, PublishedEdition, PublishedEdition.school_id == school_id, wanted.editions)
        written += _write_records(session, school_id, wanted)
        written += _drop(session, PublishedBooklet, PublishedBooklet.school_id == school_id, wanted.booklets)
        written += _drop(session, PublishedEdition, PublishedEdition.school_id == school_id, wanted.editions)
        written += _drop(session, PublishedCode, PublishedCode.school_id == school_id, wanted.codes)
        written += _drop(session, PublishedPupil, PublishedPupil.school_id == school_id, wanted.pupils)
        written += _drop(session, PublishedSchool, PublishedSchool.id == school_id, schools)
        return written


def _write_records(session: Session, school_id: int, wanted: Publication) -> int:
    """Classes, tests, marks and absences; marks go before the tests they name."""
    rows = ((PublishedDivision, wanted.divisions), (PublishedTest, wanted.tests), (PublishedMark, wanted.marks),
            (PublishedAbsence, wanted.absences))  # fmt: skip
    written = sum(_upsert(session, model, model.school_id == school_id, some) for model, some in rows)
    return written + sum(_drop(session, model, model.school_id == school_id, some) for model, some in reversed(rows))


def published_schools() -> set[int]:
    """The schools the portal knows, be it only by documents that can be checked."""
    found = set(portal_db.session.scalars(select(PublishedSchool.id)))
    return found | set(portal_db.session.scalars(select(PublishedEdition.school_id).distinct()))


def _alone(session: Session, school_id: int) -> None:
    if not portal_db.is_sqlite:
        keys = {"lock": SCHOOL_LOCK, "school": school_id}
        session.execute(text("SELECT pg_advisory_xact_lock(:lock, :school)"), keys)


def _upsert_codes(session: Session, school_id: int, wanted: Publication) -> int:
    """New codes come with the account that holds them, if the portal still has it: it may have been away."""
    accounts = _living({held.account_id for held in wanted.held.values()}, session)
    rows = {code_id: row | _use(wanted.held.get(code_id), accounts) for code_id, row in wanted.codes.items()}
    return _upsert(session, PublishedCode, PublishedCode.school_id == school_id, rows, only_new=USE)


def _upsert_booklets(session: Session, school_id: int, wanted: Publication) -> int:
    """What an edition says never changes: only those that were read, new here, are written."""
    rows = {id: row | {"facts": wanted.facts[row["edition_id"]]} for id, row in wanted.booklets.items()
            if row["edition_id"] in wanted.facts}  # fmt: skip
    return _upsert(session, PublishedBooklet, PublishedBooklet.school_id == school_id, rows)


def _use(held: Held | None, accounts: set[int]) -> Row:
    if held is None or held.account_id not in accounts:
        return dict.fromkeys(USE)
    return {"account_id": held.account_id, "attached_at": clock.now(), "used_at": held.used_at}


def _living(account_ids: set[int], session: Session) -> set[int]:
    found: set[int] = set()
    for part in _chunks(sorted(account_ids)):
        living = select(Account.id).where(Account.id.in_(part), Account.state.in_(("provisional", "confirmed")))
        found |= set(session.scalars(living))
    return found


def _upsert(
    session: Session, model: Any, where: Any, wanted: Mapping[int, Row], *, only_new: tuple[str, ...] = ()
) -> int:
    known = {row.id: row.digest for row in session.execute(select(model.id, model.digest).where(where))}
    new = [row for id, row in wanted.items() if id not in known]
    changed = [
        {name: value for name, value in row.items() if name not in only_new}
        for id, row in wanted.items()
        if id in known and known[id] != row["digest"]
    ]
    if new:
        session.execute(insert(model.__table__), new)  # Core: a first publication is thousands of rows
    if changed:
        session.execute(update(model), changed)
    return len(new) + len(changed)


def _drop(session: Session, model: Any, where: Any, wanted: Mapping[int, Row]) -> int:
    gone = [id for id in session.scalars(select(model.id).where(where)) if id not in wanted]
    for part in _chunks(gone):
        session.execute(delete(model).where(model.id.in_(part)).execution_options(synchronize_session=False))
    return len(gone)


def _chunks(ids: list[int]) -> Iterable[list[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
