"""EPI and AP are declared in « Paramétrage » before anybody enters a group (M012)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from app.booklets.declaring import Declaration, declare, declared, find_declared, subjects_offered, withdraw
from app.booklets.models import Booklet, GroupPupil, GroupTeacher, Project, ProjectGroup
from app.core.actor import SYSTEM, Actor
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, Forbidden, NotFound
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.schools.models import School
from app.workflow import engine
from tests.booklets.factories import fill, make_booklet, make_class, make_items, make_line
from tests.factories import World, add, make_pupil

NOBODY = Actor("user", 1, "Alix", frozenset())


@pytest.fixture
def items(world: World) -> Iterator[list[int]]:
    """The ids of three subjects of school a, inside its scope."""
    with school_scope(world.a):
        with unit_of_work() as session:
            ids = [item.id for item in make_items(session.get_one(School, world.a))]
        yield ids


def epi(ids: list[int], title: str = "Du grain au pain", **facts: object) -> Declaration:
    """A form filled in for an EPI."""
    return Declaration(**({"title": title, "description": "Du champ à la table.", "theme": "EPI_SAN",
                           "item_ids": ids} | facts))  # type: ignore[arg-type]


@pytest.mark.row("M012")
def test_declared_changed_withdrawn(items: list[int]) -> None:
    pk = declare("epi", None, epi(items[:2]), actor=SYSTEM).id
    declare("ap", None, Declaration("Prendre des notes", " ", "EPI_SAN", items[:1]), actor=SYSTEM)
    [row] = declared("epi")
    assert (row.project.title, row.project.theme, row.subjects, row.groups) == (
        "Du grain au pain", "EPI_SAN", ("Français", "Mathématiques"), 0)  # fmt: skip
    [ap] = declared("ap")
    assert (ap.project.theme, ap.project.description, ap.item_ids) == (None, None, (items[0],))
    declare("epi", pk, epi(items[1:], "De la terre au pain", theme="EPI_EDD"), actor=SYSTEM)
    row = find_declared("epi", pk)
    assert (row.project.theme, set(row.item_ids)) == ("EPI_EDD", set(items[1:]))
    withdraw("epi", pk, actor=SYSTEM)
    assert declared("epi") == []
    with pytest.raises(NotFound):
        find_declared("ap", pk)


@pytest.mark.row("M012")
@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("epi", {"title": " "}, "Donnez un intitulé"),
        ("epi", {"title": "x" * 151}, "151 caractères"),
        ("epi", {"title": "a\nb"}, "sur une ligne"),
        ("epi", {"description": "x" * 601}, "601 caractères"),
        ("epi", {"theme": None}, "huit thématiques"),
        ("epi", {"theme": "EPI_XXX"}, "huit thématiques"),
        ("epi", {"item_ids": 1}, "au moins deux disciplines"),
        ("ap", {"item_ids": 0}, "au moins une discipline"),
    ],
)
def test_forms_that_are_refused(items: list[int], kind: str, facts: dict[str, object], said: str) -> None:
    if isinstance(facts.get("item_ids"), int):
        facts = facts | {"item_ids": items[: facts["item_ids"]]}  # type: ignore[misc]
    with pytest.raises(BadInput, match=said):
        declare(kind, None, epi(items[:2], **({"title": "Du grain au pain"} | facts)), actor=SYSTEM)
    assert declared(kind) == []


def test_limits_are_counted_in_characters(items: list[int]) -> None:
    """An accent typed as two counts for one; a line end counts for one."""
    title = "e\u0301" * 150
    made = declare("ap", None, epi(items[:1], title, description="a\r\n" * 299 + "b"), actor=SYSTEM)
    assert len(made.title) == 150 and len(made.description or "") == 599


def test_not_ones_own(items: list[int], world: World) -> None:
    """Another school's subject or project, the same title twice, nobody's permission."""
    declare("epi", None, epi(items[:2]), actor=SYSTEM)
    with pytest.raises(Conflict, match="déjà déclaré"):
        declare("epi", None, epi(items[1:]), actor=SYSTEM)
    with pytest.raises(NotFound):
        declare("ap", None, epi([987654], "Autre"), actor=SYSTEM)
    for act in (lambda: declare("ap", None, epi(items, "Autre"), actor=NOBODY),
                lambda: withdraw("epi", declared("epi")[0].project.id, actor=NOBODY)):  # fmt: skip
        with pytest.raises(Forbidden):
            act()
    pk = declared("epi")[0].project.id
    with school_scope(world.b):
        assert declared("epi") == [] and not subjects_offered()
        with pytest.raises(NotFound):
            withdraw("epi", pk, actor=SYSTEM)
        with pytest.raises(NotFound):
            declare("epi", None, epi(items[:2]), actor=SYSTEM)


@pytest.mark.row("M012")
def test_a_group_holds_its_declaration(items: list[int], world: World) -> None:
    """Deleting says that a group exists; a subject that a group has a teacher for stays."""
    pk = declare("epi", None, epi(items), actor=SYSTEM).id
    with unit_of_work():
        group = add(ProjectGroup(school_id=world.a, project_id=pk, title="Groupe 1", position=1, period_count=3))
        staff = world.of[world.a]["staff"]
        add(GroupTeacher(school_id=world.a, group_id=group.id, item_id=items[0], staff_id=staff))
    with pytest.raises(Conflict, match=r"a déjà un groupe \(1\)"):
        withdraw("epi", pk, actor=SYSTEM)
    with pytest.raises(Conflict, match="enseignant de Français"):
        declare("epi", pk, epi(items[1:]), actor=SYSTEM)
    declare("epi", pk, epi(items[:2]), actor=SYSTEM)
    assert find_declared("epi", pk).groups == 1


def test_a_locked_booklet_freezes_it(world: World) -> None:
    """What a locked booklet prints does not change (M055)."""
    with school_scope(world.a):
        with unit_of_work() as session:
            school = session.get_one(School, world.a)
            division, _ = make_class(school, pupils=0)
            ids = list(session.scalars(select(TeachingItem.id)))
            booklet = make_booklet(school, make_pupil(school, division), division)
            for item in session.scalars(select(TeachingItem)):
                make_line(booklet, item)
            fill(booklet)
            key = booklet.id
        pk = declare("ap", None, epi(ids), actor=SYSTEM).id
        with unit_of_work() as session:
            group = add(ProjectGroup(school_id=world.a, project_id=pk, title="G", position=1, period_count=3))
            add(GroupPupil(school_id=world.a, group_id=group.id, booklet_id=key))
            found = session.get_one(Booklet, key)
            session.expire_all()
            engine.follow(found)
            engine.apply(found, "lock", actor=SYSTEM)
        with pytest.raises(Conflict, match="bilan verrouillé"):
            declare("ap", pk, epi(ids, "Autre intitulé"), actor=SYSTEM)
        assert find_declared("ap", pk).frozen
        assert admin_db.session.get_one(Project, pk).title == "Du grain au pain"
