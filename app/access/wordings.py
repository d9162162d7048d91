"""The academy's own words for the letters and mails that bring codes (M137–M140): read, kept, and taken back.

A text is tried out before anything is stored; what is refused leaves the text in force as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from app.access.models import LetterVersion, LetterWording
from app.audit.services import record
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import current_scope
from app.core.texts import clean_text
from app.core.uow import unit_of_work
from app.schools.models import School
from letters.adapt.desk import WordingRefused, check_wording
from letters.adapt.texts import LONGEST, TEXTS, Text

KEPT = 30  # versions of one text


@dataclass(frozen=True, slots=True)
class Wording:
    """A text as it is in force. `version` is the last one stored, 0 as long as nobody changed it."""

    text: Text
    source: str
    own: bool
    version: int = 0
    changed_at: datetime | None = None
    changed_by: str = ""


def wordings() -> list[Wording]:
    """Every text of the academy of the current scope, in the order of the product; two statements."""
    authority = _authority()
    own = own_words(authority)
    newest = select(func.max(LetterVersion.id)).where(LetterVersion.authority_id == authority)
    rows = select(LetterVersion).where(LetterVersion.id.in_(newest.group_by(LetterVersion.letter)))
    last = {row.letter: row for row in admin_db.session.scalars(rows)}
    return [_wording(text, own.get(key), last.get(key)) for key, text in TEXTS.items()]


def wording(key: str) -> Wording:
    """One text as it is in force. Raises `NotFound`."""
    text = _text(key)
    authority = _authority()
    last = next(iter(versions(key)), None)
    return _wording(text, own_words(authority).get(key), last)


def versions(key: str) -> list[LetterVersion]:
    """What a text was, last first."""
    wanted = select(LetterVersion).where(LetterVersion.authority_id == _authority(), LetterVersion.letter == key)
    return list(admin_db.session.scalars(wanted.order_by(LetterVersion.id.desc())))


def version(key: str, version_id: int) -> LetterVersion:
    """One of them. Raises `NotFound`."""
    found = next((row for row in versions(key) if row.id == version_id), None)
    if found is None:
        raise NotFound("Cette version du texte n'existe pas.")
    return found


def own_words(authority_id: int) -> dict[str, str]:
    """The texts that an academy reworded, by key: what is drawn in place of the product's."""
    rows = select(LetterWording.letter, LetterWording.text).where(LetterWording.authority_id == authority_id)
    return {row.letter: row.text for row in admin_db.session.execute(rows) if row.letter in TEXTS}


def save_wording(key: str, source: str, *, base: int, actor: Actor) -> None:
    """Put a text in force. `base` is the version it was written from. Raises `Forbidden` but for the academy,
    `BadInput` with the line for what cannot be drawn, `Conflict` when somebody else stored another meanwhile."""
    authority = _may_edit(actor)
    text = _text(key)
    said = clean_text(source, LONGEST, "Texte")
    if said is None:
        raise BadInput("Le texte est vide.", hint="Pour retrouver celui du produit, revenez au texte d'origine.")
    _unchanged_since(key, base)
    _tried_out(key, said)
    _store(authority, text, said + "\n", "save", base, actor)


def restore(key: str, version_id: int, *, base: int, actor: Actor) -> None:
    """Put an earlier version back in force, tried out again: the product may have changed since. Raises as
    `save_wording`, and `NotFound`."""
    authority = _may_edit(actor)
    said = version(key, version_id).text
    if said:
        _unchanged_since(key, base)
        _tried_out(key, said)
    _store(authority, _text(key), said, "restore", base, actor)


def reset(key: str, *, base: int, actor: Actor) -> None:
    """« Revenir au texte d'origine ». Raises `Forbidden` but for the academy, `Conflict`."""
    _store(_may_edit(actor), _text(key), "", "reset", base, actor)


def _tried_out(key: str, source: str) -> None:
    admin_db.session.rollback()  # no transaction stays open while pages are laid out
    try:
        check_wording(key, source)
    except WordingRefused as refused:
        raise BadInput(str(refused), line_of_text=refused.line) from None


@unit_of_work()
def _store(authority: int, text: Text, source: str, act: str, base: int, actor: Actor) -> None:
    _unchanged_since(text.key, base)
    session = admin_db.session()
    row = session.scalar(select(LetterWording).where(LetterWording.authority_id == authority,
                                                     LetterWording.letter == text.key))  # fmt: skip
    if not source and row is None:
        return
    row = row or LetterWording(authority_id=authority, letter=text.key)
    made = LetterVersion(authority_id=authority, letter=text.key, text=source, saved_by=actor.name)
    session.add(made)
    if source:
        row.text, row.changed_at = source, clock.now()
        session.add(row)
    session.flush()
    record(session, f"letter_wording.{act}", row, actor=actor, data={"letter": text.key, "version": made.id})
    if not source:
        session.delete(row)
    old = [one.id for one in versions(text.key)[KEPT:]]
    session.execute(delete(LetterVersion).where(LetterVersion.id.in_(old)))


def _unchanged_since(key: str, base: int) -> None:
    last = next(iter(versions(key)), None)
    if last is not None and last.id != base:
        raise Conflict(f"Ce texte a été modifié entre-temps par {last.saved_by}.",
                       hint="Copiez votre texte, rouvrez la page, puis reprenez vos changements.")  # fmt: skip


def _wording(text: Text, own: str | None, last: LetterVersion | None) -> Wording:
    source = own if own is not None else text.original
    if last is None:
        return Wording(text, source, own is not None)
    return Wording(text, source, own is not None, last.id, last.saved_at, last.saved_by)


def _text(key: str) -> Text:
    if key not in TEXTS:
        raise NotFound("Ce courrier n'existe pas.")
    return TEXTS[key]


def _authority() -> int:
    """The academy of the current scope: a school has its academy's words."""
    scope = current_scope()
    assert scope is not None and scope.kind in ("school", "academy")
    if scope.kind == "academy":
        return scope.id
    return admin_db.session.scalars(select(School.authority_id).where(School.id == scope.id)).one()


def _may_edit(actor: Actor) -> int:
    scope = current_scope()
    if scope is None or scope.kind != "academy" or not actor.can("can_edit", "letter_wording"):
        raise Forbidden("Seule l'académie adapte le texte des courriers.")
    return scope.id
