"""The pages of the workflows: what they say follows from the files and from the table of rights (C02)."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from lxml import etree
from playwright.sync_api import Page

from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.online.models import OnlineService
from app.security.roles import exercising
from app.workflow import catalogue, engine
from tests.admin.conftest import PASSPHRASE, Browser, sign_in
from tests.browser import chromium, fits, live_admin, signed_in  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import DESK, PHONE, judge
from tests.workflow.samples import force, make

NAMES = catalogue.names()
DRAWN = "[...document.querySelectorAll('.drawing img')].map((image) => [image.naturalWidth, image.currentSrc])"
SVG = "{http://www.w3.org/2000/svg}"


def words(page: str) -> str:
    """What a page says, without its tags."""
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.split("<main", 1)[1]).split()))


def rows(page: str, table: str) -> list[list[str]]:
    """The cells of one table, in words."""
    part = page.split(f'aria-labelledby="{table}"', 1)[1].split("</table>", 1)[0].split("<tbody", 1)[1]
    cells = [re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", row, re.S) for row in part.split("<tr ")[1:]]
    return [[unescape(" ".join(re.sub(r"<[^>]+>", " ", cell).split())) for cell in row] for row in cells]


@pytest.mark.row("C02")
def test_the_list_has_every_workflow_with_states_and_rights(head: Browser) -> None:
    """One row for each file of `workflows/`."""
    page = head.get("/workflows/")
    said = words(page)
    for name in NAMES:
        definition = catalogue.definition(name)
        assert f'href="/workflows/{name}"' in page
        assert " ".join(state.label.fr for state in definition.states.values()) in said
    assert "Codes d'activation des responsables" in said and "Notifier" in said


@pytest.mark.row("C02")
@pytest.mark.parametrize("name", NAMES)
def test_the_page_tells_every_transition_and_state(head: Browser, name: str) -> None:
    """The table is the diagram's equivalent in words: nothing of the file is missing from it."""
    definition = catalogue.definition(name)
    page = head.get(f"/workflows/{name}")
    told = rows(page, "transitions-title")
    assert [row[0] for row in told] == [move.label.fr for move in definition.transitions.values()]
    for row, move in zip(told, definition.transitions.values(), strict=True):
        for source, target in move.moves.items():
            assert definition.states[source].label.fr in row[1] and definition.states[target].label.fr in row[1]
        assert ("Oui" in row[4]) is (move.ask is not None)
    assert [row[0] for row in rows(page, "states-title")] == [state.label.fr for state in definition.states.values()]


@pytest.mark.row("C02")
def test_who_and_under_which_conditions(head: Browser) -> None:
    """Roles are those that hold the permission where they work; conditions speak for themselves."""
    told = {row[0]: row for row in rows(head.get("/workflows/guardian_code"), "transitions-title")}
    assert told["Notifier"][1] == "Créé Notifié vers Notifié Utilisé vers Utilisé"
    assert told["Notifier"][2] == "Chef d'établissement, Secrétariat"
    assert told["Utiliser"][2] == "L'application"
    assert told["Continuité d'accès"][2] == "Chef d'établissement, Secrétariat, l'application"
    assert told["Continuité d'accès"][3].startswith("Aucun téléservice n'est ouvert dans l'établissement.")
    states = {row[0]: row for row in rows(head.get("/workflows/guardian_code"), "states-title")}
    assert states["Utilisé"][1:3] == ["Sans le code", "Montré aux familles"]
    assert states["Invalidé"][1:] == ["Pas de courrier", "Caché aux familles", "Fin"]


def test_roles_that_exercise_a_permission() -> None:
    """The academy administrator holds the schools' permissions to hand them on, and acts on the academy's own."""
    assert exercising([("can_close", "service")]) == ["head"]
    assert exercising([("can_cancel", "job")]) == ["head", "secretary", "academy_admin"]
    assert exercising([]) == []


