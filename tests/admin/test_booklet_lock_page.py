"""The page « Verrouiller »: what would happen, the job for a class, a level or the school, and unlocking."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium

from app.booklets.models import Booklet
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.models import Job, JobLine
from app.schools.models import School
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.admin.test_groups_page import read
from tests.booklets.factories import fill, make_class
from tests.factories import World
from tests.journeys.browser import judge, visitor

PAGE = "/booklet-lock/?period=1-3"


@pytest.fixture
def place(admin_app: Flask, sqlite_world: World) -> dict[str, Any]:
    """Two filled booklets of three in a class; with the same words."""
    school_id = sqlite_world.a
    with school_scope(school_id), unit_of_work() as session:
        division, booklets = make_class(session.get_one(School, school_id))
        for booklet in booklets[:2]:
            fill(booklet)
        return {"school": school_id, "division": division.id, "ids": [booklet.id for booklet in booklets]}


def states(place: dict[str, Any]) -> list[str]:
    return [booklet.state for booklet in sorted(read(place["school"], Booklet), key=lambda one: one.id)]


@pytest.mark.row("M044", "M045", "M048")
def test_from_the_preview_to_the_report_and_back(head: Browser, place: dict[str, Any]) -> None:
    shown = head.get(PAGE)
    assert "Verrouiller les 2 bilans" in shown and "avertissements" in shown
    assert "Mathématiques" in shown, "what the third lacks"
    assert f"/booklet/{place['ids'][2]}?side=verso#overall" in shown, "each lack leads to its own place (M042)"
    assert states(place).count("locked") == 0, "looking changes nothing"
    sent = {"population": f"division-{place['division']}", "period": "1-3"}
    assert "/jobs/" in head.send("/booklet-lock/run", PAGE, **sent).location
    [job] = read(place["school"], Job)
    assert jobs.run_here(job.id).result["done"] == 2
    assert states(place) == ["locked", "locked", "draft"]
    assert len(read(place["school"], JobLine)) == 1
    assert "Déverrouiller les 2 bilans" in head.get(PAGE)
    assert head.send("/booklet-lock/undo", PAGE, reason=" ", **sent).status_code == 422
    head.send("/booklet-lock/undo", PAGE, reason="Une erreur de moyenne", **sent)
    jobs.run_here(max(job.id for job in read(place["school"], Job)))
    assert states(place) == ["complete", "complete", "draft"]


def test_a_choice_of_nothing_is_said(head: Browser, place: dict[str, Any]) -> None:
    assert "Aucun bilan" in head.get("/booklet-lock/?period=3-3")
    assert head.client.get("/booklet-lock/?period=9").status_code == 422
    assert head.client.get("/booklet-lock/?level=x&period=1-3").status_code == 422


@pytest.mark.browser
def test_the_page_is_accessible(admin_app: Flask, address: str, browser: Chromium, place: dict[str, Any]) -> None:  # noqa: F811
    sign_in(admin_app, "head", school_id=place["school"])
    with visitor(browser, address) as page:
        page.goto("/login/")
        enter(page, f"head-1-{place['school']}")
        page.goto(PAGE)
        judge(page, "verrouiller")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
