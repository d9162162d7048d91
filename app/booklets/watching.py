"""The words an academy watches in booklets (M039): the shipped list, those it adds, those it no longer wants."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from app.audit.services import record
from app.booklets.check_rules import key_of, shipped_list
from app.booklets.models import WATCHED, WatchedWord
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.folding import folded
from app.core.scope import current_scope
from app.core.texts import clean_text
from app.core.uow import unit_of_work

WORD_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Watched:
    """A word or a few. `shipped` ones can be `ignored`; the academy's own have an `id` and can be taken off."""

    word: str
    subject: str
    shipped: bool
    ignored: bool = False
    id: int | None = None


def watched_words(subject: str = "", search: str = "") -> list[Watched]:
    """Shipped and own, of one subject or of all, by subject and in the order of the alphabet; one statement."""
    rows = _rows()
    ignored = {key_of(row.word) for row in rows if row.ignored}
    found = [Watched(word, kind, True, key_of(word) in ignored) for word, kind in shipped_list()]
    found += [Watched(row.word, row.subject, False, id=row.id) for row in rows if not row.ignored]
    asked = folded(search.strip())
    return sorted((one for one in found if subject in ("", one.subject) and asked in folded(one.word)),
                  key=lambda one: (WATCHED.index(one.subject), folded(one.word)))  # fmt: skip


@unit_of_work()
def add_word(word: str, subject: str, *, actor: Actor) -> None:
    """Watch one more. Raises `Forbidden` but for the academy, `BadInput` for what is no word or is watched already."""
    authority = _authority(actor)
    said = clean_text(" ".join(word.split()), WORD_LENGTH, "Mot")
    if said is None or not key_of(said):
        raise BadInput("Écrivez un mot ou une expression.")
    if subject not in WATCHED:
        raise BadInput("Choisissez un sujet du rappel légal.")
    same = next((one for one in watched_words() if key_of(one.word) == key_of(said)), None)
    if same is not None:
        raise BadInput(f"« {same.word} » est déjà dans la liste.")
    row = WatchedWord(authority_id=authority, subject=subject, word=said)
    _store(row, "add", actor)


@unit_of_work()
def ignore_word(word: str, ignored: bool, *, actor: Actor) -> None:
    """A shipped word is no longer watched here, or is again. Raises `Forbidden` but for the academy, `BadInput`."""
    authority = _authority(actor)
    subject = dict(shipped_list()).get(word)
    if subject is None:
        raise BadInput("Ce mot n'est pas dans la liste livrée.", hint="Rechargez la page.")
    row = next((one for one in _rows() if one.ignored and key_of(one.word) == key_of(word)), None)
    if ignored and row is None:
        _store(WatchedWord(authority_id=authority, subject=subject, word=word, ignored=True), "ignore", actor)
    elif not ignored and row is not None:
        _forget(row, "watch_again", actor)


@unit_of_work()
def take_off(word_id: int, *, actor: Actor) -> None:
    """Take one of the academy's own words off. Raises `Forbidden` but for the academy, `NotFound`."""
    _authority(actor)
    row = next((one for one in _rows() if one.id == word_id and not one.ignored), None)
    if row is None:
        raise NotFound("Ce mot n'est plus dans la liste de l'académie.")
    _forget(row, "take_off", actor)


def _rows() -> list[WatchedWord]:
    scope = current_scope()
    assert scope is not None and scope.kind == "academy"
    return list(admin_db.session.scalars(select(WatchedWord).where(WatchedWord.authority_id == scope.id)))


def _authority(actor: Actor) -> int:
    scope = current_scope()
    if scope is None or scope.kind != "academy" or not actor.can("can_edit", "watched_word"):
        raise Forbidden("Seule l'académie règle les mots à relire.")
    return scope.id


def _store(row: WatchedWord, act: str, actor: Actor) -> None:
    session = admin_db.session()
    session.add(row)
    session.flush()
    record(session, f"watched_word.{act}", row, actor=actor, data={"word": row.word})


def _forget(row: WatchedWord, act: str, actor: Actor) -> None:
    session = admin_db.session()
    record(session, f"watched_word.{act}", row, actor=actor, data={"word": row.word})
    session.delete(row)
