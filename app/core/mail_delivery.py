"""Sending what the outbox holds. SMTP cannot be exactly-once: « sending » is committed before a mail is handed over,
its answer after. Whoever dies in between leaves one uncertain mail, repeated under the same Message-ID.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.errors import LivretError
from app.core.mail import MailOutboxMixin
from app.core.mail_transport import Delayed, Doubtful, Envelope, Line, MailUnreachable, Refused, Transport
from app.core.process import new_owner, surely_dead
from app.core.uow import unit_of_work

log = logging.getLogger(__name__)

CLAIM = timedelta(minutes=2)  # longer than any SMTP exchange may last
BATCH = 500
BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480)]
UNREACHABLE_PAUSE = timedelta(seconds=30)
GIVE_UP = timedelta(days=3)
UNSYNCED = {"synchronize_session": False}
CLAIMED = ("id", "kind", "ref", "to_name", "to_address", "reply_to", "subject", "text", "html", "message_id",
           "repeated", "attempts", "created_at")
UNWRITABLE = "Le texte du message n'a pas pu être composé."


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A mail of the outbox as its owner is told of it."""

    id: int
    kind: str
    ref: str | None
    school_id: int | None
    to_address: str
    message_id: str
    repeated: bool
    attempts: int
    created_at: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True)
class MailKind:
    """What the owner of a kind of mail wants: to write the body at the last moment, to know when it went or failed.

    The three run in the transaction that stores the mail's own status.
    """

    compose: Callable[[Session, OutgoingMail], tuple[str, str | None]] | None = None
    on_sent: Callable[[Session, OutgoingMail], None] | None = None
    on_failed: Callable[[Session, OutgoingMail], None] | None = None


@dataclass(slots=True)
class Delivery:
    """What a call of `deliver_pending` did."""

    sent: int = 0
    failed: int = 0
    delayed: int = 0
    uncertain: int = 0
    unreachable: str | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What to store of one mail: the columns, and which of the owner's functions to call."""

    values: dict[str, Any]
    tell: str | None = None
    error: str | None = None


