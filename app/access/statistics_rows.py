"""What statistics count: one row for each present pupil, or for each pupil with each legal guardian 1 or 2 (M109)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import aliased

from app.access.models import VALID_STATES, AccessRefusal, ActivationCode, PortalAccount, PupilRefusal
from app.access.queries import active_on, legal_link
from app.core import clock
from app.core.db import admin_db
from app.schools.models import Division, School, SchoolYear
from app.schools.people import Enrolment, GuardianLink

Holder = Literal["pupil", "guardian"]
FLAGS = ("refused", "notified", "notified_year", "accounts", "accounts_year")
LIVING = ("provisional", "confirmed")  # an account that lapsed or was closed is none any more


class Year(NamedTuple):
    """The dates of a school year."""

    id: int
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows about pupils' own codes, or about guardians', as of a day. `years` are the current ones of the schools
    within reach. Equal ones make equal statements, so that a statement is put together once."""

    holder: Holder
    years: tuple[Year, ...]
    today: date

    @classmethod
    def now(cls, holder: Holder) -> Rows:
        """As of today."""
        found = select(SchoolYear.id, SchoolYear.starts_on, SchoolYear.ends_on).where(
            SchoolYear.id.in_(select(School.school_year_id))).order_by(SchoolYear.id)  # fmt: skip
        return cls(holder, tuple(Year(*year) for year in admin_db.session.execute(found)), clock.today())

    @property
    def person(self) -> Any:
        """The column that names whoever holds a code; None for a pupil without legal guardian."""
        return Enrolment.pupil_id if self.holder == "pupil" else GuardianLink.guardian_id

    def counted(self, columns: Sequence[Any]) -> Select[Any]:
        """The rows with `columns` (on Enrolment), `pupil_id`, `person_id` and every flag as 1 or 0."""
        flags = (self.as_number(flag).label(flag) for flag in FLAGS)
        return self.select(*columns, Enrolment.pupil_id.label("pupil_id"), self.person.label("person_id"), *flags)

    def select(self, *columns: Any) -> Select[Any]:
        """A statement over the rows: links, valid codes, refusals in force and accounts are joined."""
        mine = (ActivationCode.school_id == Enrolment.school_id, ActivationCode.pupil_id == Enrolment.pupil_id,
                ActivationCode.holder == self.holder, ActivationCode.state.in_(VALID_STATES))  # fmt: skip
        joined = select(*columns).select_from(Enrolment).join(School, School.id == Enrolment.school_id)
        if self.holder == "pupil":
            joined = joined.outerjoin(ActivationCode, and_(*mine)).outerjoin(PupilRefusal, _in_force(PupilRefusal))
        else:
            link = and_(GuardianLink.school_id == Enrolment.school_id, GuardianLink.pupil_id == Enrolment.pupil_id,
                        legal_link(), GuardianLink.certified)  # fmt: skip
            theirs = ActivationCode.guardian_id == GuardianLink.guardian_id
            refusal = and_(_in_force(AccessRefusal), AccessRefusal.guardian_id == GuardianLink.guardian_id)
            joined = (joined.outerjoin(GuardianLink, link).outerjoin(ActivationCode, and_(*mine, theirs))
                      .outerjoin(AccessRefusal, refusal))  # fmt: skip
        account = and_(PortalAccount.id == ActivationCode.account_id, PortalAccount.state.in_(LIVING))
        return joined.outerjoin(PortalAccount, account).where(active_on(self.today))

    def as_number(self, flag: str) -> ColumnElement[int]:
        """1 where a flag is so of a row."""
        return case((self._so(flag), 1), else_=0)

    def _so(self, flag: str) -> Any:
        """Codes are judged by date and account, whatever their state (DESIGN §4)."""
        if flag == "refused":
            return (PupilRefusal if self.holder == "pupil" else AccessRefusal).id.is_not(None)
        if flag == "notified":
            return ActivationCode.notified_on.is_not(None)
        if flag == "accounts":
            return PortalAccount.id.is_not(None)
        if flag == "notified_year":
            return self._in_year(ActivationCode.notified_on, lambda day: day)
        return self._in_year(PortalAccount.created_at, _midnight)

    def _in_year(self, column: Any, bound: Any) -> ColumnElement[bool]:
        """Between the first and the last day of the school's current year, both included (M109)."""
        return or_(false(), *(
            and_(School.school_year_id == year.id, column >= bound(year.starts_on),
                 column < bound(year.ends_on + timedelta(days=1)))
            for year in self.years))  # fmt: skip


def _in_force(refusal: Any) -> ColumnElement[bool]:
    return and_(refusal.school_id == Enrolment.school_id, refusal.pupil_id == Enrolment.pupil_id,
                refusal.lifted_on.is_(None))  # fmt: skip


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, clock.PARIS)


def group_key() -> Any:
    """What makes a table: the programme (MEF) in a collège, the level in an école, whose classes often hold two."""
    division = aliased(Division)
    same = (division.id == Enrolment.division_id, division.school_id == Enrolment.school_id)
    own = select(division.grade_level_id).where(*same).correlate(Enrolment)
    level = func.coalesce(Enrolment.grade_level_id, own.scalar_subquery())
    return case((School.kind == "college", Enrolment.programme_id), else_=level)
