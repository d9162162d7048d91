"""Entering half-days of absence: added from a day to another, then noted, filed and told legitimate, each a cell
« absence-<id>-filed » judged like the cells of booklets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any

from sqlalchemy import case, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session

from app.audit.services import record_each
from app.booklets.cells import Cell
from app.booklets.entry import Change, Outcome, judge, signed
from app.core.actor import Actor
from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.scope import current_scope
from app.core.texts import clean_text
from app.core.uow import unit_of_work
from app.online.absences import HALVES, REASON_LENGTH, Absence
from app.schools.models import Division, School
from app.schools.people import Enrolment, Pupil
from app.schools.period_dates import read_day, shown
from app.schools.period_queries import current_year

CHANGE = "absence.change"
PERMISSION = ("can_edit", "absence")
NOT_ENTERING = "Votre rôle ne permet pas de saisir des absences."
GONE = "Cette demi-journée n'est plus là : rechargez la page."
TICKS = {"noted": "Constatée", "filed": "Classée", "legitimate": "Motif légitime"}
LONGEST = 60  # days at once
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class AbsenceLine:
    """A half-day in the list."""

    id: int
    pupil_id: int
    pupil: str
    day: date
    half: str
    values: Any


def read_tick(value: Any) -> bool:
    """A ticked box or not. Raises `BadInput`."""
    known = {True: True, False: False, "1": True, "0": False, "": False}
    if not isinstance(value, bool | str) or value not in known:
        raise BadInput("Cochez la case, ou laissez-la vide.")
    return known[value]


def read_reason(value: Any) -> str | None:
    """The reason, for the school only. Raises `BadInput` when it is too long."""
    return clean_text(None if value is None else " ".join(str(value).split()), REASON_LENGTH, "Motif")


READERS: dict[str, Any] = dict.fromkeys(TICKS, read_tick) | {"reason": read_reason}


def half_days(division_id: int, first: date, last: date) -> list[AbsenceLine]:
    """The half-days of a class's pupils between two days, latest first, then by name; one statement."""
    rows = admin_db.session.execute(
        select(Absence.id, Absence.pupil_id, Absence.day, Absence.half, Absence.noted, Absence.filed,
               Absence.legitimate, Absence.reason,
               func.coalesce(Pupil.usage_name, Pupil.last_name).label("last_name"), Pupil.first_name)
        .join(Absence.pupil)
        .where(Absence.pupil_id.in_(in_class(division_id)), Absence.day.between(first, last))
        .order_by(Absence.day.desc(), Pupil.last_name, Pupil.first_name, Absence.pupil_id, Absence.half)
    )  # fmt: skip
    return [AbsenceLine(row.id, row.pupil_id, f"{row.last_name} {row.first_name}", row.day, row.half, row)
            for row in rows]  # fmt: skip


def in_class(division_id: int) -> Any:
    """The ids of a class's pupils who are present."""
    present = or_(Enrolment.ends_on.is_(None), Enrolment.ends_on > today())
    return select(Enrolment.pupil_id).where(Enrolment.division_id == division_id, present)


def pupils_in(division_id: int) -> list[tuple[int, str]]:
    """A class's pupils, id and name."""
    rows = admin_db.session.scalars(
        select(Pupil).where(Pupil.id.in_(in_class(division_id))).order_by(Pupil.last_name, Pupil.first_name, Pupil.id))
    return [(pupil.id, pupil.shown_name) for pupil in rows]


def classes() -> list[tuple[int, str]]:
    """The classes of the school's year."""
    rows = admin_db.session.execute(
        select(Division.id, Division.label).join(School, School.id == Division.school_id)
        .where(Division.school_year_id == School.school_year_id).order_by(Division.label, Division.id)
    )  # fmt: skip
    return [(row.id, row.label) for row in rows]


def read_half(text: str, what: str) -> str:
    """« am » or « pm ». Raises `BadInput`."""
    if text not in HALVES:
        raise BadInput(f"{what} : choisissez matin ou après-midi.")
    return text


@unit_of_work()
def add_half_days(
    pupil_id: int, start: tuple[str, str], end: tuple[str, str], *, reason: str | None = None, actor: Actor
) -> int:
    """The half-days from one (day, half) to another, noted; those known already are left as they are, Sundays and
    Saturday afternoons are no school. How many were added. Raises `BadInput`, `NotFound`, `Forbidden`."""
    may_enter(actor)
    begins = (school_day(start[0], "Du"), read_half(start[1], "Du"))
    ends = (school_day(end[0], "Au"), read_half(end[1], "Au")) if end[0].strip() else begins
    if ends < begins or (ends[0] - begins[0]).days > LONGEST:
        raise BadInput(f"Au : choisissez une fin qui suit le début, de {LONGEST} jours au plus.")
    session, scope = admin_db.session(), current_scope()
    if scope is None or session.scalar(select(Pupil.id).where(Pupil.id == pupil_id)) is None:
        raise NotFound("Cet élève n'existe pas.")
    why = read_reason(reason)
    wanted = [{"school_id": scope.id, "pupil_id": pupil_id, "day": day, "half": half, "reason": why}
              for day, half in _between(begins, ends)]  # fmt: skip
    return len(store_new(session, wanted, actor, scope.id))


