"""Generated screens: list, search, sort, show, add, edit, delete (C01) and what their addresses must not open."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.admin.screens import SCREENS
from app.audit.models import AuditLine
from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.models import Division, DivisionStaff, School, SchoolYear
from app.schools.people import Enrolment, Guardian, Pupil
from app.security.roles import RESOURCES
from tests.admin.conftest import Browser, sign_in
from tests.factories import World, make_guardian, make_pupil
from tests.statements import statements

PUPIL = {"first_name": "Élodie", "last_name": "BÉRANGER", "birth_date": "2014-03-09", "sex": "F"}


def names(page: str) -> list[str]:
    """What the first column of the list shows, in order."""
    return re.findall(r'<th role="rowheader"[^>]*>(?:<a[^>]*>)?([^<]+)', page)


def stored(model: type, **facts: object) -> list[object]:
    """Rows of the database, whatever the school."""
    admin_db.session.rollback()
    with system_scope("look at what was stored"):
        rows = list(admin_db.session.scalars(select(model).filter_by(**facts)))
    for row in rows:
        admin_db.session.expunge(row)
    return rows


@pytest.fixture
def more_pupils(sqlite_world: World) -> World:
    """School a with names that sort and fold."""
    with system_scope("more pupils"), unit_of_work():
        school = admin_db.session.get_one(School, sqlite_world.a)
        for name in ("Érard", "Fabre", "Eymard", "Zeller", "O'Connor"):
            make_pupil(school, last_name=name, first_name="Noé")
    return sqlite_world


# ---- C01 ---------------------------------------------------------------------------------------------------------


@pytest.mark.row("C01")
def test_every_screen_draws_its_pages(head: Browser, academy: Browser) -> None:
    """Every entry of the table gives working pages to those whose role allows them, and 403 to the others."""
    wrong = []
    for screen in SCREENS:
        rights = RESOURCES[screen.resource]
        for who, held in ((head, rights.rights.get("head", frozenset())), (academy, rights.academy)):
            for verb, path in (("list", "list/"), ("add", "add"), ("export", "export.xlsx")):
                if verb not in screen.verbs:
                    continue
                status = who.client.get(f"{screen.route}/{path}").status_code
                if status not in ((200, 302) if verb in held else (403,)):
                    wrong.append((screen.name, verb, status))
    assert wrong == []


@pytest.mark.row("C01")
def test_search_forgives_case_and_accents(head: Browser, more_pupils: World) -> None:
    """« erard » finds « Érard », and « % » is a character like another."""
    assert names(head.get("/pupil/list/?_flt_0_last_name=erard")) == ["Érard"]
    assert names(head.get("/pupil/list/?_flt_0_last_name=O%27con")) == ["O&#39;Connor"]
    assert "Aucun résultat" in head.get("/pupil/list/?_flt_0_last_name=%25")


@pytest.mark.row("C01")
def test_sort_both_ways(head: Browser, more_pupils: World) -> None:
    """Names sort as people sort them: É between D and F."""
    search = "/pupil/list/?_flt_0_first_name=noe"
    assert names(head.get(search)) == ["Érard", "Eymard", "Fabre", "O&#39;Connor", "Zeller"]
    down = head.get(search + "&_oc_PupilView=last_name&_od_PupilView=desc")
    assert names(down)[0] == "Zeller"
    assert 'aria-sort="descending"' in down


@pytest.mark.row("C01")
def test_search_by_relation_and_by_its_text(head: Browser, sqlite_world: World) -> None:
    """A class is chosen from a list that holds this school's classes only; a name is searched through the relation."""
    ours = stored(Division, school_id=sqlite_world.a, code="5B")[0].id  # type: ignore[attr-defined]
    page = head.get(f"/enrolment/list/?_flt_0_division={ours}")
    assert len(names(page)) == 1
    assert page.count("<option") == 1 + 2 + 1 + 1  # all, two classes; all, one programme


