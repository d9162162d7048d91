"""What every line needs: fresh migrated databases of both kinds, keys, time and memory."""

from __future__ import annotations

import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from app import migrations
from app.core.crypto import ADMIN_KEYS, KeyRing, make_keys, use_keys
from app.core.db import admin_db, portal_db

KINDS = ("sqlite", "postgresql")


@contextmanager
def databases(kind: str) -> Iterator[Path]:
    """Both databases, empty and migrated, bound; yields a folder. PostgreSQL is LIVRET_TEST_PG's or a private one."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="livret-bench-")))
        make_keys(folder / "keys")
        use_keys(KeyRing(folder / "keys" / "admin", ADMIN_KEYS))
        server = _server(stack) if kind == "postgresql" else None
        for name, db in (("admin", admin_db), ("portal", portal_db)):
            db.bind(_fresh(stack, server, name) if server else f"sqlite:///{folder}/{name}.db")
            stack.callback(db.unbind)
            migrations.upgrade(db)
        yield folder


def _server(stack: ExitStack) -> str:
    from tests.servers import private_postgres

    return os.environ.get("LIVRET_TEST_PG") or stack.enter_context(private_postgres())


def _fresh(stack: ExitStack, server: str, name: str) -> str:
    database = f"livret_bench_{name}_{os.getpid()}"
    plain = server.replace("postgresql+psycopg:", "postgresql:")
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{database}"')
        connection.execute(f'CREATE DATABASE "{database}"')

    def drop() -> None:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    stack.callback(drop)
    return f"{server.rsplit('/', 1)[0]}/{database}"


def timed(work: Callable[[], Any]) -> float:
    """Seconds of one run."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_mb() -> float:
    """The most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def line(name: str, work: str, seconds: float, floor: float) -> dict[str, Any]:
    """One line of the bench."""
    return {"name": name, "work": work, "seconds": round(seconds, 4), "floor_seconds": round(floor, 4),
            "ratio": round(seconds / floor, 2), "peak_mb": round(peak_mb(), 1)}  # fmt: skip
