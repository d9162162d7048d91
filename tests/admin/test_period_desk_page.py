"""« Fin de période » on screen: the desk of the head, closings, reopenings, reminders after a preview."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select

from app.booklets.locking import lock
from app.booklets.models import EntryClosing, EntryReopening
from app.booklets.selection import Picked
from app.core.actor import SYSTEM
from app.core.clock import today
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.jobs.models import Job
from app.schools.models import School
from app.schools.people import Staff
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.admin.test_groups_page import read
from tests.booklets.factories import fill, make_class
from tests.booklets.staffroom import someone
from tests.factories import World
from tests.journeys.browser import PHONE, judge, visitor

DESK = "/end-of-period/?period=1/3"


@pytest.fixture
def place(admin_app: Flask, sqlite_world: World) -> dict[str, Any]:
    """Two classes, one of three pupils with a complete booklet, a teacher of it with an address."""
    school_id = sqlite_world.a
    with school_scope(school_id), unit_of_work() as session:
        school = session.get_one(School, school_id)
        division, booklets = make_class(school)
        fill(booklets[0])
        lock(Picked(1, 3, division.id), actor=SYSTEM)
        items = [line.item for line in booklets[0].attainments]
        teacher = someone(school, "teacher", "ozgur", teaches=tuple((division, item) for item in items[:2]))
        someone(school, "class_teacher", "marchenoir", leads=division)
        staff = session.scalars(select(Staff).where(Staff.user_id == teacher.user_id)).one()
        staff.email = "yael.ozgur@example.org"
        return {"school": school_id, "division": str(division.id), "staff": str(staff.id), "name": str(staff)}


def test_the_head_closes_reopens_and_reminds(head: Browser, place: dict[str, Any]) -> None:
    page = head.get(DESK)
    assert place["name"] in page and "4C, Français" in page and "Sans adresse" in page
    day = (today() + timedelta(2)).isoformat()
    term = {"period": "1/3"}
    head.send("/end-of-period/close", DESK, division=place["division"], closes_on=day, **term)
    assert [one.closes_on.isoformat() for one in read(place["school"], EntryClosing)] == [day]
    head.send("/end-of-period/reopen", DESK, division=place["division"], staff=place["staff"], until=day, **term)
    [again] = read(place["school"], EntryReopening)
    assert "Saisie rouverte" in head.get(DESK)
    head.send(f"/end-of-period/reopening/{again.id}/end", DESK, **term)
    assert read(place["school"], EntryReopening) == []
    preview = head.get(f"/end-of-period/remind?period=1/3&staff={place['staff']}")
    assert "yael.ozgur@example.org" in preview and "1 message" in preview
    head.send("/end-of-period/remind", DESK, staff=place["staff"], **term)
    [job] = [one for one in read(place["school"], Job) if one.kind == "booklets.remind"]
    assert job.params == {"position": 1, "period_count": 3, "staff": [int(place["staff"])], "again": False}


def test_bad_input_is_said_and_loses_nothing(head: Browser, place: dict[str, Any]) -> None:
    for path, sent in {
        "/end-of-period/close": {"closes_on": "2026-02-31", "division": place["division"]},
        "/end-of-period/reopen": {"until": "", "division": place["division"], "staff": place["staff"]},
    }.items():
        assert head.send(path, DESK, period="1/3", **sent).status_code == 422, path
    assert head.send("/end-of-period/close", DESK, period="1/3", closes_on="").status_code == 422, "no class ticked"
    assert head.client.get("/end-of-period/remind?period=1/3").status_code == 302
    empty = head.get("/end-of-period/?period=2/3")
    assert "Aucun bilan pour l" in empty and "Trimestre 1" in empty, "the way back to a period that has some"


def test_a_secretary_reads_and_a_teacher_sees_nothing(admin_app: Flask, place: dict[str, Any]) -> None:
    page = sign_in(admin_app, "secretary", school_id=place["school"]).get(DESK)
    assert place["name"] in page and "Relancer par courriel" not in page and "Fixer le dernier jour" not in page
    assert sign_in(admin_app, "teacher", school_id=place["school"]).client.get(DESK).status_code == 403


@pytest.mark.browser
def test_the_desk_is_accessible_and_fits_a_phone(
    admin_app: Flask, address: str, browser: Chromium, place: dict[str, Any]  # noqa: F811
) -> None:
    sign_in(admin_app, "head", school_id=place["school"])
    with visitor(browser, address) as page:
        page.goto("/login/")
        enter(page, f"head-1-{place['school']}")
        page.goto(DESK)
        judge(page, "fin-de-periode")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name="Relancer par courriel").click()
        judge(page, "fin-de-periode-rappels")
