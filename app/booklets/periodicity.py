"""Which class follows which periodicity (M009), and what becomes of the booklets of a class that moves.

Booklets are named by their period's number and count. A class may move to another count as long as the booklets of
the old one are empty drafts, which go; whatever was written, locked or issued holds the class where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from app.audit.services import record, record_many
from app.booklets.emptiness import is_written
from app.booklets.models import OPEN_STATES, Booklet
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, NotFound
from app.core.uow import unit_of_work
from app.schools.models import Division
from app.schools.period_queries import ClassRow, classes, current_year
from app.schools.period_services import check_may, ensure_preset, save_scheme, scheme_of_year
from app.schools.periods import DivisionScheme, Period, PeriodScheme

QUIET = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Move:
    """What associating one class would do: `drafts` empty booklets of the `left` period counts go, `written` ones stand
    against it, `redated` open ones get the new dates."""

    row: ClassRow
    drafts: int = 0
    written: int = 0
    redated: int = 0
    left: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Association:
    """What was done: the classes that moved, and how many empty drafts went."""

    ids: tuple[int, ...]
    labels: tuple[str, ...]
    dropped: int


def plan(count: int, scheme_id: int | None, division_ids: Iterable[int]) -> list[Move]:
    """What associating these classes with a periodicity of `count` periods would do; those that follow it already are
    left out. Raises `NotFound` for a class that is not one of this year's, `BadInput` for none."""
    wanted = set(division_ids)
    rows = [row for row in classes() if row.id in wanted]
    if len(rows) != len(wanted):
        raise NotFound("Une de ces classes n'existe pas cette année.")
    if not rows:
        raise BadInput("Cochez au moins une classe.")
    session = admin_db.session()
    counts = dict(session.execute(select(Period.scheme_id, func.count(Period.id)).group_by(Period.scheme_id)).all())
    found = _booklets(session, wanted)
    return [_move(row, counts.get(row.scheme_id or 0), count, found) for row in rows
            if scheme_id is None or row.scheme_id != scheme_id]  # fmt: skip


def _booklets(session: Session, division_ids: set[int]) -> Sequence[Any]:
    """The periodic booklets of these classes this year, counted by class, period count and what they hold."""
    written = is_written().label("written")
    is_open = Booklet.state.in_(OPEN_STATES).label("is_open")
    statement = (
        select(Booklet.division_id, Booklet.period_count, written, is_open, func.count(Booklet.id).label("number"))
        .where(_periodic(session, division_ids))
        .group_by(Booklet.division_id, Booklet.period_count, written, is_open)
    )
    return session.execute(statement).all()


def _periodic(session: Session, division_ids: Iterable[int]) -> Any:
    year = current_year(session).id
    return Booklet.division_id.in_(list(division_ids)) & (Booklet.school_year_id == year) & (Booklet.position > 0)


def _move(row: ClassRow, before: int | None, count: int, found: Sequence[Any]) -> Move:
    """Of a pupil who came from elsewhere with another count, the booklets are that class's business: only those of
    the class's present count are, or all of them while it has none."""
    other = [b for b in found if b.division_id == row.id and b.period_count != count
             and before in (None, b.period_count)]  # fmt: skip
    same = [b for b in found if b.division_id == row.id and b.period_count == count and b.is_open]
    return Move(row, sum(b.number for b in other if not b.written), sum(b.number for b in other if b.written),
                sum(b.number for b in same), tuple({b.period_count for b in other}))  # fmt: skip


def target(preset: str, *, actor: Actor) -> PeriodScheme:
    """A shipped periodicity as a row to associate with."""
    check_may(actor, "edit")
    return ensure_preset(preset, actor=actor)


