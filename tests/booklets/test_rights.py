"""Who may write what: role × kind of cell × own class or another × closed or reopened, in a collège and an école."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.booklets import rights
from app.booklets.cells import Cell
from app.booklets.entry import Change, save_cells
from app.booklets.models import Booklet, EntryClosing, EntryReopening, GroupPupil, GroupTeacher, Project, ProjectGroup
from app.core.actor import SYSTEM, Actor
from app.core.clock import today
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import Division, School
from app.schools.people import Staff
from tests.booklets.factories import make_booklet, make_class, make_line
from tests.booklets.staffroom import someone
from tests.factories import World, add, make_division, make_pupil

KINDS = ("own", "colleague", "overall", "council", "pathway", "mastery", "life", "member")


@dataclass
class Scene:
    """A class and another one, their booklets, a group, and the people: name → actor."""

    school: School
    cells: dict[tuple[str, str], Cell]
    people: dict[str, Actor]
    mine: Division


def cells_of(school: School, booklet: Booklet, cycle: Booklet) -> dict[str, Cell]:
    """One cell of each kind; « own » is the first subject's, « colleague » the second's."""
    project = add(Project(school_id=school.id, school_year_id=school.school_year_id, kind="ap",
                          title=f"Méthodes {booklet.id}"))  # fmt: skip
    group = add(ProjectGroup(school_id=school.id, project_id=project.id, title="Groupe 1", position=1, period_count=3))
    member = add(GroupPupil(school_id=school.id, group_id=group.id, booklet_id=booklet.id))
    lines = [line for line in booklet.attainments if line.item.parent_id is None]
    return {
        "own": Cell("line", lines[0].id, "comment"), "colleague": Cell("line", lines[1].id, "comment"),
        "overall": Cell("booklet", booklet.id, "overall_comment"), "council": Cell("booklet", booklet.id, "council_on"),
        "pathway": Cell("pathway", booklet.id, "PAR_CIT"), "mastery": Cell("mastery", cycle.id, "CPD_FRA"),
        "life": Cell("booklet", booklet.id, "lateness"), "member": Cell("member", member.id, "comment"),
    }  # fmt: skip


def build(school: School) -> Scene:
    mine, [booklet] = make_class(school, pupils=1)
    items = [line.item for line in booklet.attainments if line.item.parent_id is None]
    other = make_division(school, "4D")
    elsewhere = make_booklet(school, make_pupil(school, other), other)
    for item in items:
        make_line(elsewhere, item)
    cells = {}
    for name, division, theirs in (("mine", mine, booklet), ("other", other, elsewhere)):
        cycle = make_booklet(school, make_pupil(school, division), division, model="cycle")
        cells |= {(name, kind): cell for kind, cell in cells_of(school, theirs, cycle).items()}
    college = school.kind == "college"
    taught = ((mine, items[0]),) if college else ()
    people = {role: someone(school, role) for role in ("head", "secretary", "cpe", "librarian")}
    people["teacher"] = someone(school, "teacher", assigned=mine, teaches=taught)
    people["class teacher"] = someone(school, "teacher", "pp", leads=mine)
    people["stranger"] = someone(school, "teacher", "ailleurs")
    if college:
        someone(school, "teacher", "collegue", teaches=((mine, items[1]),))
    give_group(school, people["teacher"], cells["mine", "member"], items[0].id)
    admin_db.session.flush()
    return Scene(school, cells, people, mine)


def give_group(school: School, actor: Actor, cell: Cell, item_id: int) -> None:
    """Make a teacher one of the group's."""
    staff_id = admin_db.session.scalars(select(Staff.id).where(Staff.user_id == actor.user_id)).one()
    group_id = admin_db.session.get_one(GroupPupil, cell.id).group_id
    add(GroupTeacher(school_id=school.id, group_id=group_id, item_id=item_id, staff_id=staff_id))


@pytest.fixture(params=["college", "ecole"])
def scene(request: pytest.FixtureRequest, world: World) -> Iterator[Scene]:
    """In a school of each kind, on both databases."""
    school_id = world.a if request.param == "college" else world.ecole
    with school_scope(school_id), unit_of_work() as session:
        yield build(session.get_one(School, school_id))


VALUES: dict[str, Any] = {"council": "25/11/2026", "mastery": "3", "life": "2"}


def written(scene: Scene, person: str, where: str) -> set[str]:
    """The kinds of cells this person can write there; every refusal says why."""
    changes = {kind: Change(scene.cells[where, kind], VALUES.get(kind, f"Par {person}."), None) for kind in KINDS}
    found = {}
    for kind, change in changes.items():
        [found[kind]] = save_cells([change], actor=scene.people[person])
        if found[kind].state == "saved":
            save_cells([Change(change.cell, None, change.value)], actor=SYSTEM)
    assert {outcome.state for outcome in found.values()} <= {"saved", "refused"}
    assert all(outcome.message and outcome.value is None for outcome in found.values() if outcome.state == "refused")
    return {kind for kind, outcome in found.items() if outcome.state == "saved"}


