"""Sending what the outbox holds. SMTP cannot be exactly-once: « sending » is committed before a mail is handed over,
the server's yes (`sent_at`) after. Whoever dies in between leaves one uncertain mail, repeated under the same
Message-ID. Around that, mails go in groups: claimed and written together, settled and told to their owners together.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import CursorResult, and_, case, func, or_, select, update
from sqlalchemy.orm import Session

from app.core import clock
from app.core.db import Database
from app.core.mail import MailOutboxMixin
from app.core.mail_kinds import UNWRITABLE, Body, MailKind, OutgoingMail, called
from app.core.mail_transport import Delayed, Doubtful, Envelope, Line, MailUnreachable, Refused, Transport
from app.core.process import new_owner, surely_dead
from app.core.uow import unit_of_work

log = logging.getLogger(__name__)

CLAIM = timedelta(minutes=2)  # longer than any SMTP exchange may last
BATCH, GROUP = 500, 50
BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480)]
UNREACHABLE_PAUSE = timedelta(seconds=30)
GIVE_UP = timedelta(days=3)
UNSYNCED = {"synchronize_session": False}
CLAIMED = ("id", "kind", "ref", "to_name", "to_address", "reply_to", "subject", "text", "html", "message_id",
           "repeated", "attempts", "created_at")
FREE: dict[str, Any] = {"claimed_by": None, "claimed_until": None}


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


@dataclass(slots=True)
class _Group:
    """Mails claimed together: what is handed over (or why nothing is), and what became of each."""

    envelopes: list[tuple[OutgoingMail, Envelope | str]]
    settled: list[tuple[OutgoingMail, _Outcome]] = field(default_factory=list)


class Courier:
    """One run over one outbox."""

    def __init__(
        self, db: Database, model: type[MailOutboxMixin], transport: Transport, kinds: dict[str, MailKind]
    ) -> None:
        self.db, self.model, self.transport, self.kinds = db, model, transport, kinds
        self.owner = new_owner()
        self.done = Delivery()

    def run(self, limit: int) -> Delivery:
        """Send up to `limit` mails that are due."""
        self.recover()
        if not self._any_due():
            return self.done
        try:
            with self.transport.connect() as line:
                while limit > 0 and (group := self._claim(min(GROUP, limit))) is not None:
                    self._send_group(line, group)
                    limit -= len(group.envelopes)
        except MailUnreachable as error:
            self._postpone(str(error))
        return self.done

    def recover(self) -> None:
        """What a dead courier left: mails that the server had accepted are settled; the one that was being handed over
        may have gone, and is repeated; those it had only claimed are free again."""
        model = self.model
        left = select(model.id, model.status, model.sent_at, model.claimed_by, model.claimed_until)
        with unit_of_work(self.db) as session:
            gone = [row for row in session.execute(left.where(model.claimed_by.is_not(None)))
                    if row.claimed_until < clock.now() or surely_dead(row.claimed_by)]
            handed = [row for row in gone if row.status == "sending"]
            doubtful = [row.id for row in handed if row.sent_at is None]
            self.done.uncertain += len(doubtful)
            self._set(session, doubtful, _doubt("L'envoi a été interrompu : ce message est peut-être parti."))
            self._set(session, [row.id for row in gone if row.status != "sending"], FREE)
            if accepted := [row.id for row in handed if row.sent_at is not None]:
                rows = session.execute(select(*self._columns()).where(model.id.in_(accepted))).all()
                self._settle(session, [(_outgoing(row), _GONE) for row in rows])

    def _any_due(self) -> bool:
        with unit_of_work(self.db) as session:
            return session.scalar(select(self.model.id).where(self._is_due()).limit(1)) is not None

    def _is_due(self) -> Any:
        model = self.model
        waiting = or_(model.status == "pending", and_(model.status == "uncertain", model.sent_at.is_(None)))
        free = or_(model.claimed_until.is_(None), model.claimed_until < clock.now())
        return and_(waiting, free, model.next_try_at <= clock.now())

    def _claim(self, count: int) -> _Group | None:
        """Take the next mails and write their bodies; None when nothing is due."""
        model = self.model
        with unit_of_work(self.db) as session:
            due = select(model.id).where(self._is_due()).order_by(model.next_try_at, model.id).limit(count)
            ids = list(session.scalars(due))
            if not ids:
                return None
            taking = update(model).where(model.id.in_(ids), self._is_due()).values(
                claimed_by=self.owner, claimed_until=clock.now() + CLAIM)  # fmt: skip
            found = session.execute(taking.returning(*self._columns()), execution_options=UNSYNCED).all()
            rows = sorted(found, key=lambda row: ids.index(row.id))
            bodies = self._bodies(session, rows)
        return _Group([(_outgoing(row), _envelope(row, bodies[row.id])) for row in rows])

    def _columns(self) -> list[Any]:
        """The columns a claim reads; only the admin's outbox has schools."""
        names = (*CLAIMED, *(["school_id"] if hasattr(self.model, "school_id") else []))
        return [getattr(self.model, name) for name in names]

    def _bodies(self, session: Session, rows: list[Any]) -> dict[int, Body | str]:
        bodies: dict[int, Body | str] = {row.id: (row.text, row.html) for row in rows}
        for kind, mails in self._by_owner(_outgoing(row) for row in rows if not row.text):
            if kind.compose is not None:
                bodies |= {mail.id: UNWRITABLE for mail in mails}
                bodies |= called(session, kind.compose, mails)
        return bodies

    def _by_owner(self, mails: Iterable[OutgoingMail]) -> list[tuple[MailKind, list[OutgoingMail]]]:
        """The mails of each kind and school together, in their order."""

        def owner(mail: OutgoingMail) -> tuple[str, int]:
            return mail.kind, mail.school_id or 0

        return [(self.kinds.get(kind, MailKind()), list(found))
                for (kind, _school), found in groupby(sorted(mails, key=owner), key=owner)]  # fmt: skip

    def _send_group(self, line: Line, group: _Group) -> None:
        try:
            accepted = None
            for mail, envelope in group.envelopes:
                if isinstance(envelope, str):
                    group.settled.append((mail, _failed(envelope)))
                elif self._start(mail, accepted):
                    accepted = self._hand_over(line, mail, envelope, group)
        finally:
            with unit_of_work(self.db) as session:
                self._settle(session, group.settled)
                left = update(self.model).where(self.model.claimed_by == self.owner, self.model.status != "sending")
                session.execute(left.values(FREE), execution_options=UNSYNCED)

    def _start(self, mail: OutgoingMail, accepted: int | None) -> bool:
        """Commit that this one is being handed over, and that the server has said yes to the one before. False when it
        is no longer ours."""
        model = self.model
        mine = and_(model.id == mail.id, model.claimed_by == self.owner, model.status.in_(("pending", "uncertain")))
        values = {"status": "sending", "attempts": mail.attempts, "claimed_until": clock.now() + CLAIM}
        with unit_of_work(self.db) as session:
            if accepted is not None:
                self._set(session, [accepted], {"sent_at": clock.now()})
            started = session.execute(update(model).where(mine).values(values), execution_options=UNSYNCED)
            assert isinstance(started, CursorResult)
            return bool(started.rowcount)

    def _hand_over(self, line: Line, mail: OutgoingMail, envelope: Envelope, group: _Group) -> int | None:
        """Its id when the server has said yes."""
        try:
            outcome = self._send(line, mail, envelope)
        except MailUnreachable as error:
            group.settled.append((mail, _Outcome(_wait(str(error), UNREACHABLE_PAUSE) | _status(mail))))
            raise
        group.settled.append((mail, outcome))
        return mail.id if outcome is _GONE else None

    def _send(self, line: Line, mail: OutgoingMail, envelope: Envelope) -> _Outcome:
        try:
            line.send(envelope)
        except Refused as error:
            return _failed(str(error))
        except (Delayed, Doubtful) as error:
            return self._again(mail, str(error), doubtful=isinstance(error, Doubtful))
        except MailUnreachable:
            raise
        except Exception:  # a mail that cannot be built must not stop the others
            log.exception("mail %s could not be built", mail.id)
            return _failed(UNWRITABLE)
        return _GONE

    def _again(self, mail: OutgoingMail, words: str, *, doubtful: bool) -> _Outcome:
        if mail.created_at < clock.now() - GIVE_UP:
            return _failed(f"abandonné après {mail.attempts} essais : {words}")
        pause = BACKOFF[min(mail.attempts, len(BACKOFF)) - 1]
        return _Outcome(_doubt(words, pause) if doubtful else _wait(words, pause) | _status(mail))

    def _settle(self, session: Session, settled: list[tuple[OutgoingMail, _Outcome]]) -> None:
        """Store what became of a group, and tell the owners."""
        model = self.model
        # A mail may hold a code: its words are not kept longer than they serve.
        wordless = {"text": case((model.keep_body, model.text), else_=""), "html": case((model.keep_body, model.html))}
        gone = {"status": case((model.repeated, "uncertain"), else_="sent"), "next_try_at": None, "error": None,
                "sent_at": func.coalesce(model.sent_at, clock.now())}  # fmt: skip
        self._set(session, [mail.id for mail, outcome in settled if outcome is _GONE], gone | wordless | FREE)
        for mail, outcome in settled:
            if outcome is not _GONE:
                self._set(session, [mail.id], outcome.values | (wordless if outcome.tell else {}) | FREE)
        self._tell(session, settled)

    def _tell(self, session: Session, settled: list[tuple[OutgoingMail, _Outcome]]) -> None:
        for name, counted in (("on_sent", "sent"), ("on_failed", "failed"), (None, "delayed")):
            mails = [replace(mail, error=outcome.error) for mail, outcome in settled if outcome.tell == name]
            setattr(self.done, counted, getattr(self.done, counted) + len(mails))
            for kind, mine in self._by_owner(mails):
                if (tell := getattr(kind, name or "", None)) is not None:
                    called(session, tell, mine)

    def _set(self, session: Session, ids: list[int], values: dict[str, Any]) -> None:
        if ids:
            chosen = update(self.model).where(self.model.id.in_(ids)).values(values)
            session.execute(chosen, execution_options=UNSYNCED)

    def _postpone(self, words: str) -> None:
        """The server cannot be reached: everything due waits a little, and says why."""
        self.done.unreachable = words
        with unit_of_work(self.db) as session:
            waiting = update(self.model).where(self._is_due()).values(_wait(words, UNREACHABLE_PAUSE))
            session.execute(waiting, execution_options=UNSYNCED)


