"""The pages of absences: added, ticked without and with a script, deleted, imported (M129, M130)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from sqlalchemy import select

from app.core import clock
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.online.absences import Absence
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import judge, visitor
from tests.online.gradebook import make_absence

pytestmark = pytest.mark.row("M129", "M130")
WEEK = "from_day=2026-10-05&to_day=2026-10-11"


@pytest.fixture
def cpe(admin_app: Flask, sqlite_world: World) -> Browser:
    return sign_in(admin_app, "cpe", school_id=sqlite_world.a)


@pytest.fixture(autouse=True)
def in_october() -> Iterator[None]:
    with clock.frozen(datetime(2026, 10, 8, 9, tzinfo=UTC)):
        yield


def stored(world: World) -> list[tuple[str, str, bool, bool]]:
    with school_scope(world.a):
        rows = admin_db.session.execute(select(Absence.day, Absence.half, Absence.filed, Absence.legitimate)
                                        .order_by(Absence.day, Absence.half)).all()
    admin_db.session.remove()
    return [(f"{row.day:%d/%m}", row.half, row.filed, row.legitimate) for row in rows]


def test_added_then_ticked_without_a_script(cpe: Browser, sqlite_world: World) -> None:
    division, pupil = sqlite_world.of[sqlite_world.a]["divisions"][0], sqlite_world.of[sqlite_world.a]["pupils"][0]
    page = f"/absences/?division={division}&{WEEK}"
    typed = {"pupil": str(pupil), "from": "2026-10-06", "from_half": "pm", "to": "2026-10-07", "to_half": "am"}
    assert cpe.send(f"/absences/add?division={division}&{WEEK}", page, **typed).status_code == 302
    assert stored(sqlite_world) == [("06/10", "pm", False, False), ("07/10", "am", False, False)]
    shown = cpe.get(page)
    boxes = re.findall(r'<input type="checkbox" name="(absence-\d+-\w+)"', shown)
    assert len(boxes) == 6
    filed, legitimate = boxes[1], boxes[2]
    assert cpe.send(f"/absences/save?{WEEK}", page, **{filed: "1", legitimate: "1"}).status_code == 302
    assert stored(sqlite_world)[1] == ("07/10", "am", True, True), "latest first on the page"
    refused = cpe.send(f"/absences/add?division={division}&{WEEK}", page, **typed | {"from": "2026-10-11"})
    assert refused.status_code == 422 and "pas un jour de classe" in refused.text.replace("&#39;", "'")
    pk = filed.split("-")[1]
    assert cpe.send(f"/absences/{pk}/delete", page).status_code == 302
    assert len(stored(sqlite_world)) == 1


def bring(browser: Browser, book: Any) -> Any:  # noqa: F811
    out = BytesIO()
    book.save(out)
    page = browser.get("/spreadsheet/absences/")
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    return browser.client.post("/spreadsheet/absences/bring", content_type="multipart/form-data",
                               data=hidden | {"file": (BytesIO(out.getvalue()), "absences.xlsx")})


def test_absences_come_from_a_spreadsheet(cpe: Browser, sqlite_world: World) -> None:
    facts = sqlite_world.of[sqlite_world.a]
    with school_scope(sqlite_world.a), unit_of_work():
        make_absence(sqlite_world.a, facts["pupils"][0], date(2026, 10, 5), filed=False, legitimate=False)
    answer = cpe.client.get(f"/spreadsheet/absences/export.xlsx?division={facts['divisions'][0]}")
    book = load_workbook(BytesIO(answer.data))
    sheet = book.active
    assert [c.value for c in sheet[1]] == ["Identifiant", "Élève", "Jour", "Demi-journée", "Constatée", "Classée",
                                           "Motif légitime", "Motif"]
    assert sheet.max_row == 3 and sheet.cell(2, 4).value == "Matin" and sheet.cell(3, 3).value is None
    sheet.cell(2, 6, "Oui")
    sheet.cell(3, 3, date(2026, 10, 6))
    sheet.cell(3, 4, "après-midi")
    sheet.cell(3, 7, "oui")
    for line in ([facts["pupils"][2], "", date(2026, 10, 7), "Matin", "Oui", "Oui", "Oui", "Grippe"],
                 [facts["pupils"][2], "", date(2026, 10, 7), "Matin"], [999_999, "", date(2026, 10, 7), "Matin"],
                 [facts["pupils"][2], "", date(2026, 10, 11), "Matin"], [facts["pupils"][2], "", date(2026, 10, 8)],
                 [None, "", date(2026, 10, 8), "Matin"]):  # fmt: skip
        sheet.append(line)
    assert bring(cpe, book).status_code == 302
    page = cpe.get("/spreadsheet/absences/preview").replace("&#39;", "'")
    for said in ("demi-journée changée", "demi-journées ajoutées", "sur une autre ligne", "999999",
                 "pas un jour de classe", "Demi-journée : écrivez", "L'identifiant manque", "Grippe"):  # fmt: skip
        assert said in page, said
    assert len(stored(sqlite_world)) == 1
    cpe.send("/spreadsheet/absences/apply", "/spreadsheet/absences/preview")
    assert stored(sqlite_world) == [("05/10", "am", True, False), ("06/10", "pm", False, True),
                                    ("07/10", "am", True, True)]  # fmt: skip
    again = load_workbook(BytesIO(cpe.client.get("/spreadsheet/absences/export.xlsx").data))
    bring(cpe, again)
    page = cpe.get("/spreadsheet/absences/preview")
    assert "Rien à enregistrer" in page, page[page.index("figures"):][:3000]


@pytest.mark.row("C01", "C05")
def test_the_generated_list_and_who_reads_it(admin_app: Flask, cpe: Browser, sqlite_world: World) -> None:
    with school_scope(sqlite_world.a), unit_of_work():
        make_absence(sqlite_world.a, sqlite_world.of[sqlite_world.a]["pupils"][0], date(2026, 10, 5), reason="Grippe")
    assert "Grippe" in cpe.get("/absence/list/")
    assert "Grippe" not in sign_in(admin_app, "cpe", school_id=sqlite_world.b).get("/absence/list/")
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.a)
    for path in ("/absence/list/", "/absences/", "/spreadsheet/absences/"):
        teacher.get(path, 403)


@pytest.mark.browser
def test_ticks_save_themselves(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    sign_in(admin_app, "cpe", school_id=sqlite_world.a)
    with school_scope(sqlite_world.a), unit_of_work():
        for day in (5, 6):
            make_absence(sqlite_world.a, sqlite_world.of[sqlite_world.a]["pupils"][0], date(2026, 10, day),
                         filed=False, legitimate=False)  # fmt: skip
    with visitor(browser, address) as page:
        enter(page, f"cpe-1-{sqlite_world.a}")
        page.goto(f"/absences/?division={sqlite_world.of[sqlite_world.a]['divisions'][0]}&{WEEK}")
        judge(page, "absences-saisie")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.locator("input[type=checkbox][name$='-filed']").first.check()
        page.locator("input[type=checkbox][name$='-legitimate']").first.check()
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")
        assert stored(sqlite_world) == [("05/10", "am", False, False), ("06/10", "am", True, True)]
        page.goto("/spreadsheet/absences/")
        judge(page, "absences-tableur")
