"""The demo's marks and absences, through the services that the pages use: the classes whose booklets are begun have
tests in every period begun so far, most of them published, and a few half-days of absence. Once."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from sqlalchemy import select

from app.booklets.cells import Cell
from app.booklets.choices import PeriodChoice
from app.booklets.entry import Change
from app.commands.base import operator
from app.commands.demo_booklets import FILLED, class_of
from app.core.clock import today
from app.core.db import admin_db
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem, TeachingService
from app.online.absence_entry import add_half_days, is_school, pupils_in, save_absences
from app.online.absences import Absence
from app.online.gradebook import members_of
from app.online.mark_entry import mark_cell, save_marks
from app.online.marking import MarksChosen, SetChoice
from app.online.paper_entry import add_paper
from app.online.papers import TestPaper
from app.schools.periods import DivisionScheme, Period

TITLES = ("Contrôle de leçon", "Devoir maison", "Évaluation de fin de chapitre")
MOMENTS = (0.2, 0.5, 0.8)  # of a period
READING = timedelta(days=7)  # from a test to its publication
REASONS = ("Rendez-vous médical", "Grippe", "Raison familiale")
ABSENT = 0.3  # of the pupils


@unit_of_work()
def fill_records(seed: int) -> None:
    """Marks and absences for the classes of the collège that `fill_booklets` began."""
    session = admin_db.session()
    if session.scalars(select(TestPaper.id).limit(1)).first() is not None:
        return
    for level, rank, _share in FILLED["college"]:
        if found := class_of(level, rank):
            dice = Random(f"{seed}-{found.code}-records")
            _mark_class(found.id, dice)
            _absent(found.id, dice)
    session.flush()


def _mark_class(division_id: int, dice: Random) -> None:
    items = admin_db.session.scalars(
        select(TeachingItem).join(TeachingService, TeachingService.item_id == TeachingItem.id)
        .where(TeachingService.division_id == division_id).distinct().order_by(TeachingItem.position, TeachingItem.id)
    ).all()  # fmt: skip
    papers = [paper for period, choice in _periods(division_id) for item in items
              for paper in _papers(SetChoice("", division_id), choice, period, item, dice)]  # fmt: skip
    pupils = sorted(members_of(papers[:1])[papers[0].id]) if papers else []
    ability = {pupil: dice.gauss(12.5, 3) for pupil in pupils}
    changes = [Change(mark_cell(paper.id, pupil), _mark(paper, ability[pupil], dice), "")
               for paper in papers for pupil in pupils]  # fmt: skip
    save_marks(changes, actor=operator())


def _periods(division_id: int) -> list[tuple[Any, PeriodChoice]]:
    """The periods of the class that have begun."""
    periods = admin_db.session.scalars(
        select(Period).join(DivisionScheme, DivisionScheme.scheme_id == Period.scheme_id)
        .where(DivisionScheme.division_id == division_id).order_by(Period.position)
    ).all()  # fmt: skip
    return [(period, PeriodChoice(period.position, len(periods), period.label))
            for period in periods if period.starts_on <= today()]  # fmt: skip


def _papers(one: SetChoice, choice: PeriodChoice, period: Any, item: TeachingItem, dice: Random) -> list[TestPaper]:
    """Up to three tests, of days that have passed; one in six is not published."""
    made = []
    for title, moment in zip(TITLES, MOMENTS, strict=True):
        day = period.starts_on + (period.ends_on - period.starts_on) * moment + timedelta(days=dice.randint(0, 6))
        day -= timedelta(days=max(0, day.weekday() - 4))
        out_of, published = dice.choice(("20", "20", "20", "10")), dice.random() > 1 / 6
        if day <= today():
            typed = {"title": title, "taken_on": day.isoformat(), "out_of": out_of,
                     "coefficient": dice.choice(("1", "1", "2", "0,5")), "publish": "1" if published else "",
                     "publish_on": (day + READING).isoformat()}  # fmt: skip
            made.append(add_paper(MarksChosen((), set=one, period=choice, item=item), typed, actor=operator()))
    return made


def _mark(paper: TestPaper, ability: float, dice: Random) -> str:
    if dice.random() < 0.06:
        return dice.choice(("ABS", "ABS", "N.NOT", "DIS"))
    number = min(20.0, max(0.0, dice.gauss(ability, 2.5))) * float(paper.out_of) / 20
    return f"{round(number * 2) / 2:g}"


def _absent(division_id: int, dice: Random) -> None:
    """Some pupils miss a morning, an afternoon or two days; most of it is filed and legitimate."""
    first = min((period.starts_on for period, _ in _periods(division_id)), default=today())
    days = [first + timedelta(days=n) for n in range(max(0, (today() - first).days))]
    for pupil_id, _name in pupils_in(division_id):
        for day in dice.sample(days, min(len(days), dice.randint(1, 3))) if dice.random() < ABSENT else ():
            if is_school(day, "pm"):
                _half_days(pupil_id, day, dice)
    rows = admin_db.session.execute(select(Absence.id).where(Absence.filed.is_(False)).order_by(Absence.id))
    ticked = [row.id for row in rows if dice.random() < 0.75]
    save_absences([Change(Cell("absence", id, field), "1", "0") for id in ticked for field in ("filed", "legitimate")],
                  actor=operator())  # fmt: skip


def _half_days(pupil_id: int, day: date, dice: Random) -> None:
    start, end = dice.choice((("am", "am"), ("pm", "pm"), ("am", "pm")))
    add_half_days(pupil_id, (day.isoformat(), start), (day.isoformat(), end), reason=dice.choice(REASONS),
                  actor=operator())  # fmt: skip
