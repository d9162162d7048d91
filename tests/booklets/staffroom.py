"""People of a school who write in booklets, each with what the role gives. Callers are inside a scope."""

from __future__ import annotations

from flask_appbuilder.security.sqla.models import User

from app.core.actor import Actor
from app.core.db import admin_db
from app.core.scope import system_scope
from app.curriculum.models import TeachingItem, TeachingService
from app.schools.models import Division, DivisionStaff, School
from app.schools.people import Staff
from app.security.roles import shipped
from tests.factories import add, make_staff


def make_user(name: str) -> int:
    """A user of the admin application."""
    with system_scope("a user belongs to no school"):
        return int(add(User(username=name, first_name="Camille", last_name=name, email=f"{name}@example.org",
                            active=True)).id)  # fmt: skip


def someone(
    school: School, role: str, name: str = "", *, leads: Division | None = None, assigned: Division | None = None,
    teaches: tuple[tuple[Division, TeachingItem], ...] = (),
) -> Actor:  # fmt: skip
    """A person with a role and assignments; the derived role of class teacher comes with a class."""
    name = name or role
    user_id = make_user(f"{name}.{school.id}")
    staff: Staff = make_staff(school, user_id=user_id)
    if leads or assigned:
        division = leads or assigned
        assert division is not None
        add(DivisionStaff(school_id=school.id, division_id=division.id, staff_id=staff.id,
                          is_class_teacher=leads is not None))  # fmt: skip
    for division, item in teaches:
        add(TeachingService(school_id=school.id, division_id=division.id, item_id=item.id, staff_id=staff.id))
    admin_db.session.flush()
    permissions = shipped(role) | (shipped("class_teacher") if leads else frozenset())
    return Actor.person(user_id, f"Camille {name}", permissions)
