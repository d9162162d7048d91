"""A person's own sentences for comments; « [prénom] » becomes the first name of the pupil when one is inserted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, func, or_, select

from app.booklets.models import Attainment, Phrase
from app.booklets.models.content import COMMENT_LENGTH
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, NotFound
from app.core.texts import clean_text
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem

FIRST_NAME = "[prénom]"
MOST_PHRASES = 500


def own_phrases(actor: Actor, item_id: int | None = None) -> Sequence[Phrase]:
    """One's own sentences in the current school, those for all subjects last; with `item_id`, those of that subject
    and those for all (0: only these)."""
    mine = select(Phrase).where(Phrase.user_id == actor.user_id)
    if item_id is not None:
        code = select(TeachingItem.code).where(TeachingItem.id == item_id).scalar_subquery()
        mine = mine.where(or_(Phrase.item_code == "", Phrase.item_code == code))
    return admin_db.session.scalars(mine.order_by(Phrase.item_code.desc(), Phrase.id)).all()


def own_phrase(phrase_id: int, actor: Actor) -> Phrase:
    """One of one's own sentences. Raises `NotFound` for anybody else's."""
    found = admin_db.session.scalars(select(Phrase).where(Phrase.id == phrase_id, Phrase.user_id == actor.user_id))
    phrase = found.one_or_none()
    if phrase is None:
        raise NotFound("Cette phrase n'existe pas dans votre banque.")
    return phrase


@unit_of_work()
def keep_phrase(text: str, item_code: str = "", *, actor: Actor, phrase_id: int | None = None) -> Phrase:
    """Add a sentence, or change the one of `phrase_id`. Raises `BadInput` when it is empty, too long, or for an unknown
    subject, `Conflict` when it is already in the bank, `NotFound` for a sentence that is not one's own."""
    session = admin_db.session()
    words = clean_text(text, COMMENT_LENGTH, "Phrase")
    if words is None:
        raise BadInput("La phrase est vide.", hint="Écrivez-la, puis enregistrez.")
    if item_code and item_code not in subjects_of_school():
        raise BadInput("Cette discipline n'existe pas dans cet établissement.")
    phrase = own_phrase(phrase_id, actor) if phrase_id is not None else None
    same = select(Phrase.id).where(Phrase.user_id == actor.user_id, Phrase.text == words)
    if session.scalar(same if phrase is None else same.where(Phrase.id != phrase.id)) is not None:
        raise Conflict("Cette phrase est déjà dans votre banque.")
    if phrase is None:
        if _count(actor) >= MOST_PHRASES:
            raise BadInput(f"Votre banque contient déjà {MOST_PHRASES} phrases.", hint="Supprimez-en d'abord.")
        phrase = Phrase(user_id=actor.user_id or 0)
        session.add(phrase)
    phrase.text, phrase.item_code = words, item_code
    session.flush()
    return phrase


@unit_of_work()
def drop_phrase(phrase_id: int, *, actor: Actor) -> None:
    """Take a sentence out. Raises `NotFound` for one that is not one's own."""
    phrase = own_phrase(phrase_id, actor)
    admin_db.session.execute(delete(Phrase).where(Phrase.id == phrase.id))


def subjects_of_school() -> dict[str, str]:
    """Code → label of the subjects and areas that are in booklets here; without the sub-areas, where there is no
    comment."""
    used = select(Attainment.id).where(Attainment.item_id == TeachingItem.id)
    rows = admin_db.session.execute(
        select(TeachingItem.code, func.min(TeachingItem.label), func.min(TeachingItem.position).label("place"))
        .where(TeachingItem.parent_id.is_(None), or_(~TeachingItem.retired, used.exists()))
        .group_by(TeachingItem.code)
        .order_by("place")
    )
    return {row[0]: row[1] for row in rows}


def _count(actor: Actor) -> int:
    counted = select(func.count(Phrase.id)).where(Phrase.user_id == actor.user_id)
    return admin_db.session.scalar(counted) or 0
