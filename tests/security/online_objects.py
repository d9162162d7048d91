"""One row of what the settings of online services name in addresses, in a school."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.access.models import LetterVersion
from app.online.models import AcademicService, ContactAddress, Ent, ServiceRule


def online_objects(session: Session, school_id: int, found: dict[str, int]) -> dict[str, int]:
    """resource → id: a mailbox of the school, and the academy's one of each of its own lists."""
    mailbox = ContactAddress(school_id=school_id, label="Vie scolaire", email=f"vs.{school_id}@example.org")
    session.add(mailbox)
    session.flush()
    academy = found["authority"]
    return {
        "contact_address": mailbox.id,
        "academic_service": _of(session, academy, AcademicService, label="Cahier", url="https://cahier.example.org"),
        "service_rule": _of(session, academy, ServiceRule, code="b2i", kind="free"),
        "letter_version": _of(session, academy, LetterVersion, letter="guardian_code.email", text="<p>Bonjour</p>"),
        "ent": _of(session, academy, Ent, place="MONTREVEL", label="ENT", url="https://ent.example.org"),
    }


def _of(session: Session, academy: int, model: Any, **facts: Any) -> int:
    """The academy's one: every school of it reads the same."""
    known = session.scalars(select(model.id).where(model.authority_id == academy)).first()
    if known is not None:
        return int(known)
    row = model(authority_id=academy, **facts)
    session.add(row)
    session.flush()
    return int(row.id)
