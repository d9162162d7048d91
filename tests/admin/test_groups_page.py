"""The page of EPI and AP groups: entered and read by each, with padlocks, and judged by axe-core."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select

from app.booklets.models import Booklet, BookletSettings, GroupPupil, GroupTeacher, ProjectGroup
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.factories import make_class
from tests.booklets.staffroom import someone
from tests.booklets.test_projects import declare, lock
from tests.factories import World, add, make_division
from tests.journeys.browser import PHONE, judge, visitor


@pytest.fixture
def place(admin_app: Flask, sqlite_world: World) -> dict[str, int]:
    """A class of three with an AP of two subjects; the first has two teachers, the second one."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.a)
        division, booklets = make_class(school)
        items = [line.item for line in booklets[0].attainments]
        project = declare(school, "Apprendre à apprendre", *items[:2])
        for name, taught in (("un", items[:1]), ("deux", items[:2])):
            someone(school, "teacher", name, teaches=tuple((division, item) for item in taught))
        make_division(school, "3B")
        return {"project": project.id, "division": division.id, "first": booklets[0].id, "school": school.id}


def read(school_id: int, model: type, *where: Any) -> list[Any]:
    with school_scope(school_id):
        found = list(admin_db.session.scalars(select(model).where(*where).order_by(model.id)))  # type: ignore[attr-defined]
        admin_db.session.expunge_all()
    admin_db.session.remove()
    return found


def make(head: Browser, place: dict[str, int]) -> str:
    """A group with the three pupils of the class; its address."""
    answer = head.send("/ap/add", "/ap/", project=str(place["project"]), term="1/3", title="Groupe 1")
    path = answer.headers["Location"].partition("#")[0]
    ids = [str(b.id) for b in read(place["school"], Booklet)]
    shown = head.get(f"{path}?division={place['division']}")
    assert re.findall(r'name="add" value="(\d+)"', shown) == ids
    assert head.send(f"{path}/save", path, add=ids, teacher=ticked(shown)).status_code == 302
    return path


def ticked(page: str) -> list[str]:
    """The teachers as a browser sends them."""
    return re.findall(r'name="teacher" value="([^"]+)" checked', page)


@pytest.mark.row("M050", "M051", "M052", "M054")
def test_a_group_is_made_and_filled_on_its_page(head: Browser, place: dict[str, int]) -> None:
    path = make(head, place)
    page = head.get(path)
    assert "Apprendre à apprendre" in page and "Trimestre 1" in page and "Camille" in page
    assert len(read(place["school"], GroupTeacher)) == 1  # the only teacher of the second subject
    assert "Ajouter des élèves" in page and ">3B</option>" in page and ">6A</option>" in page
    one, two, _ = read(place["school"], GroupPupil)
    answer = head.send(f"{path}/save", path, comment="Un groupe curieux.", teacher=ticked(page),
                       **{f"member-{one.id}-comment": "Sérieuse.", "remove": str(two.id)})  # fmt: skip
    assert answer.status_code == 302
    assert read(place["school"], ProjectGroup)[0].comment == "Un groupe curieux."
    assert [m.comment for m in read(place["school"], GroupPupil)] == ["Sérieuse.", None]
    sheet = head.sheet("/ap/export.xlsx")
    assert [c.value for c in sheet[sheet.max_row]][:2] == ["Apprendre à apprendre", "Groupe 1"]


def test_what_is_refused_stays_on_the_screen_with_what_was_typed(head: Browser, place: dict[str, int]) -> None:
    path = make(head, place)
    answer = head.send(f"{path}/save", path, comment="é" * 601, title="Groupe bleu")
    assert answer.status_code == 409 and "601 caractères" in answer.text and "é" * 601 in answer.text
    assert read(place["school"], ProjectGroup)[0].title == "Groupe bleu"
    answer = head.send("/ap/add", "/ap/", project=str(place["project"]), term="9/9", title="Autre groupe")
    assert answer.status_code == 422 and "Autre groupe" in answer.text
    for wrong in ({"project": "x"}, {"teacher": "a-b", "base_teachers": ""}, {"remove": "²"}, {"add": "9" * 20}):
        assert head.send(f"{path}/save", path, **wrong).status_code == 422, wrong


@pytest.mark.row("M055", "M056")
def test_padlocks_stand_beside_what_is_frozen(head: Browser, place: dict[str, int]) -> None:
    path = make(head, place)
    assert 'class="padlock"' not in head.get(path)
    with school_scope(place["school"]), unit_of_work() as session:
        lock(session.get_one(Booklet, place["first"]))
    page = head.get(path)
    for label in ("project", "title", "comment"):
        assert re.search(rf'<label for="{label}">[^<]*<span class="padlock" title="Verrouillé', page), label
    assert page.count('class="padlock"') == 3 + 2 + 1 + 1  # two subjects, the locked pupil, the deletion
    assert len(re.findall(r'name="remove"', page)) == 2 and page.count(" readonly") == 2
    assert head.send(f"{path}/delete", path).status_code == 409
    one, two, _ = read(place["school"], GroupPupil)
    assert head.send(f"{path}/save", path, **{f"member-{two.id}-comment": "Oui."}).status_code == 302
    assert head.send(f"{path}/save", path, title="Autre", comment="Autre").status_code == 409
    assert [m.comment for m in read(place["school"], GroupPupil)] == [None, "Oui.", None]


@pytest.mark.row("M053")
def test_a_teacher_of_none_of_the_subjects_sees_nothing(head: Browser, admin_app: Flask, place: dict[str, int]) -> None:
    path = make(head, place)
    teacher = sign_in(admin_app, "teacher", school_id=place["school"])
    assert "Groupe 1" not in teacher.get("/ap/") and "Aucun accompagnement personnalisé" in teacher.get("/ap/")
    teacher.get(path, 404)
    librarian = sign_in(admin_app, "librarian", school_id=place["school"])
    assert "Groupe 1" in librarian.get("/ap/") and "Enregistrer" in librarian.get(path)


@pytest.mark.row("M028")
def test_what_another_software_sent_is_shown_only(head: Browser, place: dict[str, int]) -> None:
    path = make(head, place)
    with school_scope(place["school"]), unit_of_work():
        add(BookletSettings(school_id=place["school"], import_mode="software"))
    page = head.get(path)
    assert "autre logiciel" in page and "Enregistrer" not in page and page.count(" readonly") == 4
    assert "Groupe 1" in head.get("/ap/") and "Créer le groupe" not in head.get("/ap/")
    assert head.send(f"{path}/save", path, comment="Autre").status_code in (400, 409)


@pytest.mark.browser
@pytest.mark.row("M013", "M055")
def test_no_accessibility_fault(
    head: Browser, place: dict[str, int], address: str, browser: Chromium  # noqa: F811
) -> None:
    path = make(head, place)
    with visitor(browser, address) as page:
        enter(page, f"head-1-{place['school']}")
        for state in ("open", "locked"):
            for shown in ("/ap/", f"{path}?division={place['division']}"):
                page.goto(shown)
                judge(page, f"groups-{state}-{'list' if shown == '/ap/' else 'one'}")
                page.set_viewport_size(PHONE)  # type: ignore[arg-type]
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            with school_scope(place["school"]), unit_of_work() as session:
                booklet = session.get_one(Booklet, place["first"])
                if not booklet.is_sealed:
                    lock(booklet)
            admin_db.session.remove()
