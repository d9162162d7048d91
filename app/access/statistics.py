"""Statistics of activation codes, as the guide defines them (M107–M110).

A person is counted once in each line: a guardian with children in two classes counts in both, and once in the line of
the school. « Somme » adds the lines of its table. Whatever the school, a table costs one grouped statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Subquery,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from app.access.statistics_rows import FLAGS, Holder, Rows, group_key
from app.core.db import admin_db
from app.schools.models import Division, GradeLevel, Programme, School
from app.schools.people import Enrolment

SCHOOL = (School.id, School.uai, School.name, School.city, School.kind)
NOBODYS = cast(null(), Integer)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is counted in one line. `people` are guardians, or pupils where their own codes are counted; `reached` are
    the pupils of whom at least one guardian has an account."""

    people: int = 0
    refused: int = 0
    notified: int = 0
    notified_year: int = 0
    accounts: int = 0
    accounts_year: int = 0
    pupils: int = 0
    reached: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def accounts_share(self) -> Decimal | None:
        """« % avec comptes créés »."""
        return percent(self.accounts, self.people)

    @property
    def accounts_year_share(self) -> Decimal | None:
        """« % créés année courante »."""
        return percent(self.accounts_year, self.people)

    @property
    def reached_share(self) -> Decimal | None:
        """« % élèves ayant au moins un resp. avec compte créé »."""
        return percent(self.reached, self.pupils)


def percent(part: int, whole: int) -> Decimal | None:
    """`part / whole × 100`, rounded half up to two decimals (M110); None of nobody. Whole numbers all the way: 0.125 is
    not one in binary."""
    return Decimal((part * 20_000 + whole) // (2 * whole)) / 100 if whole else None


@dataclass(frozen=True, slots=True)
class ClassLine:
    """One division in a table; `id` None = pupils without division."""

    id: int | None
    label: str | None
    figures: Figures


@dataclass(frozen=True, slots=True)
class Table:
    """The divisions of one programme (MEF) of a collège, or of one level of an école; `id` None = pupils without."""

    id: int | None
    label: str | None
    lines: tuple[ClassLine, ...]

    @property
    def total(self) -> Figures:
        """« Somme »."""
        return sum((line.figures for line in self.lines), Figures())


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """A school among those of its academy."""

    id: int
    uai: str
    name: str
    city: str | None
    kind: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class SchoolStatistics:
    """The line of a school, then its tables."""

    school: SchoolLine
    tables: tuple[Table, ...]


def school_lines(holder: Holder) -> list[SchoolLine]:
    """Every school within reach, those without a pupil too, by name (M107, M108)."""
    lines = admin_db.session.execute(_of_schools(Rows.now(holder)))
    return [SchoolLine(id, uai, name, city, kind, Figures(*sums)) for id, uai, name, city, kind, *sums in lines]


def school_statistics(holder: Holder, school_id: int) -> SchoolStatistics | None:
    """A school's line and tables; None when it is out of reach."""
    rows = admin_db.session.execute(_of_classes(Rows.now(holder)), {"school": school_id}).all()
    if not rows:
        return None
    whole, tables = Figures(), dict[int | None, tuple[str | None, list[ClassLine]]]()
    for is_whole, group_id, label, division_id, division, *sums in (row[5:] for row in rows):
        if is_whole:
            whole = Figures(*sums)
        elif is_whole is not None:  # a school without a pupil has one row with nothing in it
            tables.setdefault(group_id, (label, []))[1].append(ClassLine(division_id, division, Figures(*sums)))
    id, uai, name, city, kind = rows[0][:5]
    line = SchoolLine(id, uai, name, city, kind, whole)
    return SchoolStatistics(line, tuple(Table(id, label, tuple(own)) for id, (label, own) in tables.items()))


@lru_cache(maxsize=32)
def _of_schools(rows: Rows) -> Select[Any]:
    """A line for each school: the figures of its people, each counted once."""
    people = rows.counted((Enrolment.school_id.label("school_id"),)).cte("people")
    found = _sums(union_all(*_each_one(rows, people, [people.c.school_id], "school_id")), ["school_id"])
    counts = (func.coalesce(found.c[f.name], 0) for f in fields(Figures))
    columns: list[Any] = [*SCHOOL, *counts]
    lines = select(*columns).outerjoin(found, found.c.school_id == School.id)
    return lines.order_by(School.name, School.uai)


@lru_cache(maxsize=32)
def _of_classes(rows: Rows) -> Select[Any]:
    """The line of one school (`whole` 1) and those of its classes (0), read from the same people."""
    one = School.id == bindparam("school")
    keys = (Enrolment.school_id.label("school_id"), group_key().label("group_id"),
            Enrolment.division_id.label("division_id"))  # fmt: skip
    people = rows.counted(keys).where(one).cte("people")
    of_class = [people.c.school_id, literal(0).label("whole"), people.c.group_id, people.c.division_id]
    of_all = [people.c.school_id, literal(1).label("whole"), NOBODYS.label("group_id"), NOBODYS.label("division_id")]
    each = union_all(*_each_one(rows, people, of_class, "school_id", "group_id", "division_id"),
                     *_each_one(rows, people, of_all, "school_id"))  # fmt: skip
    found = _sums(each, ["school_id", "whole", "group_id", "division_id"])
    college = School.kind == "college"
    return (
        select(*SCHOOL, found.c.whole, found.c.group_id, func.coalesce(Programme.label, GradeLevel.label),
               found.c.division_id, Division.label, *(found.c[f.name] for f in fields(Figures)))
        .select_from(School).outerjoin(found, found.c.school_id == School.id)
        .outerjoin(Programme, and_(college, Programme.id == found.c.group_id))
        .outerjoin(GradeLevel, and_(~college, GradeLevel.id == found.c.group_id))
        .outerjoin(Division, and_(Division.id == found.c.division_id, Division.school_id == found.c.school_id))
        .where(one).order_by(Programme.label.nulls_last(), GradeLevel.rank.nulls_last(), found.c.group_id,
                             Division.code.nulls_last(), found.c.division_id)
    )  # fmt: skip


def _each_one(rows: Rows, people: CTE, keys: list[Any], *by: str) -> Iterator[Select[Any]]:
    """One row for each person within the columns `by`, headed by `keys`; beside guardians, the pupils of the last
    percentage."""
    own = rows.holder == "pupil"
    within = [people.c[name] for name in by]
    yield (
        select(*keys, literal(1).label("people"), *(func.max(people.c[flag]).label(flag) for flag in FLAGS),
               literal(int(own)).label("pupils"), _reached(people, own).label("reached"))
        .where(people.c.person_id.is_not(None)).group_by(*within, people.c.person_id)
    )  # fmt: skip
    if not own:
        nobody = (literal(0).label(name) for name in ("people", *FLAGS))
        yield (select(*keys, *nobody, literal(1).label("pupils"), _reached(people, True).label("reached"))
               .group_by(*within, people.c.pupil_id))  # fmt: skip


def _reached(people: CTE, counted: bool) -> ColumnElement[int]:
    return func.max(people.c.accounts) if counted else literal(0)


def _sums(each: CompoundSelect[Any], keys: list[str]) -> Subquery:
    one = each.subquery("each_one")
    by = [one.c[key] for key in keys]
    return select(*by, *(func.sum(one.c[f.name]).label(f.name) for f in fields(Figures))).group_by(*by).subquery()
