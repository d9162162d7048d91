"""The check before locking: hints about the texts of booklets, never a refusal. Each can be set aside with a reason,
which stays in the booklet's history; another wording is judged again."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from app.audit.services import record_each
from app.booklets.check_rules import RULES, excerpt
from app.booklets.check_texts import Place, Texts
from app.booklets.models import Booklet, BookletWaiver
from app.booklets.rights import readable_booklets, writer_of
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Forbidden, NotFound
from app.core.texts import clean_text
from app.core.uow import unit_of_work

WAIVE, RESTORE, REASON_LENGTH = "booklet.waive", "booklet.restore", 300
CHECKS = {
    "other_name": "Prénom d'un autre élève", "watched": "Sujet du rappel légal", "same_text": "Texte identique",
    "pronoun": "Pronom à vérifier", "doubled": "Mot répété", "short": "Texte très court",
    "nearly_full": "Texte à la limite",
}  # fmt: skip
MESSAGES = {
    "other_name": "Ce texte nomme un autre élève de la classe : {found}.",
    "watched": "À relire au regard du rappel légal : {found}.",
    "same_text": "Le même texte est écrit pour d'autres élèves de la classe ({found}).",
    "pronoun": "Le texte commence par « {found} » : est-ce bien de cet élève qu'il s'agit ?",
    "doubled": "Un mot est écrit deux fois de suite : {found}.",
    "short": "Moins de 15 caractères ({found}).",
    "nearly_full": "Le texte atteint presque la limite ({found}) : vérifiez qu'il n'est pas coupé.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Waived:
    """Who set a warning aside, and why."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Warning:
    """One hint about one text of a pupil's booklet. `name` with the booklet and the check tells it from the others."""

    booklet_id: int
    pupil: str
    division: str
    term: tuple[int | None, int, int]
    check: str
    place: Place
    found: tuple[str, ...]
    digest: str
    waived: Waived | None = None

    @property
    def label(self) -> str:
        """« Prénom d'un autre élève »."""
        return CHECKS[self.check]

    @property
    def message(self) -> str:
        """What to look at, as a French sentence."""
        return MESSAGES[self.check].format(found=", ".join(self.found))

    @property
    def excerpt(self) -> str:
        """The text around it."""
        return excerpt(self.place.text, self.found[0])

    @property
    def key(self) -> str:
        """How a form names it: booklet, check, place, and the wording it is about."""
        return f"{self.booklet_id}|{self.check}|{self.place.name}|{self.digest[:16]}"


def warnings_for(booklet_ids: Collection[int], *, waived: bool = False) -> dict[int, list[Warning]]:
    """booklet → its warnings, in the order of its page; nothing for those without. With `waived` those set aside too.
    Eight statements whatever the number of booklets."""
    if not booklet_ids:
        return {}
    texts, set_aside = Texts(booklet_ids), _waivers(booklet_ids)
    found: dict[int, list[Warning]] = defaultdict(list)
    for place, context in texts.to_check():
        digest = ""
        for check, rule in RULES.items():
            if what := rule(place.text, context):
                digest = digest or digest_of(place.text)
                booklet = texts.booklets[place.booklet_id]
                waiver = set_aside.get((booklet.id, check, place.name, digest))
                if waived or waiver is None:
                    term = (booklet.division_id, booklet.position, booklet.period_count)
                    found[booklet.id].append(Warning(
                        booklet.id, f"{booklet.last_name} {booklet.first_name}", booklet.division_label or "", term,
                        check, place, tuple(what), digest, waiver))  # fmt: skip
    return dict(found)


def digest_of(text: str) -> str:
    """What a waiver is about: this wording and no other."""
    return hashlib.sha256(text.encode()).hexdigest()


def _waivers(booklet_ids: Collection[int]) -> dict[tuple[int, str, str, str], Waived]:
    columns = (BookletWaiver.booklet_id, BookletWaiver.check, BookletWaiver.place, BookletWaiver.digest,
               BookletWaiver.by, BookletWaiver.reason)  # fmt: skip
    rows = admin_db.session.execute(select(*columns).where(BookletWaiver.booklet_id.in_(booklet_ids)))
    return {(row[0], row[1], row[2], row[3]): Waived(row.by, row.reason) for row in rows}


@unit_of_work()
def waive(keys: Iterable[str], reason: str, *, actor: Actor) -> int:
    """Set warnings aside, with one reason; how many. Those that no longer stand, or were set aside, are left out.

    Raises `BadInput` without a reason, `Forbidden` for who fills in nothing, `NotFound` for booklets one does not read.
    """
    why = clean_text(reason, REASON_LENGTH, "Motif")
    if why is None:
        raise BadInput("Donnez un motif.", hint="Il reste dans l'historique du bilan.")
    wanted = set(keys)
    ids = _readable(wanted, actor)
    standing = [w for warnings in warnings_for(ids).values() for w in warnings if w.key in wanted]
    _store(standing, why, actor)
    return len(standing)


@unit_of_work()
def restore(keys: Iterable[str], *, actor: Actor) -> int:
    """Point out again what was set aside; how many. The history keeps both acts.

    Raises `Forbidden` for who fills in nothing, `NotFound` for booklets one does not read.
    """
    wanted = set(keys)
    ids = _readable(wanted, actor)
    everything = (w for warnings in warnings_for(ids, waived=True).values() for w in warnings)
    found = [w for w in everything if w.waived and w.key in wanted]
    session = admin_db.session()
    for warning in found:
        session.execute(delete(BookletWaiver).where(
            BookletWaiver.booklet_id == warning.booklet_id, BookletWaiver.check == warning.check,
            BookletWaiver.place == warning.place.name, BookletWaiver.digest == warning.digest))  # fmt: skip
    _record(found, RESTORE, "", actor)
    return len(found)


def _readable(keys: Collection[str], actor: Actor) -> set[int]:
    """The booklets of these warnings, locked in the order of ids."""
    writer = writer_of(actor)
    if not (writer.can("fill") or writer.can("lock")):
        raise Forbidden()
    ids = {_booklet_of(key) for key in keys}
    readable = select(Booklet.id).where(Booklet.id.in_(ids), readable_booklets(writer)).order_by(Booklet.id)
    if set(admin_db.session.scalars(readable.with_for_update(of=Booklet))) != ids:
        raise NotFound("Un de ces bilans n'existe pas.")
    return ids


def _booklet_of(key: str) -> int:
    number = key.partition("|")[0]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise BadInput("Cette alerte n'est pas reconnue.", hint="Rechargez la page.")
    return int(number)


def _store(standing: Sequence[Warning], why: str, actor: Actor) -> None:
    if not standing:
        return
    session, school_id, at = admin_db.session(), _school_of(standing), clock.now()
    session.execute(insert(BookletWaiver), [
        {"school_id": school_id, "booklet_id": w.booklet_id, "check": w.check, "place": w.place.name,
         "digest": w.digest, "reason": why, "by": actor.name, "at": at} for w in standing])  # fmt: skip
    _record(standing, WAIVE, why, actor)


def _record(warnings: Sequence[Warning], act: str, why: str, actor: Actor) -> None:
    if not warnings:
        return
    lines = [(w.booklet_id, {"place": w.place.name, "item": w.place.where, "check": w.check},
              {"reason": why, "excerpt": w.excerpt}) for w in warnings]  # fmt: skip
    record_each(admin_db.session(), act, Booklet, lines, actor=actor, school_id=_school_of(warnings))


def _school_of(warnings: Sequence[Warning]) -> int:
    return admin_db.session().scalars(select(Booklet.school_id).where(Booklet.id == warnings[0].booklet_id)).one()
