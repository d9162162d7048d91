"""The demo's booklets: periods set, one booklet per pupil and trimester, and a first trimester that teachers have begun
to fill, through the services that the pages use. Running it again changes nothing."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import groupby
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import select

from app.booklets.cells import Cell
from app.booklets.class_elements import Place, class_lists, write_class_elements
from app.booklets.class_pathways import class_pathways, write_class_pathways
from app.booklets.edit_wish import EditWish
from app.booklets.entry import Change, save_cells
from app.booklets.locking import lock
from app.booklets.making import make_for_school
from app.booklets.models import Attainment, Booklet, BookletEdition, PositioningType
from app.booklets.periodicity import associate
from app.booklets.selection import Picked
from app.commands.base import operator
from app.commands.jobs import carry_out
from app.core.db import admin_db
from app.core.uow import unit_of_work
from app.curriculum.models import SupportScheme, TeachingItem
from app.curriculum.proposals import proposals
from app.exchange.demo.appreciations import Writer, pathways
from app.schools.models import Division, GradeLevel, School
from app.schools.people import Enrolment
from app.schools.period_queries import classes
from app.schools.period_services import ensure_preset

FIRST = (1, 3)  # the first of three trimesters
# (level, rank of the class in it, share of the subjects that is filled)
FILLED = {
    "college": (("4E", 0, 1.0), ("4E", 1, 0.6), ("6E", 0, 0.4), ("3E", 0, 0.3)),
    "ecole": (("CP", 0, 1.0), ("CE2", 0, 0.5), ("CM1", 0, 0.4)),
}
ISSUED = 12
MARKED = "3E"  # the level that this collège assesses out of 20
PATHWAYS = {"college": ("PAR_CIT", "PAR_ART", "PAR_AVN"), "ecole": ("PAR_CIT", "PAR_ART", "PAR_SAN")}
LEVELS, WEIGHTS = (1, 2, 3, 4), (8, 25, 47, 20)
SCHEMES = (("PAP", None), ("PPRE", "Lecture et compréhension des consignes, deux fois par semaine."), ("PAI", None))


class Line(NamedTuple):
    """One line to fill."""

    id: int
    booklet_id: int
    item_id: int
    area_id: int
    code: str
    scale: str


@unit_of_work()
def fill_booklets(seed: int) -> None:
    """Set the periods of the current school, make its booklets and fill some classes."""
    session = admin_db.session()
    school = session.scalars(select(School)).one()
    _set_up(school)
    chosen = [(level, found, share) for level, rank, share in FILLED[school.kind] if (found := class_of(level, rank))]
    for _, (division_id, _), _ in chosen[:1]:
        _schemes(division_id, school.school_year.starts_on)
    make_for_school(actor=operator())
    for level, (division_id, code), share in chosen:
        _fill_class(school.kind, division_id, level, share, Random(f"{seed}-{code}-booklets"))
    session.flush()


def issue_some(school_id: int) -> int | None:
    """Lock and issue the first booklets of the class that is complete, so that a family has something to read; the
    others wait for whoever tries the demo. The class, or None when no booklet is complete. Once."""
    session = admin_db.session()
    level, rank, _share = FILLED["college"][0]
    division = class_of(level, rank)
    if division is None:
        return None
    ready = (Booklet.division_id == division.id, Booklet.state == "complete")
    ids = list(session.scalars(select(Booklet.id).where(*ready).order_by(Booklet.last_name, Booklet.id).limit(ISSUED)))
    issued = session.scalars(select(BookletEdition.id).limit(1)).first()
    session.rollback()
    if ids and issued is None:
        lock(Picked(ids=tuple(ids)), actor=operator())
        carry_out("booklets.edit", school_id, EditWish(Picked(ids=tuple(ids))).as_params(), "Édition des bilans")
    return int(division.id)


def class_of(level: str, rank: int) -> Any:
    """Id and code of the nth class of a level, None when there are fewer."""
    return admin_db.session.execute(
        select(Division.id, Division.code)
        .join(GradeLevel, GradeLevel.id == Division.grade_level_id)
        .join(School, School.school_year_id == Division.school_year_id)
        .where(GradeLevel.code == level, School.id == Division.school_id)
        .order_by(Division.code)
        .offset(rank)
        .limit(1)
    ).first()


def _schemes(division_id: int, starts_on: date) -> None:
    """Three pupils of the class have a support scheme since the first day."""
    session = admin_db.session()
    if session.scalars(select(SupportScheme.id)).first() is not None:
        return
    pupils = select(Enrolment).where(Enrolment.division_id == division_id).order_by(Enrolment.pupil_id)
    for enrolment, (code, complement) in zip(session.scalars(pupils.limit(len(SCHEMES))), SCHEMES, strict=False):
        session.add(SupportScheme(school_id=enrolment.school_id, pupil_id=enrolment.pupil_id, code=code,
                                  starts_on=starts_on, complement=complement))  # fmt: skip
    session.flush()


def _set_up(school: School) -> None:
    """Trimesters for every class, marks for one level, a few support schemes."""
    session = admin_db.session()
    if ids := [row.id for row in classes() if row.scheme_id is None]:
        associate(ensure_preset("trimester", actor=operator()).id, ids, actor=operator())
    level = session.scalars(select(GradeLevel.id).where(GradeLevel.code == MARKED)).first()
    if school.kind == "college" and level and session.scalars(select(PositioningType.id)).first() is None:
        session.add(PositioningType(school_id=school.id, grade_level_id=level, scale="marks", scale_max=20))
    session.flush()


def _fill_class(kind: str, division_id: int, level: str, share: float, dice: Random) -> None:
    lines = _lines(division_id)
    areas = list(dict.fromkeys(line.area_id for line in lines))
    filled = set(areas[: round(len(areas) * share)])
    lines = [line for line in lines if line.area_id in filled]
    with_parts = {line.area_id for line in lines if line.item_id != line.area_id}
    for item_id, code in dict.fromkeys((line.item_id, line.code) for line in lines if line.item_id not in with_parts):
        _elements(Place(division_id, *FIRST, item_id), code, level, dice)
    booklets = _booklets(division_id)
    ability = {booklet.id: dice.choices(LEVELS, WEIGHTS)[0] for booklet in booklets}
    changes = _assessed(lines, with_parts, ability, dice)
    if share == 1:
        changes += [change for booklet in booklets for change in _overall(kind, booklet, ability[booklet.id], dice)]
        term = (division_id, *FIRST)
        write_class_pathways(term, pathways(PATHWAYS[kind]), class_pathways(term), actor=operator())
    save_cells(changes, actor=operator())


def _lines(division_id: int) -> list[Line]:
    """The lines of the class in the first trimester, subject after subject, in the order of the booklet."""
    rows = admin_db.session.execute(
        select(Attainment.id, Attainment.booklet_id, Attainment.item_id, Attainment.area_id, TeachingItem.code,
               Booklet.scale)
        .join(Attainment.item)
        .join(Attainment.booklet)
        .where(Booklet.division_id == division_id, Booklet.position == FIRST[0], Booklet.period_count == FIRST[1])
        .order_by(TeachingItem.position, TeachingItem.id, Booklet.last_name, Booklet.id)
    )  # fmt: skip
    return [Line(*row) for row in rows]


def _booklets(division_id: int) -> list[Booklet]:
    mine = (Booklet.division_id == division_id, Booklet.position == FIRST[0], Booklet.period_count == FIRST[1])
    return list(admin_db.session.scalars(select(Booklet).where(*mine).order_by(Booklet.last_name, Booklet.id)))


def _elements(place: Place, code: str, level: str, dice: Random) -> None:
    """Two or three elements among those proposed."""
    texts = [text for group in proposals(code, level) for text in group.texts]
    chosen = dice.sample(texts, min(len(texts), dice.choice((2, 2, 3))))
    known = class_lists(place)[""]
    if chosen and not known.ids:
        write_class_elements(place, chosen, known.key, actor=operator())


def _assessed(lines: list[Line], with_parts: set[int], ability: dict[int, int], dice: Random) -> list[Change]:
    """Positioning or average and comment. In an école the parts are positioned and the area is commented on."""
    changes: list[Change] = []
    for code, some in groupby(lines, key=lambda line: line.code):
        writer = Writer(dice)
        for line in some:
            level = min(4, max(1, ability[line.booklet_id] + dice.choice((-1, 0, 0, 0, 1))))
            if line.item_id not in with_parts:
                changes.append(_level(line, level, dice))
            if line.item_id == line.area_id:
                changes.append(Change(Cell("line", line.id, "comment"), writer.comment(code, level), None))
    return changes


def _level(line: Line, level: int, dice: Random) -> Change:
    if line.scale != "marks":
        return Change(Cell("line", line.id, "positioning"), level, None)
    mark = min(20, max(2, 4 * level + 1 + dice.randint(-4, 5) / 2))
    return Change(Cell("line", line.id, "average"), f"{mark:.1f}".replace(".", ","), None)


def _overall(kind: str, booklet: Booklet, level: int, dice: Random) -> list[Change]:
    """The overall comment; in a collège the council's day and school life too."""
    text = Writer(dice).overall(booklet.first_name, booklet.sex, level)
    values: dict[str, Any] = {"overall_comment": text}
    if kind == "college":
        values |= {"council_on": (booklet.ends_on - timedelta(days=5)).isoformat(),
                   "absences_justified": dice.choice((0, 0, 0, 1, 2, 2, 4, 6)),
                   "absences_unjustified": dice.choice((0, 0, 0, 0, 0, 1, 2)),
                   "lateness": dice.choice((0, 0, 0, 1, 1, 2, 3))}  # fmt: skip
    return [Change(Cell("booklet", booklet.id, field), value, None) for field, value in values.items()]
