"""The outbox: a mail leaves once, its owner is told when it has gone, and what is in doubt says so."""

from __future__ import annotations

import email
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database, admin_db, portal_db
from app.core.errors import BadInput
from app.core.mail import MailOutboxMixin, NewMail, clean_address, queue_mail, queue_mails
from app.core.mail_delivery import Courier, Delivery, deliver_pending
from app.core.mail_kinds import MailKind, OutgoingMail, each_told, each_written
from app.core.mail_transport import Envelope, Line, SmtpTransport, Transport, transport_for
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs.models import MailOutbox
from app.portal.models import PortalMail
from tests.factories import World
from tests.servers import free_port
from tests.smtp import Mailbox, smtp_server

SENDER = "Collège Essai, secrétariat <secretariat@livret.example>"


@pytest.fixture
def server() -> Iterator[Mailbox]:
    with smtp_server() as mailbox:
        yield mailbox


@pytest.fixture(params=["admin", "portal"])
def outbox(request: pytest.FixtureRequest, databases: Any) -> Iterator[tuple[Database, type[MailOutboxMixin]]]:
    """Both applications' outboxes, on both kinds of database."""
    with system_scope("tests of the outbox"):
        yield (admin_db, MailOutbox) if request.param == "admin" else (portal_db, PortalMail)


Outbox = tuple[Database, type[MailOutboxMixin]]


def put(outbox: Outbox, key: str = "m1", address: str = "lou.exemple@famille.example", **facts: Any) -> int:
    db, model = outbox
    facts = {"subject": "Votre code d'activation", "text": "Bonjour,\nvoici le code.\n", "kind": "test"} | facts
    with unit_of_work(db) as session:
        return queue_mail(session, model, NewMail(key, address, **facts))


def row(outbox: Outbox, mail_id: int) -> Any:
    db, model = outbox
    with unit_of_work(db) as session:
        names = [column.name for column in model.__table__.columns]  # type: ignore[attr-defined]
        return session.execute(select(*(getattr(model, name) for name in names)).where(model.id == mail_id)).one()


def send(outbox: Outbox, url: str, kinds: dict[str, MailKind] | None = None) -> Delivery:
    return deliver_pending(*outbox, transport_for(url, SENDER), kinds)


@contextmanager
def later(**delay: int) -> Iterator[None]:
    with clock.frozen(clock.now() + timedelta(**delay)):
        yield


def test_a_mail_goes_once_and_its_words_are_not_kept(outbox: Outbox, server: Mailbox) -> None:
    mail_id = put(outbox, to_name="Lou Exemple", html="<p>voici le code</p>")
    assert send(outbox, server.url).sent == 1
    assert send(outbox, server.url).sent == 0
    stored = row(outbox, mail_id)
    assert (stored.status, stored.text, stored.html) == ("sent", "", None)
    assert stored.sent_at is not None and stored.claimed_by is None
    [received] = server.received
    assert received.recipients == ["lou.exemple@famille.example"]
    assert received.message["Message-ID"] == stored.message_id
    assert received.message["From"].addresses[0].display_name == "Collège Essai, secrétariat"
    assert [part.get_content_type() for part in received.message.walk() if not part.is_multipart()] == [
        "text/plain", "text/html"]
    assert "voici le code" in received.message.get_body(("plain",)).get_content()


def test_asking_twice_sends_once(outbox: Outbox, server: Mailbox) -> None:
    assert put(outbox, "same") == put(outbox, "same")
    db, model = outbox
    with unit_of_work(db) as session:
        ids = queue_mails(session, model, [NewMail(f"k{n}", f"a{n}@famille.example", "S", "T") for n in range(1200)])
        again = queue_mails(session, model, [NewMail(f"k{n}", f"a{n}@famille.example", "S", "T") for n in range(1201)])
    assert ids.items() < again.items() and len(again) == 1201


@pytest.mark.parametrize("name", [
    "Durand, Lou", "Durand <intrus@ailleurs.example>, Lou", 'Lou "la grande" Durand',
    "Durand\r\nBcc: x@ailleurs.example",
    "Élodie-Anne-Françoise de la Tour-Saint-Héliër, représentante légale de l'élève Maël-Théodore de la Tour",
])
def test_a_name_never_adds_a_recipient(outbox: Outbox, server: Mailbox, name: str) -> None:
    put(outbox, to_name=name)
    assert send(outbox, server.url).sent == 1
    [received] = server.received
    assert received.recipients == ["lou.exemple@famille.example"]
    assert [a.addr_spec for a in received.message["To"].addresses] == ["lou.exemple@famille.example"]
    assert "Bcc" not in received.message
    assert " ".join(name.split()) in received.header("To").replace("\\", "")


@pytest.mark.parametrize("address", ["a@b.example, c@d.example", "pas une adresse", "", "a@b.example\nBcc: c@d.example",
                                     "Lou <a@b.example>", "é@famille.example"])
def test_what_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(BadInput, match="adresse"):
        clean_address(address)


