"""Making, changing and removing tests (M067: « publier » is the teacher's tick, with its day)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select

from app.audit.services import record
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden
from app.core.texts import clean_text, decimal_in
from app.core.uow import unit_of_work
from app.online.gradebook import paper_seen, shown_mark
from app.online.marking import MarksChosen, marker_of
from app.online.papers import HIGHEST_COEFFICIENT, HIGHEST_OUT_OF, TITLE_LENGTH, Mark, TestPaper
from app.schools.period_dates import read_day, shown
from app.schools.period_queries import current_year


@unit_of_work()
def add_paper(chosen: MarksChosen, typed: Mapping[str, str], *, actor: Actor) -> TestPaper:
    """A new test of the class or group chosen. Raises `BadInput` that names the field, `Forbidden`."""
    assert chosen.set is not None and chosen.period is not None and chosen.item is not None
    one, item = chosen.set, chosen.item
    if marker_of(actor).refusal(one.division_id, one.group_id, item.id, item.parent_id or 0):
        raise Forbidden()
    session = admin_db.session()
    paper = TestPaper(school_id=item.school_id, school_year_id=current_year(session).id, division_id=one.division_id,
                      group_id=one.group_id, item_id=item.id, position=chosen.period.position,
                      period_count=chosen.period.count, **_read(typed))  # fmt: skip
    session.add(paper)
    session.flush()
    record(session, "test_paper.add", paper, actor=actor)
    return paper


@unit_of_work()
def change_paper(paper_id: int, typed: Mapping[str, str], *, actor: Actor) -> list[str]:
    """Store what differs; the names of the columns. Raises `NotFound`, `BadInput`."""
    paper = paper_seen(marker_of(actor), paper_id)
    wanted = _read(typed)
    session = admin_db.session()
    highest = session.scalar(select(func.max(Mark.value)).where(Mark.test_id == paper.id))
    if highest is not None and wanted["out_of"] < highest:
        raise BadInput(f"Noté sur : une note de {shown_mark(highest, None)} est déjà saisie.")
    changed = [name for name, value in wanted.items() if getattr(paper, name) != value]
    for name in changed:
        setattr(paper, name, wanted[name])
    session.flush()
    if changed:
        record(session, "test_paper.edit", paper, actor=actor, data={"changed": changed})
    return changed


@unit_of_work()
def remove_paper(paper_id: int, *, actor: Actor) -> None:
    """The test goes with its marks. Raises `NotFound`."""
    paper = paper_seen(marker_of(actor), paper_id)
    session = admin_db.session()
    count = session.scalar(select(func.count(Mark.id)).where(Mark.test_id == paper.id))
    record(session, "test_paper.delete", paper, actor=actor, data={"title": paper.title, "marks": count})
    session.execute(delete(Mark).where(Mark.test_id == paper.id), execution_options={"synchronize_session": False})
    session.delete(paper)
    session.flush()


def _read(typed: Mapping[str, str]) -> dict[str, Any]:
    """The columns of what was typed in the form."""
    title = clean_text(" ".join(typed.get("title", "").split()), TITLE_LENGTH, "Contrôle")
    if title is None:
        raise BadInput("Contrôle : donnez-lui un nom.", hint="Par exemple « Dictée n° 3 ».")
    out_of = _number(typed.get("out_of", ""), HIGHEST_OUT_OF, "Noté sur")
    if out_of < 1:
        raise BadInput(f"Noté sur : un nombre de 1 à {HIGHEST_OUT_OF}.")
    published = _day(typed.get("publish_on", ""), "Publier à partir du") if typed.get("publish") else None
    return {"title": title, "taken_on": _day(typed.get("taken_on", ""), "Date"), "out_of": out_of,
            "coefficient": _number(typed.get("coefficient", ""), HIGHEST_COEFFICIENT, "Coefficient"),
            "publish_on": published}  # fmt: skip


def _number(text: str, highest: int, what: str) -> Decimal:
    number = decimal_in(text, highest)
    if number is None:
        raise BadInput(f"{what} : un nombre de 0 à {highest}, avec deux décimales au plus.")
    return number


def _day(text: str, what: str) -> date:
    """A day of the school year."""
    try:
        day = read_day(text[:20])
    except BadInput as error:
        raise BadInput(f"{what} : {error.message}", hint=error.hint) from error
    year = current_year(admin_db.session())
    if not year.starts_on <= day <= year.ends_on:
        raise BadInput(f"{what} : le {shown(day)} est hors de l'année scolaire.",
                       hint=f"L'année va du {shown(year.starts_on)} au {shown(year.ends_on)}.")  # fmt: skip
    return day