ALL = set(KINDS)
LEADING = {"overall", "council", "pathway", "mastery", "life"}
RIGHTS: dict[tuple[str, str, str], set[str]] = {
    ("college", "head", "mine"): ALL, ("college", "head", "other"): ALL,
    ("college", "secretary", "mine"): {"life"}, ("college", "secretary", "other"): {"life"},
    ("college", "cpe", "mine"): {"life", "member"}, ("college", "cpe", "other"): {"life", "member"},
    ("college", "librarian", "mine"): {"member"}, ("college", "librarian", "other"): {"member"},
    ("college", "teacher", "mine"): {"own", "member"}, ("college", "teacher", "other"): set(),
    ("college", "class teacher", "mine"): LEADING, ("college", "class teacher", "other"): set(),
    ("college", "stranger", "mine"): set(), ("college", "stranger", "other"): set(),
    ("ecole", "head", "mine"): ALL,
    ("ecole", "teacher", "mine"): LEADING | {"own", "colleague", "member"}, ("ecole", "teacher", "other"): set(),
    ("ecole", "class teacher", "mine"): LEADING | {"own", "colleague"}, ("ecole", "class teacher", "other"): set(),
    ("ecole", "stranger", "mine"): set(),
}  # fmt: skip


@pytest.mark.row("M050")
def test_the_table_of_rights(scene: Scene) -> None:
    expected = {key[1:]: kinds for key, kinds in RIGHTS.items() if key[0] == scene.school.kind}
    assert {key: written(scene, *key) for key in expected} == expected


def close(scene: Scene, days: int, *, reopened_for: Actor | None = None) -> None:
    """End the entry of the class's first period so many days from now."""
    term = {"school_id": scene.school.id, "division_id": scene.mine.id, "position": 1, "period_count": 3}
    add(EntryClosing(closes_on=today() + timedelta(days), **term))
    if reopened_for:
        staff_id = admin_db.session.scalars(select(Staff.id).where(Staff.user_id == reopened_for.user_id)).one()
        add(EntryReopening(staff_id=staff_id, until=today(), **term))


def test_once_closed_only_the_head_writes(scene: Scene) -> None:
    close(scene, -1)
    assert written(scene, "head", "mine") == ALL
    for person in ("teacher", "class teacher", "cpe", "secretary", "librarian"):
        assert written(scene, person, "mine") - {"mastery"} == set(), person  # the cycle's booklet is another term
    [refused] = save_cells([Change(scene.cells["mine", "own"], "Tard.", None)], actor=scene.people["teacher"])
    assert "close" in refused.message and "réouverture" in refused.message


def test_the_last_day_still_counts(scene: Scene) -> None:
    close(scene, 0)
    assert "own" in written(scene, "teacher", "mine")


def test_a_reopening_is_for_one_person(scene: Scene) -> None:
    close(scene, -1, reopened_for=scene.people["teacher"])
    assert "own" in written(scene, "teacher", "mine")
    assert "overall" not in written(scene, "class teacher", "mine")


def test_teachers_read_their_own_classes_and_the_head_all(scene: Scene) -> None:
    def read(person: str) -> set[int | None]:
        criterion = rights.readable_booklets(rights.writer_of(scene.people[person]))
        return set(admin_db.session.scalars(select(Booklet.division_id).where(criterion)))

    assert len(read("head")) == len(read("cpe")) == len(read("librarian")) == 2
    assert read("teacher") == read("class teacher") == {scene.mine.id}
    assert read("stranger") == set()


def test_somebody_who_left_writes_nothing(scene: Scene) -> None:
    staff = admin_db.session.scalars(select(Staff).where(Staff.user_id == scene.people["teacher"].user_id)).one()
    staff.ended_on = today()
    admin_db.session.flush()
    assert written(scene, "teacher", "mine") == set()


def test_last_years_class_is_no_longer_ones_own(scene: Scene) -> None:
    """A new school year ends the rights on the classes of the last one."""
    from app.schools.models import SchoolYear

    last = add(SchoolYear(authority_id=scene.school.authority_id, first_year=2025, starts_on=today() - timedelta(500),
                          ends_on=today() - timedelta(200)))  # fmt: skip
    scene.mine.school_year_id = last.id
    admin_db.session.flush()
    assert written(scene, "teacher", "mine") <= {"member"}
