"""Bringing the staged differences in: one short transaction of set-based statements, the same on both databases.

Every statement names its school besides the gate's own criterion, and goes through the mapped classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, String, and_, cast, delete, exists, insert, literal, null, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.clock import today
from app.curriculum.reference import programme_label
from app.exchange.models import (
    CLOSE,
    END,
    PUT,
    StagedAssignment,
    StagedDivision,
    StagedGuardian,
    StagedLink,
    StagedPlacement,
    StagedPupil,
    StagedStaff,
)
from app.exchange.sync.checks import SchoolFacts
from app.schools.models import Division, DivisionStaff, GradeLevel, Programme
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil, Staff

Names = Sequence[str]
UNSYNCED = {"synchronize_session": False}
PUPIL = (
    "ine", "last_name", "usage_name", "first_name", "first_name2", "first_name3", "birth_date", "sex", "digest",
)  # fmt: skip
GUARDIAN = (
    "title", "last_name", "usage_name", "first_name", "email", "phone_home", "phone_mobile", "phone_work", "address1",
    "address2", "address3", "address4", "postal_code", "city", "country", "digest",
)  # fmt: skip
STAFF = ("title", "last_name", "usage_name", "first_name", "birth_date", "function", "email", "digest")


@dataclass(frozen=True, slots=True)
class Batch:
    """Which staged rows, of which school, for people of which source."""

    session: Session
    school: SchoolFacts
    name: str
    source: str
    staff_source: str
    written: frozenset[str]  # staging tables that hold something
    bulk: bool = False

    def of(self, model: Any, action: str | None = None) -> Any:
        """The staged rows of one kind."""
        mine = and_(model.school_id == self.school.id, model.batch == self.name)
        return mine if action is None else and_(mine, model.action == action)

    def people(self, model: Any, staged_key: Any, source: str | None = None) -> Any:
        """The person a staged row is about."""
        return and_(
            model.school_id == self.school.id, model.source == (source or self.source), model.source_id == staged_key
        )

    def run(self, statement: Any) -> None:
        """One statement; loaded objects are left alone."""
        self.session.execute(statement, execution_options=UNSYNCED)

    def analyze(self, *models: Any) -> None:
        """After many new rows PostgreSQL still plans for an empty table, down to the checks of foreign keys."""
        if self.bulk and self.is_postgresql:
            for model in models:
                self.session.execute(text(f"ANALYZE {model.__tablename__}"))

    @property
    def is_postgresql(self) -> bool:
        """Which of the two databases this is."""
        return self.session.get_bind().dialect.name == "postgresql"

    def upsert(self, model: Any, columns: dict[str, Any], source: Any, key: Names, changed: Names) -> None:
        """INSERT … SELECT … ON CONFLICT DO UPDATE; `columns` are the expressions by name."""
        dialect = postgresql if self.is_postgresql else sqlite
        statement = dialect.insert(model).from_select(list(columns), source)
        values = {name: statement.excluded[name] for name in changed}
        self.run(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def apply_batch(batch: Batch) -> None:
    """What is staged, in the order the keys need. The caller owns the transaction."""
    steps = (
        (_divisions, {StagedDivision}),
        (_pupils, {StagedPupil, StagedPlacement}),
        (_guardians, {StagedGuardian, StagedLink}),
        (_staff, {StagedStaff}),
    )
    with _joined_by_hash(batch):
        for step, models in steps:
            if batch.written & {model.__tablename__ for model in models}:
                step(batch)
    batch.analyze(Enrolment, GuardianLink)


@contextmanager
def _joined_by_hash(batch: Batch) -> Iterator[None]:
    """PostgreSQL has no statistics yet on rows staged a moment ago, takes them for few and loops (815 × 815 × 815)."""
    if batch.is_postgresql and batch.written:
        batch.session.execute(text("SET LOCAL enable_nestloop = off"))
        yield
        batch.session.execute(text("SET LOCAL enable_nestloop = on"))
    else:
        yield


def _programmes(batch: Batch) -> None:
    """New programmes, with the label of the shipped list."""
    school = batch.school.id
    codes = set(batch.session.scalars(select(StagedPupil.mef_code).where(batch.of(StagedPupil, PUT)).distinct()))
    known = set(batch.session.scalars(select(Programme.mef_code).where(Programme.school_id == school)))
    levels = _levels(batch.session)
    rows = []
    for code in sorted(code for code in codes - known if code):
        found = programme_label(code)
        level = levels.get(found.level or "")
        rows.append({"school_id": school, "mef_code": code, "label": found.label, "grade_level_id": level})
    if rows:
        batch.session.execute(insert(Programme), rows)


def _levels(session: Session) -> dict[str, int]:
    return dict(session.execute(select(GradeLevel.code, GradeLevel.id)).all())  # type: ignore[arg-type]


def _divisions(batch: Batch) -> None:
    """New divisions, and the labels that changed. A file that knows only codes changes no label."""
    school, levels = batch.school, _levels(batch.session)
    mine = (Division.school_id == school.id, Division.school_year_id == school.school_year_id)
    known = {row.code: row for row in batch.session.execute(select(*_DIVISION).where(*mine))}
    wanted: dict[str, dict[str, Any]] = {}
    for row in batch.session.execute(select(*_STAGED_DIVISION).where(batch.of(StagedDivision))):
        values = wanted.setdefault(row.code, {})
        values |= {"label": row.label} if row.label else {}
        values |= {"grade_level_id": levels[row.level]} if row.level in levels else {}
    fresh = []
    for code, values in wanted.items():
        if code not in known:
            year = {"school_id": school.id, "school_year_id": school.school_year_id, "code": code}
            fresh.append(year | {"label": code, "grade_level_id": None} | values)
        elif any(getattr(known[code], name) != value for name, value in values.items()):
            batch.run(update(Division).where(*mine, Division.code == code).values(values))
    if fresh:
        batch.session.execute(insert(Division), fresh)


_DIVISION = (Division.code, Division.label, Division.grade_level_id)
_STAGED_DIVISION = (StagedDivision.code, StagedDivision.label, StagedDivision.level)


def _pupils(batch: Batch) -> None:
    _programmes(batch)
    _upsert_people(batch, Pupil, StagedPupil, PUPIL, batch.source)
    batch.analyze(Pupil)
    _enrolments(batch)
    _departures(batch)


def _upsert_people(batch: Batch, model: Any, staged: Any, names: Names, source: str) -> None:
    """People by (school, source, source id)."""
    columns = {
        "school_id": staged.school_id,
        "source": literal(source, String),
        "source_id": staged.source_id,
        **{name: getattr(staged, name) for name in names},
    }
    rows = select(*columns.values()).where(batch.of(staged, PUT))
    batch.upsert(model, columns, rows, ("school_id", "source", "source_id"), names)


def _enrolments(batch: Batch) -> None:
    """The year of each staged pupil; then the divisions, which may change alone."""
    year = batch.school.school_year_id
    columns = {
        "school_id": StagedPupil.school_id,
        "pupil_id": Pupil.id,
        "school_year_id": literal(year),
        "programme_id": Programme.id,
        "grade_level_id": GradeLevel.id,
        "starts_on": StagedPupil.starts_on,
        "ends_on": StagedPupil.ends_on,
    }
    rows = (
        select(*columns.values())
        .select_from(StagedPupil)
        .join(Pupil, batch.people(Pupil, StagedPupil.source_id))
        .outerjoin(Programme, and_(Programme.school_id == batch.school.id, Programme.mef_code == StagedPupil.mef_code))
        .outerjoin(GradeLevel, GradeLevel.code == StagedPupil.level)
        .where(batch.of(StagedPupil, PUT))
    )
    changed = ("programme_id", "grade_level_id", "starts_on", "ends_on")
    batch.upsert(Enrolment, columns, rows, ("school_id", "pupil_id", "school_year_id"), changed)
    moved = (
        update(Enrolment)
        .where(
            Enrolment.school_id == batch.school.id,
            Enrolment.school_year_id == year,
            Pupil.id == Enrolment.pupil_id,
            batch.people(Pupil, StagedPlacement.source_id),
            batch.of(StagedPlacement),
        )
        .values(division_id=_division_id(batch, StagedPlacement.division_code))
    )
    batch.run(moved)


def _division_id(batch: Batch, code: Any) -> Any:
    return (
        select(Division.id)
        .where(
            Division.school_id == batch.school.id,
            Division.school_year_id == batch.school.school_year_id,
            Division.code == code,
        )
        .scalar_subquery()
    )


def _departures(batch: Batch) -> None:
    """Enrolments of pupils the file no longer names end today; without digest they would be taken up again."""
    absent = select(StagedPupil.source_id).where(batch.of(StagedPupil, CLOSE))
    of_source = and_(Pupil.school_id == batch.school.id, Pupil.source == batch.source)
    gone = select(Pupil.id).where(of_source, Pupil.source_id.in_(absent))
    open_now = or_(Enrolment.ends_on.is_(None), Enrolment.ends_on > today())
    mine = (Enrolment.school_id == batch.school.id, Enrolment.school_year_id == batch.school.school_year_id)
    batch.run(update(Enrolment).where(*mine, Enrolment.pupil_id.in_(gone), open_now).values(ends_on=today()))
    batch.run(update(Pupil).where(of_source, Pupil.source_id.in_(absent)).values(digest=None))


def _guardians(batch: Batch) -> None:
    """Who is nobody's guardian any more loses the digest, so as to be taken up again when the file says so."""
    mine = (Guardian.school_id == batch.school.id, Guardian.source == batch.source)
    closed = select(StagedGuardian.source_id).where(batch.of(StagedGuardian, CLOSE))
    unlinked = select(StagedLink.guardian_id).where(batch.of(StagedLink, END))
    for gone in (closed, unlinked):
        batch.run(update(Guardian).where(*mine, Guardian.source_id.in_(gone)).values(digest=None))
    _upsert_people(batch, Guardian, StagedGuardian, GUARDIAN, batch.source)
    batch.analyze(Guardian)
    _links(batch)


