"""Programme elements as a dictionary of texts: each wording once in a school, and never changed (M033)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from sqlalchemy import insert, select

from app.core.db import admin_db
from app.core.errors import BadInput
from app.core.scope import current_scope
from app.core.texts import clean_text
from app.core.uow import unit_of_work
from app.curriculum.models import ELEMENT_LENGTH, CurriculumElement


@unit_of_work()
def element_ids(texts: Iterable[str]) -> list[int]:
    """The ids of these texts in the current school, in the order given, each once; new wordings are added. Blank ones
    are passed over. Raises `BadInput` for a text of more than 300 characters."""
    scope = current_scope()
    if scope is None or scope.kind != "school":
        raise BadInput("Choisissez d'abord un établissement.")
    cleaned = (clean_text(text, ELEMENT_LENGTH, "Élément du programme") for text in texts)
    wanted = {sha256(text.encode()).hexdigest(): text for text in cleaned if text}
    known = _known(wanted)
    if new := [digest for digest in wanted if digest not in known]:
        rows = [{"school_id": scope.id, "text": wanted[digest], "digest": digest} for digest in new]
        admin_db.session.execute(insert(CurriculumElement), rows)
        known = _known(wanted)
    return [known[digest] for digest in wanted]


def _known(digests: Iterable[str]) -> dict[str, int]:
    pairs = select(CurriculumElement.digest, CurriculumElement.id)
    rows = admin_db.session.execute(pairs.where(CurriculumElement.digest.in_(list(digests))))
    return {row.digest: row.id for row in rows}