class Courier:
    """One run over one outbox. Its transactions store the answer of a mail and claim the next one together."""

    def __init__(
        self, db: Database, model: type[MailOutboxMixin], transport: Transport, kinds: dict[str, MailKind]
    ) -> None:
        self.db, self.model, self.transport, self.kinds = db, model, transport, kinds
        self.owner = new_owner()
        self.done = Delivery()

    def run(self, limit: int) -> Delivery:
        """Send up to `limit` mails that are due."""
        self.recover()
        ids = self._due_ids(limit)
        if not ids:
            return self.done
        try:
            with self.transport.connect() as line:
                self._send_all(line, ids)
        except MailUnreachable as error:
            self._postpone(str(error))
        return self.done

    def recover(self) -> None:
        """Mails left « sending » by a dead courier may have gone: uncertain, and repeated."""
        model = self.model
        left = select(model.id, model.claimed_by, model.claimed_until).where(model.status == "sending")
        with unit_of_work(self.db) as session:
            gone = [row.id for row in session.execute(left)
                    if row.claimed_until < clock.now() or surely_dead(row.claimed_by)]
            if gone:
                self.done.uncertain += len(gone)
                session.execute(update(model).where(model.id.in_(gone), model.status == "sending").values(
                    _doubt("L'envoi a été interrompu : ce message est peut-être parti.")))

    def _due_ids(self, limit: int) -> list[int]:
        with unit_of_work(self.db) as session:
            found = select(self.model.id).where(self._is_due()).order_by(self.model.next_try_at, self.model.id)
            return list(session.scalars(found.limit(limit)))

    def _is_due(self) -> Any:
        model = self.model
        waiting = or_(model.status == "pending", and_(model.status == "uncertain", model.sent_at.is_(None)))
        return and_(waiting, model.next_try_at <= clock.now())

    def _send_all(self, line: Line, ids: list[int]) -> None:
        settled: tuple[OutgoingMail, _Outcome] | None = None
        for mail_id in [*ids, None]:
            with unit_of_work(self.db) as session:
                if settled:
                    self._store(session, *settled)
                claimed = self._claim(session, mail_id) if mail_id else None
            settled = (claimed[0], self._send(line, *claimed)) if claimed else None

    def _claim(self, session: Session, mail_id: int) -> tuple[OutgoingMail, Envelope | str] | None:
        model = self.model
        taking = update(model).where(model.id == mail_id, self._is_due()).values(
            status="sending", attempts=model.attempts + 1, claimed_by=self.owner, claimed_until=clock.now() + CLAIM)
        row = session.execute(taking.returning(*self._columns()), execution_options=UNSYNCED).one_or_none()
        if row is None:
            return None
        mail = OutgoingMail(row.id, row.kind, row.ref, getattr(row, "school_id", None), row.to_address,
                            row.message_id, row.repeated, row.attempts, row.created_at)
        return mail, self._envelope(session, row, mail)

    def _columns(self) -> list[Any]:
        """The columns a claim reads; only the admin's outbox has schools."""
        names = (*CLAIMED, *(["school_id"] if hasattr(self.model, "school_id") else []))
        return [getattr(self.model, name) for name in names]

    def _envelope(self, session: Session, row: Any, mail: OutgoingMail) -> Envelope | str:
        """What is handed over, or why there is nothing to hand over."""
        text, html = row.text, row.html
        kind = self.kinds.get(row.kind)
        if not text and kind and kind.compose:
            try:
                with session.begin_nested():
                    text, html = kind.compose(session, mail)
            except LivretError as error:
                return error.message
            except Exception:  # this transaction also stores the answer of the mail before
                log.exception("the body of mail %s could not be written", mail.id)
                return UNWRITABLE
        return Envelope(row.message_id, row.to_name, row.to_address, row.subject, text, html, row.reply_to)

    def _send(self, line: Line, mail: OutgoingMail, envelope: Envelope | str) -> _Outcome:
        if isinstance(envelope, str):
            return _failed(envelope)
        try:
            line.send(envelope)
        except Refused as error:
            return _failed(str(error))
        except (Delayed, Doubtful) as error:
            return self._again(mail, str(error), doubtful=isinstance(error, Doubtful))
        except MailUnreachable as error:
            with unit_of_work(self.db) as session:
                self._store(session, mail, _Outcome(_wait(str(error), UNREACHABLE_PAUSE) | _status(mail)))
            raise
        except Exception:  # a mail that cannot be built must not stop the others
            log.exception("mail %s could not be built", mail.id)
            return _failed(UNWRITABLE)
        return _Outcome({"status": "uncertain" if mail.repeated else "sent", "sent_at": clock.now(), "error": None,
                         "next_try_at": None}, "on_sent")

    def _again(self, mail: OutgoingMail, words: str, *, doubtful: bool) -> _Outcome:
        if mail.created_at < clock.now() - GIVE_UP:
            return _failed(f"abandonné après {mail.attempts} essais : {words}")
        pause = BACKOFF[min(mail.attempts, len(BACKOFF)) - 1]
        return _Outcome(_doubt(words, pause) if doubtful else _wait(words, pause) | _status(mail))

    def _store(self, session: Session, mail: OutgoingMail, outcome: _Outcome) -> None:
        model = self.model
        values = outcome.values | {"claimed_by": None, "claimed_until": None}
        if outcome.tell is not None:  # a mail may hold a code: its words are not kept longer than they serve
            kept = model.keep_body
            values |= {"text": case((kept, model.text), else_=""), "html": case((kept, model.html))}
        mine = and_(model.id == mail.id, model.claimed_by == self.owner)
        session.execute(update(model).where(mine).values(values), execution_options=UNSYNCED)
        self._count(outcome)
        self._tell(session, mail, outcome)

    def _count(self, outcome: _Outcome) -> None:
        name = {"on_sent": "sent", "on_failed": "failed"}.get(outcome.tell or "", "delayed")
        setattr(self.done, name, getattr(self.done, name) + 1)

    def _tell(self, session: Session, mail: OutgoingMail, outcome: _Outcome) -> None:
        kind = self.kinds.get(mail.kind)
        tell = getattr(kind, outcome.tell, None) if kind and outcome.tell else None
        if tell is None:
            return
        try:
            with session.begin_nested():
                tell(session, replace(mail, error=outcome.error))
        except Exception:  # the mail has gone: its own status must be stored whatever its owner does
            log.exception("the owner of mail %s could not be told", mail.id)

    def _postpone(self, words: str) -> None:
        """The server cannot be reached: everything due waits a little, and says why."""
        self.done.unreachable = words
        with unit_of_work(self.db) as session:
            waiting = update(self.model).where(self._is_due()).values(_wait(words, UNREACHABLE_PAUSE))
            session.execute(waiting, execution_options=UNSYNCED)


def _wait(words: str, pause: timedelta) -> dict[str, Any]:
    return {"error": words[:500], "next_try_at": clock.now() + pause}


def _status(mail: OutgoingMail) -> dict[str, Any]:
    return {"status": "uncertain" if mail.repeated else "pending"}


def _doubt(words: str, pause: timedelta = timedelta()) -> dict[str, Any]:
    return _wait(words, pause) | {"status": "uncertain", "repeated": True, "claimed_by": None, "claimed_until": None}


def _failed(words: str) -> _Outcome:
    return _Outcome({"status": "failed", "error": words[:500], "next_try_at": None}, "on_failed", words)


def deliver_pending(
    db: Database, model: type[MailOutboxMixin], transport: Transport, kinds: dict[str, MailKind] | None = None,
    *, limit: int = BATCH,
) -> Delivery:
    """Send what is due, over one connection. Call it as often as wished, from several workers: a mail goes once."""
    return Courier(db, model, transport, kinds or {}).run(limit)
