"""Statistics of activation codes, as the guide defines them (M107–M110).

A person is counted once in each line: a guardian with children in two classes counts in both, and once in the line of
the school. « Somme » adds the lines of its table. Whatever the school, a table costs one grouped statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, literal, select, union_all

from app.access.statistics_rows import FLAGS, Holder, Rows, group_key
from app.core.db import admin_db
from app.schools.models import Division, GradeLevel, Programme, School
from app.schools.people import Enrolment


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
    return _lines(Rows(holder))


def school_statistics(holder: Holder, school_id: int) -> SchoolStatistics | None:
    """A school's line and tables; None when it is out of reach."""
    rows = Rows(holder)
    found = _lines(rows, School.id == school_id)
    return SchoolStatistics(found[0], _tables(rows, found[0])) if found else None


def _lines(rows: Rows, *where: Any) -> list[SchoolLine]:
    found = _figures(rows, (Enrolment.school_id.label("school_id"),), *where)
    school = (School.id, School.uai, School.name, School.city, School.kind)
    counts = (func.coalesce(found.c[f.name], 0) for f in fields(Figures))
    statement = select(*school, *counts).outerjoin(found, found.c.school_id == School.id).where(*where)
    lines = admin_db.session.execute(statement.order_by(School.name, School.uai))
    return [SchoolLine(id, uai, name, city, kind, Figures(*sums)) for id, uai, name, city, kind, *sums in lines]


def _tables(rows: Rows, school: SchoolLine) -> tuple[Table, ...]:
    keys = (Enrolment.school_id.label("school_id"), group_key(school.kind).label("group_id"),
            Enrolment.division_id.label("division_id"))  # fmt: skip
    found = _figures(rows, keys, School.id == school.id)
    group: Any = Programme if school.kind == "college" else GradeLevel
    order = Programme.label if school.kind == "college" else GradeLevel.rank
    lines = admin_db.session.execute(
        select(group.id, group.label, Division.id, Division.label, *(found.c[f.name] for f in fields(Figures)))
        .select_from(School).join(found, found.c.school_id == School.id)
        .outerjoin(group, group.id == found.c.group_id)
        .outerjoin(Division, and_(Division.id == found.c.division_id, Division.school_id == found.c.school_id))
        .order_by(order.nulls_last(), group.id, Division.code.nulls_last(), Division.id)
    )  # fmt: skip
    made: dict[int | None, tuple[str | None, list[ClassLine]]] = {}
    for group_id, label, division_id, division, *counts in lines:
        made.setdefault(group_id, (label, []))[1].append(ClassLine(division_id, division, Figures(*counts)))
    return tuple(Table(id, label, tuple(own)) for id, (label, own) in made.items())


def _figures(rows: Rows, keys: Sequence[Any], *where: Any) -> Subquery:
    """Counts by `keys`: each person once, then their sum. The pupils of the last percentage are counted beside."""
    people = rows.counted(keys).where(*where).cte("people")
    names = [people.c[key.name] for key in keys]
    own = rows.holder == "pupil"
    parts: list[Select[Any]] = [
        select(*names, literal(1).label("people"), *(func.max(people.c[flag]).label(flag) for flag in FLAGS),
               literal(int(own)).label("pupils"), _reached(people, own).label("reached"))
        .where(people.c.person_id.is_not(None)).group_by(*names, people.c.person_id)
    ]  # fmt: skip
    if not own:
        nobody = (literal(0).label(name) for name in ("people", *FLAGS))
        parts.append(select(*names, *nobody, literal(1).label("pupils"), _reached(people, True).label("reached"))
                     .group_by(*names, people.c.pupil_id))  # fmt: skip
    each = union_all(*parts).subquery("each_one")
    sums = (func.sum(each.c[f.name]).label(f.name) for f in fields(Figures))
    return select(*(each.c[key.name] for key in keys), *sums).group_by(*(each.c[k.name] for k in keys)).subquery()


def _reached(people: Any, counted: bool) -> ColumnElement[int]:
    return func.max(people.c.accounts) if counted else literal(0)
