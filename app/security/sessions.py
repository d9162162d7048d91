"""Sessions kept in our own table (SECURITY_TRAPS 10): signing out ends them, and a new epoch ends all of an owner.

Before sign-in what a browser must remember (the anti-forgery token, a message) is small and public: it stays in a
signed cookie, so that a crowd looking at the sign-in page writes nothing. Anything else goes to the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Request, Response
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from itsdangerous import BadSignature
from sqlalchemy import ColumnElement, Connection, Executable, delete, insert, or_, select, update
from werkzeug.datastructures import CallbackDict

from app.core.apart import own_transaction
from app.core.clock import now
from app.core.crypto import new_token, token_hash
from app.core.db import Database
from app.core.scope import system_scope

TOKEN_LENGTH = 43  # 256 bits in base64
IN_COOKIE = frozenset({"csrf_token", "_flashes", "locale"})
READING = ("GET", "HEAD", "OPTIONS")
_json = TaggedJSONSerializer()
_signer = SecureCookieSessionInterface()


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts: without use, at most, and how often its use is written down."""

    idle: timedelta = timedelta(hours=1)
    absolute: timedelta = timedelta(hours=12)
    touch: timedelta = timedelta(minutes=5)


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """What Flask calls `session`. `token` is the cookie's value, None while nothing is in the table."""

    def __init__(self, data: dict[str, Any] | None = None, **known: Any) -> None:
        super().__init__(data or {}, _changed)
        self.modified = False
        self.accessed = True
        self.new = not known
        self.token: str | None = known.get("token")
        self.owner_id: int | None = known.get("owner_id")
        self.epoch: int = known.get("epoch", 0)
        self.created_at: datetime = known.get("created_at") or now()
        self.seen_at: datetime | None = known.get("seen_at")
        self.stored: str | None = known.get("stored")
        self.replaced: list[str] = []  # tokens that must die with this answer
        self.ignored = False

    def sign_in(self, owner_id: int, epoch: int) -> None:
        """Begin the session of an owner: nothing of what came before survives, the token least of all."""
        self._drop_token()
        self.clear()
        self.owner_id, self.epoch, self.created_at = owner_id, epoch, now()

    def sign_out(self) -> None:
        """End it: the row goes, and whoever kept the cookie holds nothing."""
        self._drop_token()
        self.clear()
        self.owner_id, self.epoch = None, 0

    def _drop_token(self) -> None:
        if self.token:
            self.replaced.append(self.token)
        self.token, self.stored, self.seen_at = None, None, None
        self.modified = True


def _changed(session: Any) -> None:
    session.modified = True