def test_an_address_that_bounces_fails_with_the_servers_words(outbox: Outbox, server: Mailbox) -> None:
    server.answers["perdu@famille.example"] = ["550 5.1.1 boîte inconnue ici"]
    told: list[tuple[str, str | None]] = []
    kinds = {"test": MailKind(on_sent=each_told(lambda _s, mail: told.append(("sent", mail.ref))),
                              on_failed=each_told(lambda _s, mail: told.append(("failed", mail.error))))}
    lost = put(outbox, "lost", "perdu@famille.example")
    put(outbox, "fine", ref="7")
    delivery = send(outbox, server.url, kinds)
    assert (delivery.sent, delivery.failed) == (1, 1)
    assert row(outbox, lost).status == "failed"
    assert row(outbox, lost).error == "550 5.1.1 boîte inconnue ici"
    assert row(outbox, lost).text == ""
    assert sorted(told) == [("failed", "550 5.1.1 boîte inconnue ici"), ("sent", "7")]
    assert server.connections == 1


def test_a_temporary_refusal_is_tried_again_later(outbox: Outbox, server: Mailbox) -> None:
    server.answers["occupe@famille.example"] = ["451 4.7.1 revenez plus tard"]
    mail_id = put(outbox, "busy", "occupe@famille.example")
    assert send(outbox, server.url).delayed == 1
    assert row(outbox, mail_id).status == "pending"
    assert "revenez plus tard" in row(outbox, mail_id).error
    assert send(outbox, server.url).sent == 0, "not before its time"
    with later(minutes=2):
        assert send(outbox, server.url).sent == 1
    assert row(outbox, mail_id).status == "sent" and row(outbox, mail_id).attempts == 2


def test_a_server_that_always_says_later_is_given_up(outbox: Outbox, server: Mailbox) -> None:
    server.answers["occupe@famille.example"] = ["451 plus tard"] * 2
    mail_id = put(outbox, "busy", "occupe@famille.example")
    send(outbox, server.url)
    with later(days=4):
        assert send(outbox, server.url).failed == 1
    assert row(outbox, mail_id).error.startswith("abandonné après 2 essais : 451")


def test_a_server_that_is_down_delays_everything_and_blames_nobody(outbox: Outbox, server: Mailbox) -> None:
    ids = [put(outbox, f"m{n}", f"a{n}@famille.example") for n in range(3)]
    delivery = send(outbox, f"smtp://127.0.0.1:{free_port()}")
    assert delivery.unreachable and delivery.sent == delivery.failed == 0
    assert {row(outbox, i).status for i in ids} == {"pending"} and row(outbox, ids[2]).error
    with later(minutes=1):
        assert send(outbox, server.url).sent == 3


def test_our_own_address_refused_blames_no_recipient(outbox: Outbox, server: Mailbox) -> None:
    async def refuse(*_args: Any) -> str:
        return "550 relais refusé"

    server.handle_MAIL = refuse  # type: ignore[attr-defined]
    ids = [put(outbox, f"m{n}", f"a{n}@famille.example") for n in range(2)]
    assert send(outbox, server.url).unreachable == "550 relais refusé"
    assert {row(outbox, i).status for i in ids} == {"pending"}


def test_content_refused_for_good(outbox: Outbox, server: Mailbox) -> None:
    server.at_data = ["554 contenu refusé"]
    first = put(outbox, "first")
    second = put(outbox, "second")
    assert send(outbox, server.url).sent == 1
    assert (row(outbox, first).status, row(outbox, second).status) == ("failed", "sent")


def test_a_line_that_falls_after_the_content_leaves_a_doubt(outbox: Outbox, server: Mailbox) -> None:
    server.hang_up = True
    mail_id = put(outbox)
    send(outbox, server.url)
    assert row(outbox, mail_id).status == "uncertain"
    assert row(outbox, mail_id).text, "still needed to repeat it"
    with later(minutes=2):
        assert send(outbox, server.url).sent == 1
    assert row(outbox, mail_id).status == "uncertain", "it may have arrived twice, and that stays visible"
    first, second = server.received
    assert first.message["Message-ID"] == second.message["Message-ID"]


class DiesAfterSending:
    """A transport whose process dies between the server's yes and the commit that would store it."""

    def __init__(self, url: str, after: int) -> None:
        self.real, self.left = transport_for(url, SENDER), after
        assert isinstance(self.real, SmtpTransport)

    @contextmanager
    def connect(self) -> Iterator[Line]:
        with self.real.connect() as line:
            self.line = line
            yield self

    def send(self, mail: Envelope) -> None:
        self.line.send(mail)
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_a_crash_between_sending_and_storing_leaves_one_uncertain_mail(outbox: Outbox, server: Mailbox) -> None:
    ids = [put(outbox, f"m{n}", f"a{n}@famille.example") for n in range(5)]
    dying: Transport = DiesAfterSending(server.url, after=3)
    with pytest.raises(KeyboardInterrupt):
        deliver_pending(*outbox, dying)
    assert [row(outbox, i).status for i in ids] == ["sent", "sent", "sending", "pending", "pending"]
    assert send(outbox, server.url).sent == 2, "its owner still lives: another courier leaves it alone"
    with later(minutes=3):
        delivery = send(outbox, server.url)
    assert (delivery.uncertain, delivery.sent) == (1, 1)
    assert [row(outbox, i).status for i in ids] == ["sent", "sent", "uncertain", "sent", "sent"]
    sent = [r.message["Message-ID"] for r in server.received]
    assert len(sent) == 6 and len(set(sent)) == 5