@unit_of_work()
def associate(scheme_id: int, division_ids: Iterable[int], *, actor: Actor) -> Association:
    """Make classes follow a periodicity; one that followed another moves (M009). Their booklets are then made by the
    job `booklets.make`.

    Raises `Conflict` naming the classes whose booklets of another count are written or locked: nothing is done then.
    """
    check_may(actor, "edit")
    session = admin_db.session()
    scheme = scheme_of_year(session, scheme_id)
    wanted = sorted(set(division_ids))
    session.execute(select(Division.id).where(Division.id.in_(wanted)).order_by(Division.id).with_for_update())
    session.execute(select(Booklet.id).where(_periodic(session, wanted)).order_by(Booklet.id).with_for_update())
    count = session.scalar(select(func.count(Period.id)).where(Period.scheme_id == scheme.id)) or 0
    moves = plan(count, scheme.id, wanted)
    _check(moves, scheme)
    ids = [move.row.id for move in moves]
    dropped = _drop(session, moves, actor)
    _link(session, scheme, moves)
    date_booklets(session, scheme, ids)
    labels = tuple(move.row.label for move in moves)
    if moves:
        record(session, "period_scheme.associate", scheme, actor=actor, data={"classes": list(labels)})
    return Association(tuple(ids), labels, dropped)


def _check(moves: Sequence[Move], scheme: PeriodScheme) -> None:
    held = [move for move in moves if move.written]
    if held:
        said = " ; ".join(f"{move.row.label} ({move.written})" for move in held)
        raise Conflict(
            f"Des bilans déjà saisis ou verrouillés suivent un autre nombre de périodes : {said}.",
            hint=f"Ces classes ne peuvent plus passer à « {scheme.label} » cette année. Rien n'a été modifié.",
        )


def _drop(session: Session, moves: Sequence[Move], actor: Actor) -> int:
    ids = [move.row.id for move in moves if move.drafts]
    if not ids:
        return 0
    theirs = or_(*(and_(Booklet.division_id == move.row.id, Booklet.period_count.in_(move.left)) for move in moves))
    gone = and_(_periodic(session, ids), theirs, ~is_written())
    state: Any = Booklet.state
    _, number = record_many(session, "booklet.drop", Booklet, gone, actor=actor, old_state=state)
    session.execute(delete(Booklet).where(gone), execution_options=QUIET)
    return number


def _link(session: Session, scheme: PeriodScheme, moves: Sequence[Move]) -> None:
    known = [move.row.id for move in moves if move.row.scheme_id is not None]
    moved = update(DivisionScheme).where(DivisionScheme.division_id.in_(known)).values(scheme_id=scheme.id)
    session.execute(moved, execution_options=QUIET)
    new = [{"school_id": scheme.school_id, "division_id": move.row.id, "scheme_id": scheme.id}
           for move in moves if move.row.scheme_id is None]  # fmt: skip
    if new:
        session.execute(insert(DivisionScheme), new)


def date_booklets(session: Session, scheme: PeriodScheme, division_ids: Sequence[int]) -> None:
    """Give the open booklets of these classes the labels and dates of their periods; locked ones keep theirs."""
    if not division_ids:
        return
    periods = session.scalars(select(Period).where(Period.scheme_id == scheme.id)).all()
    mine = _periodic(session, division_ids) & Booklet.state.in_(OPEN_STATES) & (Booklet.period_count == len(periods))
    for period in periods:
        dates = {"period_label": period.label, "starts_on": period.starts_on, "ends_on": period.ends_on}
        same = update(Booklet).where(mine, Booklet.position == period.position).values(dates)
        session.execute(same, execution_options=QUIET)


@unit_of_work()
def change_scheme(
    scheme_id: int | None, label: str, days: Sequence[tuple[date, date]], *, actor: Actor
) -> PeriodScheme:
    """Add or change one's own periodicity (M008); the open booklets of its classes follow its dates. Raises as
    `save_scheme`."""
    session = admin_db.session()
    scheme = save_scheme(scheme_id, label, days, actor=actor)
    links = select(DivisionScheme.division_id).where(DivisionScheme.scheme_id == scheme.id)
    date_booklets(session, scheme, list(session.scalars(links)))
    return scheme