def _outgoing(row: Any) -> OutgoingMail:
    return OutgoingMail(row.id, row.kind, row.ref, getattr(row, "school_id", None), row.to_address,
                        row.message_id, row.repeated, row.attempts + 1, row.created_at)  # fmt: skip


def _envelope(row: Any, body: Body | str) -> Envelope | str:
    """What is handed over, or why there is nothing to hand over."""
    if isinstance(body, str):
        return body
    return Envelope(row.message_id, row.to_name, row.to_address, row.subject, *body, row.reply_to)


def _wait(words: str, pause: timedelta) -> dict[str, Any]:
    return {"error": words[:500], "next_try_at": clock.now() + pause}


def _status(mail: OutgoingMail) -> dict[str, Any]:
    return {"status": "uncertain" if mail.repeated else "pending"}


def _doubt(words: str, pause: timedelta = timedelta()) -> dict[str, Any]:
    return _wait(words, pause) | {"status": "uncertain", "repeated": True, "claimed_by": None, "claimed_until": None}


_GONE = _Outcome({}, "on_sent")


def _failed(words: str) -> _Outcome:
    return _Outcome({"status": "failed", "error": words[:500], "next_try_at": None}, "on_failed", words)


def deliver_pending(
    db: Database, model: type[MailOutboxMixin], transport: Transport, kinds: dict[str, MailKind] | None = None,
    *, limit: int = BATCH,
) -> Delivery:
    """Send what is due, over one connection. Call it as often as wished, from several workers: a mail goes once."""
    return Courier(db, model, transport, kinds or {}).run(limit)
