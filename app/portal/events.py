"""What the portal tells the school, in the transaction that did it. The replicator reads it in order, once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from app.core import clock
from app.portal.models import PortalEvent

ORDER_LOCK = 7_305_412  # any number of our own, for PostgreSQL's advisory lock


def tell_school(session: Session, kind: str, payloads: Iterable[dict[str, Any]]) -> None:
    """Add one event per payload. Events become visible in the order of their numbers.

    A reader that remembers the last number would miss an event numbered before and committed after: whoever writes
    events therefore holds a lock to the end of the transaction (SQLite has one writer anyway).
    """
    rows = [{"kind": kind, "payload": payload, "at": clock.now()} for payload in payloads]
    if not rows:
        return
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ORDER_LOCK})
    session.execute(insert(PortalEvent), rows)
