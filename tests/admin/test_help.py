"""Every page of the administration has its help (M142): the routes themselves are walked."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from app.admin.helping import ABOUT, help_texts, page_name
from tests.admin.conftest import Browser

pytestmark = pytest.mark.row("M142")
NO_PAGES = {"static", "healthz", "appbuilder", "LocaleView", "UtilView", "EntryCells"}


def views(app: Flask) -> set[str]:
    """Names of the views that have a page to show."""
    return {page_name(rule.endpoint) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())} - NO_PAGES


def test_every_page_is_explained_and_nothing_else(admin_app: Flask) -> None:
    """A new page comes with its text; a text without page goes."""
    assert views(admin_app) - help_texts().keys() == set()
    assert help_texts().keys() - views(admin_app) == set()
    assert {near for text in help_texts().values() for near in text.see} <= help_texts().keys()


def test_help_is_short_and_says_what_for() -> None:
    """One sentence of purpose; a screen of text, not a manual."""
    for name, text in help_texts().items():
        assert text.purpose.endswith("."), name
        assert all(line.endswith(".") for line in (*text.steps, *text.notes)), name
        assert len(" ".join((text.purpose, *text.steps, *text.notes))) < 900, name


def test_every_help_page_is_drawn(head: Browser) -> None:
    """With a title for people, in French."""
    for name, text in help_texts().items():
        page = head.get(f"/help/page/{name}")
        title = re.search(r"<h1>([^<]+)", page)
        assert title and (title[1] != name or text.title), name
        assert text.purpose.split("'")[0] in page and ("Voir aussi" in page) == bool(text.see), name
    assert head.client.get("/help/page/Nobody").status_code == 404


@pytest.mark.parametrize(("page", "name"), [
    ("/", "Home"), ("/pupil/list/", "PupilView"), ("/periods/", "PeriodsPage"), ("/codes/create/", "CodesCreatePage"),
    ("/pupil/add", "PupilView"), ("/accessibility", "accessibility"),
])  # fmt: skip
def test_help_in_the_frame_opens_the_pages_own(head: Browser, page: str, name: str) -> None:
    """« Aide » follows the page."""
    assert f'href="/help/page/{name}"' in head.get(page)


def test_the_door_has_help_too(admin_app: Flask) -> None:
    """Who cannot sign in needs it most."""
    client = admin_app.test_client()
    assert "/help/page/SignIn" in client.get("/login/").text
    assert "Se connecter" in client.get("/help/").text
    assert "phrase de passe" in client.get("/help/page/SignIn").text


def test_the_table_of_contents_is_ones_own_menu(head: Browser) -> None:
    """Only pages one may open are offered."""
    contents = head.get("/help/")
    assert "/help/page/PeriodsPage" in contents and "/help/page/PeoplePage" not in contents


def test_about_pages_are_in_every_footer(head: Browser, admin_app: Flask) -> None:
    """What's new, practical information, legal notice, credits, contact: signed in or not."""
    home = head.get("/")
    for page in ABOUT:
        assert f'href="/help/{page}"' in home
        assert admin_app.test_client().get(f"/help/{page}").status_code == 200
    assert "Académie de Montrevel" in head.get("/help/legal")
    assert "CNIL" in head.get("/help/legal")
