"""« Fin de période »: where each class stands, and who has what left to fill in, by the conditions of the workflow
itself (M042). A constant number of statements, whatever the size of the school."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from app.booklets.base import in_place
from app.booklets.models import OPEN_STATES, Attainment, Booklet, EntryClosing
from app.booklets.workflow import subject_done
from app.core.db import admin_db
from app.curriculum.models import TeachingItem, TeachingService
from app.schools.models import Division, DivisionStaff, School
from app.schools.people import Staff
from app.workflow import catalogue
from app.workflow.labels import Label
from app.workflow.registry import conditions

Term = tuple[int, int]  # position, period count; (0, 0) is the end of a cycle
SUBJECTS = "subjects_complete"


@dataclass(frozen=True, slots=True)
class Business:
    """What one condition asks for, whose it is (`assigned` to the class, its `leaders`, or `nobody` of the teachers),
    and the page where it is filled in."""

    label: Label
    who: str
    page: str


BUSINESS: Mapping[str, Business] = {
    "areas_complete": Business(Label("Domaines à compléter", "Areas to complete"), "assigned", "/entry/comments/"),
    "components_positioned": Business(Label("Composantes du socle à positionner", "Components to position"), "leaders",
                                      "/booklets/"),
    "overall_comment_written": Business(Label("Appréciation générale", "Overall comment"), "leaders",
                                        "/entry/overall/"),
    "school_life_entered": Business(Label("Vie scolaire", "School life"), "nobody", "/entry/life/"),
    "no_blocking_line": Business(Label("Lignes bloquantes d'un import", "Blocking lines of an import"), "nobody",
                                 "/booklets/"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One class in one period: how many booklets are in each state, and the last day of entry (None = no limit)."""

    division_id: int
    division: str
    level: str
    drafts: int
    complete: int
    locked: int
    edited: int
    closes_on: date | None

    @property
    def total(self) -> int:
        """All its booklets of the period."""
        return self.drafts + self.complete + self.locked + self.edited


@dataclass(frozen=True, slots=True)
class Left:
    """Something that stands against the lock of `booklets` booklets of a class. `item_id` is the subject, if any;
    `staff` whose business it is, without anybody named: the head's."""

    division_id: int
    division: str
    label: Label
    booklets: int
    address: str
    staff: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """A teacher with something left, in the order of classes."""

    staff_id: int
    name: str
    email: str | None
    left: tuple[Left, ...]


def class_lines(term: Term) -> list[ClassLine]:
    """Every class of the year that has booklets in this period; one statement."""
    in_state = {state: func.count(case((Booklet.state == state, Booklet.id))) for state in
                ("draft", "complete", "locked", "edited")}  # fmt: skip
    closing = and_(EntryClosing.division_id == Division.id, EntryClosing.school_id == Division.school_id,
                   EntryClosing.position == term[0], EntryClosing.period_count == term[1])
    rows = admin_db.session.execute(
        select(Division.id, Division.label, func.min(Booklet.level_label), func.max(Booklet.level_label),
               *in_state.values(), EntryClosing.closes_on)
        .join(Booklet, and_(Booklet.division_id == Division.id, Booklet.school_id == Division.school_id))
        .outerjoin(EntryClosing, closing)
        .where(_this_year(term))
        .group_by(Division.id, Division.label, EntryClosing.closes_on)
        .order_by(Division.label, Division.id)
    )  # fmt: skip
    return [_class_line(*row) for row in rows]


def _class_line(division_id: int, division: str, lowest: str | None, highest: str | None, *rest: Any) -> ClassLine:
    return ClassLine(division_id, division, " – ".join(dict.fromkeys(filter(None, (lowest, highest)))), *rest)


def left(term: Term) -> list[Left]:
    """All that is left to fill in, class by class; four statements."""
    teachers, assigned, leaders = _services(), _assigned(), _assigned(leading=True)
    staff = {"assigned": assigned, "leaders": leaders, "nobody": {}}
    found = [
        Left(row.division_id, row.division_label, Label(row.label, row.label), row.booklets,
             _address("/entry/comments/", row.division_id, term, row.item_id),
             teachers.get((row.division_id, row.item_id), ()))
        for row in _subjects(term)
    ]  # fmt: skip
    for row in _rules(term):
        for name, business in BUSINESS.items():
            if count := getattr(row, name, 0):
                whose = staff[business.who].get(row.division_id, ())
                found.append(Left(row.division_id, row.division_label, business.label, count,
                                  _address(business.page, row.division_id, term), whose))  # fmt: skip
    return sorted(found, key=lambda one: (one.division, one.division_id))


