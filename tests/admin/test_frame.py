"""The frame of every page: title that leads home, breadcrumb, menu bar, icons that say what they do."""

from __future__ import annotations

import re
from html import unescape
from xml.etree import ElementTree

import pytest
from flask import Flask

from app.admin.menu import CATEGORIES
from app.core.ui import APP, STATIC
from tests.admin.conftest import Browser, sign_in
from tests.factories import World


@pytest.mark.row("M001")
def test_context_header(head: Browser) -> None:
    """Person and role, UAI, school and year, and the two buttons; leaving is a POST."""
    top = head.get("/pupil/list/").split("<main", 1)[0]
    assert "Odile Fontanel" in top and "Collège Essai 1" in top and "2026-2027" in top
    assert re.search(r"\d{7}[A-Z] - Collège Essai 1", top)
    assert re.search(r'<form method="post"[^>]*>.*?<span>Quitter</span></button></form>', top, re.S)


@pytest.mark.row("M002")
def test_title_leads_home_and_breadcrumb_says_where(head: Browser) -> None:
    """« Livret scolaire » leads home from everywhere; each step of the breadcrumb but the last is a way back."""
    page = head.get("/division/add")
    assert re.search(r'<a class="brand" href="/">.*?Livret scolaire', page, re.S)
    trail = page.split('class="breadcrumb"', 1)[1].split("</nav>", 1)[0]
    assert re.findall(r">([^<>\n]+)</(?:a|span)>", trail) == ["Accueil", "Paramétrage", "Classes", "Ajouter une classe"]
    assert re.search(r'<span aria-current="page">Ajouter une classe</span>', trail)


def test_each_page_has_its_own_title(head: Browser) -> None:
    """FAB's are all the same."""
    titles = {re.search("<title>(.*?)</title>", head.get(path))[1]  # type: ignore[index]
              for path in ("/pupil/list/", "/pupil/add", "/guardian/list/", "/")}
    assert len(titles) == 4
    assert all(title.endswith("Livret scolaire") for title in titles)


@pytest.mark.row("M002")
def test_menu_bar_shows_what_one_may_use(
    admin_app: Flask, head: Browser, academy: Browser, sqlite_world: World
) -> None:
    """The order is fixed; an entry comes with its page, for whoever may open it, and opens."""
    def menu(browser: Browser) -> dict[str, list[str]]:
        nav = browser.get("/").split('<nav class="menu"', 1)[1].split("</nav>", 1)[0]
        parts = nav.split("<summary")[1:]
        return {re.search(r">([^<]+)<", part)[1]: re.findall(r'<a href="([^"]+)"', part) for part in parts}  # type: ignore[index]

    librarian = sign_in(admin_app, "librarian", school_id=sqlite_world.a)
    order = ["Bilans", "Paramétrage", "Échanges de données", "Téléservices", "Académie"]
    for browser in (head, librarian, academy):
        shown = menu(browser)
        assert list(shown) == [title for title in order if title in shown]
        for entries in shown.values():
            assert entries
            assert {browser.client.get(href).status_code for href in entries} == {200}
    assert "Téléservices" in menu(head) and "Téléservices" not in menu(librarian)
    assert "/guardian/list/" not in menu(librarian)["Paramétrage"]
    assert "Académie" in menu(academy) and "Académie" not in menu(head)
    assert "/school/list/" in menu(head)["Paramétrage"]
    assert len(CATEGORIES) == len(order)


@pytest.mark.row("M013")
def test_icons_have_hover_text_and_words(head: Browser) -> None:
    """Whatever shows only an icon says what it does on hover and to a screen reader."""
    page = head.get("/pupil/list/")
    alone = re.findall(r'<(?:a|button) class="btn-icon[^>]*>.*?</(?:a|button)>', page, re.S)
    assert len(alone) >= 9, "view, edit and delete on each of three rows"
    for control in alone:
        words = re.search(r'title="([^"]+)"', control)
        assert words and f'<span class="sr-only">{words[1]}</span>' in control
    assert re.search('title="Modifier [^"]+"', page) and re.search('title="Consulter [^"]+"', page)


@pytest.mark.row("M013")
def test_every_icon_named_in_a_template_is_drawn() -> None:
    """The sprite holds the guide's set and whatever the templates call."""
    drawn = {symbol.get("id") for symbol in ElementTree.parse(STATIC / "icons.svg").getroot()}
    assert drawn >= {"edit", "save", "back", "add", "view", "delete", "duplex", "print", "lock", "history", "logout"}
    called = set()
    for template in APP.rglob("templates/**/*.html"):
        text = template.read_text(encoding="utf-8")
        called |= set(re.findall(r'icon(?:_link|_button)?\("([a-z-]+)"', text))
    assert called - drawn == set()


