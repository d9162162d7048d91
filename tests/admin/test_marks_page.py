"""The pages of marks: tests added, marks saved without and with a script, the spreadsheet (M126–M128)."""

from __future__ import annotations

import re
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from sqlalchemy import select

from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.models import TeachingItem
from app.online.papers import Mark, TestPaper
from app.schools.models import Division
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.test_entry_pages import Class, lesson, teacher  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import judge, visitor
from tests.online.gradebook import give, make_paper

pytestmark = pytest.mark.row("M126", "M128")
PAPER = {"title": "Dictée", "taken_on": "2026-10-05", "out_of": "20", "coefficient": "1", "publish_on": "2026-10-06"}


def choice(lesson: Class) -> str:  # noqa: F811
    return f"set=d{lesson.division}&period=1-3&item={lesson.item}"


def add_test(browser: Browser, lesson: Class, **typed: str) -> int:  # noqa: F811
    """Through the form; the id of the test."""
    answer = browser.send(f"/marks/add?{choice(lesson)}", f"/marks/?{choice(lesson)}", **PAPER | typed)
    assert answer.status_code == 302, answer.text[:800]
    return int(answer.headers["Location"].rsplit("/", 1)[1])


def marks(lesson: Class) -> dict[str, Any]:  # noqa: F811
    """Test's title and pupil → mark."""
    with school_scope(lesson.school):
        rows = select(TestPaper.title, Mark.pupil_id, Mark.value, Mark.special).join(Mark.test).order_by(Mark.pupil_id)
        found = {f"{r.title}-{r.pupil_id}": r.special or float(r.value) for r in admin_db.session.execute(rows)}
    admin_db.session.remove()
    return found


def cells(page: str) -> list[str]:
    return re.findall(r'<tr role="row" data-cell="([^"]+)"', page)


def test_a_test_is_added_and_marked_without_a_script(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)  # noqa: F811
    page = browser.get(f"/marks/?{choice(lesson)}")
    assert "Pas encore de contrôle" in page and "est fermé" in page and "Français" in page
    pk = add_test(browser, lesson, publish="1")
    page = browser.get(f"/marks/{pk}")
    names = cells(page)
    assert len(names) == 3 and "N.NOT" in page
    answer = browser.send(f"/marks/{pk}/save", f"/marks/{pk}", **{names[0]: "12,5", names[1]: "abs", names[2]: "99"})
    assert answer.status_code == 200 and "de 0 à 20" in answer.text and 'value="99"' in answer.text
    assert sorted(map(str, marks(lesson).values())) == ["12.5", "ABS"]
    filled = browser.send(f"/marks/{pk}/fill", f"/marks/{pk}", fill="N.NOT", only_empty="1")
    assert filled.status_code == 302
    assert sorted(map(str, marks(lesson).values())) == ["12.5", "ABS", "N.NOT"]
    listed = browser.get("/marks/")
    assert "À partir du 06/10/2026" in listed and "12,50" in listed, "the choice is remembered"


def test_the_test_is_changed_and_deleted(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)  # noqa: F811
    pk = add_test(browser, lesson)
    assert browser.send(f"/marks/{pk}/store", f"/marks/{pk}", **PAPER | {"title": ""}).status_code == 422
    assert browser.send(f"/marks/{pk}/store", f"/marks/{pk}", **PAPER | {"title": "Dictée 2"}).status_code == 302
    assert "Dictée 2" in browser.get(f"/marks/{pk}")
    asked = browser.send(f"/marks/{pk}/delete", f"/marks/{pk}")
    assert asked.status_code == 200 and "et toutes ses notes" in asked.text
    assert browser.send(f"/marks/{pk}/delete", f"/marks/{pk}", confirmed="1").status_code == 302
    browser.get(f"/marks/{pk}", 404)
    bad = browser.send(f"/marks/add?{choice(lesson)}", f"/marks/?{choice(lesson)}", **PAPER | {"taken_on": "hier"})
    assert bad.status_code == 422 and "Date" in bad.text and 'value="Dictée"' in bad.text, "what was typed stays"


