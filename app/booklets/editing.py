"""Editing booklets (« éditer », M046, M047): asking for it, and getting one document again."""

from __future__ import annotations

from sqlalchemy import func, select

from app.booklets import issuing
from app.booklets.edit_wish import EditWish
from app.booklets.facts import facts_of
from app.booklets.models import Booklet, BookletEdition
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.jobs import services as jobs
from app.jobs.models import Artifact
from app.jobs.queries import JobView
from app.jobs.storage import safe_name, storage
from app.workflow import bulk, catalogue
from config import load
from letters.booklet_types import from_plain
from letters.errors import LettersError
from letters.render import cut, render

KIND = "booklets.edit"


def ask(wish: EditWish, *, actor: Actor, school_id: int, label: str) -> JobView:
    """Submit the job. Raises `Forbidden` without the right to edit (a draft: to export), `Conflict` when none of the
    booklets may be edited (M046: only locked ones)."""
    if not actor.can(f"can_{'export' if wish.draft else issuing.TRANSITION}", "booklet"):
        raise Forbidden()
    chosen, editable = counts(wish)
    if not chosen:
        raise BadInput("Aucun bilan ne correspond à ce choix.", hint="Vérifiez la classe et la période.")
    if not editable and not wish.draft:
        raise Conflict("Aucun de ces bilans ne peut être édité.",
                       hint="Un bilan s'édite une fois verrouillé, sans ligne bloquante d'import.")  # fmt: skip
    return jobs.submit(KIND, school_id, wish.as_params(), actor, label)


def counts(wish: EditWish) -> tuple[int, int]:
    """How many booklets a wish names, and how many of them may be edited."""
    may = bulk.may_take(Booklet, catalogue.ready("booklet").transition(issuing.TRANSITION))
    count = select(func.count(Booklet.id)).where(wish.criterion)
    return admin_db.session.scalar(count) or 0, admin_db.session.scalar(count.where(may)) or 0


def edition_pdf(edition_id: int) -> tuple[str, bytes]:
    """One edition as a file of its own, with its name: cut out of the file it was issued in; drawn again from its facts
    once that file is gone. Raises `NotFound`."""
    edition = admin_db.session.scalar(select(BookletEdition).where(BookletEdition.id == edition_id))
    if edition is None:
        raise NotFound("Cette édition n'existe pas.")
    whose = edition.facts["pupil"]["last_name"]
    return f"{safe_name(f'bilan-{edition.number}-{whose}')}.pdf", _cut(edition) or _drawn(edition)


def _cut(edition: BookletEdition) -> bytes | None:
    path = admin_db.session.scalar(select(Artifact.path).where(Artifact.id == edition.artifact_id))
    if path is None or edition.first_page is None or edition.last_page is None:
        return None
    try:
        return cut(storage().open_artifact(path), edition.first_page, edition.last_page)
    except NotFound:
        return None


def _drawn(edition: BookletEdition) -> bytes:
    facts = from_plain(edition.facts)
    url = load().portal_url.rstrip("/")
    return render(issuing.stamped(facts, edition.number, edition.token, edition.issued_at, url))


def draft_pdf(booklet_id: int) -> tuple[str, bytes]:
    """A booklet of any state as a draft, marked BROUILLON: no number, no change of state. Raises `NotFound`, and
    `Conflict` when something in it cannot be printed."""
    try:
        facts = facts_of([booklet_id]).get(booklet_id)
        if facts is None:
            raise NotFound("Ce bilan n'existe pas.")
        return f"{safe_name(f'brouillon-{facts.pupil.name}')}.pdf", render(issuing.draft_of(booklet_id, facts))
    except LettersError as fault:
        raise Conflict(str(fault), hint="Corrigez la fiche de l'élève ou le bilan, puis recommencez.") from fault
