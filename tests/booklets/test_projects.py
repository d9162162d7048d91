"""EPI and AP groups: who sees which, periods, freezing once a booklet is locked, and the database's own guard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import delete, insert, select, update

from app.audit.models import AuditLine
from app.booklets.entry import CHANGE
from app.booklets.models import (
    Booklet,
    BookletSettings,
    GroupPupil,
    GroupTeacher,
    Project,
    ProjectGroup,
    ProjectItem,
)
from app.booklets.project_classes import NO_BOOKLET, OTHER_PERIODS, all_divisions, classmates
from app.booklets.project_queries import (
    group_seen,
    groups_seen,
    members_of,
    projects_seen,
    subjects_of,
    terms,
)
from app.booklets.project_store import FROZEN, SharedChanges, teachers_now
from app.booklets.projects import GroupChanges, delete_group, frozen_projects, make_group, save_group
from app.booklets.rights import writer_of
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.schools.models import Division, School
from app.schools.people import Staff
from app.workflow import engine
from tests.booklets.factories import fill, make_booklet, make_class
from tests.booklets.staffroom import someone
from tests.factories import World, add, make_division, make_pupil


@dataclass
class Scene:
    """A class of three, an AP of two subjects, its head and its two teachers (the second teaches both subjects)."""

    school: School
    division: Division
    booklets: list[Booklet]
    items: list[TeachingItem]
    project: Project
    head: Actor
    first: Actor
    second: Actor

    def group(self, *booklets: Booklet) -> ProjectGroup:
        group = make_group(self.project.id, "Groupe 1", 1, 3, actor=self.head)
        save_group(group.id, GroupChanges(add=[b.id for b in booklets or self.booklets]), actor=self.head)
        return group

    def lock(self, booklet: Booklet) -> None:
        lock(booklet)


def lock(booklet: Booklet) -> None:
    fill(booklet)
    admin_db.session.expire_all()
    engine.follow(booklet)
    engine.apply(booklet, "lock", actor=SYSTEM)
    admin_db.session.flush()


def build(school: School) -> Scene:
    division, booklets = make_class(school)
    items = [line.item for line in booklets[0].attainments]
    project = declare(school, "Apprendre à apprendre", *items[:2])
    head = someone(school, "head")
    first = someone(school, "teacher", "first", teaches=((division, items[0]),))
    second = someone(school, "teacher", "second", teaches=((division, items[0]), (division, items[1])))
    return Scene(school, division, booklets, items, project, head, first, second)


def declare(school: School, title: str, *items: TeachingItem, kind: str = "ap") -> Project:
    project = add(Project(school_id=school.id, school_year_id=school.school_year_id, kind=kind, title=title,
                          theme="DEV_DURABLE" if kind == "epi" else None))  # fmt: skip
    for item in items:
        add(ProjectItem(school_id=school.id, project_id=project.id, item_id=item.id))
    return project


@pytest.fixture
def scene(world: World) -> Iterator[Scene]:
    """In the scope of a collège, on both databases."""
    with school_scope(world.a), unit_of_work() as session:
        yield build(session.get_one(School, world.a))


def staff_of(actor: Actor) -> Staff:
    return admin_db.session.scalars(select(Staff).where(Staff.user_id == actor.user_id)).one()


def saved(group: ProjectGroup, actor: Actor, **wanted: object) -> list[str]:
    """The refusals of a change of shared fields."""
    return list(save_group(group.id, GroupChanges(SharedChanges(**wanted)), actor=actor).refused)  # type: ignore[arg-type]


@pytest.mark.row("M050", "M053")
def test_a_teacher_sees_the_projects_of_a_subject_of_theirs_and_everybody_else_sees_all(scene: Scene) -> None:
    other = declare(scene.school, "Sciences en fête", scene.items[2])
    stranger = someone(scene.school, "teacher", "stranger")
    seen = {name: [p.title for p in projects_seen(writer_of(actor), "ap")] for name, actor in {
        "head": scene.head, "first": scene.first, "stranger": stranger, "cpe": someone(scene.school, "cpe"),
        "librarian": someone(scene.school, "librarian"), "secretary": someone(scene.school, "secretary"),
        "class teacher": someone(scene.school, "teacher", "leader", leads=scene.division,
                                 teaches=((scene.division, scene.items[2]),))}.items()}  # fmt: skip
    both = [scene.project.title, other.title]
    assert seen == {"head": both, "first": both[:1], "stranger": [], "cpe": both, "librarian": both,
                    "secretary": both, "class teacher": both[1:]}  # fmt: skip
    group = scene.group()
    assert [row.id for row in groups_seen(writer_of(scene.first), "ap")] == [group.id]
    assert groups_seen(writer_of(stranger), "ap") == [] and groups_seen(writer_of(scene.first), "epi") == []
    with pytest.raises(NotFound):
        group_seen(writer_of(stranger), group.id)
    for act in (lambda a: save_group(group.id, GroupChanges(), actor=a), lambda a: delete_group(group.id, actor=a),
                lambda a: make_group(scene.project.id, "Autre", 1, 3, actor=a)):
        with pytest.raises(NotFound):
            act(stranger)
        with pytest.raises(Forbidden):
            act(someone(scene.school, "secretary", f"secretary{id(act)}"))


@pytest.mark.row("M050")
@pytest.mark.parametrize("role", ["head", "cpe", "librarian"])
def test_every_profile_that_fills_in_makes_a_group(scene: Scene, role: str) -> None:
    group = make_group(scene.project.id, "Groupe B", 1, 3, actor=someone(scene.school, role, f"{role}-b"))
    assert group.title == "Groupe B"


@pytest.mark.row("M051")
def test_both_comments_are_written_from_one_place(scene: Scene) -> None:
    group = scene.group()
    one, two, _ = members_of(group.id)
    done = save_group(group.id, GroupChanges(
        SharedChanges(comment="Un groupe curieux.\r\n", base_comment=""),
        {one.id: ("Alix progresse.", ""), two.id: ("", "")}), actor=scene.first)  # fmt: skip
    assert done.complete and group.comment == "Un groupe curieux."
    assert [m.comment for m in members_of(group.id)] == ["Alix progresse.", None, None]
    long = GroupChanges(SharedChanges(comment="é" * 601, base_comment="Un groupe curieux."), {one.id: ("x" * 601, "Alix progresse.")})  # noqa: E501
    refused = save_group(group.id, long, actor=scene.first)
    assert "601 caractères" in refused.refused[0] and refused.outcomes[0].state == "refused"
    assert saved(group, scene.first, comment="é" * 600, base_comment="Un groupe curieux.") == []
    lines = admin_db.session.scalars(select(AuditLine).where(AuditLine.action == "group.change")).all()
    assert lines[-1].personal == {"before": "Un groupe curieux.", "after": "é" * 600}


def test_a_text_changed_by_somebody_else_is_not_overwritten(scene: Scene) -> None:
    group = scene.group()
    assert saved(group, scene.second, comment="De Mme B.", base_comment="") == []
    [why] = saved(group, scene.first, comment="De M. A.", base_comment="")
    assert "« De Mme B. »" in why and group.comment == "De Mme B."
    assert saved(group, scene.first, comment="De M. A.", base_comment="De Mme B.") == []
    [why] = saved(group, scene.first, title="Groupe rouge", base_title="Autre")
    assert "Le nom du groupe" in why
    member = members_of(group.id)[0]
    save_group(group.id, GroupChanges(comments={member.id: ("Sérieux.", "")}), actor=scene.first)
    clash = save_group(group.id, GroupChanges(comments={member.id: ("Bavard.", "")}), actor=scene.second)
    assert clash.outcomes[0].state == "clash" and not clash.complete


@pytest.mark.row("M052")
def test_teachers_proposed_and_the_only_one_preselected(scene: Scene) -> None:
    elsewhere = make_division(scene.school, "3B")
    third = someone(scene.school, "teacher", "third", teaches=tuple((elsewhere, scene.items[n]) for n in (0, 2)))
    group = make_group(scene.project.id, "Groupe 1", 1, 3, actor=scene.head)
    first, second, other = staff_of(scene.first), staff_of(scene.second), staff_of(third)
    found = {item.label: {c.staff_id for c in people} for item, people in subjects_of(scene.project.id, group.id)}
    assert found == {"Français": {first.id, second.id, other.id}, "Mathématiques": {second.id}}
    assert teachers_now(group) == {(scene.items[1].id, second.id)}
    wanted = frozenset({(scene.items[0].id, other.id)})
    assert saved(group, scene.head, teachers=wanted, base_teachers=teachers_now(group)) == []
    assert teachers_now(group) == wanted
    [why] = saved(group, scene.head, teachers=frozenset({(scene.items[1].id, other.id)}), base_teachers=wanted)
    assert "de la discipline" in why
    [why] = saved(group, scene.head, teachers=frozenset({(scene.items[0].id, first.id)}))
    assert "entre-temps" in why
    assert {d.code for d in all_divisions()} == {"6A", "5B", "4C", "3B"}


@pytest.mark.row("M054")
def test_a_group_has_one_period_and_pupils_of_other_periods_need_another(scene: Scene) -> None:
    other = make_division(scene.school, "4D")
    semester = make_booklet(scene.school, make_pupil(scene.school, other), other, position=1, period_count=2,
                            period_label="Semestre 1")  # fmt: skip
    make_pupil(scene.school, scene.division, last_name="SANSBILAN")
    later = make_booklet(scene.school, make_pupil(scene.school, scene.division), scene.division, position=2)
    assert [(t.key, t.label) for t in terms()] == [
        ("1/2", "Semestre 1"), ("1/3", "Trimestre 1"), ("2/3", "Trimestre 1")]
    group, writer = scene.group(scene.booklets[0]), writer_of(scene.head)
    assert [(mate.booklet_id, mate.why) for mate in classmates(group, other.id, writer)] == [(None, OTHER_PERIODS)]
    why = [mate.why for mate in classmates(group, scene.division.id, writer)]
    assert why[0] == "Déjà dans le groupe." and why[1:3] == [None, None] and why[3:] == [NO_BOOKLET, NO_BOOKLET]
    cycle = make_booklet(scene.school, make_pupil(scene.school), model="cycle")
    done = save_group(group.id, GroupChanges(add=[semester.id, later.id, cycle.id, 999_999, scene.booklets[1].id]),
                      actor=scene.head)  # fmt: skip
    assert len(done.refused) == 4 and sum(OTHER_PERIODS in line for line in done.refused) == 2
    assert [m.booklet_id for m in members_of(group.id)] == [b.id for b in scene.booklets[:2]]
    again = make_group(scene.project.id, "Groupe 1", 1, 2, actor=scene.head)
    assert save_group(again.id, GroupChanges(add=[semester.id]), actor=scene.head).complete
    for position, count in ((3, 3), (1, 4), (0, 0)):
        with pytest.raises(BadInput):
            make_group(scene.project.id, "Groupe", position, count, actor=scene.head)


def test_a_name_is_used_once_per_project_and_period(scene: Scene) -> None:
    group = scene.group()
    with pytest.raises(Conflict, match="existe déjà"):
        make_group(scene.project.id, " Groupe 1 ", 1, 3, actor=scene.head)
    other = make_group(scene.project.id, "Groupe 2", 1, 3, actor=scene.head)
    [why] = saved(other, scene.head, title="Groupe 1", base_title="Groupe 2")
    assert "existe déjà" in why and (group.title, other.title) == ("Groupe 1", "Groupe 2")
    with pytest.raises(BadInput, match="nom"):
        make_group(scene.project.id, "  ", 1, 3, actor=scene.head)


@pytest.mark.row("M055")
def test_open_everything_changes(scene: Scene) -> None:
    group = scene.group()
    other = declare(scene.school, "Sciences en fête", scene.items[1])
    epi = declare(scene.school, "Un jardin", scene.items[1], kind="epi")
    wanted = {"project_id": other.id, "title": "Groupe bleu", "base_title": "Groupe 1", "comment": "Actif.",
              "base_comment": ""}
    assert saved(group, scene.head, **wanted) == []
    assert (group.project_id, group.title, group.comment) == (other.id, "Groupe bleu", "Actif.")
    assert teachers_now(group) == {(scene.items[1].id, staff_of(scene.second).id)}
    assert "EPI" in saved(group, scene.head, project_id=epi.id)[0]
    member = members_of(group.id)[0]
    assert save_group(group.id, GroupChanges(remove=[member.id]), actor=scene.head).complete
    assert len(members_of(group.id)) == 2


@pytest.mark.row("M055")
def test_once_a_booklet_is_locked_what_is_shared_is_frozen_and_other_pupils_are_not(scene: Scene) -> None:
    group = scene.group()
    locked, free = members_of(group.id)[:2]
    scene.lock(scene.booklets[0])
    other = declare(scene.school, "Sciences en fête", scene.items[0])
    for wanted in ({"project_id": other.id}, {"title": "Autre", "base_title": "Groupe 1"},
                   {"comment": "Autre", "base_comment": ""},
                   {"teachers": frozenset(), "base_teachers": teachers_now(group)}):
        assert saved(group, scene.head, **wanted) == [FROZEN], wanted
    same = {"project_id": scene.project.id, "title": "Groupe 1", "base_title": "Groupe 1", "comment": "",
            "teachers": teachers_now(group), "base_teachers": teachers_now(group)}
    assert saved(group, scene.head, **same) == []
    done = save_group(group.id, GroupChanges(comments={locked.id: ("Non", ""), free.id: ("Oui", "")}), actor=scene.head)
    assert [o.state for o in done.outcomes] == ["refused", "saved"]
    done = save_group(group.id, GroupChanges(remove=[locked.id, free.id]), actor=scene.head)
    assert len(done.refused) == 1 and "verrouillé" in done.refused[0]
    assert locked.id in {m.id for m in members_of(group.id)} and free.id not in {m.id for m in members_of(group.id)}
    assert save_group(group.id, GroupChanges(add=[free.booklet_id]), actor=scene.head).complete
    assert frozen_projects([scene.project.id, other.id]) == {scene.project.id}
    engine.apply(scene.booklets[0], "unlock", actor=SYSTEM, reason="Une faute de frappe")
    admin_db.session.flush()
    assert saved(group, scene.head, title="Autre", base_title="Groupe 1") == []


@pytest.mark.row("M056")
def test_a_group_with_a_locked_booklet_is_not_deleted(scene: Scene) -> None:
    group = scene.group()
    first = members_of(group.id)[0]
    save_group(group.id, GroupChanges(comments={first.id: ("Curieuse.", "")}), actor=scene.head)
    scene.lock(scene.booklets[0])
    with pytest.raises(Conflict, match="ne peut plus être supprimé"):
        delete_group(group.id, actor=scene.head)
    engine.apply(scene.booklets[0], "unlock", actor=SYSTEM, reason="Une faute de frappe")
    admin_db.session.flush()
    key = group.id
    delete_group(key, actor=scene.head)
    session = admin_db.session
    assert [session.scalars(select(m)).all() for m in (ProjectGroup, GroupPupil, GroupTeacher)] == [[], [], []]
    kept = session.scalars(select(AuditLine).where(AuditLine.action == CHANGE)).all()
    assert {"before": "Groupe 1 – Curieuse.", "after": ""} in [line.personal for line in kept]


@pytest.mark.row("M028")
@pytest.mark.parametrize(("mode", "editable"), [("manual", True), ("sconet", True), ("software", False)])
def test_imported_data_are_shown_and_not_editable(scene: Scene, mode: str, editable: bool) -> None:
    group = scene.group()
    add(BookletSettings(school_id=scene.school.id, import_mode=mode))
    admin_db.session.expire_all()
    admin_db.session().info.pop("booklet_settings", None)
    acts = [lambda: make_group(scene.project.id, "Groupe 2", 1, 3, actor=scene.head),
            lambda: save_group(group.id, GroupChanges(SharedChanges(comment="Autre")), actor=scene.head),
            lambda: delete_group(group.id, actor=scene.head)]
    for act in acts:
        if editable:
            act()
        else:
            with pytest.raises(Conflict, match="autre logiciel"):
                act()
    if not editable:
        assert [(row.title, row.pupils) for row in groups_seen(writer_of(scene.head), "ap")] == [("Groupe 1", 3)]
        assert len(members_of(group.id)) == 3


@pytest.mark.row("M055")
def test_the_database_refuses_to_change_what_a_locked_booklet_shares(scene: Scene) -> None:
    """The last guard: whatever the road, even SQL."""
    group, school_id = scene.group(), scene.school.id
    free = make_group(scene.project.id, "Groupe 2", 2, 3, actor=scene.head) if len(terms()) > 1 else None
    assert free is None
    staff = staff_of(scene.first)
    teacher = {"school_id": school_id, "group_id": group.id, "item_id": scene.items[0].id, "staff_id": staff.id}
    item = {"school_id": school_id, "project_id": scene.project.id, "item_id": scene.items[2].id}
    changes = [
        update(ProjectGroup).where(ProjectGroup.id == group.id).values(title="Autre"),
        update(ProjectGroup).where(ProjectGroup.id == group.id).values(comment="Autre"),
        update(GroupTeacher).where(GroupTeacher.group_id == group.id).values(item_id=scene.items[2].id),
        delete(GroupTeacher).where(GroupTeacher.group_id == group.id), insert(GroupTeacher).values(teacher),
        update(Project).where(Project.id == scene.project.id).values(title="Autre"),
        update(Project).where(Project.id == scene.project.id).values(description="Autre"),
        insert(ProjectItem).values(item), delete(ProjectItem).where(ProjectItem.project_id == scene.project.id),
        delete(GroupPupil).where(GroupPupil.booklet_id == scene.booklets[0].id),
        delete(ProjectGroup).where(ProjectGroup.id == group.id),
    ]
    session, rest = admin_db.session, {"execution_options": {"synchronize_session": False}}
    for change in changes:  # open, all of it works
        savepoint = session.begin_nested()
        session.execute(change, **rest)
        savepoint.rollback()
    scene.lock(scene.booklets[0])
    for change in changes:
        with pytest.raises(Exception, match="booklet_locked"), session.begin_nested():
            session.execute(change, **rest)
