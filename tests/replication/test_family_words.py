"""What families wrote, on its way to the school (M135, M136, M141), and the cards that go the other way."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from app.access.models import AccessRefusal, ActivationCode, CardError
from app.core.actor import SYSTEM
from app.core.db import admin_db, portal_db
from app.core.mail_transport import FileTransport
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs.mail import deliver_all
from app.jobs.models import MailOutbox
from app.online.choices import set_contact
from app.portal.family_words import point_out, write_to_school
from app.portal.models import PortalEvent, PortalThrottle, PublishedCode
from app.portal.visitors import Visitor
from app.replication import tasks
from app.replication.orders import send_orders
from app.replication.services import replicate
from app.schools.models import School
from app.schools.people import Guardian
from app.security.throttle import Throttles
from app.workflow import engine
from tests.factories import World
from tests.portal.conftest import rows
from tests.replication.conftest import codes_of, in_school, sign_up

BOX = "ce.099@college.example.org"


@pytest.fixture
def somebody(keys_folder: Any) -> Visitor:
    """A family's browser."""
    return Visitor("192.0.2.7", Throttles(portal_db, PortalThrottle))


@pytest.fixture
def published(schools: World) -> World:
    """Both schools on the portal; a receives messages."""
    in_school(schools.a, lambda session: setattr(session.get_one(School, schools.a), "email", BOX))
    with school_scope(schools.a):
        set_contact("yes", [BOX], actor=SYSTEM)
    admin_db.session.remove()
    replicate()
    return schools


def outbox() -> list[MailOutbox]:
    """The school's mails."""
    admin_db.session.rollback()
    with system_scope("assertions of a test"):
        found = list(admin_db.session.scalars(select(MailOutbox).order_by(MailOutbox.id)))
        admin_db.session.expunge_all()
        return found


def couple(world: World) -> tuple[Any, Any]:
    """Two codes of one pupil, of two guardians."""
    by_pupil: dict[int, list[Any]] = {}
    for code in codes_of(world.a):
        by_pupil.setdefault(code.pupil_id, []).append(code)
    return next((codes[0], codes[1]) for codes in by_pupil.values() if len(codes) > 1)


def spoken(world: World, *codes: Any) -> str:
    """« Mme Maude BERGÉ ou M. Paul BERGÉ »."""
    admin_db.session.rollback()
    with school_scope(world.a):
        found = [admin_db.session.get_one(Guardian, code.guardian_id) for code in codes]
        return " ou ".join(f"{g.title_label} {g.first_name} {g.usage_name or g.last_name}".strip() for g in found)


@pytest.mark.row("M135", "M136")
def test_the_mail_and_its_copy(published: World, somebody: Visitor, tmp_path: Any) -> None:
    """Our own sender, the family under Reply-To, both names of a joint account; no school's address in the copy."""
    codes = couple(published)
    account = sign_up(*codes)
    tasks.commands()
    subject, words = "Rendez-vous\nBcc: x@example.org", "Bonjour,\n.\nMerci"
    write_to_school(account, codes[0].pupil_id, subject, words, visitor=somebody)
    tasks.commands()
    tasks.commands()
    to_school, copy = outbox()
    assert (to_school.to_address, to_school.reply_to) == (BOX, "m@example.org")
    assert (copy.to_address, copy.reply_to) == ("m@example.org", None)
    for mail in (to_school, copy):
        assert mail.subject == "Téléservices - Rendez-vous Bcc: x@example.org" and mail.school_id == published.a
        first = f"Message saisi via l'application Téléservices par : {spoken(published, *codes)}"
        assert mail.text.splitlines()[0] == first and "Bonjour,\n.\nMerci" in mail.text
    assert BOX not in copy.text + (copy.html or "")
    deliver_all(FileTransport(tmp_path, "Livret <ne-pas-repondre@livret.example.org>"))
    sent = {path.read_text(encoding="utf-8", errors="replace") for path in tmp_path.rglob("*.eml")}
    heads = [text.split("\n\n")[0].replace("\r", "") for text in sent]
    ours = [head for head in heads if "Rendez-vous" in head or "T=C3=A9l=C3=A9services" in head]
    assert len(ours) == 2 and all("\nBcc:" not in head and "From: Livret" in head for head in ours)
    assert [BOX in head for head in sorted(ours, key=lambda head: BOX in head)] == [False, True]