@pytest.mark.row("C01")
def test_add_show_edit_delete(head: Browser, sqlite_world: World) -> None:
    """The life of a row from its screens; its school is the current one, each act leaves a line in the trail."""
    assert head.send("/pupil/add", **PUPIL).status_code == 302
    pupil = stored(Pupil, last_name="BÉRANGER")[0]
    assert (pupil.school_id, pupil.source) == (sqlite_world.a, "manual")  # type: ignore[attr-defined]
    pk = pupil.id  # type: ignore[attr-defined]
    page = head.get(f"/pupil/show/{pk}")
    assert "09/03/2014" in page and "<h1>BÉRANGER Élodie</h1>" in page
    assert head.send(f"/pupil/edit/{pk}", **PUPIL | {"first_name": "Zoé"}).status_code == 302
    assert stored(Pupil, id=pk)[0].first_name == "Zoé"  # type: ignore[attr-defined]
    assert "définitive" in head.get(f"/pupil/delete/{pk}")
    assert stored(Pupil, id=pk), "a GET deletes nothing"
    assert head.send(f"/pupil/delete/{pk}").status_code == 302
    assert stored(Pupil, id=pk) == []
    lines = [(line.action, line.data) for line in stored(AuditLine, subject_type="pupil", subject_id=pk)]  # type: ignore[attr-defined]
    assert lines == [("pupil.add", None), ("pupil.edit", {"changed": ["first_name"]}), ("pupil.delete", None)]


@pytest.mark.row("C01")
def test_every_row_has_a_name(head: Browser, academy: Browser) -> None:
    """No page is titled with what Python calls the object; every row that is listed opens."""
    for screen in SCREENS:
        who = academy if "list" in RESOURCES[screen.resource].academy else head
        page = who.get(f"{screen.route}/list/")
        assert "object at 0x" not in page, screen.name
        for href in re.findall(r'rowheader" scope="row"><a href="([^"]+)"', page)[:1]:
            title = re.search("<h1>(.*?)</h1>", who.get(href))
            assert title and title[1].strip() and "object at 0x" not in title[1], screen.name


@pytest.mark.row("C01")
def test_what_is_wrong_is_said_beside_the_field(head: Browser) -> None:
    """Nothing is stored, the words typed stay, each fault names its field."""
    answer = head.send("/pupil/add", **PUPIL | {"birth_date": "", "ine": "0000000000Z"})
    assert answer.status_code == 200
    assert "Ce champ est obligatoire." in answer.text and "bonne clé" in answer.text
    assert 'value="BÉRANGER"' in answer.text and 'href="#birth_date"' in answer.text
    assert stored(Pupil, last_name="BÉRANGER") == []


def test_a_duplicate_is_refused_in_general_words(head: Browser, sqlite_world: World) -> None:
    """The database's own message would tell SQL and values (trap 13)."""
    year = sqlite_world.year
    answer = head.send("/division/add", code="6A", label="6A", school_year=year)
    assert answer.status_code == 200
    assert "existe déjà" in answer.text
    assert "UNIQUE" not in answer.text and "INSERT" not in answer.text
    assert len(stored(Division, school_id=sqlite_world.a, code="6A")) == 1


def test_what_is_used_elsewhere_stays(head: Browser, sqlite_world: World) -> None:
    """A class with pupils cannot be deleted, and the person is told so."""
    division = stored(Division, school_id=sqlite_world.a, code="6A")[0].id  # type: ignore[attr-defined]
    head.send(f"/division/delete/{division}")
    assert stored(Division, id=division)
    assert "utilisé ailleurs" in head.get("/division/list/")


# ---- addresses that must not open anything --------------------------------------------------------------------------


