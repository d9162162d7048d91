"""Bringing the open booklets of a class in line with the pupil base (M014–M022). Locked ones are never touched (M017).

Running it again changes nothing. A pupil who changed class keeps booklet and entries: the lines of the new class are
added, those of the old one go only when nothing was entered on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from app.booklets.base import class_staff, class_teachers, copied, enrolled
from app.booklets.emptying import drop_empty_booklets, drop_empty_lines
from app.booklets.lines import BOOKLET_ROW, Teaching, add_lines, exemptions
from app.booklets.making import lock_classes, make_for_classes, periods_of, present
from app.booklets.models import OPEN_STATES, Attainment, Booklet
from app.booklets.remembered import copy_elements, copy_pathways, refresh_schemes
from app.booklets.settings import booklet_settings
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden
from app.core.uow import unit_of_work
from app.jobs.queries import JobView
from app.jobs.services import submit
from app.schools.models import Division
from app.schools.people import Enrolment, Pupil
from app.schools.period_queries import has_booklets
from app.schools.periods import DivisionScheme, PeriodScheme
from app.workflow import bulk

KIND = "booklets.refresh"
UNSYNCED = {"synchronize_session": False}
COPIED = (
    "division_id", "division_label", "last_name", "first_name", "first_names", "birth_date", "sex", "ine",
    "class_teachers", "period_label", "starts_on", "ends_on",
)  # fmt: skip


@dataclass
class Refreshed:
    """What became of one class: `unset` when it has no periods; the pupils whose booklets changed, « NOM Prénom »."""

    label: str = ""
    unset: bool = False
    made: int = 0
    dropped: int = 0
    pupils: list[str] = field(default_factory=list)


def classes_to_refresh() -> Sequence[Any]:
    """The classes of the current school's year: id, label, and the label of the periodicity or None."""
    return admin_db.session.execute(
        select(Division.id, Division.label, PeriodScheme.label.label("scheme"))
        .outerjoin(DivisionScheme, (DivisionScheme.division_id == Division.id)
                   & (DivisionScheme.school_id == Division.school_id))
        .outerjoin(DivisionScheme.scheme)
        .where(has_booklets())
        .order_by(Division.label, Division.id)
    ).all()  # fmt: skip


def ask_refresh(school_id: int, division_ids: list[int] | None, *, actor: Actor) -> JobView:
    """Start the job for these classes, or for the whole school. Raises `Forbidden` without the permission and
    `BadInput` when none of the classes is one of this school's year."""
    if not actor.can("can_run", "synchronisation"):
        raise Forbidden()
    known = [row.id for row in classes_to_refresh()]
    chosen = known if division_ids is None else [key for key in known if key in division_ids]
    if not chosen:
        raise BadInput("Aucune classe n'est cochée.", hint="Cochez au moins une classe, puis recommencez.")
    return submit(KIND, school_id, {"divisions": chosen}, actor, "Synchronisation des bilans")


@unit_of_work()
def refresh_class(division_id: int, *, actor: Actor) -> Refreshed:
    """Make the missing booklets of a class and refresh its open ones: name, birth date, sex, INE, class, teachers,
    class teachers, periods, schemes. A class of another school, or without periods, is left as it is (M015)."""
    session = admin_db.session()
    found = lock_classes(session, [division_id])
    if not found:
        return Refreshed()
    made = make_for_classes([division_id], actor=actor)
    result = Refreshed(found[0].label, bool(made.unset), made.booklets)
    if not result.unset:
        _refresh(session, division_id, actor, result)
    session.expire_all()
    return result


def _refresh(session: Session, division_id: int, actor: Actor, result: Refreshed) -> None:
    booklets = _open_booklets(session, division_id)
    if not booklets:
        return
    pupils = {row.pupil_id: row for row in enrolled(session, Pupil.id.in_({b.pupil_id for b in booklets}))}
    wanted, gone = _wanted(session, booklets, pupils)
    dropped = drop_empty_booklets(session, gone, actor=actor)
    result.dropped = len(dropped)
    booklets = [booklet for booklet in booklets if booklet.id not in dropped]
    ids = [booklet.id for booklet in booklets]
    changed = _copy(session, booklets, wanted)
    moved = [b.id for b in booklets if wanted.get(b.id, {}).get("division_id", b.division_id) != b.division_id]
    touched = changed | _refresh_lines(session, ids, moved)
    if booklet_settings().import_mode != "software":  # there they come with the file (M022)
        touched |= refresh_schemes(session, ids)
    bulk.follow_many(Booklet, Booklet.id.in_(ids), session=session)
    names = {booklet.id: f"{booklet.last_name} {booklet.first_name}" for booklet in booklets}
    names |= {key: f"{values['last_name']} {values['first_name']}" for key, values in wanted.items()}
    result.pupils = sorted({names[key] for key in touched if key in names})


def _open_booklets(session: Session, division_id: int) -> Sequence[Any]:
    """The open booklets of the class, and those of its pupils that still name another; locked, in order."""
    here = select(Enrolment.pupil_id).join(Division, Division.id == Enrolment.division_id)
    here = here.where(Division.id == division_id, Enrolment.school_year_id == Division.school_year_id)
    year = select(Division.school_year_id).where(Division.id == division_id).scalar_subquery()
    columns = {column.key: column for column in (*BOOKLET_ROW, *(getattr(Booklet, name) for name in COPIED))}
    statement = (
        select(*columns.values())
        .where(Booklet.state.in_(OPEN_STATES), Booklet.school_year_id == year,
               or_(Booklet.division_id == division_id, Booklet.pupil_id.in_(here)))
        .order_by(Booklet.id)
        .with_for_update()
    )  # fmt: skip
    return session.execute(statement).all()