@pytest.mark.row("C02")
@pytest.mark.parametrize("name", NAMES)
def test_the_diagram_has_its_own_address(head: Browser, name: str) -> None:
    """SVG, with roles instead of permissions, light or dark; the page shows it with words in its place."""
    page = head.get(f"/workflows/{name}")
    assert f'<source srcset="/workflows/{name}.svg?scheme=dark" media="(prefers-color-scheme: dark)">' in page
    assert re.search(rf'<img src="/workflows/{name}\.svg" alt="Diagramme [^"]+">', page)
    drawings = {}
    for scheme in ("light", "dark"):
        answer = head.client.get(f"/workflows/{name}.svg?scheme={scheme}")
        assert answer.mimetype == "image/svg+xml"
        drawings[scheme] = etree.fromstring(answer.data)
        said = [text.text for text in drawings[scheme].iter(f"{SVG}text")]
        assert {state.label.fr for state in catalogue.definition(name).states.values()} <= set(said)
        assert not [text for text in said if ":" in text], "a permission instead of a role"
    assert drawings["light"].get("color") != drawings["dark"].get("color")


def test_the_reader_chooses_the_language(head: Browser) -> None:
    head.client.get("/lang/en")
    assert "Online service" in head.get("/workflows/service")
    drawing = head.client.get("/workflows/service.svg").text
    assert "Head of school" in drawing and "Ouvert" not in drawing


@pytest.mark.parametrize("path", ["/workflows/nothing", "/workflows/nothing.svg", "/workflows/..%2Fjob"])
def test_an_unknown_workflow_does_not_exist(head: Browser, path: str) -> None:
    head.get(path, 404)


@pytest.mark.row("M002")
def test_each_finds_the_page_where_it_belongs(
    admin_app: Flask, head: Browser, academy: Browser, sqlite_world: World
) -> None:
    """Under « Académie » for its administrator, under « Paramétrage » in a school; the breadcrumb agrees."""
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.a)
    for browser, category in ((head, "Paramétrage"), (teacher, "Paramétrage"), (academy, "Académie")):
        page = browser.get("/workflows/")
        menu = page.split('<nav class="menu"', 1)[1].split("</nav>", 1)[0]
        assert menu.count('href="/workflows/"') == 1
        assert category in menu.split('href="/workflows/"', 1)[0].rsplit("<summary", 1)[1]
        assert f"Accueil {category} Cycles de vie" in words(page)


@pytest.mark.row("C02")
def test_in_a_browser(
    admin_app: Flask, signed_in: Callable[[str, str], Page], sqlite_world: World  # noqa: F811
) -> None:
    """No fault for axe-core, on a phone and on a desk, light and dark; nothing sticks out; diagrams are drawn."""
    sign_in(admin_app, "head", school_id=sqlite_world.a)
    with school_scope(sqlite_world.a), unit_of_work():
        lived = make("guardian_code", sqlite_world, "created")
        force(admin_db, OnlineService, OnlineService.school_id == sqlite_world.a, state="closed")
        engine.record_creation(lived, actor=SYSTEM)
        engine.apply(lived, "notify", actor=SYSTEM, reason="Courrier perdu, la famille a rappelé")
        code = lived.id
        job = make("job", sqlite_world, "failed").id
    page = signed_in(f"head-1-{sqlite_world.a}", PASSPHRASE)
    paths = {"workflows": "/workflows/", "code": f"/guardian-code/show/{code}", "a-job": f"/jobs/{job}"}
    for name, path in (paths | {name: f"/workflows/{name}" for name in NAMES}).items():
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.goto(path)
            drawn = page.evaluate(DRAWN)
            assert all(width > 300 and ("dark" in source) is (scheme == "dark") for width, source in drawn)
            assert len(drawn) == (1 if name in NAMES else 0)
            judge(page, f"workflow-{name}-{scheme}")
            for size in (PHONE, DESK):
                page.set_viewport_size(size)  # type: ignore[arg-type]
                assert fits(page), (name, size)