def test_hidden_columns_can_neither_be_searched_nor_sorted(head: Browser, sqlite_world: World) -> None:
    """A filter on a hidden column would tell its value, one character at a time (trap 5)."""
    all_names = names(head.get("/guardian/list/"))
    assert len(all_names) == 3
    for query in ("_flt_0_source_id=nothing", "_flt_0_digest=x", "_flt_0_id=0", "_flt_0_school=2",
                  "_flt_9_last_name=zz"):
        assert names(head.get(f"/guardian/list/?{query}")) == all_names, query
    for column in ("source_id", "school_id", "links.rank", "nothing", "metadata"):
        query = f"_oc_GuardianView={column}&_od_GuardianView=desc"
        assert names(head.get(f"/guardian/list/?{query}")) == all_names, column


@pytest.mark.parametrize("query", ["page_PupilView=x", "page_PupilView=-1", "page_PupilView=99999999999999999999",
                                   "psize_PupilView=x", "psize_PupilView=-5", "_flt_0_birth_date=x",
                                   "_flt_x_last_name=1", "_od_PupilView=up", "page_PupilView=²"])  # fmt: skip
def test_a_strange_address_is_no_fault_of_ours(head: Browser, query: str) -> None:
    """FAB answers 500 to some of these (trap 18)."""
    assert len(names(head.get(f"/pupil/list/?{query}"))) == 3


def test_page_size_is_clamped(head: Browser, sqlite_world: World) -> None:
    """At most 100 rows, whatever is asked (trap 18)."""
    with system_scope("many pupils"), unit_of_work():
        school = admin_db.session.get_one(School, sqlite_world.a)
        for _ in range(110):
            make_pupil(school)
    assert len(names(head.get("/pupil/list/?psize_PupilView=100000"))) == 100
    assert len(names(head.get("/pupil/list/"))) == 25
    assert len(names(head.get("/pupil/list/?psize_PupilView=100&page_PupilView=1"))) == 13


def test_another_school_s_row_does_not_exist(head: Browser, sqlite_world: World) -> None:
    """With the permission but outside the scope: 404, on every verb (DESIGN §6)."""
    foreign = stored(Pupil, school_id=sqlite_world.b)[0].id  # type: ignore[attr-defined]
    for verb in ("show", "edit", "delete"):
        head.get(f"/pupil/{verb}/{foreign}", status=404)
    head.get("/pupil/show/999999999999999", status=404)


def test_a_form_cannot_name_another_school_s_row(head: Browser, sqlite_world: World) -> None:
    """Neither by its field nor by FAB's relation filter in the address (trap 2)."""
    foreign = stored(Division, school_id=sqlite_world.b)[0].id  # type: ignore[attr-defined]
    enrolment = stored(Enrolment, school_id=sqlite_world.a)[0]
    before = enrolment.division_id  # type: ignore[attr-defined]
    path, fields = f"/enrolment/edit/{enrolment.id}", {"pupil": enrolment.pupil_id, "school_year": sqlite_world.year}  # type: ignore[attr-defined]
    answer = head.send(path, **fields, division=foreign)
    assert answer.status_code == 200 and "n&#39;existe pas dans cet établissement" in answer.text
    head.send(f"{path}?_flt_0_division={foreign}&_flt_0_school=2", page=path, **fields, division=before)
    assert stored(Enrolment, id=enrolment.id)[0].division_id == before  # type: ignore[attr-defined]
    head.send("/pupil/add?_flt_0_school=2", **PUPIL, school=sqlite_world.b, school_id=sqlite_world.b)
    assert stored(Pupil, last_name="BÉRANGER")[0].school_id == sqlite_world.a  # type: ignore[attr-defined]


def test_a_form_drawn_for_another_school_is_refused(head: Browser, sqlite_world: World) -> None:
    """Somebody changed school in another tab (DESIGN §6)."""
    answer = head.send("/pupil/add", **PUPIL, drawn_for=f"school-{sqlite_world.b}")
    assert answer.status_code == 409
    assert stored(Pupil, last_name="BÉRANGER") == []


