"""Editing booklets (« éditer », M046, M047): asking for it, and getting one document again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select

from app.booklets import issuing
from app.booklets.edit_wish import EditWish
from app.booklets.facts import facts_of
from app.booklets.models import Booklet, BookletEdition
from app.booklets.rights import readable_booklets, writer_of
from app.core import clock
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.jobs import services as jobs
from app.jobs.models import Artifact
from app.jobs.queries import JobView
from app.jobs.storage import safe_name, storage
from app.schools.models import Division, GradeLevel, School
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
    count = select(func.count(Booklet.id)).where(wish.picked.where)
    return admin_db.session.scalar(count) or 0, admin_db.session.scalar(count.where(may)) or 0


def edition_pdf(edition_id: int, *, actor: Actor) -> tuple[str, bytes]:
    """One edition as a file of its own, with its name: cut out of the file it was issued in; drawn again from its facts
    once that file is gone. Raises `NotFound`, for a booklet that the person does not read too."""
    joined = and_(Booklet.id == BookletEdition.booklet_id, Booklet.school_id == BookletEdition.school_id)
    readable = readable_booklets(writer_of(actor))
    edition = admin_db.session.scalar(
        select(BookletEdition).join(Booklet, joined).where(BookletEdition.id == edition_id, readable))
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


def draft_pdf(booklet_id: int, *, actor: Actor) -> tuple[str, bytes]:
    """A booklet of any state as a draft, marked BROUILLON: no number, no change of state. Raises `NotFound` when the
    person does not read it, and `Conflict` when something in it cannot be printed."""
    known = select(Booklet.id).where(Booklet.id == booklet_id, readable_booklets(writer_of(actor)))
    if admin_db.session.scalar(known) is None:
        raise NotFound("Ce bilan n'existe pas.")
    try:
        facts = facts_of([booklet_id])[booklet_id]
        return f"{safe_name(f'brouillon-{facts.pupil.name}')}.pdf", render(issuing.draft_of(booklet_id, facts))
    except LettersError as fault:
        raise Conflict(str(fault), hint="Corrigez la fiche de l'élève ou le bilan, puis recommencez.") from fault


@dataclass(frozen=True, slots=True)
class Choices:
    """What the dialog offers: levels and classes that have booklets this year (id, label), and their periods (position,
    count, label; 0 of 0 is the end of a cycle). `present` is the latest period that has begun."""

    levels: tuple[tuple[int, str], ...]
    divisions: tuple[tuple[int, str], ...]
    periods: tuple[tuple[int, int, str], ...]
    present: tuple[int, int]


def edit_choices() -> Choices:
    """The levels, classes and periods of the current year that have booklets."""
    of_year = Booklet.school_year_id == select(School.school_year_id).scalar_subquery()  # the scope's one school
    levels = (
        select(GradeLevel.id, GradeLevel.label).join(Booklet, Booklet.grade_level_id == GradeLevel.id)
        .where(of_year).group_by(GradeLevel.id, GradeLevel.label, GradeLevel.rank).order_by(GradeLevel.rank)
    )  # fmt: skip
    divisions = (
        select(Division.id, Division.label)
        .join(Booklet, and_(Booklet.division_id == Division.id, Booklet.school_id == Division.school_id))
        .where(of_year).group_by(Division.id, Division.label).order_by(Division.label)
    )  # fmt: skip
    begun = func.min(Booklet.starts_on)
    periods = (
        select(Booklet.position, Booklet.period_count, func.min(Booklet.period_label), begun)
        .where(of_year).group_by(Booklet.position, Booklet.period_count)
        .order_by(Booklet.period_count.desc(), Booklet.position)
    )  # fmt: skip
    terms = admin_db.session.execute(periods).all()
    past = [(row[3], row[0], row[1]) for row in terms if row[0] and row[3] <= clock.today()]
    return Choices(_pairs(levels), _pairs(divisions), tuple((row[0], row[1], row[2]) for row in terms),
                   max(past)[1:] if past else (1, 3))  # fmt: skip


def _pairs(statement: Any) -> tuple[tuple[int, str], ...]:
    return tuple((row[0], row[1]) for row in admin_db.session.execute(statement))
