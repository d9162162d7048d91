"""Entering EPI and AP groups (M050–M056): made, filled, frozen once a booklet of theirs is locked, deleted before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, delete, select

from app.audit.services import record
from app.booklets import project_store as store
from app.booklets.cells import Cell
from app.booklets.entry import Change, Outcome, save_cells
from app.booklets.models import GroupPupil, GroupTeacher, ProjectGroup
from app.booklets.project_queries import group_seen, terms
from app.booklets.project_store import SharedChanges, is_frozen
from app.booklets.rights import NOT_FILLING, Writer, writer_of
from app.booklets.settings import may_enter_projects
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden
from app.core.uow import unit_of_work
from app.online.papers import TestPaper

IMPORTED = "Ces données viennent d'un autre logiciel : elles sont affichées et ne se modifient pas ici."
MARKED = "Ce groupe ne peut pas être supprimé : des contrôles y ont été saisis."
UNDELETABLE = "Ce groupe ne peut plus être supprimé : le bilan d'au moins un de ses élèves est verrouillé."


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What somebody wants of a group: what is shared, the individual comments (member → wanted, seen before), the
    members to take out and the booklets to add."""

    shared: SharedChanges = field(default_factory=SharedChanges)
    comments: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    remove: Collection[int] = ()
    add: Collection[int] = ()


@dataclass(frozen=True, slots=True)
class GroupSaved:
    """What became of it: a sentence for each thing refused, and each individual comment's outcome."""

    refused: Sequence[str] = ()
    outcomes: Sequence[Outcome] = ()

    @property
    def complete(self) -> bool:
        """Whether everything is as wanted."""
        return not self.refused and all(outcome.kept for outcome in self.outcomes)


def frozen_projects(project_ids: Collection[int]) -> set[int]:
    """Those of these EPI and AP whose declaration is frozen: a group of theirs has a locked booklet (M055)."""
    joins = and_(ProjectGroup.id == GroupPupil.group_id, ProjectGroup.school_id == GroupPupil.school_id)
    statement = store.locked_members().with_only_columns(ProjectGroup.project_id).join(ProjectGroup, joins)
    return set(admin_db.session.scalars(statement.where(ProjectGroup.project_id.in_(project_ids))))


@unit_of_work()
def make_group(project_id: int, title: str, position: int, period_count: int, *, actor: Actor) -> ProjectGroup:
    """A group of a declared project in one period (M054); where a subject has one teacher in the school, they are
    chosen (M052). Raises `NotFound` for a project one does not see, `BadInput`, `Conflict` for a name twice."""
    writer = _writer(actor)
    project = store.project_seen(writer, project_id)
    if (position, period_count) not in {(term.position, term.period_count) for term in terms()}:
        raise BadInput("Choisissez une période.", hint="Les périodes proposées sont celles des bilans déjà créés.")
    name = store.group_title(title)
    session = admin_db.session()
    group = ProjectGroup(school_id=project.school_id, project_id=project.id, title=name, position=position,
                         period_count=period_count)  # fmt: skip
    store.refuse_twin(group)
    session.add(group)
    session.flush()
    store.store_teachers(group, store.only_candidates(project.id))
    record(session, "group.create", group, actor=actor, data={"project": project.id}, personal={"after": name})
    return group


@unit_of_work()
def save_group(group_id: int, wanted: GroupChanges, *, actor: Actor) -> GroupSaved:
    """Write what may be written and say why the rest is not: frozen (M055), another period (M054), changed meanwhile.
    Raises `NotFound` for a group one does not see, `Conflict` when all comes from another software (M028)."""
    writer = _writer(actor)
    group, _project = group_seen(writer, group_id)
    booklets = store.lock_group(group, wanted.add)
    refused = store.save_shared(group, wanted.shared, writer, actor)
    refused += store.save_pupils(group, wanted.remove, wanted.add, booklets, writer, actor)
    cells = [Change(Cell("member", member, "comment"), text, base)
             for member, (text, base) in wanted.comments.items() if member not in set(wanted.remove)]  # fmt: skip
    return GroupSaved(refused, save_cells(cells, actor=actor))


@unit_of_work()
def delete_group(group_id: int, *, actor: Actor) -> None:
    """Remove a group with its teachers and comments. Raises `Conflict` once a booklet is locked (M056)."""
    group, _project = group_seen(_writer(actor), group_id)
    session = admin_db.session()
    store.lock_group(group)
    if is_frozen(group_id):
        raise Conflict(UNDELETABLE, hint="La direction peut déverrouiller ses bilans.")
    if session.scalar(select(TestPaper.id).where(TestPaper.group_id == group_id).limit(1)) is not None:
        raise Conflict(MARKED, hint="Supprimez d'abord ses contrôles.")
    store.trace_leaving(group, [member.id for member in store.members_now(group)], actor)
    record(session, "group.delete", group, actor=actor, personal={"before": group.title, "comment": group.comment})
    session.flush()
    for model, column in ((GroupPupil, GroupPupil.group_id), (GroupTeacher, GroupTeacher.group_id),
                          (ProjectGroup, ProjectGroup.id)):  # fmt: skip
        session.execute(delete(model).where(column == group_id), execution_options=store.WRITTEN)
    session.expunge(group)
    session.expire_all()


def _writer(actor: Actor) -> Writer:
    writer = writer_of(actor)
    if not writer.can("fill"):
        raise Forbidden(NOT_FILLING)
    if not may_enter_projects():
        raise Conflict(IMPORTED)
    return writer
