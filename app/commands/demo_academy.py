"""Putting the invented academy in place: its files, its schools, its people, a few codes. Each act is idempotent, so
that a demo cut short is finished by running it again."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from app.access.models import ActivationCode
from app.access.queries import Selection
from app.access.services import create_codes, readable
from app.booklets.models import Booklet, BookletEdition
from app.commands.base import operator
from app.commands.demo_booklets import fill_booklets, issue_some
from app.commands.demo_records import fill_records
from app.commands.instance import Place, school_of
from app.commands.sync import synchronise
from app.core.db import admin_db
from app.core.errors import Conflict, LivretError
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.exchange.demo import DemoFiles, DemoSchool, write_demo
from app.jobs.services import exit_code
from app.online.services import move_services
from app.replication.services import replicate
from app.schools.models import Division, DivisionStaff
from app.schools.people import Enrolment, Staff
from app.schools.services import create_school
from app.security import services
from config import Config

PASSPHRASE = "quatre tuiles bleues au soleil"  # noqa: S105 - printed for whoever tries the demo
SERVICES = ("absences", "marks", "booklets")
TYPED = ("address1", "address2", "postal_code", "city", "phone", "email", "head_title", "head_name")


@dataclass(frozen=True, slots=True)
class Login:
    """One person of the demo: identifier, role, school (None = the academy)."""

    username: str
    role: str
    first_name: str
    last_name: str
    uai: str | None
    passphrase: str = PASSPHRASE


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo is made of, as `--json` prints it."""

    schools: list[dict[str, Any]] = field(default_factory=list)
    logins: list[dict[str, Any]] = field(default_factory=list)
    code: str | None = None
    code_pupil: dict[str, str] = field(default_factory=dict)


def build(settings: Config, pupils: int, seed: int) -> Demo:
    """Write the files, read them through the synchronisation, open services, make booklets, people, codes; publish."""
    files = write_demo(settings.home / "demo", pupils=pupils, seed=seed)
    for planned in (files.college, files.ecole):
        school = the_school(files, planned)
        with school_scope(school.id):
            fill(settings, school, planned)
            fill_booklets(seed)
    college = school_of(files.college.uai)
    logins = [sign_in(person, college.authority_id) for person in people(files)]
    with school_scope(college.id):
        fill_records(seed)
        code = a_code(issue_some(college.id))
    replicate()
    with system_scope("counting the demo"):
        schools = [counted(school_of(planned.uai)) | {"files": [str(path) for path in planned.files]}
                   for planned in (files.college, files.ecole)]
    return Demo(schools, logins, *code)


def the_school(files: DemoFiles, planned: DemoSchool) -> Place:
    """The school, with what a head would type on its screen; left as it is when it exists."""
    with suppress(Conflict):
        create_school(planned.uai, name=planned.name, kind=planned.kind, first_year=files.year, actor=operator(),
                      authority=(files.authority_code, files.authority_name),
                      **{name: getattr(planned, name) for name in TYPED})
    return school_of(planned.uai)


def fill(settings: Config, school: Place, planned: DemoSchool) -> None:
    """Synchronise and open services. A fault of the demo's own files is a bug, and is said."""
    job = synchronise(settings, school, planned.files)
    if exit_code(job) == 2:
        raise LivretError(f"La synchronisation de {planned.uai} a échoué : {job.message}")
    if planned.kind == "college":
        move_services(SERVICES, "open", actor=operator())


def people(files: DemoFiles) -> list[Login]:
    """Everybody who can sign in; a teacher of each school is one whom its files name class teacher."""
    college, ecole = files.college.uai, files.ecole.uai
    return [
        Login("principale", "head", "Hélène", "Varenne", college),
        Login("secretaire", "secretary", "Sabine", "Loriot", college),
        Login("professeur", "teacher", *class_teacher(college), college),
        Login("cpe", "cpe", "Karim", "Belhaj", college),
        Login("documentaliste", "librarian", "Inès", "Fauvel", college),
        Login("directeur", "head", "Rachid", "Boulanger", ecole),
        Login("enseignante", "teacher", *class_teacher(ecole), ecole),
        Login("academie", "academy_admin", "Agathe", "Morvan", None),
    ]


def class_teacher(uai: str) -> tuple[str, str]:
    """First and last name of the class teacher of the school's first class."""
    with school_scope(school_of(uai).id):
        staff = admin_db.session.scalars(_class_teachers()).first()
        return ((staff.first_name or "").title(), staff.last_name.title()) if staff else ("Camille", "Ozanne")


def _class_teachers() -> Any:
    return (select(Staff).join(DivisionStaff, DivisionStaff.staff_id == Staff.id)
            .join(Division, Division.id == DivisionStaff.division_id)
            .where(DivisionStaff.is_class_teacher).order_by(Division.code, Staff.id))


def sign_in(person: Login, authority: int) -> dict[str, Any]:
    """Make a person with the demo's pass-phrase and the role; whoever exists already is left alone."""
    place = school_of(person.uai) if person.uai else None
    with system_scope("the demo's people"), unit_of_work():
        user = services.find_user(person.username)
        if user is None:
            user = services.create_user(
                actor=operator(), authority_id=authority, first_name=person.first_name, last_name=person.last_name,
                email=f"{person.username}@montrevel.example.org", username=person.username, passphrase=PASSPHRASE)
            services.grant(user.id, person.role, actor=operator(), school_id=place.id if place else None,
                           authority_id=authority, starts_on=date(2020, 9, 1))
        user_id = user.id
    if place is not None and person.role == "teacher":
        with school_scope(place.id):
            lead_class(user_id)
    return asdict(person)


@unit_of_work()
def lead_class(user_id: int) -> None:
    """Tie a teacher's sign-in to the member of staff of that name, so that the class follows."""
    staff = admin_db.session.scalars(_class_teachers()).first()
    if staff is not None and staff.user_id is None:
        staff.user_id = user_id


def a_code(division_id: int | None) -> tuple[str | None, dict[str, str]]:
    """Codes for one class only, so that there is something left to create; one of them to try, of a pupil whose booklet
    can be read where there is one."""
    session = admin_db.session
    only = division_id or session.scalar(select(Division.id).order_by(Division.code).limit(1))
    create_codes(Selection("division", only), actor=operator())
    issued = select(Booklet.pupil_id).join(BookletEdition, BookletEdition.booklet_id == Booklet.id)
    unused = select(ActivationCode).where(ActivationCode.state == "created", ActivationCode.holder == "guardian")
    unused = unused.order_by(ActivationCode.pupil_id.not_in(issued), ActivationCode.id)
    code = session.scalars(unused.limit(1)).first()
    if code is None:
        return None, {}
    pupil = code.pupil
    return readable(code), {"first_name": pupil.first_name, "birth_date": f"{pupil.birth_date:%d/%m/%Y}"}


def counted(school: Place) -> dict[str, Any]:
    """A school with its number of pupils present."""
    present = select(func.count()).select_from(Enrolment).where(
        Enrolment.school_id == school.id, Enrolment.ends_on.is_(None))
    return {"uai": school.uai, "kind": school.kind, "name": school.name, "pupils": admin_db.session.scalar(present)}