def may_enter(actor: Actor) -> None:
    """Raises `Forbidden` for whoever may not enter absences."""
    if not actor.can(*PERMISSION):
        raise Forbidden(NOT_ENTERING)


def store_new(session: Session, wanted: Sequence[dict[str, Any]], actor: Actor, school_id: int) -> list[Any]:
    """Insert those that are not known; a line of the trail for each."""
    pupils = {row["pupil_id"] for row in wanted}
    session.execute(select(Pupil.id).where(Pupil.id.in_(pupils)).order_by(Pupil.id).with_for_update())
    keys = (Absence.pupil_id, Absence.day, Absence.half)
    known = {tuple(row) for row in session.execute(select(*keys).where(Absence.pupil_id.in_(pupils)))}
    new = [row for row in wanted if (row["pupil_id"], row["day"], row["half"]) not in known]
    if not new:
        return []
    made = list(session.scalars(insert(Absence).returning(Absence.id), new))
    record_each(session, "absence.add", Absence, [(id, None, None) for id in made], actor=actor, school_id=school_id)
    return made


def _between(begins: tuple[date, str], ends: tuple[date, str]) -> list[tuple[date, str]]:
    found, day = [], begins[0]
    while day <= ends[0]:
        found += [(day, half) for half in HALVES if begins <= (day, half) <= ends and is_school(day, half)]
        day += timedelta(days=1)
    return found


def is_school(day: date, half: str) -> bool:
    """Whether there is school on that half-day of the week."""
    return day.weekday() < SUNDAY - (half == "pm")


def school_day(text: str, what: str) -> date:
    """A day of the school year that is no Sunday. Raises `BadInput` that names the field."""
    try:
        day = read_day(text[:20])
    except BadInput as error:
        raise BadInput(f"{what} : {error.message}", hint=error.hint) from error
    year = current_year(admin_db.session())
    if not year.starts_on <= day <= year.ends_on or day.weekday() == SUNDAY:
        raise BadInput(f"{what} : le {shown(day)} n'est pas un jour de classe de cette année scolaire.")
    return day


@unit_of_work()
def remove_half_day(absence_id: int, *, actor: Actor) -> None:
    """One entered by mistake goes; its line in the trail stays. Raises `NotFound`, `Forbidden`."""
    may_enter(actor)
    session = admin_db.session()
    found = session.scalars(select(Absence).where(Absence.id == absence_id)).one_or_none()
    if found is None:
        raise NotFound("Cette demi-journée n'existe pas.")
    about = {"day": found.day.isoformat(), "half": found.half}
    record_each(session, "absence.delete", Absence, [(found.id, None, about)], actor=actor, school_id=found.school_id)
    session.delete(found)
    session.flush()


@unit_of_work()
def save_absences(changes: Sequence[Change], *, actor: Actor) -> list[Outcome]:
    """Write each tick and reason or say why not, in the order given; as `save_cells`."""
    session = admin_db.session()
    session.flush()
    if not changes:
        return []
    refusal = None if actor.can(*PERMISSION) else NOT_ENTERING
    columns = Absence.id, Absence.school_id, *(getattr(Absence, name) for name in READERS)
    rows = {row.id: row for row in session.execute(
        select(*columns).where(Absence.id.in_({change.cell.id for change in changes}))
        .order_by(Absence.id).with_for_update())}  # fmt: skip
    held = {change.cell: getattr(rows[change.cell.id], change.cell.field) for change in changes
            if change.cell.id in rows and change.cell.kind == "absence" and change.cell.field in READERS}  # fmt: skip
    first, outcomes = dict(held), []
    for change in changes:
        outcomes.append(_judge(change, held, refusal))
    moved = {cell: value for cell, value in held.items() if value != first[cell]}
    _write(session, moved)
    if moved:
        lines = [(cell.id, {"place": cell.name}, {"before": _said(first[cell]), "after": _said(value)})
                 for cell, value in moved.items()]  # fmt: skip
        school_id = next(iter(rows.values())).school_id
        record_each(session, CHANGE, Absence, lines, actor=actor, school_id=school_id)
    return signed(outcomes, lambda cell: cell.id, CHANGE, Absence)


def _judge(change: Change, held: dict[Cell, Any], refusal: str | None) -> Outcome:
    if change.cell not in held:
        return Outcome(change.cell, "refused", message=GONE)
    outcome = judge(change, held[change.cell], refusal=refusal, read=partial(READERS[change.cell.field]))
    if outcome.state == "saved":
        held[change.cell] = outcome.value
    return outcome


def _said(value: Any) -> str:
    return {True: "1", False: "0", None: ""}.get(value, value)


def _write(session: Session, moved: dict[Cell, Any]) -> None:
    """One UPDATE."""
    values = {}
    for field in dict.fromkeys(cell.field for cell in moved):
        column = getattr(Absence, field)
        new = {cell.id: literal(value, column.type) for cell, value in moved.items() if cell.field == field}
        values[field] = case(new, value=Absence.id, else_=column)
    if values:
        statement = update(Absence).where(Absence.id.in_({cell.id for cell in moved})).values(values)
        session.execute(statement, execution_options={"synchronize_session": False})