def _wanted(
    session: Session, booklets: Sequence[Any], pupils: dict[int, Any]
) -> tuple[dict[int, dict[str, Any]], list[int]]:
    """What the base says of each booklet; and the booklets that nobody would make today (the pupil was not there in
    the period, or the class is cut otherwise): they stay only for what was entered in them."""
    classes = {pupil.division_id for pupil in pupils.values()}
    staff = class_staff(session, list(classes))
    periods = _periods(session, classes)
    wanted: dict[int, dict[str, Any]] = {}
    gone = []
    for booklet in booklets:
        if (pupil := pupils.get(booklet.pupil_id)) is None:  # no class at this moment: nothing to follow
            continue
        values = copied(pupil, class_teachers(staff.get(pupil.division_id, ())))
        mine = periods.get(pupil.division_id, [])
        period = next((p for p in mine if p.position == booklet.position and len(mine) == booklet.period_count), None)
        source = period or booklet
        values |= {"period_label": source.label if period else booklet.period_label,
                   "starts_on": source.starts_on, "ends_on": source.ends_on}  # fmt: skip
        wanted[booklet.id] = values
        if mine and booklet.position and (period is None or not present(pupil, period)):
            gone.append(booklet.id)
    return wanted, gone


def _periods(session: Session, division_ids: set[int]) -> dict[int, list[Any]]:
    links = session.execute(select(DivisionScheme.division_id, DivisionScheme.scheme_id).where(
        DivisionScheme.division_id.in_(division_ids))).all()  # fmt: skip
    by_scheme = periods_of(session, {link.scheme_id for link in links})
    return {link.division_id: by_scheme.get(link.scheme_id, []) for link in links}


def _copy(session: Session, booklets: Sequence[Any], wanted: dict[int, dict[str, Any]]) -> set[int]:
    """Write what differs, in one statement."""
    rows = [
        {"id": booklet.id} | wanted[booklet.id]
        for booklet in booklets
        if booklet.id in wanted and any(getattr(booklet, name) != wanted[booklet.id][name] for name in COPIED)
    ]
    if rows:
        session.execute(update(Booklet), rows)
    return {row["id"] for row in rows}


def _refresh_lines(session: Session, ids: list[int], moved: list[int]) -> set[int]:
    """Lines as the class is taught today: missing ones come with what the class remembers, empty ones that are no
    longer taught go, teachers follow the services (M019)."""
    booklets = session.execute(select(*BOOKLET_ROW).where(Booklet.id.in_(ids))).all()
    divisions = list({booklet.division_id for booklet in booklets if booklet.division_id is not None})
    new = add_lines(session, booklets, divisions)
    teaching = Teaching(session, divisions)
    wanted = {(b.id, taught.item_id): taught.teachers for b in booklets for taught in teaching.of(b)}
    columns = (Attainment.id, Attainment.booklet_id, Attainment.item_id, Attainment.teachers)
    lines = session.execute(select(*columns).where(Attainment.booklet_id.in_(ids)).order_by(Attainment.id)).all()
    untaught = [line.id for line in lines if (line.booklet_id, line.item_id) not in wanted]
    dropped = drop_empty_lines(session, untaught)
    renamed = [line for line in lines if wanted.get((line.booklet_id, line.item_id), line.teachers) != line.teachers]
    if renamed:
        session.execute(update(Attainment), [
            {"id": line.id, "teachers": wanted[line.booklet_id, line.item_id]} for line in renamed])  # fmt: skip
    _remember(session, new, moved, divisions)
    touched = {line.booklet_id for line in lines if line.id in dropped or line.id in set(new)}
    return touched | {line.booklet_id for line in renamed}


def _remember(session: Session, new: list[int], moved: list[int], divisions: list[int]) -> None:
    """What the class entered together, on new lines and on the empty ones of who came from another class."""
    if new or moved:
        copy_elements(session, or_(Attainment.id.in_(new), Attainment.booklet_id.in_(moved)))
    if moved:
        copy_pathways(session, Booklet.id.in_(moved))
        _excuse(session, moved, exemptions(session, divisions))


def _excuse(session: Session, moved: list[int], excused: dict[tuple[int, int, int, int], str]) -> None:
    for (division_id, position, count, item_id), reason in excused.items():
        theirs = select(Booklet.id).where(
            Booklet.id.in_(moved), Booklet.division_id == division_id, Booklet.position == position,
            Booklet.period_count == count)  # fmt: skip
        empty = (Attainment.not_assessed.is_(None), Attainment.positioning.is_(None), Attainment.average.is_(None),
                 Attainment.letter.is_(None), Attainment.comment.is_(None))  # fmt: skip
        statement = update(Attainment).where(Attainment.booklet_id.in_(theirs), Attainment.item_id == item_id, *empty)
        session.execute(statement.values(not_assessed=reason), execution_options=UNSYNCED)
