"""One row of everything an address may name, in a school: its own for one role, another's for the next."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.models import AccessRefusal, ActivationCode, CardError, Notification, PortalAccount
from app.audit.services import record
from app.booklets.facts import facts_of
from app.booklets.models import BookletEdition, Project, ProjectGroup
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs.models import Artifact, Job
from app.online.models import OnlineService
from app.schools.models import Authority, Division, DivisionStaff, GradeLevel, Programme, School, SchoolYear
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil, Staff
from app.security import services
from app.security.models import RoleGrant
from letters.booklet_types import plain
from tests.booklets.factories import make_booklet
from tests.factories import make_division, make_guardian, make_programme, make_pupil, make_school, make_staff
from tests.security.online_objects import online_objects
from tests.security.record_objects import record_objects
from tests.security.setup_objects import setup_objects


def other_academy() -> int:
    """A second academy with one collège, people and a role of its own; returns the school's id."""
    with system_scope("another academy"), unit_of_work() as session:
        authority = Authority(code="98", name="Académie de Hautebise")
        session.add(authority)
        session.flush()
        year = SchoolYear(authority_id=authority.id, first_year=2026, starts_on=date(2026, 9, 1),
                          ends_on=date(2027, 7, 6))  # fmt: skip
        session.add(year)
        session.flush()
        school = make_school(authority, year, 77, name="Collège d'ailleurs")
        division, programme = make_division(school), make_programme(school)
        pupil = make_pupil(school, division, programme)
        make_guardian(school, pupil)
        make_staff(school)
        session.flush()
        return school.id


def objects(school_id: int) -> dict[str, int]:
    """resource → id of one row of that school (or of its academy), made where the world has none."""
    with system_scope("rows of one school"), unit_of_work() as session:
        school = session.get_one(School, school_id)
        found = _people(session, school_id) | _academy(session, school)
    with school_scope(school_id), unit_of_work() as session:
        found |= _work(session, school_id, found) | _groups(session, school_id, found)
        found |= _booklets(session, school_id, found)
        found |= setup_objects(session, school_id, found) | online_objects(session, school_id, found)
        return found | record_objects(session, school_id, found)


def _first(session: Session, model: Any, school_id: int) -> int:
    return session.scalars(select(model.id).where(model.school_id == school_id).order_by(model.id)).first() or 0


def _people(session: Session, school_id: int) -> dict[str, int]:
    division, staff = _first(session, Division, school_id), _first(session, Staff, school_id)
    if not _first(session, DivisionStaff, school_id):
        session.add(DivisionStaff(school_id=school_id, division_id=division, staff_id=staff))
        session.flush()
    models = {"pupil": Pupil, "enrolment": Enrolment, "guardian": Guardian, "guardian_link": GuardianLink,
              "division": Division, "programme": Programme, "staff": Staff, "assignment": DivisionStaff,
              "service": OnlineService}  # fmt: skip
    return {name: _first(session, model, school_id) for name, model in models.items()}


def _academy(session: Session, school: School) -> dict[str, int]:
    n = school.id
    user = services.create_user(actor=SYSTEM, authority_id=school.authority_id, first_name="Noé", last_name="Vallon",
                                email=f"noe.{n}@example.org")  # fmt: skip
    given = services.grant(user.id, "librarian", actor=SYSTEM, school_id=n)
    level = session.scalars(select(GradeLevel.id)).first()
    return {"school": n, "place": n, "authority": school.authority_id, "school_year": school.school_year_id,
            "person": user.id, "role_grant": given.id, "grade_level": level or 0,
            "role": session.scalars(select(Role.id).where(Role.name == "librarian")).one()}  # fmt: skip


def _work(session: Session, school_id: int, found: dict[str, int]) -> dict[str, int]:
    account = PortalAccount(id=1000 + school_id, identifier=f"famille{school_id}", state="confirmed",
                            created_at=clock.now())  # fmt: skip
    session.add(account)
    session.flush()
    code = ActivationCode(school_id=school_id, guardian_id=found["guardian"], pupil_id=found["pupil"], hint="0ABC",
                          lookup_key="k", lookup_hash=f"{school_id:064d}", account_id=account.id)  # fmt: skip
    refusal = AccessRefusal(school_id=school_id, guardian_id=found["guardian"], pupil_id=found["pupil"])
    job = Job(school_id=school_id, kind="test", label="Essai")
    session.add_all([code, refusal, job])
    session.flush()
    notification = Notification(school_id=school_id, job_id=job.id, guardian_id=found["guardian"], mode="paper",
                                position=0)  # fmt: skip
    artifact = Artifact(school_id=school_id, job_id=job.id, name="essai.pdf", path=f"{job.id}/essai.pdf",
                        mime="application/pdf", size=1, sha256="0" * 64)  # fmt: skip
    session.add_all([notification, artifact])
    record(session, "test.done", job, actor=SYSTEM, school_id=school_id)
    session.flush()
    line = _last_line(session, school_id)
    error = CardError(school_id=school_id, pupil_id=found["pupil"], guardian_id=found["guardian"], about="pupil",
                      words="Prénom faux", told_at=clock.now())  # fmt: skip
    session.add(error)
    session.flush()
    return {"card_error": error.id, "guardian_code": code.id, "access_refusal": refusal.id, "account": account.id,
            "job": job.id, "job_page": job.id, "audit_line": line, "notification": notification.id,
            "artifact": artifact.id}  # fmt: skip


def _groups(session: Session, school_id: int, found: dict[str, int]) -> dict[str, int]:
    project = Project(school_id=school_id, school_year_id=found["school_year"], kind="ap", title="Méthodes")
    session.add(project)
    session.flush()
    group = ProjectGroup(school_id=school_id, project_id=project.id, title="Groupe 1", position=1, period_count=3)
    session.add(group)
    session.flush()
    return {"project_group": group.id}


def _booklets(session: Session, school_id: int, found: dict[str, int]) -> dict[str, int]:
    school, division = session.get_one(School, school_id), session.get_one(Division, found["division"])
    booklet = make_booklet(school, session.get_one(Pupil, found["pupil"]), division)
    edition = BookletEdition(school_id=school_id, booklet_id=booklet.id, number="2026-000001", digest="0" * 64,
                             token=f"jeton-{school_id}", facts=plain(facts_of([booklet.id])[booklet.id]))  # fmt: skip
    session.add(edition)
    session.flush()
    return {"booklet": booklet.id, "booklet_edition": edition.id}


def _last_line(session: Session, school_id: int) -> int:
    from app.audit.models import AuditLine

    return session.scalars(
        select(AuditLine.id).where(AuditLine.school_id == school_id).order_by(AuditLine.id.desc())
    ).first() or 0


def academy_job() -> int:
    """A job of no school: what the jobs' page shows to the academy (its schools' jobs are on the generated list)."""
    with system_scope("a job of the academy"), unit_of_work() as session:
        job = Job(school_id=None, kind="test", label="Essai de l'académie")
        session.add(job)
        session.flush()
        return job.id


def grants_count() -> int:
    """How many grants there are, whoever's."""
    with system_scope("counting"):
        return len(admin_db.session.scalars(select(RoleGrant.id)).all())
