"""Declaring EPI and AP in « Paramétrage » (M012): only what is declared here is offered for entry."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.services import record
from app.booklets.models import GroupTeacher, Project, ProjectGroup, ProjectItem
from app.booklets.models.content import COMMENT_LENGTH
from app.booklets.models.projects import TITLE_LENGTH
from app.booklets.projects import frozen_projects
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.texts import clean_text
from app.core.uow import unit_of_work
from app.curriculum.lists import epi_themes
from app.curriculum.models import TeachingItem
from app.schools.period_queries import current_year

LEAST = {"epi": 2, "ap": 1}
NAMES = {"epi": "Un EPI", "ap": "Un accompagnement personnalisé"}


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a form says of an EPI or an AP."""

    title: str
    description: str
    theme: str | None
    item_ids: Collection[int]


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared project, with its subjects and how many groups do it; `frozen` once a booklet of theirs is locked."""

    project: Project
    item_ids: tuple[int, ...]
    subjects: tuple[str, ...]
    groups: int
    frozen: bool


def subjects_offered(kept: Iterable[int] = ()) -> Sequence[TeachingItem]:
    """The subjects of the collège in the order of booklets; retired ones only where they are already chosen."""
    wanted = (TeachingItem.kind == "subject") & (~TeachingItem.retired | TeachingItem.id.in_(list(kept)))
    statement = select(TeachingItem).where(wanted).order_by(TeachingItem.position, TeachingItem.label, TeachingItem.id)
    return admin_db.session.scalars(statement).all()


def declared(kind: str) -> list[Declared]:
    """The EPI (or AP) of the current year, by title."""
    session = admin_db.session()
    mine = (Project.kind == kind, Project.school_year_id == current_year(session).id)
    projects = session.scalars(select(Project).where(*mine).order_by(Project.title, Project.id)).all()
    ids = [project.id for project in projects]
    frozen = frozen_projects(ids)
    items: dict[int, list[tuple[int, str]]] = {pk: [] for pk in ids}
    rows = session.execute(select(ProjectItem.project_id, TeachingItem.id, TeachingItem.label).join(ProjectItem.item)
                           .where(ProjectItem.project_id.in_(ids))
                           .order_by(TeachingItem.position, TeachingItem.label))  # fmt: skip
    for project_id, item_id, label in rows:
        items[project_id].append((item_id, label))
    counted = select(ProjectGroup.project_id, func.count(ProjectGroup.id)).where(ProjectGroup.project_id.in_(ids))
    groups: dict[int, int] = {row[0]: row[1] for row in session.execute(counted.group_by(ProjectGroup.project_id))}
    return [Declared(project, tuple(pk for pk, _ in items[project.id]), tuple(name for _, name in items[project.id]),
                     groups.get(project.id, 0), project.id in frozen) for project in projects]  # fmt: skip


def find_declared(kind: str, project_id: int) -> Declared:
    """One of them. Raises `NotFound`."""
    found = next((row for row in declared(kind) if row.project.id == project_id), None)
    if found is None:
        raise NotFound(f"{NAMES[kind]} de ce numéro n'est pas déclaré cette année.")
    return found


@unit_of_work()
def declare(kind: str, project_id: int | None, said: Declaration, *, actor: Actor) -> Project:
    """Add or change an EPI or an AP (M012): title of 150 characters, description of 600, a national theme and two
    subjects for an EPI, one subject for an AP.

    Raises `BadInput` about the form, `Conflict` for a title already there, for what a locked booklet prints (M055),
    and for a subject that a group has a teacher for.
    """
    _check_may(actor, "add" if project_id is None else "edit")
    session = admin_db.session()
    facts = _checked(kind, said)
    before = find_declared(kind, project_id) if project_id is not None else None
    items = _items(kind, said.item_ids, before)
    if before is None:
        project = Project(kind=kind, school_year_id=current_year(session).id, **facts)
        session.add(project)
    else:
        project = before.project
        _check_change(session, before, items)
        for name, value in facts.items():
            setattr(project, name, value)
    _flush(session, f"« {facts['title']} » est déjà déclaré.")
    if before is None or set(before.item_ids) != items:
        _store_items(session, project, items)
    record(session, "project.add" if before is None else "project.edit", project, actor=actor,
           data={"kind": kind, "subjects": len(items)})  # fmt: skip
    return project


@unit_of_work()
def withdraw(kind: str, project_id: int, *, actor: Actor) -> None:
    """Delete a declaration. Raises `Conflict` when a group exists: it is deleted first, on the entry page."""
    _check_may(actor, "delete")
    session = admin_db.session()
    found = find_declared(kind, project_id)
    if found.groups:
        raise Conflict(f"« {found.project.title} » a déjà un groupe ({found.groups}) : il ne peut pas être supprimé.",
                       hint="Supprimez d'abord ses groupes dans le menu Bilans.")  # fmt: skip
    record(session, "project.delete", found.project, actor=actor, data={"kind": kind})
    session.flush()
    gone = delete(Project).where(Project.id == project_id)
    try:
        session.execute(gone, execution_options={"synchronize_session": False})
    except IntegrityError as error:
        raise Conflict("Un groupe vient d'être créé : rien n'a été supprimé.") from error


def _check_may(actor: Actor, verb: str) -> None:
    if not actor.can(f"can_{verb}", "project"):
        raise Forbidden()


def _checked(kind: str, said: Declaration) -> dict[str, Any]:
    title = clean_text(said.title, TITLE_LENGTH, "Intitulé")
    if title is None or "\n" in title:
        raise BadInput("Donnez un intitulé, sur une ligne.")
    theme = said.theme or None
    if kind == "epi" and theme not in epi_themes():
        raise BadInput("Choisissez une des huit thématiques nationales.")
    return {"title": title, "theme": theme if kind == "epi" else None,
            "description": clean_text(said.description, COMMENT_LENGTH, "Description")}  # fmt: skip


def _items(kind: str, wanted: Collection[int], before: Declared | None) -> set[int]:
    known = {item.id for item in subjects_offered(before.item_ids if before else ())}
    if unknown := set(wanted) - known:
        raise NotFound(f"Une de ces disciplines n'existe pas dans cet établissement ({len(unknown)}).")
    if len(set(wanted)) < LEAST[kind]:
        least = "au moins deux disciplines" if LEAST[kind] > 1 else "au moins une discipline"
        raise BadInput(f"{NAMES[kind]} réunit {least}.")
    return set(wanted)


def _check_change(session: Session, before: Declared, items: set[int]) -> None:
    if before.frozen:
        raise Conflict(f"« {before.project.title} » figure sur un bilan verrouillé : il ne change plus.",
                       hint="Déverrouillez d'abord les bilans des élèves de ses groupes.")  # fmt: skip
    left = set(before.item_ids) - items
    taught = (
        select(TeachingItem.label).join(GroupTeacher, GroupTeacher.item_id == TeachingItem.id)
        .join(GroupTeacher.group).where(ProjectGroup.project_id == before.project.id, TeachingItem.id.in_(left))
    )  # fmt: skip
    if names := sorted(set(session.scalars(taught))):
        raise Conflict(f"Un groupe a un enseignant de {', '.join(names)} : cette discipline ne peut pas être retirée.",
                       hint="Retirez-le d'abord du groupe, dans le menu Bilans.")  # fmt: skip


def _store_items(session: Session, project: Project, items: set[int]) -> None:
    """Write the subjects anew."""
    gone = delete(ProjectItem).where(ProjectItem.project_id == project.id, ProjectItem.item_id.not_in(items))
    session.execute(gone, execution_options={"synchronize_session": False})
    there = set(session.scalars(select(ProjectItem.item_id).where(ProjectItem.project_id == project.id)))
    new = [{"school_id": project.school_id, "project_id": project.id, "item_id": pk} for pk in sorted(items - there)]
    if new:
        session.execute(insert(ProjectItem), new)


def _flush(session: Session, refused: str) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(refused, hint="Donnez-lui un autre intitulé.") from error