def test_mails_accepted_before_a_crash_are_settled_and_told_but_not_repeated(
    outbox: Outbox, server: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed within a group: what the server has said yes to is known, the others were only claimed."""
    ids = [put(outbox, f"m{n}", f"a{n}@famille.example") for n in range(5)]
    dying: Transport = DiesAfterSending(server.url, after=3)
    told: list[str] = []
    kinds = {"test": MailKind(on_sent=each_told(lambda _s, mail: told.append(mail.to_address)))}

    def dies(*_all: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(Courier, "_settle", dies)
        with pytest.raises(KeyboardInterrupt):
            deliver_pending(*outbox, dying, kinds)
    assert [row(outbox, i).status for i in ids] == ["sending", "sending", "sending", "pending", "pending"]
    assert [row(outbox, i).sent_at is not None for i in ids] == [True, True, False, False, False]
    assert send(outbox, server.url, kinds).sent == 0, "its owner still lives: another courier leaves its mails alone"
    with later(minutes=3):
        delivery = send(outbox, server.url, kinds)
    assert (delivery.uncertain, delivery.sent) == (1, 5)
    assert [row(outbox, i).status for i in ids] == ["sent", "sent", "uncertain", "sent", "sent"]
    assert sorted(told) == [f"a{n}@famille.example" for n in range(5)]
    assert len(server.received) == 6


def test_the_body_can_be_written_at_the_last_moment(outbox: Outbox, server: Mailbox) -> None:
    def compose(_session: Session, mail: OutgoingMail) -> tuple[str, str | None]:
        if mail.ref == "broken":
            raise LookupError("no such code")
        return f"Votre code est celui de {mail.ref}.", None

    put(outbox, "ok", text="", ref="Lou")
    broken = put(outbox, "ko", "b@famille.example", text="", ref="broken")
    put(outbox, "ok2", "c@famille.example", text="", ref="Max")
    delivery = send(outbox, server.url, {"test": MailKind(compose=each_written(compose))})
    assert (delivery.sent, delivery.failed) == (2, 1)
    assert row(outbox, broken).error == "Le texte du message n'a pas pu être composé."
    assert [r.message.get_content().strip() for r in server.received] == [
        "Votre code est celui de Lou.", "Votre code est celui de Max."]


def test_an_owner_that_fails_does_not_send_the_mail_again(outbox: Outbox, server: Mailbox) -> None:
    def explode(_session: Session, _mail: OutgoingMail) -> None:
        raise RuntimeError("the owner is confused")

    mail_id = put(outbox)
    send(outbox, server.url, {"test": MailKind(on_sent=each_told(explode))})
    assert row(outbox, mail_id).status == "sent"
    with later(days=1):
        assert send(outbox, server.url).sent == 0
    assert len(server.received) == 1


def test_the_owners_note_and_the_mails_status_are_one_transaction(outbox: Outbox, server: Mailbox) -> None:
    db, model = outbox
    seen: list[str] = []

    def note(session: Session, mail: OutgoingMail) -> None:
        seen.append(session.scalars(select(model.status).where(model.id == mail.id)).one())

    put(outbox)
    send(outbox, server.url, {"test": MailKind(on_sent=each_told(note))})
    assert seen == ["sent"]


def test_mails_as_files(outbox: Outbox, tmp_path: Path) -> None:
    mail_id = put(outbox, to_name="Lou Exemple", keep_body=True)
    assert send(outbox, f"file://{tmp_path}/out").sent == 1
    [path] = (tmp_path / "out").iterdir()
    message = email.message_from_bytes(path.read_bytes(), policy=default)
    assert path.suffix == ".eml" and message["To"].addresses[0].display_name == "Lou Exemple"
    assert row(outbox, mail_id).text, "asked to be kept"


def test_a_folder_that_cannot_be_written_delays(outbox: Outbox, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file where the folder should be")
    mail_id = put(outbox)
    assert send(outbox, f"file://{tmp_path}/out").unreachable
    assert row(outbox, mail_id).status == "pending"


def test_a_mail_belongs_to_its_school(world: World) -> None:
    with school_scope(world.a), unit_of_work() as session:
        mail_id = queue_mail(session, MailOutbox, NewMail("k", "a@famille.example", "S", "T", school_id=world.a))
    with school_scope(world.b), unit_of_work() as session:
        assert session.get(MailOutbox, mail_id) is None
    with school_scope(world.a), unit_of_work() as session:
        assert session.get(MailOutbox, mail_id) is not None


@pytest.mark.parametrize("url", ["http://x", "smtp://", "mail.example"])
def test_a_mail_address_that_means_nothing_is_said(url: str) -> None:
    with pytest.raises(ValueError, match="LIVRET_MAIL"):
        transport_for(url, SENDER)
