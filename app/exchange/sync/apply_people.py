"""Bringing guardians, their links and staff in."""

from __future__ import annotations

from sqlalchemy import Date, and_, cast, delete, exists, null, select, update

from app.core.clock import today
from app.exchange.models import CLOSE, END, PUT, StagedAssignment, StagedGuardian, StagedLink, StagedStaff
from app.exchange.sync.batch import Batch, upsert_people
from app.schools.models import Division, DivisionStaff
from app.schools.people import Guardian, GuardianLink, Pupil, Staff

GUARDIAN = (
    "title", "last_name", "usage_name", "first_name", "email", "phone_home", "phone_mobile", "phone_work", "address1",
    "address2", "address3", "address4", "postal_code", "city", "country", "digest",
)  # fmt: skip
STAFF = ("title", "last_name", "usage_name", "first_name", "birth_date", "function", "email", "digest")


def apply_guardians(batch: Batch) -> None:
    """Who is nobody's guardian any more loses the digest, so as to be taken up again when the file says so."""
    mine = (Guardian.school_id == batch.school.id, Guardian.source == batch.source)
    closed = select(StagedGuardian.source_id).where(batch.of(StagedGuardian, CLOSE))
    unlinked = select(StagedLink.guardian_id).where(batch.of(StagedLink, END))
    for gone in (closed, unlinked):
        batch.run(update(Guardian).where(*mine, Guardian.source_id.in_(gone)).values(digest=None))
    upsert_people(batch, Guardian, StagedGuardian, GUARDIAN, batch.source)
    batch.analyze(Guardian)
    _links(batch)


def _links(batch: Batch) -> None:
    """Links that ended, ranks that become free, then the links of the files."""
    _end_links(batch)
    _free_ranks(batch)
    _put_links(batch)


def _free_ranks(batch: Batch) -> None:
    """Ranks are unique among the links that hold: those about to be given are taken away first, whoever has them."""
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


def _put_links(batch: Batch) -> None:
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


def apply_staff(batch: Batch) -> None:
    """Staff, who is in place, and where they teach."""
    upsert_people(batch, Staff, StagedStaff, STAFF, batch.staff_source)
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
