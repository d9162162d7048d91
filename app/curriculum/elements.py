"""Programme elements as a dictionary of texts: each wording once in a school, and never changed (M033)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from hashlib import sha256

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from app.core.db import admin_db
from app.core.errors import BadInput, Conflict
from app.core.scope import current_scope
from app.core.texts import clean_text
from app.core.uow import unit_of_work
from app.curriculum.models import ELEMENT_LENGTH, CurriculumElement

ATTEMPTS = 5


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
    for _attempt in range(ATTEMPTS):
        if new := sorted(digest for digest in wanted if digest not in known):
            _add(scope.id, {digest: wanted[digest] for digest in new})
            known = _known(wanted)
    if len(known) < len(wanted):
        raise Conflict("Ces éléments sont ajoutés par d'autres au même moment.", hint="Enregistrez de nouveau.")
    return [known[digest] for digest in wanted]


def _add(school_id: int, texts: Mapping[str, str]) -> None:
    """Add these wordings, all or none: none when somebody adds one of them at the same moment (their act is over when
    the database says so). In one order, so that two people never wait for each other."""
    rows = [{"school_id": school_id, "text": text, "digest": digest} for digest, text in texts.items()]
    session = admin_db.session()
    with suppress(IntegrityError), session.begin_nested():
        session.execute(insert(CurriculumElement), rows)


def _known(digests: Iterable[str]) -> dict[str, int]:
    pairs = select(CurriculumElement.digest, CurriculumElement.id)
    rows = admin_db.session.execute(pairs.where(CurriculumElement.digest.in_(list(digests))))
    return {row.digest: row.id for row in rows}
