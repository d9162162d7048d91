"""The two databases. The portal process binds `portal_db` only: it never learns the other's address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session, sessionmaker

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
# FAB's own ab_* tables keep their names: they are complete before this line.
Model.metadata.naming_convention = NAMES

_writing: ContextVar[bool] = ContextVar("writing", default=False)


class AdminBase(Model):
    """Base of every table of the admin database (shares its metadata with FAB's users and roles)."""

    __abstract__ = True
    __table_args__: Any = ()


class PortalBase(DeclarativeBase):
    """Base of every table of the portal database."""

    metadata = MetaData(naming_convention=NAMES, info={"bind_key": "portal"})


class LivretSession(Session):
    """The session class the scope gate listens to (see `app.core.scope`)."""


class Database:
    """One database: its engine and its thread-local session. Unbound until `bind` is called."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._engine: Engine | None = None
        self.session = scoped_session(sessionmaker(class_=LivretSession, info={"database": self}))

    @property
    def engine(self) -> Engine:
        """The engine, or an error that names the database this process was not given."""
        if self._engine is None:
            raise RuntimeError(f"the {self.name} database is not bound in this process")
        return self._engine

    def bind(self, url: str) -> Engine:
        """Point this database at `url`; the previous engine, if any, is closed."""
        self.unbind()
        self._engine = make_engine(url)
        self.session.configure(bind=self._engine)
        return self._engine

    def unbind(self) -> None:
        """Forget the engine and this thread's session."""
        self.session.remove()
        if self._engine is not None:
            self._engine.dispose()
            self.session.configure(bind=None)
            self._engine = None

    @property
    def is_sqlite(self) -> bool:
        """Whether row locks are missing here (DESIGN §4)."""
        return self.engine.dialect.name == "sqlite"


def make_engine(url: str) -> Engine:
    """An engine with the settings both databases need; SQLite in WAL with durable commits, PostgreSQL without JIT."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": 30})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, pool_pre_ping=True, pool_size=5, max_overflow=10)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    # Our conditions are many small subqueries: compiling them took 30 times as long as running them on a school.
    connection.autocommit = True
    connection.execute("SET jit = off")
    connection.autocommit = False


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, below
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # NORMAL can lose commits on power loss
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Any) -> None:
    # A deferred transaction that starts by reading cannot become a writer once another has written.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _writing.get() else "BEGIN")


def refresh_statistics(session: Session, *models: Any) -> None:
    """Tell PostgreSQL's planner about rows just written in bulk: it would otherwise join thousands of rows as if there
    were one, until its own housekeeping passes by a minute later. SQLite does not need it."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"ANALYZE {', '.join(model.__tablename__ for model in models)}"))


@contextmanager
def writing(active: bool = True) -> Iterator[None]:
    """Transactions begun inside are meant to write: SQLite takes the write lock at once."""
    token = _writing.set(active)
    try:
        yield
    finally:
        _writing.reset(token)


def set_writing(active: bool) -> Any:
    """`writing` for callers that cannot use a with-block (request hooks); returns a token for `reset_writing`."""
    return _writing.set(active)


def reset_writing(token: Any) -> None:
    """Undo `set_writing`."""
    _writing.reset(token)


admin_db = Database("admin")
portal_db = Database("portal")
