"""« À échéance » (M068, M069): the days on which marks are shown, added to and taken from pairs of programme and class.
All or nothing: a refusal names the field and what stands against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import and_, delete, func, or_, select

from app.audit.services import record
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden
from app.core.uow import unit_of_work
from app.online.choices import EDITING, must_be_open, one_at_a_time
from app.online.models import MarksDueDate
from app.online.queries import Pair, pairs
from app.online.settings import settings_of_school
from app.schools.period_dates import read_day, shown
from app.schools.period_queries import current_year
from app.schools.periods import DivisionScheme, Period

FIELD = "Date d'échéance"
MOST_NAMED = 3


def read_due(text: str) -> date:
    """The day of a calendar or as people write it. Raises `BadInput` that names the field: there is no 31 February."""
    if not text.strip():
        raise BadInput(f"{FIELD} : choisissez un jour dans le calendrier.")
    try:
        return read_day(text[:20])
    except BadInput as error:
        raise BadInput(f"{FIELD} : {error.message}", hint=error.hint) from error


def with_date(day: date) -> list[Pair]:
    """The pairs that have this due date: only those can lose it (M069)."""
    return [pair for pair in pairs() if day in pair.due_dates]


@unit_of_work()
def add_due_date(text: str, keys: Sequence[str], *, actor: Actor) -> tuple[date, int]:
    """Add a due date to the ticked pairs; the day and how many. Raises `BadInput`, `Conflict`."""
    _may_change(actor)
    day = read_due(text)
    chosen = _chosen(pairs(), keys)
    _check_year(day)
    if already := [pair for pair in chosen if day in pair.due_dates]:
        raise Conflict(f"{FIELD} : le {shown(day)} est déjà fixé pour {named(already)}.",
                       hint="Décochez ces couples, ou choisissez un autre jour.")  # fmt: skip
    _check_periods(day, chosen)
    session = admin_db.session()
    session.add_all(MarksDueDate(programme_id=p.programme_id, division_id=p.division_id, due_on=day) for p in chosen)
    session.flush()
    _record("online_setting.add_date", day, len(chosen), actor)
    return day, len(chosen)


@unit_of_work()
def remove_due_date(text: str, keys: Sequence[str], *, actor: Actor) -> tuple[date, int]:
    """Take a due date from the ticked pairs; the day and how many. Raises `BadInput`, `Conflict`."""
    _may_change(actor)
    day = read_due(text)
    having = with_date(day)
    if not having:
        raise BadInput(f"{FIELD} : aucun couple MEF / division n'a d'échéance le {shown(day)}.")
    chosen = _chosen(having, keys)
    these = [and_(MarksDueDate.programme_id == p.programme_id, MarksDueDate.division_id == p.division_id)
             for p in chosen]  # fmt: skip
    admin_db.session.execute(delete(MarksDueDate).where(MarksDueDate.due_on == day, or_(*these)))
    _record("online_setting.remove_date", day, len(chosen), actor)
    return day, len(chosen)


def named(some: Sequence[Pair]) -> str:
    """« 3EME – 301, 3EME – 302, 3EME – 303 et 2 autres »."""
    words = ", ".join(pair.label for pair in some[:MOST_NAMED])
    more = len(some) - MOST_NAMED
    return f"{words} et {more} {'autre' if more == 1 else 'autres'}" if more > 0 else words


def _may_change(actor: Actor) -> None:
    if not actor.can(*EDITING):
        raise Forbidden()
    one_at_a_time()
    must_be_open("marks")
    if settings_of_school().marks_publication != "scheduled":
        raise Conflict("Les notes sont publiées au fil de l'eau : il n'y a pas de date d'échéance.",
                       hint="Choisissez d'abord « À échéance ».")  # fmt: skip


def _chosen(offered: Iterable[Pair], keys: Sequence[str]) -> list[Pair]:
    wanted = set(keys)
    chosen = [pair for pair in offered if pair.key in wanted]
    if len(chosen) < len(wanted):
        raise BadInput("Mef/Division : un des couples cochés n'est pas proposé.", hint="Rechargez la page.")
    if not chosen:
        raise BadInput("Mef/Division : cochez au moins un couple.")
    return chosen


def _check_year(day: date) -> None:
    year = current_year(admin_db.session())
    if not year.starts_on <= day <= year.ends_on:
        raise BadInput(f"{FIELD} : le {shown(day)} est hors de l'année scolaire.",
                       hint=f"L'année va du {shown(year.starts_on)} au {shown(year.ends_on)}.")  # fmt: skip


def _check_periods(day: date, chosen: Sequence[Pair]) -> None:
    """A class that follows periods has no mark before the first of them."""
    begins = (
        select(DivisionScheme.division_id, func.min(Period.starts_on))
        .join(Period, and_(Period.scheme_id == DivisionScheme.scheme_id, Period.school_id == DivisionScheme.school_id))
        .group_by(DivisionScheme.division_id)
    )
    first: dict[int, date] = dict(admin_db.session.execute(begins).all())  # type: ignore[arg-type]
    early = [pair for pair in chosen if pair.division_id in first and day < first[pair.division_id]]
    if early:
        begun = min(first[pair.division_id] for pair in early)
        raise BadInput(f"{FIELD} : le {shown(day)} précède la première période de {named(early)}.",
                       hint=f"Elle commence le {shown(begun)}.")  # fmt: skip


def _record(action: str, day: date, count: int, actor: Actor) -> None:
    record(admin_db.session(), action, settings_of_school(), actor=actor,
           data={"day": day.isoformat(), "pairs": count})  # fmt: skip
