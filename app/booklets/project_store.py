"""How a change of an EPI or AP group is judged and written, under the locks that `projects.save_group` holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import and_, delete, insert, or_, select

from app.audit.services import record, record_each
from app.booklets.entry import CHANGE
from app.booklets.models import SEALED_STATES, Booklet, GroupPupil, GroupTeacher, Project, ProjectGroup
from app.booklets.models.content import COMMENT_LENGTH
from app.booklets.models.projects import TITLE_LENGTH
from app.booklets.project_classes import refusal
from app.booklets.project_queries import seen, subjects_of, this_year
from app.booklets.rights import Writer
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, NotFound
from app.core.texts import clean_text

FROZEN = ("Au moins un bilan du groupe est verrouillé : l'accompagnement ou l'EPI, les enseignants, le nom du groupe "
          "et l'appréciation collective ne changent plus.")  # fmt: skip
UNKNOWN = "Un des bilans choisis n'existe plus : rechargez la page."
KINDS = {"ap": "AP", "epi": "EPI"}
WRITTEN = {"synchronize_session": False}
Teaching = tuple[int, int]  # subject, member of staff


@dataclass(frozen=True, slots=True)
class SharedChanges:
    """What all pupils of a group share. None = left as it is; `base_…` is what the page showed."""

    project_id: int | None = None
    title: str | None = None
    base_title: str | None = None
    comment: str | None = None
    base_comment: str | None = None
    teachers: frozenset[Teaching] | None = None
    base_teachers: frozenset[Teaching] = field(default_factory=frozenset)


def project_seen(writer: Writer, project_id: int) -> Project:
    """A project of this year. Raises `NotFound` for one the person does not see."""
    statement = select(Project).where(Project.id == project_id, Project.school_year_id == this_year(), seen(writer))
    found = admin_db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("Cet accompagnement ou EPI n'existe pas.")
    return found


def lock_group(group: ProjectGroup, added: Collection[int] = ()) -> list[Any]:
    """The group first, then its pupils' booklets and those to add, in the order of ids: whoever locks one of them
    waits, or is waited for. Returns the booklets, with `member_id` for those in the group."""
    session = admin_db.session()
    session.scalars(select(ProjectGroup.id).where(ProjectGroup.id == group.id).with_for_update()).one()
    session.refresh(group)
    inside = select(GroupPupil.booklet_id).where(GroupPupil.group_id == group.id)
    wanted = select(Booklet.id, Booklet.state, Booklet.school_id, Booklet.division_id, Booklet.position,
                    Booklet.period_count, Booklet.school_year_id, Booklet.model, Booklet.last_name,
                    Booklet.first_name)  # fmt: skip
    both = or_(Booklet.id.in_(inside), Booklet.id.in_(added))
    return list(session.execute(wanted.where(both).order_by(Booklet.id).with_for_update(of=Booklet)).all())


def locked_members() -> Any:
    """The groups that have a pupil whose booklet is locked."""
    joins = and_(Booklet.id == GroupPupil.booklet_id, Booklet.school_id == GroupPupil.school_id)
    return select(GroupPupil.group_id).join(Booklet, joins).where(Booklet.state.in_(SEALED_STATES)).distinct()


def is_frozen(group_id: int) -> bool:
    """Whether a pupil of the group has a locked booklet (M055)."""
    return admin_db.session.scalar(locked_members().where(GroupPupil.group_id == group_id)) is not None


def refuse_twin(group: ProjectGroup) -> None:
    """One name per project and period. Raises `Conflict`."""
    twin = select(ProjectGroup.id).where(
        ProjectGroup.project_id == group.project_id, ProjectGroup.title == group.title,
        ProjectGroup.position == group.position, ProjectGroup.period_count == group.period_count,
        ProjectGroup.id != (group.id or 0))  # fmt: skip
    with admin_db.session.no_autoflush:
        if admin_db.session.scalar(twin) is not None:
            raise Conflict(f"Un groupe « {group.title} » existe déjà pour cette période.", hint="Changez le nom.")


def group_title(title: str) -> str:
    """The name of a group. Raises `BadInput` without one or beyond 150 characters."""
    name = clean_text(title, TITLE_LENGTH, "Nom du groupe")
    if name is None:
        raise BadInput("Donnez un nom au groupe.", hint="Par exemple « Groupe 1 ».")
    return name


def only_candidates(project_id: int) -> frozenset[Teaching]:
    """The teachers who are preselected: alone to teach their subject in the school (M052)."""
    subjects = subjects_of(project_id, None)
    return frozenset((item.id, people[0].staff_id) for item, people in subjects if len(people) == 1)


def store_teachers(group: ProjectGroup, teachers: Iterable[Teaching]) -> None:
    """These and no others."""
    session = admin_db.session()
    session.execute(delete(GroupTeacher).where(GroupTeacher.group_id == group.id), execution_options=WRITTEN)
    rows = [{"school_id": group.school_id, "group_id": group.id, "item_id": item, "staff_id": staff}
            for item, staff in sorted(teachers)]  # fmt: skip
    if rows:
        session.execute(insert(GroupTeacher), rows)


def teachers_now(group: ProjectGroup) -> frozenset[Teaching]:
    """The (subject, staff) of a group."""
    rows = admin_db.session.execute(
        select(GroupTeacher.item_id, GroupTeacher.staff_id).where(GroupTeacher.group_id == group.id))
    return frozenset((row[0], row[1]) for row in rows)


def save_shared(group: ProjectGroup, wanted: SharedChanges, writer: Writer, actor: Actor) -> list[str]:
    """Write what differs; the sentences of what was refused: all of it when the group is frozen (M055), a text that is
    too long or was changed by somebody else meanwhile."""
    steps: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("project", _project), ("title", _title), ("comment", _comment), ("teachers", _teachers))  # fmt: skip
    frozen, refused = is_frozen(group.id), []
    for name, step in steps:
        try:
            change = step(group, wanted, writer)
            if change is not None and frozen:
                refused.append(FROZEN)
            elif change is not None:
                before, after, write = change
                write()
                admin_db.session.flush()
                record(admin_db.session(), "group.change", group, actor=actor, data={"field": name},
                       personal={"before": before, "after": after})  # fmt: skip
        except (BadInput, Conflict) as error:
            refused.append(error.sentence())
    return list(dict.fromkeys(refused))


def _project(group: ProjectGroup, wanted: SharedChanges, writer: Writer) -> Any:
    if wanted.project_id in (None, group.project_id):
        return None
    before, project = admin_db.session.get_one(Project, group.project_id), project_seen(writer, wanted.project_id)
    if project.kind != before.kind:
        raise BadInput("Un AP ne devient pas un EPI, ni l'inverse.")

    def write() -> None:
        _move(group, "project_id", project.id)
        store_teachers(group, only_candidates(project.id))

    return before.title, project.title, write


def _title(group: ProjectGroup, wanted: SharedChanges, _writer: Writer) -> Any:
    name = group.title if wanted.title is None else group_title(wanted.title)
    if name == group.title:
        return None
    _unmoved(group.title, wanted.base_title, "Le nom du groupe")

    return group.title, name, lambda: _move(group, "title", name)


def _move(group: ProjectGroup, name: str, value: Any) -> None:
    before = getattr(group, name)
    setattr(group, name, value)
    try:
        refuse_twin(group)
    except Conflict:
        setattr(group, name, before)
        raise


def _comment(group: ProjectGroup, wanted: SharedChanges, _writer: Writer) -> Any:
    if wanted.comment is None:
        return None
    text = clean_text(wanted.comment, COMMENT_LENGTH, "Appréciation collective")
    if text == group.comment:
        return None
    _unmoved(group.comment, clean_text(wanted.base_comment, 10 * COMMENT_LENGTH, ""), "L'appréciation collective")
    return group.comment, text, lambda: setattr(group, "comment", text)


def _teachers(group: ProjectGroup, wanted: SharedChanges, _writer: Writer) -> Any:
    changes_project = wanted.project_id is not None and wanted.project_id != group.project_id
    now = teachers_now(group)
    if wanted.teachers is None or changes_project or wanted.teachers in (now, wanted.base_teachers):
        return None
    possible = {(item.id, one.staff_id) for item, people in subjects_of(group.project_id, group.id) for one in people}
    if not wanted.teachers <= possible:
        raise BadInput("Choisissez des enseignants de la discipline.")
    if now != wanted.base_teachers:
        raise Conflict("Les enseignants ont été changés entre-temps : vérifiez, puis enregistrez de nouveau.")
    return sorted(now), sorted(wanted.teachers), lambda: store_teachers(group, wanted.teachers or ())


def _unmoved(now: str | None, base: str | None, what: str) -> None:
    if (now or "") != (base or ""):
        raise Conflict(f"{what} a été changé entre-temps par quelqu'un d'autre : « {now or ''} ».",
                       hint="Enregistrez de nouveau pour garder votre texte.")  # fmt: skip


def save_pupils(
    group: ProjectGroup, remove: Collection[int], add: Collection[int], booklets: Sequence[Any], writer: Writer,
    actor: Actor,
) -> list[str]:  # fmt: skip
    """Take pupils out and in; the sentences of those who cannot: locked, or of other periods (M054, M055)."""
    session = admin_db.session()
    members = {row.booklet_id: row.id for row in members_now(group)}
    going = [b for b in booklets if members.get(b.id) in set(remove) and b.id in members]
    coming = [b for b in booklets if b.id in add and b.id not in members]
    refused = {b.id: why for b in (*going, *coming) if (why := _stands_against(group, b, writer))}
    gone = [members[b.id] for b in going if b.id not in refused]
    trace_leaving(group, gone, actor)
    trace(group, {b.id: ("", group.title) for b in coming if b.id not in refused}, actor)
    rows = [{"school_id": group.school_id, "group_id": group.id, "booklet_id": b.id}
            for b in coming if b.id not in refused]  # fmt: skip
    session.execute(delete(GroupPupil).where(GroupPupil.id.in_(gone)), execution_options=WRITTEN)
    if rows:
        session.execute(insert(GroupPupil), rows)
    session.expire_all()
    sentences = [f"{b.last_name} {b.first_name} : {refused[b.id]}" for b in (*going, *coming) if b.id in refused]
    return sentences + ([UNKNOWN] if set(add) - {b.id for b in booklets} else [])


def _stands_against(group: ProjectGroup, booklet: Any, writer: Writer) -> str | None:
    if booklet.model != "college":
        return UNKNOWN
    return refusal(group, booklet, writer)


def members_now(group: ProjectGroup) -> list[Any]:
    """The pupils of a group: id, booklet, individual comment."""
    columns = GroupPupil.id, GroupPupil.booklet_id, GroupPupil.comment
    return list(admin_db.session.execute(select(*columns).where(GroupPupil.group_id == group.id)).all())


def trace_leaving(group: ProjectGroup, members: Collection[int], actor: Actor) -> None:
    """The history of each leaving pupil's booklet keeps the group's name and what was written."""
    left = {row.booklet_id: (" – ".join(filter(None, (group.title, row.comment))), "")
            for row in members_now(group) if row.id in members}  # fmt: skip
    trace(group, left, actor)


def trace(group: ProjectGroup, told: dict[int, tuple[str, str]], actor: Actor) -> None:
    """A line in the history of each booklet: before, after."""
    if told:
        kind = admin_db.session.get_one(Project, group.project_id).kind
        about = {"place": f"group-{group.id}", "item": KINDS[kind]}
        lines = [(key, about, {"before": before, "after": after}) for key, (before, after) in sorted(told.items())]
        record_each(admin_db.session(), CHANGE, Booklet, lines, actor=actor, school_id=group.school_id)