class ServerSessions(SessionInterface):
    """`app.session_interface` of both applications.

    `epoch_of(owner_id column)` gives the SQL expression of the owner's present epoch: a session of another epoch
    is dead. Reading a session is one SELECT; using it writes at most every `lifetime.touch`.
    """

    def __init__(
        self,
        db: Database,
        model: Any,
        *,
        cookie: str,
        epoch_of: Callable[[ColumnElement[Any]], ColumnElement[int]],
        secure: bool = False,
        lifetime: Lifetime | None = None,
        ignore: tuple[str, ...] = ("/assets/", "/static/"),
    ) -> None:
        self.db, self.table = db, model.__table__
        self.lifetime = lifetime or Lifetime()
        self.secure, self.ignore = secure, ignore
        self.cookie = f"__Host-{cookie}" if secure else cookie  # the prefix forbids other hosts to set it
        columns = self.table.c
        self._read = select(self.table, epoch_of(columns.owner_id).label("owner_epoch"))

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        """The session the cookie names; a fresh empty one when it names none that lives."""
        if request.path.startswith(self.ignore):
            session = ServerSession()
            session.ignored = True
            return session
        value = request.cookies.get(self.cookie, "")
        if "." in value:
            return self._from_signed(app, value)
        if len(value) == TOKEN_LENGTH:
            session = self._from_table(value)
            if request.method not in READING:
                self.db.session.rollback()  # what follows may write, and begins its own transaction
            return session
        return ServerSession()

    def _from_signed(self, app: Flask, value: str) -> ServerSession:
        signer = _signer.get_signing_serializer(app)
        try:
            data = signer.loads(value, max_age=int(self.lifetime.absolute.total_seconds())) if signer else {}
        except BadSignature:
            return ServerSession()
        return ServerSession(data, stored=_json.dumps(data))

    def _from_table(self, token: str) -> ServerSession:
        with system_scope("the session of this request"):
            found = self.db.session().execute(self._read.where(self.table.c.token_hash == token_hash(token)))
            row = found.one_or_none()
        if row is None:
            return ServerSession()
        if not self._lives(row):
            session = ServerSession()
            session.replaced.append(token)
            return session
        return ServerSession(
            _json.loads(row.data), token=token, owner_id=row.owner_id, epoch=row.epoch,
            created_at=row.created_at, seen_at=row.seen_at, stored=row.data,
        )  # fmt: skip

    def _lives(self, row: Any) -> bool:
        moment = now()
        fresh = moment - row.seen_at < self.lifetime.idle and moment - row.created_at < self.lifetime.absolute
        return fresh and (row.owner_id is None or row.epoch == row.owner_epoch)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write what changed, and only that."""
        assert isinstance(session, ServerSession)
        if session.ignored:
            return
        response.vary.add("Cookie")
        data = _json.dumps(dict(session))
        if session.owner_id is None and session.token is None and session.keys() <= IN_COOKIE:
            self._forget(session.replaced)
            self._save_signed(app, session, data, response)
            return
        self._save_row(session, data, response)

    def _save_signed(self, app: Flask, session: ServerSession, data: str, response: Response) -> None:
        signer = _signer.get_signing_serializer(app)
        if session and signer and data != session.stored:
            self._set_cookie(response, signer.dumps(dict(session)))
        elif not session and (session.replaced or session.modified):
            response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def _save_row(self, session: ServerSession, data: str, response: Response) -> None:
        moment = now()
        if session.token is None:
            session.token = new_token()
            row = {
                "token_hash": token_hash(session.token), "owner_id": session.owner_id, "epoch": session.epoch,
                "data": data, "created_at": session.created_at, "seen_at": moment,
            }  # fmt: skip
            self._write(*self._gone(session.replaced), self._expired(moment), insert(self.table).values(row))
            self._set_cookie(response, session.token)
        elif data != session.stored or session.seen_at is None or moment - session.seen_at > self.lifetime.touch:
            # An UPDATE and never an upsert: a session that ended meanwhile must not come back.
            own = self.table.c.token_hash == token_hash(session.token)
            self._write(update(self.table).where(own).values(data=data, seen_at=moment))

    def _set_cookie(self, response: Response, value: str) -> None:
        response.set_cookie(self.cookie, value, path="/", secure=self.secure, httponly=True, samesite="Lax")

    def _forget(self, tokens: list[str]) -> None:
        if tokens:
            self._write(*self._gone(tokens))

    def _gone(self, tokens: list[str]) -> list[Executable]:
        hashes = [token_hash(token) for token in tokens]
        return [delete(self.table).where(self.table.c.token_hash.in_(hashes))] if hashes else []

    def _expired(self, moment: datetime) -> Executable:
        columns = self.table.c
        idle, old = moment - self.lifetime.idle, moment - self.lifetime.absolute
        return delete(self.table).where(or_(columns.seen_at < idle, columns.created_at < old))

    def _write(self, *statements: Executable) -> None:
        with own_transaction(self.db) as connection:
            for statement in statements:
                connection.execute(statement)


def end_sessions(connection: Connection, model: Any, owner_id: int) -> int:
    """Sign an owner out everywhere (the caller raises the epoch in the same transaction). Returns how many."""
    table = model.__table__
    return connection.execute(delete(table).where(table.c.owner_id == owner_id)).rowcount