def by_person(found: Sequence[Left]) -> list[Person]:
    """The same, teacher by teacher in the order of the alphabet; one statement."""
    theirs: dict[int, list[Left]] = defaultdict(list)
    for one in found:
        for staff_id in one.staff:
            theirs[staff_id].append(one)
    rows = admin_db.session.scalars(select(Staff).where(Staff.id.in_(theirs)))
    people = [Person(staff.id, str(staff), staff.email, tuple(theirs[staff.id])) for staff in rows]
    return sorted(people, key=lambda person: (person.name, person.staff_id))


def teachers_of_the_year() -> list[tuple[int, str]]:
    """Who teaches in a class of this year: id and name."""
    ids = {one for staff in (*_services().values(), *_assigned().values()) for one in staff}
    rows = admin_db.session.scalars(select(Staff).where(Staff.id.in_(ids)))
    return sorted(((staff.id, str(staff)) for staff in rows), key=lambda pair: (pair[1], pair[0]))


def period_label(term: Term) -> str:
    """« Trimestre 1 », as its booklets say."""
    return admin_db.session.scalar(select(func.min(Booklet.period_label)).where(_this_year(term))) or ""


def _this_year(term: Term) -> Any:
    year = select(School.school_year_id).where(School.id == Booklet.school_id).scalar_subquery()
    return and_(Booklet.school_year_id == year, Booklet.position == term[0], Booklet.period_count == term[1])


def _address(page: str, division_id: int, term: Term, item_id: int | None = None) -> str:
    item = f"&item={item_id}" if item_id else ""
    return f"{page}?division={division_id}&period={term[0]}-{term[1]}{item}"


def _subjects(term: Term) -> Sequence[Any]:
    """Collège: the subjects that are not done, with the number of pupils."""
    statement = (
        select(Booklet.division_id, Booklet.division_label, Attainment.item_id, TeachingItem.label,
               func.count(Attainment.id).label("booklets"))
        .join(Attainment.booklet)
        .join(Attainment.item)
        .where(_this_year(term), Booklet.model == "college", Booklet.state.in_(OPEN_STATES), ~subject_done(Attainment))
        .group_by(Booklet.division_id, Booklet.division_label, Attainment.item_id, TeachingItem.label,
                  TeachingItem.position)
        .order_by(TeachingItem.position, TeachingItem.label)
    )  # fmt: skip
    return admin_db.session.execute(statement).all()


def _rules(term: Term) -> Sequence[Any]:
    """The other conditions of the lock: how many open booklets of each class do not meet them."""
    uses = [use for use in catalogue.ready("booklet").transition("lock").requires if use.name != SUBJECTS]
    counts = [func.sum(case((conditions[use.name].clause(Booklet, **use.parameters), 0), else_=1)).label(use.name)
              for use in uses]  # fmt: skip
    statement = (
        select(Booklet.division_id, Booklet.division_label, *counts)
        .where(_this_year(term), Booklet.state.in_(OPEN_STATES))
        .group_by(Booklet.division_id, Booklet.division_label)
    )
    return admin_db.session.execute(statement).all()


def _services() -> dict[tuple[int, int], tuple[int, ...]]:
    """(class, subject) → who teaches it."""
    statement = (
        select(TeachingService.division_id, TeachingService.item_id, TeachingService.staff_id)
        .join(Staff, and_(Staff.id == TeachingService.staff_id, Staff.school_id == TeachingService.school_id))
        .join(Division, and_(Division.id == TeachingService.division_id,
                             Division.school_id == TeachingService.school_id))
        .join(School, School.id == Division.school_id)
        .where(Division.school_year_id == School.school_year_id, in_place())
    )  # fmt: skip
    return _gathered(((row[0], row[1]), row[2]) for row in admin_db.session.execute(statement))


def _assigned(*, leading: bool = False) -> dict[Any, tuple[int, ...]]:
    """Class → who is assigned to it; in a collège the class teachers when `leading`, as `Writer.leads` has it."""
    statement = (
        select(DivisionStaff.division_id, DivisionStaff.staff_id)
        .join(DivisionStaff.staff)
        .join(DivisionStaff.division)
        .join(School, School.id == Division.school_id)
        .where(Division.school_year_id == School.school_year_id, in_place())
    )
    if leading:
        statement = statement.where(or_(School.kind == "ecole", DivisionStaff.is_class_teacher))
    return _gathered((row[0], row[1]) for row in admin_db.session.execute(statement))


def _gathered(pairs: Any) -> dict[Any, tuple[int, ...]]:
    found: dict[Any, list[int]] = defaultdict(list)
    for key, staff_id in pairs:
        found[key].append(staff_id)
    return {key: tuple(dict.fromkeys(ids)) for key, ids in found.items()}
