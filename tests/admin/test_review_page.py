"""« Relecture »: the warnings of a class, set aside with a reason, exported, and judged by axe-core."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium

from app.booklets.models import BookletWaiver
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.admin.test_groups_page import read
from tests.booklets.factories import make_class
from tests.factories import World
from tests.journeys.browser import PHONE, judge, visitor


@pytest.fixture
def path(admin_app: Flask, sqlite_world: World) -> str:
    """A class of two; a comment names the other pupil and repeats a word."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        division, [ines, zoe] = make_class(session.get_one(School, sqlite_world.a), pupils=2)
        ines.first_name = ines.first_names = "Inès"
        zoe.first_name = zoe.first_names = "Zoé"
        ines.attainments[0].comment = "Zoé bavarde trop trop souvent."
        return f"/review/?division={division.id}&period=1-3"


def test_warnings_are_listed_filtered_exported_and_set_aside(
    head: Browser, admin_app: Flask, sqlite_world: World, path: str
) -> None:
    page = head.get(path)
    keys = re.findall(r'name="rowid" form="ticked" value="([^"]+)"', page)
    assert len(keys) == 2 and "nomme un autre élève" in page and "trop trop" in page
    assert re.search(r'href="/entry/comments/\?[^"]*#line-\d+-comment"', page)
    assert head.get(f"{path}&check=doubled").count('name="rowid"') == 1
    sheet = head.sheet(path.replace("/review/", "/review/export.xlsx"))
    assert sheet.max_row >= 3 and "Français" in [c.value for c in sheet[sheet.max_row]]
    assert head.send("/review/waive", path, rowid=keys, reason=" ").status_code == 422
    assert head.send("/review/waive", path, rowid=keys[0], reason="Deux sœurs").status_code == 302
    assert [w.reason for w in read(sqlite_world.a, BookletWaiver)] == ["Deux sœurs"]
    assert head.get(path).count('name="rowid"') == 1 and "Deux sœurs" in head.get(f"{path}&all=1")
    assert head.send("/review/restore", path, rowid=keys[0]).status_code == 302
    assert read(sqlite_world.a, BookletWaiver) == [] and head.get(path).count('name="rowid"') == 2
    secretary = sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    assert 'name="rowid"' not in secretary.get(path) and "trop trop" in secretary.get(path)


@pytest.mark.browser
def test_no_accessibility_fault(
    head: Browser, path: str, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    with visitor(browser, address) as page:
        enter(page, f"head-1-{sqlite_world.a}")
        page.goto(path)
        judge(page, "review")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
