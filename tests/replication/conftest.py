"""Two schools with open services and codes, in the admin database; an empty portal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from app.access.models import ActivationCode
from app.access.queries import Selection
from app.access.services import create_codes, readable
from app.core import codes as layout
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.services import move_services
from app.portal.activation import TypedLine
from app.portal.confirmation import confirm
from app.portal.models import PortalMail, PortalThrottle, PublishedCode, PublishedPupil, PublishedSchool
from app.portal.signin import sign_in
from app.portal.signup import NewAccount, create_account
from app.portal.visitors import Visitor
from app.schools.people import Pupil
from app.security.throttle import Throttles
from tests.factories import World
from tests.portal.conftest import PASSPHRASE, PORTAL_URL, link_of, rows

PUBLISHED = (PublishedSchool, PublishedPupil, PublishedCode)


@pytest.fixture
def schools(world: World) -> World:
    """Schools a and b: « booklets » and « marks » open, a code for every couple."""
    for school_id in (world.a, world.b):
        with school_scope(school_id):
            move_services(["booklets", "marks"], "open", actor=SYSTEM)
            create_codes(Selection(), actor=SYSTEM)
    admin_db.session.remove()
    return world


def on_portal() -> dict[str, dict[int, Any]]:
    """Everything that is published, by table and id, without what the portal itself writes."""
    own = {"account_id", "attached_at", "used_at"}
    return {
        model.__tablename__: {
            row.id: {c.key: getattr(row, c.key) for c in model.__table__.columns if c.key not in own}
            for row in rows(model)
        }
        for model in PUBLISHED
    }


def published_codes() -> list[PublishedCode]:
    """The published codes."""
    return rows(PublishedCode)


def codes_of(school_id: int, **where: Any) -> list[ActivationCode]:
    """The codes of a school, read afresh."""
    admin_db.session.rollback()
    with system_scope("assertions of a test"):
        chosen = select(ActivationCode).where(ActivationCode.school_id == school_id).filter_by(**where)
        found = list(admin_db.session.scalars(chosen.order_by(ActivationCode.id)
                                              .execution_options(populate_existing=True)))
        admin_db.session.expunge_all()
        return found


def line_of(code: ActivationCode) -> TypedLine:
    """What the guardian reads on the letter."""
    with school_scope(code.school_id):
        pupil = admin_db.session.scalars(select(Pupil).where(Pupil.id == code.pupil_id)).one()
        text = layout.compact(readable(code) or "") or ""
        return TypedLine(text, pupil.first_name, pupil.birth_date)


def sign_up(*codes: ActivationCode, confirmed: bool = True, identifier: str = "maude.berge") -> int:
    """Make an account with these codes; when confirmed, sign in once."""
    visitor = Visitor("192.0.2.7", Throttles(portal_db, PortalThrottle))
    new = NewAccount("guardian", tuple(map(line_of, codes)), identifier, PASSPHRASE, "m@example.org")
    account_id = create_account(new, visitor=visitor, portal_url=PORTAL_URL)
    if confirmed:
        confirm(link_of(rows(PortalMail)[-1]))
        sign_in(identifier, PASSPHRASE, visitor=visitor)
    return account_id


def in_school(school_id: int, act: Callable[[Any], Any]) -> None:
    """Do something in a school, in one unit of work."""
    with school_scope(school_id), unit_of_work() as session:
        act(session)
    admin_db.session.remove()