@pytest.mark.row("M136")
def test_the_words_leave_the_portal_once_read(published: World, somebody: Visitor) -> None:
    code = codes_of(published.a)[0]
    account = sign_up(code)
    write_to_school(account, code.pupil_id, "Objet", "Un secret de famille", visitor=somebody)
    point_out(account, code.id, "pupil", "Un autre secret", visitor=somebody)
    tasks.commands()
    assert [event.payload for event in rows(PortalEvent) if event.kind in ("contact.message", "card.error")] == [{}, {}]
    assert all(event.payload for event in rows(PortalEvent) if event.kind.startswith("account"))
    assert len(outbox()) == 2 and len(errors(published)) == 1


@pytest.mark.row("M135")
def test_a_school_that_has_just_closed_its_link_sends_word_back(published: World, somebody: Visitor) -> None:
    code = codes_of(published.a)[0]
    account = sign_up(code)
    write_to_school(account, code.pupil_id, "Objet", "Bonjour", visitor=somebody)
    with school_scope(published.a):
        set_contact("no", [], actor=SYSTEM)
    tasks.commands()
    (mail,) = outbox()
    assert mail.to_address == "m@example.org" and "n'a pas été remis" in mail.text


@pytest.mark.row("M136")
def test_nobody_speaks_with_a_code_that_died_meanwhile(published: World, somebody: Visitor) -> None:
    code = codes_of(published.a)[0]
    account = sign_up(code)
    tasks.commands()
    write_to_school(account, code.pupil_id, "Objet", "Bonjour", visitor=somebody)
    in_school(published.a, lambda session: engine.apply(
        session.get_one(ActivationCode, code.id), "invalidate", actor=SYSTEM))
    tasks.commands()
    assert outbox() == []


def errors(world: World) -> list[CardError]:
    """The secretary's list."""
    admin_db.session.rollback()
    with school_scope(world.a):
        found = list(admin_db.session.scalars(select(CardError).order_by(CardError.id)))
        admin_db.session.expunge_all()
        return found


@pytest.mark.row("M141")
def test_an_error_reaches_the_secretary_of_its_school_once(published: World, somebody: Visitor) -> None:
    code = codes_of(published.a)[0]
    account = sign_up(code)
    point_out(account, code.id, "guardian", "Mon portable a changé", visitor=somebody)
    for _ in range(2):
        tasks.commands()
    (error,) = errors(published)
    assert (error.pupil_id, error.guardian_id, error.about) == (code.pupil_id, code.guardian_id, "guardian")
    assert error.words == "Mon portable a changé" and error.handled_at is None
    with school_scope(published.b):
        assert list(admin_db.session.scalars(select(CardError))) == []


@pytest.mark.row("M141")
def test_cards_go_out_for_codes_that_an_account_holds_and_for_no_other(published: World) -> None:
    """And leave with the code, within a minute."""
    code = codes_of(published.a)[0]
    in_school(published.a, lambda session: session.execute(
        update(Guardian).where(Guardian.id == code.guardian_id).values(phone_mobile="06 55")))
    replicate(full=True)
    assert [row.card for row in rows(PublishedCode)] == [None] * len(rows(PublishedCode))
    sign_up(code)
    replicate()
    cards = {row.id: row.card for row in rows(PublishedCode) if row.card}
    assert list(cards) == [code.id] and cards[code.id]["phone_mobile"] == "06 55"
    assert replicate(full=True).rows == 0
    in_school(published.a, lambda session: session.execute(
        update(Guardian).where(Guardian.id == code.guardian_id).values(phone_mobile="06 66")))
    replicate()
    assert next(row.card for row in rows(PublishedCode) if row.id == code.id)["phone_mobile"] == "06 66"
    in_school(published.a, lambda session: session.add(AccessRefusal(
        school_id=published.a, guardian_id=code.guardian_id, pupil_id=code.pupil_id)))
    send_orders()
    assert [row.card for row in rows(PublishedCode) if row.id == code.id] == [None]


@pytest.mark.row("M141")
def test_an_unknown_code_makes_no_line(published: World) -> None:
    with system_scope("a portal gone astray"), unit_of_work(portal_db) as session:
        session.add(PortalEvent(kind="card.error", payload={
            "code_id": 987_654, "about": "pupil", "words": "?", "at": "2026-11-25T10:00:00+00:00"}))
    tasks.commands()
    assert errors(published) == []