def _links(batch: Batch) -> None:
    """Links that ended, ranks that become free, then the links of the files."""
    _end_links(batch)
    pair = and_(
        Guardian.id == GuardianLink.guardian_id,
        Pupil.id == GuardianLink.pupil_id,
        batch.people(Guardian, StagedLink.guardian_id),
        batch.people(Pupil, StagedLink.pupil_id),
    )
    staged = (pair, batch.of(StagedLink, PUT))
    taken = (
        Pupil.id == GuardianLink.pupil_id,
        batch.people(Pupil, StagedLink.pupil_id),
        batch.of(StagedLink, PUT),
        StagedLink.rank == GuardianLink.rank,
    )
    mine = (GuardianLink.school_id == batch.school.id, GuardianLink.ended_on.is_(None), GuardianLink.rank.is_not(None))
    for freed in (staged, taken):
        batch.run(update(GuardianLink).where(*mine, exists().where(*freed)).values(rank=None))
    columns = {
        "school_id": StagedLink.school_id,
        "guardian_id": Guardian.id,
        "pupil_id": Pupil.id,
        "rank": StagedLink.rank,
        "level": StagedLink.level,
        "kinship": StagedLink.kinship,
        "certified": StagedLink.certified,
        "ended_on": cast(null(), Date),
    }
    rows = (
        select(*columns.values())
        .select_from(StagedLink)
        .join(Guardian, batch.people(Guardian, StagedLink.guardian_id))
        .join(Pupil, batch.people(Pupil, StagedLink.pupil_id))
        .where(batch.of(StagedLink, PUT))
    )
    changed = ("rank", "level", "kinship", "certified", "ended_on")
    batch.upsert(GuardianLink, columns, rows, ("school_id", "guardian_id", "pupil_id"), changed)