@pytest.mark.row("M013")
def test_accessibility_statement_is_one_step_away(admin_app: Flask, head: Browser) -> None:
    """Every page says how accessible the application is, and leads to the statement."""
    foot = head.get("/pupil/list/").split('<footer', 1)[1]
    assert "Accessibilité : partiellement conforme" in foot
    assert 'href="/accessibility"' in foot
    assert "RGAA" in Browser(admin_app.test_client()).get("/accessibility"), "no need to sign in"


def test_pages_carry_nothing_inline() -> None:
    """The policy forbids inline scripts and styles: a template with one would silently break."""
    for template in APP.rglob("templates/**/*.html"):
        text = template.read_text(encoding="utf-8")
        if "email" in template.parts:
            continue
        assert not re.search(r'\sstyle="|\son[a-z]+="|<style', text), template
        assert not re.search(r"<script(?![^>]*(?:src|nonce)=)", text), template


def test_refusals_look_like_the_rest(head: Browser) -> None:
    """403 and 404 keep the frame and say what to do."""
    for path, status in (("/nowhere", 404), ("/pupil/show/999", 404), ("/authority/list/", 403)):
        page = head.get(path, status=status)
        assert '<div class="card stop">' in page and 'class="btn" href="/"' in page
        assert '<a class="brand" href="/">' in page


@pytest.mark.row("M062")
def test_sub_headings_of_the_menus(head: Browser, academy: Browser) -> None:
    """« Téléservices » has the four groups of the guide, « Paramétrage » begins with M003; no page is left unplaced."""
    def groups(browser: Browser, title: str) -> dict[str, list[str]]:
        nav = browser.get("/").split('<nav class="menu"', 1)[1].split("</nav>", 1)[0]
        part = next(part for part in nav.split("<summary")[1:] if re.search(r">([^<]+)<", part)[1] == title)  # type: ignore[index]
        heading = r'<span class="menu-heading" id="([^"]+)">([^<]+)</span>'
        found = re.findall(heading + r'\s*<ul aria-labelledby="([^"]+)">(.*?)</ul>', part, re.S)
        assert found and all(own == named for own, _label, named, _list in found)
        assert len(re.findall("<a ", part)) == sum(one[3].count("<a ") for one in found), "every page has a heading"
        return {unescape(label): re.findall(r">([^<]+)</a>", links) for _own, label, _named, links in found}

    online = groups(head, "Téléservices")
    order = ["Gestion des téléservices", "Accès des responsables", "Accès des élèves"]
    assert [label for label in online if label in order] == order
    assert online["Gestion des téléservices"][:2] == ["Ouverture et fermeture", "Paramétrage des téléservices"]
    wanted = ["Créer les codes des responsables", "Notifier les codes des responsables",
              "Gérer le code pour un (responsable, élève)"]  # fmt: skip
    assert [label for label in online["Accès des responsables"] if label in wanted] == wanted
    assert online["Accès des élèves"][:2] == ["Notifier les élèves en masse", "Gérer le code pour un élève"]
    settings = groups(head, "Paramétrage")
    assert next(iter(settings)) == "Bilans" and len(settings) >= 4
    unplaced = {"Autres"} & {*online, *settings, *groups(academy, "Académie")}
    assert not unplaced, "place the new page in app/admin/menu.py"


@pytest.mark.row("M093")
def test_one_search_box_on_every_page(admin_app: Flask, head: Browser, academy: Browser, sqlite_world: World) -> None:
    """A name typed anywhere leads to the couples found; whoever may not see codes has no box."""
    for path in ("/", "/pupil/list/", "/periods/", "/help/"):
        top = head.get(path).split("<main", 1)[0]
        form = re.search(r'<form class="quick-search" method="get" action="([^"]+)" role="search".*?</form>', top, re.S)
        assert form and form[1] == "/couples/" and 'name="q"' in form[0], path
        assert re.search(r'<label class="sr-only" for="quick-search">[^<]+</label>', form[0])
    librarian = sign_in(admin_app, "librarian", school_id=sqlite_world.a)
    for browser in (librarian, academy):
        assert "quick-search" not in browser.get("/")
    for path in ("/people/", "/schools/", "/statistics/pupils/"):
        assert "quick-search" not in academy.get(path), path
