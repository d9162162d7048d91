"""Chaining the trail: each line's hash covers the line before it, so that a removed or altered line shows (DESIGN §7).

Lines are written unhashed by whoever acts; the sealer comes within 60 s and gives each a position in its school's
chain (0 is the academy's own). The hash is keyed: whoever writes the database without holding the audit key cannot
make a line that verifies. What is personal enters by a salted digest only, so that `erase_personal` breaks nothing.

What a chain cannot show: a line removed in its first minute, before it was sealed; and a chain cut short together
with its head by somebody who knows both. Keep `heads()` elsewhere from time to time (a log, a backup) against that.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.models import AuditLine, ChainHead
from app.core.crypto import KeyRing, keyring
from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work

START = "0" * 64
CHUNK = 2000  # lines sealed in one transaction
WORDS = {
    "removed": "Une ligne du journal a été retirée",
    "altered": "Une ligne du journal a été modifiée",
    "added": "Une ligne a été ajoutée au journal",
}


@dataclass(frozen=True, slots=True)
class ChainFault:
    """Where a chain does not hold; `line_id` when the line is still there."""

    kind: Literal["removed", "altered", "added"]
    position: int
    line_id: int | None = None

    def __str__(self) -> str:
        return f"{WORDS[self.kind]} (position {self.position})."


def seal_pending() -> int:
    """Chain every line that waits; how many there were. May run twice, and in two processes at once."""
    with system_scope("sealing the trail of every school"):
        return sum(_seal_chain(chain) for chain in _waiting_chains())


def verify(school_id: int | None) -> list[ChainFault]:
    """Every fault of a school's chain (None: the academy's own), in order; empty when it holds."""
    session, ring, faults = admin_db.session(), keyring(), []
    expected, previous = 1, START
    with system_scope("verifying the trail"):
        lines = select(AuditLine).where(_of_chain(school_id or 0), AuditLine.chain_position.is_not(None))
        ordered = lines.order_by(AuditLine.chain_position, AuditLine.id)
        afresh = {"yield_per": 500, "populate_existing": True}
        for line in session.scalars(ordered, execution_options=afresh):
            position = line.chain_position or 0
            faults += [ChainFault("removed", gap) for gap in range(expected, position)]
            if position < expected:
                faults.append(ChainFault("added", position, line.id))
                continue
            known = previous if position == expected else None  # after a gap the hash before is unknown
            if not _holds(line, known, ring):
                faults.append(ChainFault("altered", position, line.id))
            expected, previous = position + 1, line.chain_hash or ""
        head = session.get(ChainHead, school_id or 0, populate_existing=True)
    return faults + list(_head_faults(head, expected - 1, previous))


def heads() -> dict[int, tuple[int, str]]:
    """Position and hash of every chain's last line, to be kept elsewhere."""
    rows = admin_db.session().execute(select(ChainHead.chain, ChainHead.position, ChainHead.hash))
    return {chain: (position, digest) for chain, position, digest in rows}


def erase_personal(session: Session, where: ColumnElement[bool]) -> int:
    """Forget the people in the lines that meet `where`; acts and chain stay. A line not sealed yet waits its turn."""
    blank = {"personal": None, "actor_name": "", "actor_id": None, "salt": None}
    lines = update(AuditLine).where(where, AuditLine.salt.is_not(None)).values(blank)
    result: Any = session.execute(lines, execution_options={"synchronize_session": False})
    session.expire_all()
    return int(result.rowcount)


def _waiting_chains() -> list[int]:
    chains = select(func.coalesce(AuditLine.school_id, 0)).where(AuditLine.chain_position.is_(None)).distinct()
    return list(admin_db.session().scalars(chains))


def _seal_chain(chain: int) -> int:
    sealed = 0
    while True:
        try:
            count = _seal_chunk(chain)
        except IntegrityError:  # another sealer has just begun this chain, and will do it
            return sealed
        if not count:
            return sealed
        sealed += count


@unit_of_work()
def _seal_chunk(chain: int) -> int:
    session = admin_db.session()
    head = session.get(ChainHead, chain, with_for_update=True, populate_existing=True)
    if head is None:
        head = ChainHead(chain=chain, position=0, hash=START)
        session.add(head)
        session.flush()
    waiting = select(AuditLine).where(_of_chain(chain), AuditLine.chain_position.is_(None))
    lines = list(session.scalars(waiting.order_by(AuditLine.id).limit(CHUNK)))
    if lines:
        session.execute(update(AuditLine), list(_sealed(lines, head)))
    return len(lines)


def _sealed(lines: list[AuditLine], head: ChainHead) -> Iterator[dict[str, Any]]:
    """The columns that seal each line; the head moves along."""
    key_id, key = keyring().current("audit")
    for line in lines:
        salt = secrets.token_hex(16)
        digest = _personal_digest(line, salt)
        head.position, head.line_id = head.position + 1, line.id
        head.hash = _hash(key, line, head.position, digest, head.hash)
        yield {
            "id": line.id,
            "salt": salt,
            "personal_digest": digest,
            "chain_position": head.position,
            "chain_hash": head.hash,
            "key_id": key_id,
        }


def _of_chain(chain: int) -> ColumnElement[bool]:
    return AuditLine.school_id == chain if chain else AuditLine.school_id.is_(None)


def _holds(line: AuditLine, previous: str | None, ring: KeyRing) -> bool:
    """Whether a line still says what was sealed; without the hash before it, only its personal part can be judged."""
    erased = line.salt is None and line.personal is None and not line.actor_name and line.actor_id is None
    if not erased and (line.salt is None or _personal_digest(line, line.salt) != line.personal_digest):
        return False
    if previous is None:
        return True
    key = ring.get("audit", line.key_id or "")
    sealed = _hash(key, line, line.chain_position or 0, line.personal_digest or "", previous)
    return hmac.compare_digest(sealed, line.chain_hash or "")


def _head_faults(head: ChainHead | None, position: int, digest: str) -> Iterator[ChainFault]:
    """The head remembers the last line, so that one missing at the end shows too."""
    last, remembered = (head.position, head.hash) if head else (0, START)
    yield from (ChainFault("removed", gap) for gap in range(position + 1, last + 1))
    if last < position:
        yield ChainFault("added", last + 1)
    elif last == position and remembered != digest:
        yield ChainFault("altered", position, head.line_id if head else None)


def _hash(key: bytes, line: AuditLine, position: int, personal_digest: str, previous: str) -> str:
    said = {
        "previous": previous,
        "position": position,
        "id": line.id,
        "school": line.school_id,
        "at": line.at.isoformat(timespec="microseconds"),
        "action": line.action,
        "subject": [line.subject_type, line.subject_id],
        "states": [line.old_state, line.new_state],
        "data": line.data,
        "batch": line.batch,
        "personal": personal_digest,
    }
    return hmac.new(key, _canonical(said), hashlib.sha256).hexdigest()


def _personal_digest(line: AuditLine, salt: str) -> str:
    """The salt goes with the person's data: without it nobody can try names against the digest."""
    return hashlib.sha256(_canonical([salt, line.actor_id, line.actor_name, line.personal])).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
