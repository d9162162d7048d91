"""One object per shipped workflow, in any state, ready for any transition: what the tests of all transitions need."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from app.access.models import ActivationCode
from app.booklets.models import SEALED_STATES, BaseMastery, Booklet
from app.core import clock
from app.core.db import Database, admin_db, portal_db
from app.curriculum.reference import BASE_COMPONENTS
from app.jobs.models import Job
from app.online.models import OnlineService
from app.portal.models import Account
from app.schools.models import School
from app.schools.people import Pupil
from app.workflow.stateful import ENGINE
from tests.booklets.factories import make_booklet
from tests.factories import World, make_guardian, make_pupil

_numbers = itertools.count(1)
SEALED = b"sealed"


@dataclass(frozen=True)
class Sample:
    """How to make objects of one workflow."""

    database: Database
    make: Callable[[World, str, str], Any]


def code(world: World, state: str, transition: str) -> ActivationCode:
    """A code of its own couple, sealed while a code in that state is; one service is open in the school."""
    session, n = admin_db.session, next(_numbers)
    school, pupil = session.get_one(School, world.a), session.get_one(Pupil, world.of[world.a]["pupils"][0])
    force(admin_db, OnlineService, OnlineService.code == "marks", state="open")
    guardian = make_guardian(school, pupil, rank=None)
    return ActivationCode(school_id=world.a, guardian_id=guardian.id, pupil_id=pupil.id, hint="0AAA", lookup_key="k",
                          lookup_hash=f"hash {n}", sealed=None if state in ("refused", "invalidated") else SEALED,
                          used_at=clock.now() if transition == "reinstate_used" else None)


def account(_world: World, state: str, transition: str) -> Account:
    """An account whose link is dead when it is to lapse, alive otherwise."""
    n, week = next(_numbers), timedelta(days=7)
    until = clock.now() + (-week if transition == "lapse" else week)
    return Account(identifier=f"mere{n}", identifier_key=f"mere{n}", password_hash="x", email="mere@example.org",
                   confirm_hash=f"link {n}", confirm_until=until)


def service(world: World, state: str, transition: str) -> OnlineService:
    """A service of a code of its own."""
    return OnlineService(school_id=world.a, code=f"essai{next(_numbers)}")


def job(world: World, state: str, transition: str) -> Job:
    """A job that somebody asked to cancel when it is to be stopped."""
    return Job(school_id=world.a, kind="test", label="Essai", cancel_requested=transition == "stop",
               lease_owner="worker-1", lease_until=clock.now(), attempts=2)


def booklet(world: World, state: str, transition: str) -> Booklet:
    """The end of a cycle, complete but for the synthesis when it is to become a draft again."""
    session = admin_db.session
    school = session.get_one(School, world.a)
    made = make_booklet(school, make_pupil(school), model="cycle",
                        overall_comment=None if transition == "reopen" else "Des acquis solides.")
    for component in BASE_COMPONENTS:
        session.add(BaseMastery(school_id=school.id, booklet_id=made.id, component=component, level=3))
    session.flush()
    return made


SAMPLES = {
    "guardian_code": Sample(admin_db, code),
    "account": Sample(portal_db, account),
    "service": Sample(admin_db, service),
    "job": Sample(admin_db, job),
    "booklet": Sample(admin_db, booklet),
}


def make(workflow: str, world: World, state: str, transition: str = "") -> Any:
    """An object of `workflow`, already in `state`."""
    sample = SAMPLES[workflow]
    session = sample.database.session()
    item = sample.make(world, state, transition)
    session.add(item)
    session.flush()
    force(sample.database, type(item), type(item).id == item.id, state=state, **_stamps(item, state))
    session.refresh(item)
    return item


def _stamps(item: Any, state: str) -> dict[str, Any]:
    """What the database wants to see beside a state."""
    sealed = isinstance(item, Booklet) and state in SEALED_STATES
    return {"locked_at": clock.now(), "locked_by": "Odile Marchenoir"} if sealed else {}


def force(database: Database, model: type[Any], where: Any, **values: Any) -> None:
    """What only the engine may do elsewhere."""
    session = database.session()
    statement = update(model).where(where).values(values)
    session.execute(statement, execution_options={ENGINE: True, "synchronize_session": False})