def _end_links(batch: Batch) -> None:
    """SIECLE gives all the links of a guardian: those not given ended. ONDE names the ended ones."""
    said = exists().where(
        Guardian.id == GuardianLink.guardian_id,
        Pupil.id == GuardianLink.pupil_id,
        batch.people(Guardian, StagedLink.guardian_id),
        batch.people(Pupil, StagedLink.pupil_id),
        batch.of(StagedLink, END if batch.source == "onde" else PUT),
    )
    about = exists().where(
        Guardian.id == GuardianLink.guardian_id,
        batch.people(Guardian, StagedGuardian.source_id),
        batch.of(StagedGuardian),
    )
    ended = said if batch.source == "onde" else and_(about, ~said)
    mine = (GuardianLink.school_id == batch.school.id, GuardianLink.ended_on.is_(None))
    batch.run(update(GuardianLink).where(*mine, ended).values(ended_on=today()))


def _staff(batch: Batch) -> None:
    """Staff, who is in place, and where they teach."""
    _upsert_people(batch, Staff, StagedStaff, STAFF, batch.staff_source)
    mine = (Staff.school_id == batch.school.id, Staff.source == batch.staff_source)
    for action, day in ((PUT, None), (CLOSE, today())):
        staged = exists().where(batch.of(StagedStaff, action), StagedStaff.source_id == Staff.source_id)
        still = Staff.ended_on.is_not(None) if day is None else Staff.ended_on.is_(None)
        batch.run(update(Staff).where(*mine, staged, still).values(ended_on=day))
    _assignments(batch)


def _assignments(batch: Batch) -> None:
    """The classes of the staff that changed, of this year: those not said any more go, the others are written."""
    year = batch.school.school_year_id
    about = exists().where(
        Staff.id == DivisionStaff.staff_id,
        batch.people(Staff, StagedStaff.source_id, batch.staff_source),
        batch.of(StagedStaff),
    )
    this_year = exists().where(Division.id == DivisionStaff.division_id, Division.school_year_id == year)
    batch.run(delete(DivisionStaff).where(DivisionStaff.school_id == batch.school.id, about, this_year))
    columns = {
        "school_id": StagedAssignment.school_id,
        "division_id": Division.id,
        "staff_id": Staff.id,
        "is_class_teacher": StagedAssignment.is_class_teacher,
    }
    rows = (
        select(*columns.values())
        .select_from(StagedAssignment)
        .join(Staff, batch.people(Staff, StagedAssignment.staff_id, batch.staff_source))
        .join(
            Division,
            and_(
                Division.school_id == batch.school.id,
                Division.school_year_id == year,
                Division.code == StagedAssignment.division_code,
            ),
        )
        .where(batch.of(StagedAssignment))
    )
    key = ("school_id", "division_id", "staff_id")
    batch.upsert(DivisionStaff, columns, rows, key, ("is_class_teacher",))