@pytest.mark.row("C05")
def test_a_teacher_of_another_subject_finds_no_page(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    pk = add_test(teacher(admin_app, lesson), lesson)
    lesson.item, own = lesson.other, lesson.item
    other = teacher(admin_app, lesson, "second")
    other.get(f"/marks/{pk}", 404)
    for act in ("save", "store", "fill", "delete"):
        assert other.send(f"/marks/{pk}/{act}", "/marks/").status_code == 404
    lesson.item = own
    assert sign_in(admin_app, "head", school_id=lesson.school).get(f"/marks/{pk}")


def test_the_script_saves_marks_one_by_one(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)  # noqa: F811
    pk = add_test(browser, lesson)
    page = browser.get(f"/marks/{pk}")
    first, second, _third = cells(page)
    known = dict(re.findall(r'data-(user|drawn-for)="([^"]*)"', page))
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)
    assert token
    sent = {"user": int(known["user"]), "cells": [
        {"cell": first, "value": "12,5", "base": ""}, {"cell": second, "value": "21", "base": ""},
        {"cell": f"line-{lesson.lines[0]}-positioning", "value": "3", "base": ""},
        {"cell": first, "value": "12,50", "base": "12,5"}]}
    answer = browser.client.post("/entry/cells", json=sent, headers={"X-CSRFToken": token[1],
                                                                    "X-Drawn-For": known["drawn-for"]})
    told = [(o["cell"], o["state"], o["value"]) for o in answer.get_json()["outcomes"]]
    assert told == [(first, "saved", "12,5"), (second, "refused", ""),
                    (f"line-{lesson.lines[0]}-positioning", "saved", "3"), (first, "unchanged", "12,5")]


def sheet_of(browser: Browser, lesson: Class) -> Any:  # noqa: F811
    return load_workbook(BytesIO(browser.client.get(f"/spreadsheet/marks/export.xlsx?{choice(lesson)}").data))


def bring(browser: Browser, book: Any, lesson: Class) -> Any:  # noqa: F811
    """Bring a workbook back."""
    out = BytesIO()
    book.save(out)
    page = f"/spreadsheet/marks/?{choice(lesson)}"
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', browser.get(page)))
    return browser.client.post(f"/spreadsheet/marks/bring?{choice(lesson)}", content_type="multipart/form-data",
                               data=hidden | {"file": (BytesIO(out.getvalue()), "notes.xlsx")})


def test_marks_go_out_and_come_back_in_a_spreadsheet(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)  # noqa: F811
    first, second = add_test(browser, lesson), add_test(browser, lesson, title="Rédaction")
    names = cells(browser.get(f"/marks/{first}"))
    browser.send(f"/marks/{first}/save", f"/marks/{first}", **{names[0]: "12,5", names[1]: "ABS"})
    book = sheet_of(browser, lesson)
    sheet = book.active
    assert [c.value for c in sheet[1]][:2] == ["Identifiant", "Élève"]
    assert [sheet.cell(r, 3).value for r in (2, 3, 4)] == [12.5, "ABS", None]
    sheet.cell(2, 3, 14.25)
    sheet.cell(3, 3).value = None
    sheet.cell(4, 4, "dispensé")
    sheet.append([999_999, "Inconnue", 12])
    sheet.append([sheet.cell(4, 1).value, "Deux fois", 12])
    assert bring(browser, book, lesson).status_code == 302
    page = browser.get("/spreadsheet/marks/preview")
    for said in ("14,25", "n&#39;est pas de cette classe", "plusieurs lignes", "élèves changés"):
        assert said in page, (said, page[page.index("figures"):][:3000])
    assert len(marks(lesson)) == 2, "nothing is written yet"
    assert browser.send("/spreadsheet/marks/apply", "/spreadsheet/marks/preview").status_code == 302
    assert list(marks(lesson).values()) == [14.25]
    book = sheet_of(browser, lesson)
    book.active.cell(4, 4, "DIS")
    bring(browser, book, lesson)
    seen = browser.get("/spreadsheet/marks/preview")
    names = cells(browser.get(f"/marks/{second}"))
    browser.send(f"/marks/{second}/save", f"/marks/{second}", **{names[2]: "8"})
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', seen))
    browser.client.post("/spreadsheet/marks/apply", data=hidden)
    assert list(marks(lesson).values()) == [14.25, 8.0], "somebody was faster: nothing is written"
    assert browser.send("/spreadsheet/marks/give-up", "/spreadsheet/marks/preview").status_code == 302