def test_a_teacher_reads_own_classes_only(admin_app: Flask, sqlite_world: World) -> None:
    """Without « pupils of every class », lists hold the pupils one teaches and their guardians (DESIGN §6)."""
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.a)
    assert names(teacher.get("/pupil/list/")) == []
    with system_scope("the teacher's post"), unit_of_work() as session:
        from app.schools.people import Staff
        from app.security.services import find_user

        staff = session.scalars(select(Staff).where(Staff.school_id == sqlite_world.a)).first()
        staff.user_id = find_user(f"teacher-1-{sqlite_world.a}").id
        division = session.scalars(select(Division).filter_by(school_id=sqlite_world.a, code="5B")).one()
        session.query(DivisionStaff).filter_by(school_id=sqlite_world.a, staff_id=staff.id).delete()
        session.add(DivisionStaff(school_id=sqlite_world.a, staff_id=staff.id, division_id=division.id))
    assert len(names(teacher.get("/pupil/list/"))) == 1
    others = [p.id for p in stored(Pupil, school_id=sqlite_world.a)][0]  # type: ignore[attr-defined]
    teacher.get(f"/pupil/show/{others}", status=404)
    with system_scope("the school's next year begins"), unit_of_work() as session:
        year = session.get_one(SchoolYear, sqlite_world.year)
        new = SchoolYear(authority_id=year.authority_id, first_year=2027, starts_on=year.ends_on,
                         ends_on=year.ends_on + timedelta(days=300))
        session.add(new)
        session.flush()
        session.get_one(School, sqlite_world.a).school_year_id = new.id
    assert names(teacher.get("/pupil/list/")) == [], "last year's class is not one's own any more"


def test_lists_of_two_people_never_mix(admin_app: Flask, sqlite_world: World) -> None:
    """FAB's views share their filters between threads (trap 15)."""
    with system_scope("many guardians"), unit_of_work():
        school = admin_db.session.get_one(School, sqlite_world.a)
        for n in range(20):
            make_guardian(school, last_name=f"ALPHA{n}" if n % 2 else f"BETA{n}")
    people = [sign_in(admin_app, role, school_id=sqlite_world.a) for role in ("head", "secretary")]

    def look(turn: int) -> bool:
        asked = ("ALPHA", "BETA")[turn % 2]
        admin_db.session.remove()
        page = people[turn % 2].get(f"/guardian/list/?_flt_0_last_name={asked}")
        return {name[:len(asked)] for name in names(page)} == {asked}

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(look, range(40)))


def test_related_rows_follow_the_viewer_s_rights(admin_app: Flask, head: Browser, sqlite_world: World) -> None:
    """FAB draws related lists without asking whether they may be read (trap 6)."""
    pupil = stored(Pupil, school_id=sqlite_world.a)[0].id  # type: ignore[attr-defined]
    assert "Liens responsable–élève" in head.get(f"/pupil/show/{pupil}").split("<main", 1)[1]
    librarian = sign_in(admin_app, "librarian", school_id=sqlite_world.a)
    assert "Liens responsable–élève" not in librarian.get(f"/pupil/show/{pupil}")


def test_an_academy_reads_which_school_a_row_belongs_to(academy: Browser, sqlite_world: World) -> None:
    """Rows of several schools gain the school's column; adding asks for a school first."""
    page = academy.get("/service/list/")
    assert "Collège Essai 1" in page and "École Essai" in page
    assert names(academy.get("/school/list/")) != []


def test_list_page_costs_few_statements(head: Browser, more_pupils: World) -> None:
    """One count, one page of rows; never one more per row (DESIGN §10: 8 at most)."""
    head.get("/pupil/list/")
    with statements() as sent:
        head.get("/pupil/list/")
    assert len(sent) <= 8, sent


def test_guardians_of_the_world_are_there(sqlite_world: World) -> None:
    """The figures used above."""
    assert len(stored(Guardian, school_id=sqlite_world.a)) == 3
