"""The pages of collective entry without a script, and the address to which a script saves cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from app.booklets.models import Attainment, Booklet
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem, TeachingService
from app.schools.models import DivisionStaff, School
from app.schools.people import Staff
from app.security.models import RoleGrant
from app.security.services import create_user, grant
from app.workflow import engine
from tests.admin.conftest import PASSPHRASE, Browser, admin_app  # noqa: F401 - fixtures
from tests.booklets.factories import fill, make_booklet, make_class, make_line
from tests.factories import World, make_staff


@dataclass
class Class:
    """Ids of a class with three pupils."""

    school: int
    division: int
    item: int
    other: int
    lines: list[int]
    booklets: list[int]

    def address(self, page: str, item: int | None = None) -> str:
        return f"/entry/{page}/?division={self.division}&period=1-3&item={item or self.item}"


@pytest.fixture
def lesson(admin_app: Flask, sqlite_world: World) -> Class:  # noqa: F811
    return make_lesson(sqlite_world.a)


def make_lesson(school_id: int, pupils: int = 3, **facts: Any) -> Class:
    """A class of a school; its subject (or area), another one, and its lines."""
    with school_scope(school_id), unit_of_work() as session:
        division, booklets = make_class(session.get_one(School, school_id), pupils=pupils, **facts)
        first = booklets[0].attainments
        lines = [b.attainments[0].id for b in booklets]
        made = Class(school_id, division.id, first[0].item_id, first[-1].item_id, lines, [b.id for b in booklets])
    admin_db.session.remove()
    return made


def teacher(app: Flask, lesson: Class, name: str = "belhaj", *, leads: bool = False) -> Browser:
    """A teacher of the class in its first subject, signed in."""
    with system_scope("a teacher"), unit_of_work():
        user = create_user(actor=SYSTEM, authority_id=1, first_name="Karim", last_name=name.title(), username=name,
                           email=f"{name}@example.org", passphrase=PASSPHRASE)  # fmt: skip
        grant(user.id, "teacher", actor=SYSTEM, school_id=lesson.school)
        user_id = user.id
    with school_scope(lesson.school), unit_of_work() as session:
        school = session.get_one(School, lesson.school)
        staff: Staff = make_staff(school, user_id=user_id, title="M.", last_name=name.upper())
        session.add(DivisionStaff(school_id=school.id, division_id=lesson.division, staff_id=staff.id,
                                  is_class_teacher=leads))  # fmt: skip
        session.add(TeachingService(school_id=school.id, division_id=lesson.division, item_id=lesson.item,
                                    staff_id=staff.id))  # fmt: skip
    admin_db.session.remove()
    browser = Browser(app.test_client())
    assert browser.send("/login/", username=name, password=PASSPHRASE).status_code == 302
    return browser


def stored(lesson: Class, field: str = "comment") -> list[Any]:
    """The column of the class."""
    with school_scope(lesson.school):
        column = getattr(Attainment, field)
        found = list(admin_db.session.scalars(
            select(column).where(Attainment.id.in_(lesson.lines)).order_by(Attainment.id)))  # fmt: skip
    admin_db.session.remove()
    return found


def fields_of(page: str) -> dict[str, str]:
    """The cells and bases of a page's form, as a browser would send them."""
    import html

    form = page[page.index("data-entry"):]
    found = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    found |= dict(re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>\n?(.*?)</textarea>', form, re.DOTALL))
    found |= dict(re.findall(r'<input id="[^"]+" name="([^"]+)"[^>]*? value="([^"]*)"', form))
    return {name: html.unescape(value) for name, value in found.items()}


@pytest.mark.row("M031", "M035")
def test_the_grid_names_class_period_subject_and_teachers(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    with school_scope(lesson.school), unit_of_work() as session:
        for line in session.scalars(select(Attainment).where(Attainment.item_id == lesson.other)):
            line.teachers = None
    page = teacher(admin_app, lesson, leads=True).get(lesson.address("achievements"))
    for words in ("3 résultats", "2026/2027 – Trimestre 1", "Français", "Enseignant(e)s : M. BELHAJ", "Non atteints",
                  "Partiellement atteints", "Atteints", "Dépassés", "En cours"):  # fmt: skip
        assert words in page, words
    for line in lesson.lines:
        assert page.count(f'name="line-{line}-positioning"') == 5  # at most one of five
    other = teacher(admin_app, lesson, "second").get(lesson.address("achievements", lesson.other))
    assert "Professeur principal(e) : M. BELHAJ" in other


@pytest.mark.row("M035")
def test_the_grid_is_saved_without_a_script(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    sent = fields_of(browser.get(lesson.address("achievements")))
    sent |= {f"line-{line}-positioning": str(n) for n, line in enumerate(lesson.lines, start=1)}
    answer = browser.client.post("/entry/achievements/save", data=sent)
    assert answer.status_code == 302
    assert stored(lesson, "positioning") == [1, 2, 3]
    assert "3 saisies enregistrées." in browser.get("/entry/achievements/")  # the choice was kept


@pytest.mark.row("M036")
def test_a_class_is_filled_without_a_script_then_corrected(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    sent = fields_of(browser.get(lesson.address("achievements")))
    assert browser.client.post("/entry/achievements/fill", data=sent | {"fill": "3"}).status_code == 302
    assert stored(lesson, "positioning") == [3, 3, 3]
    sent = fields_of(browser.get(lesson.address("achievements")))
    sent |= {f"line-{line}-positioning": "3" for line in lesson.lines} | {f"line-{lesson.lines[0]}-positioning": ""}
    browser.client.post("/entry/achievements/save", data=sent)
    assert stored(lesson, "positioning") == [None, 3, 3]
    sent = fields_of(browser.get(lesson.address("achievements")))
    browser.client.post("/entry/achievements/fill", data=sent | {"fill": "1", "only_empty": "1"})
    assert stored(lesson, "positioning") == [1, 3, 3]


def test_what_cannot_be_saved_is_still_there_with_the_other_text(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    one, two = teacher(admin_app, lesson), teacher(admin_app, lesson, "fauvel")
    pages = [fields_of(browser.get(lesson.address("comments"))) for browser in (one, two)]
    names = [f"line-{line}-comment" for line in lesson.lines]
    one.client.post("/entry/comments/save", data=pages[0] | {names[0]: "Le texte de l'un."})
    answer = two.client.post("/entry/comments/save", data=pages[1] | {
        names[0]: "Le texte de l'autre.", names[1]: "x" * 601, names[2]: "Bien.\r\nContinuez."})  # fmt: skip
    assert answer.status_code == 200
    assert stored(lesson) == ["Le texte de l'un.", None, "Bien.\nContinuez."]
    again = fields_of(answer.text)
    assert again[names[0]] == "Le texte de l'autre." and again[names[1]] == "x" * 601
    assert "Karim Belhaj a écrit ici le" in answer.text and "Le texte de l&#39;un." in answer.text
    assert "601 caractères" in answer.text and "retirez-en 1" in answer.text
    two.client.post("/entry/comments/save", data=again | {names[1]: ""})
    assert stored(lesson)[0] == "Le texte de l'autre."  # sent again on purpose, having read the other


def test_the_period_before_stands_beside_the_field(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    with school_scope(lesson.school), unit_of_work() as session:
        first = session.get_one(Booklet, lesson.booklets[0])
        school, item = session.get_one(School, lesson.school), session.get_one(TeachingItem, lesson.item)
        line = first.attainments[0]
        line.comment, line.positioning = "Des débuts prometteurs.", 4
        later = make_booklet(school, first.pupil, first.division, position=2, period_label="Trimestre 2")
        make_line(later, item)
    page = teacher(admin_app, lesson).get(lesson.address("comments").replace("1-3", "2-3"))
    assert "Des débuts prometteurs." in page and "<strong>Dépassés</strong>" in page


def test_marks_are_typed_and_the_class_average_is_shown(admin_app: Flask, sqlite_world: World) -> None:  # noqa: F811
    lesson = make_lesson(sqlite_world.a, scale="marks")
    browser = teacher(admin_app, lesson)
    page = browser.get(lesson.address("achievements"))
    assert "Moyenne sur 20" in page
    sent = fields_of(page) | {f"line-{lesson.lines[0]}-average": "12,5", f"line-{lesson.lines[1]}-average": "15"}
    assert browser.client.post("/entry/achievements/save", data=sent).status_code == 302
    page = browser.get(lesson.address("achievements"))
    assert re.search(r"<output data-average>13,75</output>", page) and 'value="12,5"' in page


def test_in_an_ecole_the_comment_is_on_the_area(admin_app: Flask, sqlite_world: World) -> None:  # noqa: F811
    lesson = make_lesson(sqlite_world.ecole)
    browser = teacher(admin_app, lesson)
    assert "› Langage oral" in browser.get(lesson.address("achievements"))
    page = browser.get(lesson.address("comments"))
    assert "Langage oral" not in page and "Mathématiques" in page


def test_another_subject_is_only_read(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    colleague = teacher(admin_app, lesson, "fauvel")
    with school_scope(lesson.school), unit_of_work() as session:
        someone_else = make_staff(session.get_one(School, lesson.school))
        session.add(TeachingService(school_id=lesson.school, division_id=lesson.division, item_id=lesson.other,
                                    staff_id=someone_else.id))  # fmt: skip
    page = colleague.get(lesson.address("comments", lesson.other))
    assert "Cette discipline est saisie par les enseignants" in page and 'name="base:' not in page


def test_a_locked_booklet_is_only_read(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    with school_scope(lesson.school), unit_of_work() as session:
        booklet = fill(session.get_one(Booklet, lesson.booklets[0]))
        engine.follow(booklet)
        engine.apply(booklet, "lock", actor=SYSTEM)
    page = teacher(admin_app, lesson).get(lesson.address("comments"))
    assert page.count('name="base:line-') == 2 * 3 and "Verrouillé" in page


# — the address of the script —


def api(browser: Browser, lesson: Class, cells: Any, **headers: str) -> Any:
    """One call as entry.js makes it."""
    token = browser.client.get("/entry/token").get_json()
    sent = {"Accept": "application/json", "X-CSRFToken": token["token"], "X-Drawn-For": token["drawn_for"]} | headers
    return browser.client.post("/entry/cells", json={"user": token["user"], "cells": cells}, headers=sent)


def one(lesson: Class, value: str = "Bien.", base: str = "") -> list[dict[str, str]]:
    return [{"cell": f"line-{lesson.lines[0]}-comment", "value": value, "base": base}]


def test_a_script_saves_cells_one_by_one(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    answer = api(browser, lesson, one(lesson, " Bien. "))
    assert answer.get_json()["outcomes"] == [
        {"cell": f"line-{lesson.lines[0]}-comment", "state": "saved", "value": "Bien.", "by": "", "message": ""}]
    assert stored(lesson)[0] == "Bien."
    clash = api(browser, lesson, one(lesson, "Mieux.")).get_json()["outcomes"][0]
    assert (clash["state"], clash["value"], clash["by"]) == ("clash", "Bien.", "Karim Belhaj")


def test_an_ended_session_is_said_to_a_script(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    stranger = Browser(admin_app.test_client())
    for answer in (stranger.client.post("/entry/cells", json={}, headers={"Accept": "application/json"}),
                   stranger.client.get("/entry/token", headers={"Accept": "application/json"})):  # fmt: skip
        assert answer.status_code == 401 and "session est terminée" in answer.get_json()["error"]
    assert stranger.client.get("/entry/token").status_code == 302  # a person goes to the sign-in page


def test_another_school_or_another_person_saves_nothing(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    elsewhere = api(browser, lesson, one(lesson), **{"X-Drawn-For": "school-999"})
    assert elsewhere.status_code == 409 and "autre établissement" in elsewhere.get_json()["error"]
    token = browser.client.get("/entry/token").get_json()
    headers = {"Accept": "application/json", "X-CSRFToken": token["token"], "X-Drawn-For": token["drawn_for"]}
    other = browser.client.post("/entry/cells", json={"user": 999, "cells": one(lesson)}, headers=headers)
    assert other.status_code == 409 and "autre personne" in other.get_json()["error"]
    forged = browser.client.post("/entry/cells", json={}, headers=headers | {"X-CSRFToken": "x"})
    assert forged.status_code == 400
    assert stored(lesson)[0] is None


@pytest.mark.parametrize("sent", [
    [], {"cells": 3}, {"cells": [3]}, {"cells": [{"cell": "line-1"}]}, {"cells": [{"cell": "x-²-y", "value": "a"}]},
    {"cells": [{"cell": "line-99999999999999-comment", "value": "a"}]},
    {"cells": [{"cell": "line-1-comment", "value": 3}]}, {"cells": [{"cell": "line-1-state", "value": "locked"}]},
])  # fmt: skip
def test_what_is_not_understood_is_refused(admin_app: Flask, lesson: Class, sent: Any) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    token = browser.client.get("/entry/token").get_json()
    headers = {"Accept": "application/json", "X-CSRFToken": token["token"], "X-Drawn-For": token["drawn_for"]}
    body = sent | {"user": token["user"]} if isinstance(sent, dict) else sent
    answer = browser.client.post("/entry/cells", json=body, headers=headers)
    wrong_field = answer.status_code == 200 and answer.get_json()["outcomes"][0]["state"] == "refused"
    assert answer.status_code == 422 or wrong_field, answer.text


def test_pages_are_there_in_manual_mode_only(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    from app.booklets.settings import set_import_mode

    browser = teacher(admin_app, lesson)
    with school_scope(lesson.school):
        set_import_mode("software", actor=SYSTEM)
    admin_db.session.remove()
    browser.get(lesson.address("comments"), status=409)
    assert "/entry/comments/" not in browser.get("/")


def test_somebody_whose_role_ended_saves_nothing(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)
    token = browser.client.get("/entry/token").get_json()
    with system_scope("their role ends"), unit_of_work() as session:
        for held in session.scalars(select(RoleGrant).where(RoleGrant.user_id == token["user"])):
            session.delete(held)
    headers = {"Accept": "application/json", "X-CSRFToken": token["token"], "X-Drawn-For": token["drawn_for"]}
    answer = browser.client.post("/entry/cells", json={"user": token["user"], "cells": one(lesson)}, headers=headers)
    assert answer.status_code in (302, 403)
    assert stored(lesson)[0] is None
