"""The people behind a figure of the statistics: as many lines as the figure says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, null, select

from app.access.models import ActivationCode, PortalAccount
from app.access.statistics_rows import FLAGS, Holder, Rows, group_key
from app.core.clock import PARIS
from app.core.db import admin_db
from app.core.errors import NotFound
from app.core.folding import fold
from app.schools.models import Division, GradeLevel, Programme, School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil

FIGURES = ("people", *FLAGS, "no_account")
SORTS = ("name", "division", "notified", "account")
NOTIFIED, ACCOUNT = func.max(ActivationCode.notified_on), func.min(PortalAccount.created_at)
WITHOUT = 0  # pupils without programme (or level), or without division


@dataclass(frozen=True, slots=True)
class Wanted:
    """A figure, and of whom: the school, one table (`group`), one division, or one division within a table. `sort`
    begins with « - » when the order is turned round."""

    holder: Holder
    figure: str = "people"
    group: int | None = None
    division: int | None = None
    sort: str = "name"

    @property
    def by_division(self) -> bool:
        """Whether somebody has a line for each class: « Somme » adds classes, and a pupil has one class."""
        return self.holder == "pupil" or (self.group is not None and self.division is None)


class Child(NamedTuple):
    """A pupil of a guardian, with the link that names the couple's page."""

    link_id: int
    name: str
    division: str | None


@dataclass(frozen=True, slots=True)
class NameLine:
    """One person; `division` is said where lines follow classes."""

    person: Pupil | Guardian
    division: str | None
    refused: bool
    notified_on: date | None
    account_on: date | None
    children: tuple[Child, ...] = ()


class Names:
    """The list behind one figure, of the school that is entered."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.rows = Rows.now(wanted.holder)
        self.school = admin_db.session.scalars(select(School)).one()
        self.person: Any = Pupil if wanted.holder == "pupil" else Guardian

    def label(self) -> str | None:
        """« 3EME GENE · 3A »; None for the whole school; an empty part has no name. Raises `NotFound`."""
        group = Programme if self.school.kind == "college" else GradeLevel
        asked = ((group, self.wanted.group), (Division, self.wanted.division))
        names = [_label(model, id) for model, id in asked if id]
        return " · ".join(names) or None

    def count(self) -> int:
        """How many lines there are."""
        found = self._people(Enrolment.school_id.label("school_id")).group_by(Enrolment.school_id).subquery()
        counted = select(func.count(found.c.school_id)).select_from(School)
        return admin_db.session.scalar(counted.join(found, found.c.school_id == School.id)) or 0

    def lines(self, *, limit: int | None = None, offset: int = 0) -> list[NameLine]:
        """The lines, or one page of them; the children of guardians come in one more statement."""
        division = Division.label if self.wanted.by_division else null()
        refused = func.max(self.rows.as_number("refused"))
        statement = self._people(self.person, division, refused, NOTIFIED, ACCOUNT).order_by(*self._order())
        found = admin_db.session.execute(statement.limit(limit).offset(offset)).all()
        children: dict[int, list[Child]] = {}
        if self.wanted.holder == "guardian":
            children = self._children(None if limit is None else [line[0].id for line in found])
        return [NameLine(person, label, bool(refused), notified, account and account.astimezone(PARIS).date(),
                         tuple(children.get(person.id, ())))
                for person, label, refused, notified, account in found]  # fmt: skip

    def _people(self, *columns: Any) -> Select[Any]:
        theirs = and_(self.person.id == self.rows.person, self.person.school_id == Enrolment.school_id)
        found = self.rows.select(*columns).join(self.person, theirs).outerjoin(Enrolment.division)
        found = found.where(*self._part()).group_by(self.person.id)
        if self.wanted.by_division:
            found = found.group_by(Division.id, Division.label, Division.code)
        if self.wanted.figure == "people":
            return found
        flag, so = ("accounts", 0) if self.wanted.figure == "no_account" else (self.wanted.figure, 1)
        return found.having(func.max(self.rows.as_number(flag)) == so)

    def _part(self) -> list[Any]:
        asked = ((group_key(), self.wanted.group), (Enrolment.division_id, self.wanted.division))
        return [key.is_(None) if id == WITHOUT else key == id for key, id in asked if id is not None]

    def _order(self) -> list[Any]:
        name = [fold(func.coalesce(self.person.usage_name, self.person.last_name)), fold(self.person.first_name)]
        key = self.wanted.sort.removeprefix("-")
        first = {"division": Division.code, "notified": NOTIFIED, "account": ACCOUNT}.get(key, name[0])
        if key == "division" and not self.wanted.by_division:
            first = name[0]
        turned = first.desc() if self.wanted.sort.startswith("-") else first.asc()
        return [turned.nulls_last(), *name, self.person.id]

    def _children(self, guardians: Collection[int] | None) -> dict[int, list[Child]]:
        """The pupils of each guardian, among those the figure is about."""
        statement = self.rows.select(GuardianLink.guardian_id, GuardianLink.id, Pupil, Division.label)
        statement = statement.join(Enrolment.pupil).outerjoin(Enrolment.division).where(
            *self._part(), GuardianLink.id.is_not(None))  # fmt: skip
        if guardians is not None:
            statement = statement.where(GuardianLink.guardian_id.in_(guardians))
        found = defaultdict(list)
        for guardian, link, pupil, division in admin_db.session.execute(statement.order_by(Pupil.birth_date, Pupil.id)):
            found[guardian].append(Child(link, pupil.shown_name, division))
        return found


def _label(model: Any, id: int) -> str:
    found = admin_db.session.scalar(select(model.label).where(model.id == id))
    if found is None:
        raise NotFound("Cette division ou cette formation n'existe pas.")
    return str(found)
