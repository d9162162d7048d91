"""Creating codes for guardians and taking back those that were not sent (M075–M081)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.access.continuity import carry_over
from app.access.models import ActivationCode, GuardianCode
from app.access.queries import Selection, count_couples, eligible, open_services
from app.core import clock, codes
from app.core.actor import Actor
from app.core.crypto import lookup_hash, seal, unseal
from app.core.db import admin_db, refresh_statistics
from app.core.errors import Conflict, NotFound
from app.core.uow import unit_of_work
from app.workflow import bulk, engine


@dataclass(frozen=True, slots=True)
class Created:
    """Outcome of a creation: new codes, couples that had a valid one, couples that refused."""

    created: int
    already_valid: int
    refused: int


class NoServiceOpen(Conflict):
    """Codes open services: without one there is nothing to open (M077)."""

    code = "no_service_open"

    def __init__(self) -> None:
        super().__init__(
            "Aucun téléservice n'est ouvert dans votre établissement.",
            hint="Ouvrez-en au moins un dans Téléservices > Ouverture et fermeture, puis créez les codes.",
        )


@unit_of_work()
def create_codes(selection: Selection, *, actor: Actor, only: Collection[tuple[int, int]] | None = None) -> Created:
    """One code for each couple without a valid one and without refusal (M077, M080), in a few SQL statements.

    `only` narrows to ticked (guardian, pupil) couples; those that qualify no more are passed over. Raises
    `NoServiceOpen`, and `Conflict` when somebody else created the same codes meanwhile.
    """
    if not open_services():
        raise NoServiceOpen()
    before = count_couples(selection)
    now = clock.now()
    chosen = None if only is None else set(only)
    rows = [new_row(*couple, now) for couple in eligible(selection) if chosen is None or couple[1:] in chosen]
    if rows:
        insert_codes(GuardianCode, rows, actor)
        carry_over(GuardianCode)
    return Created(len(rows), before.valid, before.refused)


def new_row(school_id: int, guardian_id: int | None, pupil_id: int, now: datetime) -> dict[str, Any]:
    """A code as a row: sealed, hashed, its first block in clear (DESIGN §7). Without guardian it is the pupil's own."""
    code = codes.new_code()
    key, digest = lookup_hash(code)
    return {
        "school_id": school_id,
        "holder": "pupil" if guardian_id is None else "guardian",
        "guardian_id": guardian_id,
        "pupil_id": pupil_id,
        "hint": codes.hint(code),
        "lookup_key": key,
        "lookup_hash": digest,
        "sealed": seal(code, context=_context(school_id, guardian_id, pupil_id)),
        "created_at": now,
        "changed_at": now,
    }


def readable(code: ActivationCode) -> str | None:
    """A valid unused code in full, « 0MQU - XR4 - 3E7 - KNC »; None once it was used or ended (its seal is gone)."""
    if code.sealed is None:
        return None
    return codes.show(unseal(code.sealed, context=_context(code.school_id, code.guardian_id, code.pupil_id)))


def _context(school_id: int, guardian_id: int | None, pupil_id: int) -> str:
    return f"{school_id}/{guardian_id}/{pupil_id}"  # a sealed code copied to another couple does not open


def insert_codes(model: type[ActivationCode], rows: list[dict[str, Any]], actor: Actor) -> None:
    """Put codes of one moment in, with the first line of their histories. Raises `Conflict` when somebody else has just
    created one of them."""
    session = admin_db.session()
    try:
        session.execute(insert(model), rows)
    except IntegrityError as error:
        raise Conflict(
            "Ces codes viennent d'être créés par quelqu'un d'autre.", hint="Rechargez la liste et recommencez."
        ) from error
    refresh_statistics(session, model)
    these = model.created_at == rows[0]["created_at"]  # one moment for the whole batch
    bulk.record_creation_many(model, these, actor=actor, session=session)


@unit_of_work()
def withdraw_unnotified(code_id: int, *, actor: Actor) -> ActivationCode:
    """Take back an access nobody was told of yet: its code is invalidated (M081). Raises `NotFound`, `Conflict`."""
    code = admin_db.session.scalar(select(ActivationCode).where(ActivationCode.id == code_id))
    if code is None:
        raise NotFound("Ce code n'existe pas.")
    if code.state != "created":
        raise Conflict("Ce code a déjà été notifié ou utilisé.", hint="Passez par la gestion individuelle du code.")
    engine.apply(code, "invalidate", actor=actor)
    return code
