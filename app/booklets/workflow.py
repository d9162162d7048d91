"""What `workflows/booklet.yaml` names: when a booklet is complete (M042, M044), and what its transitions stamp.

Each condition is the one rule about its subject: it decides the state (in SQL, for a school at once), lists what is
missing on one booklet for its « ? » panel, and explains a greyed lock. Another model than the condition's meets it.
The SQL of a rule is built once: it follows every cell that is saved.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, null, or_, select, update
from sqlalchemy.orm import aliased

from app.booklets.models import (
    Attainment,
    AttainmentElement,
    BaseMastery,
    Booklet,
    BookletEdition,
    BookletFault,
    in_force,
)
from app.curriculum.reference import BASE_COMPONENTS
from app.workflow.labels import Label
from app.workflow.registry import Act, Unmet, column_effect, condition, effect

TEACHERS = Label("les enseignants de la classe", "the teachers of the class")
CLASS_TEACHER = Label("le professeur principal ou le professeur de la classe", "the class teacher")
SCHOOL_LIFE = Label("le CPE", "the senior education adviser")
HEAD = Label("le chef d'établissement", "the head of school")


def assessed(line: Any) -> Any:
    """Whether a line says how far the pupil got, on an attainment or in SQL on the class."""
    if isinstance(line, Attainment):
        return any(value is not None for value in (line.positioning, line.average, line.letter))
    return or_(line.positioning.is_not(None), line.average.is_not(None), line.letter.is_not(None))


def subject_done(line: Any) -> Any:
    """Collège: assessed with a comment, or not assessed with its reason, or not followed."""
    if isinstance(line, Attainment):
        return not line.followed or line.not_assessed is not None or (assessed(line) and line.comment is not None)
    return or_(~line.followed, line.not_assessed.is_not(None), and_(assessed(line), line.comment.is_not(None)))


@condition(
    "areas_complete",
    unmet=Label("Moins de {minimum} domaines sont complets.", "Fewer than {minimum} areas are complete."),
    lifted_by=TEACHERS,
)
def areas_complete(booklet: Booklet, *, minimum: int) -> list[Unmet]:
    """École (M044): so many areas with programme elements, comment and positioning (or average, or letter, where that
    is the scale of the level)."""
    if booklet.model != "ecole":
        return []
    needed = minimum if booklet.areas_needed is None else booklet.areas_needed
    parts = {root.item_id: _area_lacks(booklet, root) for root in booklet.attainments if root.item_id == root.area_id}
    count = sum(not lacking for lacking in parts.values())
    if count >= needed:
        return []
    begun = [(root, parts[root.item_id]) for root in booklet.attainments
             if 0 < len(parts.get(root.item_id, ())) < len(AREA_PARTS)]  # fmt: skip
    words = Label(f"Domaines complets : {count} sur les {needed} nécessaires.",
                  f"Complete areas: {count} of the {needed} needed.")  # fmt: skip
    summary = Unmet("areas_complete", words, ("booklet", booklet.id), TEACHERS)
    return [summary, *(_line_lacks("areas_complete", root, lacking) for root, lacking in begun)]


AREA_PARTS = {
    "elements": Label("éléments du programme", "programme elements"),
    "positioning": Label("positionnement", "positioning"),
    "comment": Label("appréciation", "comment"),
}


def _area_lacks(booklet: Booklet, root: Attainment) -> list[Label]:
    family = [line for line in booklet.attainments if line.area_id == root.item_id]
    found = {"elements": any(line.elements for line in family), "comment": root.comment is not None,
             "positioning": any(assessed(line) for line in family)}  # fmt: skip
    if found["elements"] and found["positioning"]:  # on one and the same sub-area
        together = any(line.elements and assessed(line) for line in family)
        found["positioning"] = together
    return [label for part, label in AREA_PARTS.items() if not found[part]]


def _line_lacks(code: str, line: Attainment, lacking: Iterable[Label]) -> Unmet:
    lacking = list(lacking)
    fr, en = ", ".join(label.fr for label in lacking), ", ".join(label.en for label in lacking)
    by = Label(line.teachers, line.teachers) if line.teachers else TEACHERS
    label = Label(f"{line.item.label} : {fr}.", f"{line.item.label}: {en}.")
    return Unmet(code, label, ("attainment", line.id), by)


@areas_complete.in_sql
@cache
def _(model: type[Booklet], *, minimum: int) -> ColumnElement[bool]:
    root, line = aliased(Attainment), aliased(Attainment)
    # Nested, not joined: joined, SQLite reads every element of the school for each line.
    elements = exists(select(AttainmentElement.id).where(
        AttainmentElement.attainment_id == line.id, AttainmentElement.school_id == line.school_id))  # fmt: skip
    of_root = (line.booklet_id == root.booklet_id, line.school_id == root.school_id, line.area_id == root.item_id)
    both = exists(select(line.id).where(*of_root, assessed(line), elements))
    complete = (
        select(func.count(root.id))
        .where(root.booklet_id == model.id, root.item_id == root.area_id, root.comment.is_not(None), both)
        .correlate(model)
        .scalar_subquery()
    )
    return or_(model.model != "ecole", complete >= func.coalesce(model.areas_needed, minimum))


@condition(
    "subjects_complete",
    unmet=Label("Aucune discipline n'est enseignée à cet élève.", "No subject is taught to this pupil."),
    lifted_by=HEAD,
)
def subjects_complete(booklet: Booklet) -> list[Unmet]:
    """Collège: every subject taught is done; there is at least one."""
    if booklet.model != "college":
        return []
    lines = [line for line in booklet.attainments if line.followed]
    if not lines:
        return [subjects_complete.unmet(booklet)]
    return [_line_lacks("subjects_complete", line, _subject_lacks(line)) for line in lines if not subject_done(line)]


def _subject_lacks(line: Attainment) -> Iterable[Label]:
    if not assessed(line):
        yield Label("positionnement ou moyenne", "positioning or average")
    if line.comment is None:
        yield AREA_PARTS["comment"]


@subjects_complete.in_sql
@cache
def _(model: type[Booklet]) -> ColumnElement[bool]:
    line, other = aliased(Attainment), aliased(Attainment)
    open_lines = exists(select(line.id).where(line.booklet_id == model.id, ~subject_done(line)).correlate(model))
    any_line = exists(select(other.id).where(other.booklet_id == model.id, other.followed).correlate(model))
    return or_(model.model != "college", and_(any_line, ~open_lines))


@condition(
    "components_positioned",
    unmet=Label("Une composante du socle n'est pas positionnée.", "A component of the common base is not positioned."),
    lifted_by=TEACHERS,
)
def components_positioned(booklet: Booklet) -> list[Unmet]:
    """End of cycle: the eight components of the common base are positioned."""
    if booklet.model != "cycle":
        return []
    known = {mastery.component for mastery in booklet.masteries}
    return [_component_lacks(booklet, label) for code, label in BASE_COMPONENTS.items() if code not in known]


def _component_lacks(booklet: Booklet, label: str) -> Unmet:
    words = Label(f"Composante du socle à positionner : {label}.", f"Component to position: {label}.")
    return Unmet("components_positioned", words, ("booklet", booklet.id), TEACHERS)


@components_positioned.in_sql
@cache
def _(model: type[Booklet]) -> ColumnElement[bool]:
    counted = select(func.count(BaseMastery.id)).where(BaseMastery.booklet_id == model.id)
    return or_(model.model != "cycle", counted.correlate(model).scalar_subquery() == len(BASE_COMPONENTS))


@condition(
    "overall_comment_written",
    unmet=Label("L'appréciation générale n'est pas écrite.", "The overall comment is not written."),
    lifted_by=CLASS_TEACHER,
)
def overall_comment_written(booklet: Booklet) -> bool:
    """M044: the overall comment on the pupil's progress; at the end of a cycle, the synthesis."""
    return booklet.overall_comment is not None


