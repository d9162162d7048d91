"""The page where the head marks a subject « not assessed », and what teachers then read."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium

from app.booklets.models import Attainment, Booklet
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
def chosen(admin_app: Flask, sqlite_world: World) -> dict[str, str]:
    """A class of three in its first period, and its first subject."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        division, booklets = make_class(session.get_one(School, sqlite_world.a))
        return {"division": str(division.id), "period": "1-3", "item": str(booklets[0].attainments[0].item_id)}


def test_the_head_marks_and_takes_back_and_teachers_see_why(
    head: Browser, admin_app: Flask, sqlite_world: World, chosen: dict[str, str]
) -> None:
    query = "&".join(f"{name}={value}" for name, value in chosen.items())
    page = f"/not-assessed/?{query}"
    assert "Français" in head.get(page)
    assert head.send("/not-assessed/save", page, **chosen, reason=" ").status_code == 422
    assert head.send("/not-assessed/save", page, **chosen, reason="Poste vacant").status_code == 302
    marked = [line.not_assessed for line in read(sqlite_world.a, Attainment) if str(line.item_id) == chosen["item"]]
    assert marked == ["Poste vacant"] * 3 and "Poste vacant" in head.get(page)
    secretary = sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    assert "Poste vacant" in secretary.get(page) and "Marquer" not in secretary.get(page)
    told = head.get(f"/entry/comments/?{query}")
    assert "La direction a marqué cette discipline" in told and "Poste vacant" in told
    other = {**chosen, "item": str(max(line.item_id for line in read(sqlite_world.a, Attainment)))}
    others = "&".join(f"{name}={value}" for name, value in other.items())
    assert "La direction a marqué cette discipline" not in head.get(f"/entry/comments/?{others}")
    assert head.send("/not-assessed/save", page, **chosen, undo="1").status_code == 302
    assert {line.not_assessed for line in read(sqlite_world.a, Attainment)} == {None}
    assert head.send("/not-assessed/save", page, **chosen | {"item": "x"}, reason="a").status_code == 422
    assert len(read(sqlite_world.a, Booklet)) == 3


@pytest.mark.browser
def test_no_accessibility_fault(
    head: Browser, chosen: dict[str, str], address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    page_address = "/not-assessed/?" + "&".join(f"{name}={value}" for name, value in chosen.items())
    head.send("/not-assessed/save", page_address, **chosen, reason="Poste vacant")
    with visitor(browser, address) as page:
        enter(page, f"head-1-{sqlite_world.a}")
        page.goto(page_address)
        judge(page, "not-assessed")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