def test_a_workbook_that_is_none_is_refused(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)  # noqa: F811
    add_test(browser, lesson)
    book = sheet_of(browser, lesson)
    book.active.cell(2, 3, "=1+1")
    bring(browser, book, lesson)
    assert "formule" in browser.get("/spreadsheet/marks/preview")
    book.active.delete_cols(1)
    answer = bring(browser, book, lesson)
    assert "Identifiant" in browser.get(answer.headers["Location"])


@pytest.mark.row("C01")
def test_the_generated_lists(admin_app: Flask, sqlite_world: World) -> None:
    with school_scope(sqlite_world.a), unit_of_work() as session:
        division = session.get_one(Division, sqlite_world.of[sqlite_world.a]["divisions"][0])
        item = TeachingItem(school_id=sqlite_world.a, kind="subject", code="020700", label="Français",
                            short_label="Français")  # fmt: skip
        session.add(item)
        session.flush()
        pupil = sqlite_world.of[sqlite_world.a]["pupils"][0]
        give(make_paper(division, item, publish_on=date(2026, 10, 6)), (pupil, 7))
    head = sign_in(admin_app, "head", school_id=sqlite_world.a)
    assert "Dictée" in head.get("/test-paper/list/") and "Français" in head.get("/test-paper/list/")
    listed = head.get("/mark/list/")
    assert "7,00" in listed or "7.00" in listed
    assert "Dictée" in sign_in(admin_app, "cpe", school_id=sqlite_world.a).get("/mark/list/")
    assert "Dictée" not in sign_in(admin_app, "teacher", school_id=sqlite_world.a).get("/mark/list/"), "no class"
    other = sign_in(admin_app, "head", school_id=sqlite_world.b)
    assert "Dictée" not in other.get("/test-paper/list/") and "Dictée" not in other.get("/mark/list/")
    head.get("/mark/add", 404)


@pytest.mark.browser
@pytest.mark.row("M127")
def test_the_grid_of_marks_from_the_keyboard(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    pk = add_test(teacher(admin_app, lesson), lesson)
    with visitor(browser, address) as page:
        enter(page, "belhaj")
        page.goto(f"/marks/?{choice(lesson)}")
        judge(page, "notes-liste")
        page.goto(f"/marks/{pk}")
        page.locator("input[data-mark]").first.focus()
        for text in ("12,5", "abs", "7"):
            page.keyboard.type(text)
            page.keyboard.press("Enter")
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")
        assert list(marks(lesson).values()) == [12.5, "ABS", 7.0]
        expect(page.locator("[data-average]")).to_have_text("9,75")
        page.locator("input[data-mark]").first.fill("31")
        expect(page.locator("[data-state]").first).to_contain_text("de 0 à 20")
        judge(page, "notes-saisie")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Coller une colonne").click()
        page.get_by_label("Colonne collée").fill("10\n11\nDIS")
        page.get_by_role("button", name="Remplir la colonne").click()
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")
        assert list(marks(lesson).values()) == [10.0, 11.0, "DIS"]
        page.goto(f"/spreadsheet/marks/?{choice(lesson)}")
        judge(page, "notes-tableur")