@overall_comment_written.in_sql
@cache
def _(model: type[Booklet]) -> ColumnElement[bool]:
    return model.overall_comment.is_not(None)


@condition(
    "school_life_entered",
    unmet=Label("La vie scolaire (absences, retards) n'est pas renseignée.",
                "School life (absences, lateness) is not filled in."),
    lifted_by=SCHOOL_LIFE,
)
def school_life_entered(booklet: Booklet, *, required: bool) -> bool:
    """Collège: the three counts, where the academy asks for them."""
    needed = required if booklet.life_needed is None else booklet.life_needed
    counts = (booklet.absences_justified, booklet.absences_unjustified, booklet.lateness)
    return booklet.model != "college" or not needed or all(count is not None for count in counts)


@school_life_entered.in_sql
@cache
def _(model: type[Booklet], *, required: bool) -> ColumnElement[bool]:
    counts = (model.absences_justified, model.absences_unjustified, model.lateness)
    given = and_(*(count.is_not(None) for count in counts))
    return or_(model.model != "college", ~func.coalesce(model.life_needed, required), given)


@condition(
    "no_blocking_line",
    unmet=Label("Un import a laissé une ligne bloquante sur ce bilan.", "An import left a blocking line."),
    lifted_by=HEAD,
)
def no_blocking_line(booklet: Booklet) -> bool:
    """M026: what blocks an import blocks lock and edition until it is settled."""
    return all(fault.settled_at is not None for fault in booklet.faults)  # type: ignore[attr-defined]


@no_blocking_line.in_sql
def _(model: type[Booklet]) -> ColumnElement[bool]:
    standing = (BookletFault.booklet_id == model.id, BookletFault.settled_at.is_(None))
    return ~exists(select(BookletFault.id).where(*standing).correlate(model))


@column_effect("stamp_locked")
def stamp_locked(_model: type[Booklet], act: Act) -> dict[str, Any]:
    """When and by whom."""
    return {"locked_at": act.at, "locked_by": act.actor.name}


@column_effect("stamp_edited")
def stamp_edited(_model: type[Booklet], act: Act) -> dict[str, Any]:
    """When its document was issued."""
    return {"edited_at": act.at}


@column_effect("clear_locked")
def clear_locked(_model: type[Booklet], _act: Act) -> dict[str, Any]:
    """It may change again."""
    return {"locked_at": null(), "locked_by": null(), "edited_at": null()}


@effect("withdraw_edition")
def withdraw_edition(booklet: Booklet, act: Act) -> None:
    """Unlocked: its document is no longer the one in force, and leaves the portal within a minute (M048)."""
    _withdraw(act, BookletEdition.booklet_id == booklet.id)


@withdraw_edition.on_many
def _(model: type[Booklet], rows: ColumnElement[bool], act: Act) -> None:
    _withdraw(act, BookletEdition.booklet_id.in_(select(model.id).where(rows)))


def _withdraw(act: Act, which: ColumnElement[bool]) -> None:
    ended = update(BookletEdition).where(which, in_force()).values(withdrawn_at=act.at)
    act.session.execute(ended, execution_options={"synchronize_session": False})
