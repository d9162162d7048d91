"""Telling families of published booklets: who, how, once (C03)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from sqlalchemy import select, update

from app.access.models import ActivationCode, Notification, PortalAccount
from app.access.queries import Selection
from app.access.services import create_codes
from app.booklets.announcing import Asked, NobodyToTell, messages
from app.booklets.models import Booklet, BookletPublication
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.mail_transport import transport_for
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.mail import deliver_all
from app.jobs.models import JobLine
from app.jobs.storage import Storage, use_storage
from app.online.services import move_services
from app.schools.models import Division, School
from app.schools.people import Guardian, Pupil
from app.workflow import engine
from tests.booklets.factories import fill, issue, make_booklet, make_items, make_line
from tests.factories import World

pytestmark = pytest.mark.row("C03")
FIRST = Asked(1, 3)


@pytest.fixture
def edited(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """School a: a booklet in force for each of its three pupils; the mother of the first two has an account."""
    monkeypatch.setenv("LIVRET_HOME", str(tmp_path))
    use_storage(Storage(tmp_path))
    with school_scope(world.a):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
        with unit_of_work() as session:
            _edit_all(session, world)
            session.add(PortalAccount(id=7, identifier="maude", email="maude@example.org", state="confirmed",
                                      created_at=clock.now()))
            session.flush()
            mothers = update(ActivationCode).where(ActivationCode.guardian_id == world.of[world.a]["mother"])
            session.execute(mothers.values(account_id=7).execution_options(synchronize_session=False))
    admin_db.session.remove()
    yield world
    use_storage(None)


def _edit_all(session: Any, world: World) -> None:
    school, facts = session.get_one(School, world.a), world.of[world.a]
    items = make_items(school)
    for n, pupil_id in enumerate(facts["pupils"]):
        division = session.get_one(Division, facts["divisions"][0 if n < 2 else 1])
        booklet = make_booklet(school, session.get_one(Pupil, pupil_id), division)
        for item in items:
            make_line(booklet, item)
        session.expire_all()
        issue(fill(booklet))


def plan(world: World, asked: Asked = FIRST) -> dict[str, Any]:
    """Guardian's first name → mode and how many editions."""
    with school_scope(world.a):
        found = {m.guardian.first_name: (m.mode, len(m.editions)) for m in messages(asked)}
        admin_db.session.rollback()
        return found


def announce(world: World, **params: Any) -> Any:
    with school_scope(world.a):
        job = jobs.submit("booklets.announce", world.a, {"position": 1, "period_count": 3} | params, SYSTEM, "Prévenir")
    return jobs.run_here(job.id)


def test_an_account_gets_a_mail_and_the_others_a_letter(edited: World) -> None:
    assert plan(edited) == {"Maude": ("email", 2), "Paul": ("paper", 1), "Ida": (None, 1)}
    assert plan(edited, Asked(1, 3, edited.of[edited.a]["divisions"][1])) == {"Ida": (None, 1)}
    with pytest.raises(NobodyToTell):
        plan(edited, Asked(2, 3))


def test_the_job_posts_prints_and_never_tells_twice(edited: World, tmp_path: Path) -> None:
    job = announce(edited)
    assert (job.state, job.result["emails"], job.result["letters"], job.result["unreachable"]) == ("done", 1, 1, 1)
    with system_scope("assertions of a test"):
        assert "Ni compte" in admin_db.session.scalars(select(JobLine.message)).one()
    deliver_all(transport_for(f"file://{tmp_path}/mail", "Livret <livret@example.org>"))
    [mail] = [message_from_bytes(p.read_bytes(), policy=policy.default) for p in (tmp_path / "mail").glob("*.eml")]
    body = mail.get_body(("plain",)).get_content()
    assert mail["To"].addresses[0].addr_spec == "maude@example.org"
    assert body.count("Trimestre 1") == 2 and "Un bon trimestre" not in body, "no result travels by mail"
    [path] = (tmp_path / "files").rglob("*livrets.pdf")
    pages = [page.extract_text() for page in PdfReader(path).pages]
    assert "Paul" in pages[0] and "Un bon trimestre" in "".join(pages) and len(pages) == job.result["pages"]
    with system_scope("assertions of a test"):
        told = {n.mode: (n.status, n.first_page) for n in admin_db.session.scalars(select(Notification))}
    assert told == {"email": ("done", None), "paper": ("done", 1)}
    assert plan(edited) == {"Ida": (None, 1)}, "whoever could not be reached is still to be told"
    again = announce(edited)
    assert (again.result["emails"], again.result["letters"]) == (0, 0)


def test_what_is_not_published_yet_is_not_told(edited: World) -> None:
    with school_scope(edited.a), unit_of_work() as session:
        session.add(BookletPublication(school_id=edited.a, division_id=edited.of[edited.a]["divisions"][0], position=1,
                                       period_count=3, publish_on=clock.today() + timedelta(days=2)))
    assert plan(edited) == {"Ida": (None, 1)}
    with school_scope(edited.a):
        move_services(["booklets"], "close", actor=SYSTEM)
    with pytest.raises(NobodyToTell):
        plan(edited)


def test_a_booklet_unlocked_meanwhile_is_not_announced(edited: World, tmp_path: Path) -> None:
    announce(edited)
    with school_scope(edited.a), unit_of_work() as session:
        for booklet in session.scalars(select(Booklet)):
            engine.apply(booklet, "unlock", actor=SYSTEM, reason="Une erreur")
    deliver_all(transport_for(f"file://{tmp_path}/mail", "Livret <livret@example.org>"))
    assert list((tmp_path / "mail").glob("*.eml")) == []
    with system_scope("assertions of a test"):
        states = {n.mode: n.status for n in admin_db.session.scalars(select(Notification))}
    assert states["email"] == "failed"


def test_an_account_closed_meanwhile_costs_one_message(edited: World) -> None:
    with school_scope(edited.a):
        job = jobs.submit("booklets.announce", edited.a, {"position": 1, "period_count": 3}, SYSTEM, "Prévenir")
        with unit_of_work() as session:
            ida = session.get_one(Guardian, edited.of[edited.a]["other"])
            ida.address1 = "1 rue des Lilas"
    assert jobs.run_here(job.id).result["letters"] == 2
