"""« Mots à relire »: the academy's words, in force at once in every school of it (M039)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium

from app.booklets.check_rules import shipped_list
from app.booklets.checks import warnings_for
from app.booklets.watching import watched_words
from app.core.db import admin_db
from app.core.scope import academy_scope, school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.admin.conftest import Browser
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.factories import make_class
from tests.factories import World
from tests.journeys.browser import PHONE, judge, visitor

pytestmark = pytest.mark.row("M039")
PAGE = "/watched-words/"


@pytest.fixture
def booklet(admin_app: Flask, sqlite_world: World) -> Iterator[int]:
    """A booklet whose comment holds one shipped word and one that nobody watches yet."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        _, [one] = make_class(session.get_one(School, sqlite_world.a), pupils=1)
        one.overall_comment = "Parle de religion et de conseil municipal."
        found = one.id
    admin_db.session.remove()
    yield found


def found_in(world: World, booklet: int) -> tuple[str, ...]:
    with school_scope(world.a):
        [warning] = warnings_for([booklet]).get(booklet) or [None]
    admin_db.session.remove()
    return warning.found if warning else ()


def test_added_ignored_and_taken_off(academy: Browser, sqlite_world: World, booklet: int) -> None:
    assert found_in(sqlite_world, booklet) == ("religion",)
    assert f">{len(shipped_list())}<" in academy.get(PAGE)
    academy.send("/watched-words/add", PAGE, word=" Conseil  municipal ", kind="politics")
    assert found_in(sqlite_world, booklet) == ("religion", "conseil municipal")
    assert "Conseil municipal" in academy.get(f"{PAGE}?subject=politics&search=cônseil")
    academy.send("/watched-words/ignore", PAGE, word="religion")
    assert found_in(sqlite_world, booklet) == ("conseil municipal",)
    academy.send("/watched-words/ignore", PAGE, word="religion", again="1")
    with academy_scope(sqlite_world.authority):
        [own] = [one for one in watched_words() if not one.shipped]
    admin_db.session.remove()
    academy.send(f"/watched-words/{own.id}/take-off", PAGE)
    assert found_in(sqlite_world, booklet) == ("religion",)


def test_what_is_no_new_word_is_said(academy: Browser) -> None:
    for word, why in ((" ", "Écrivez un mot"), ("…", "Écrivez un mot"), ("RELIGION", "est déjà dans la liste"),
                      ("x" * 61, "60")):  # fmt: skip
        answer = academy.send("/watched-words/add", PAGE, word=word, kind="religion")
        assert answer.status_code == 422 and why in answer.text, word
    assert academy.send("/watched-words/add", PAGE, word="laïc", kind="x").status_code == 422
    assert academy.send("/watched-words/ignore", PAGE, word="inconnu").status_code == 422
    assert academy.send("/watched-words/999/take-off", PAGE).status_code == 404


@pytest.mark.browser
def test_the_page_is_accessible(academy: Browser, address: str, browser: Chromium, sqlite_world: World) -> None:  # noqa: F811
    with visitor(browser, address) as page:
        page.goto("/login/")
        enter(page, f"academy_admin-1-{sqlite_world.authority}")
        page.goto(f"{PAGE}?subject=union")
        page.get_by_role("heading", name="Mots à relire").wait_for()
        judge(page, "mots-a-relire")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
