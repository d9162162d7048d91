"""The list of booklets and the page of one (M040–M043, M045): what each person sees, does and is told."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select

from app.booklets.models import Booklet
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.factories import fill, make_class
from tests.booklets.staffroom import someone
from tests.factories import World
from tests.journeys.browser import judge, visitor
from tests.statements import statements


@pytest.fixture
def place(admin_app: Flask, sqlite_world: World) -> dict[str, Any]:
    """A class of three: one complete, one begun, one empty; a teacher of the first subject."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.a)
        division, booklets = make_class(school)
        fill(booklets[0])
        booklets[1].overall_comment = "Un début prometteur."
        item = booklets[0].attainments[0].item
        someone(school, "teacher", "un", teaches=((division, item),))
        return {"school": school.id, "division": division.id, "ids": [b.id for b in booklets],
                "names": [b.last_name for b in booklets], "line": booklets[0].attainments[0].id}


def after(somebody: Browser, path: str, page: str, **fields: Any) -> str:
    """Send a form and read the page it leads to."""
    answer = somebody.send(path, page, **fields)
    return somebody.get(answer.headers["Location"]) if answer.status_code == 302 else answer.text


def state_of(place: dict[str, Any], n: int = 0) -> str:
    with school_scope(place["school"]):
        found = admin_db.session.scalars(select(Booklet.state).where(Booklet.id == place["ids"][n])).one()
    admin_db.session.remove()
    return found


@pytest.fixture
def head(admin_app: Flask, place: dict[str, Any]) -> Browser:
    return sign_in(admin_app, "head", school_id=place["school"])


@pytest.mark.row("M040")
def test_the_list_shows_states_and_what_is_missing(head: Browser, place: dict[str, Any]) -> None:
    page = head.get(f"/booklets/?division={place['division']}&period=1-3")
    assert all(name in page for name in place["names"]) and "3 bilans" in page
    assert "Il manque 4 éléments" in page and "Il manque 5 éléments" in page
    assert "Français : positionnement ou moyenne, appréciation." in page
    one = head.get(f"/booklets/?division={place['division']}&period=1-3&name={place['names'][1].lower()}")
    assert place["names"][1] in one and place["names"][0] not in one
    assert "Aucun bilan ici" in head.get(f"/booklets/?division={place['division']}&period=1-3&state=edited")


@pytest.mark.row("M040", "C04")
def test_the_list_is_exported_as_filtered(head: Browser, place: dict[str, Any]) -> None:
    answer = head.client.get(f"/booklets/export.xlsx?division={place['division']}&period=1-3")
    rows = list(load_workbook(BytesIO(answer.data)).active.values)
    assert rows[0][:5] == ("Classe", "Nom", "Prénom", "État", "Manque") and len(rows) == 4
    assert rows[2][4] == 4 and "Français" in rows[2][5]


@pytest.mark.row("M045", "M048")
def test_ticked_booklets_are_locked_and_unlocked(head: Browser, place: dict[str, Any]) -> None:
    ids = [str(id) for id in place["ids"][:2]]
    page = after(head, "/booklets/lock", "/booklets/", rowid=ids, division=str(place["division"]))
    assert "1 bilan est verrouillé." in page and "non verrouillé" in page
    assert (state_of(place), state_of(place, 1)) == ("locked", "draft")
    assert "Cochez au moins un bilan" in after(head, "/booklets/lock", "/booklets/")
    head.send("/booklets/unlock", "/booklets/", rowid=ids[:1], reason="Une faute")
    assert state_of(place) == "complete"


@pytest.mark.row("M045", "M046")
def test_icons_are_active_or_greyed_with_the_reason(head: Browser, place: dict[str, Any]) -> None:
    path = f"/booklets/?division={place['division']}&period=1-3"
    page = head.get(path)
    assert page.count('form="lock-') == 1 and page.count("ne peut pas encore être verrouillé") == 2 * 2
    assert page.count("Seul un bilan verrouillé") == 3 * 2
    head.send("/booklets/lock", path, rowid=[str(place["ids"][0])])
    page = head.get(path)
    assert 'form="lock-' not in page and f'href="/booklet-edit/?ids={place["ids"][0]}"' in page


@pytest.mark.row("M041", "M042", "M045")
def test_the_page_of_one_says_what_is_missing_and_where(head: Browser, place: dict[str, Any]) -> None:
    first, second, third = place["ids"]
    page = head.get(f"/booklet/{second}")
    assert "Bilan précédent" in page and "Bilan suivant" in page
    assert "Il manque 4 éléments avant de pouvoir le verrouiller" in page
    assert 'disabled aria-describedby="lacks-title"' in page
    assert f'href="/booklet/{second}?side=recto#line-' in page and "M. BELHAJ" in page
    complete = head.get(f"/booklet/{first}")
    assert "Rien ne manque" in complete and "Bilan précédent" not in complete
    assert "Un trimestre sérieux" in head.get(f"/booklet/{first}?side=verso")
    assert head.client.get("/booklet/987654").status_code == 404


@pytest.mark.row("M041")
def test_what_one_may_write_is_written_in_place(head: Browser, place: dict[str, Any]) -> None:
    path, cell = f"/booklet/{place['ids'][0]}", f"line-{place['line']}-comment"
    base = {f"base:{cell}": "Travail régulier et soigné."}
    assert f'name="{cell}"' in head.get(path)
    page = after(head, f"{path}/save", path, **{cell: "Bien.", **base})
    assert "Bien." in page and "message" in page
    again = head.send(f"{path}/save", path, **{cell: "Autre.", **base}).text
    assert "Ce qui est enregistré" in again and "Autre." in again, "two versions: both are shown, nothing is lost"


@pytest.mark.row("M043")
def test_the_history_tells_who_when_before_and_after(head: Browser, place: dict[str, Any]) -> None:
    path, cell = f"/booklet/{place['ids'][0]}", f"line-{place['line']}-comment"
    head.send(f"{path}/save", path, **{cell: "Bien.", f"base:{cell}": "Travail régulier et soigné."})
    page = head.get(f"{path}?side=history")
    assert "Français – Appréciation" in page and "<del>Travail régulier et soigné.</del>" in page
    assert "<ins>Bien.</ins>" in page and "pas encore été édité" in page


def test_a_locked_booklet_is_read_only(head: Browser, place: dict[str, Any]) -> None:
    head.send("/booklets/lock", "/booklets/", rowid=[str(place["ids"][0])])
    page = head.get(f"/booklet/{place['ids'][0]}")
    assert "<textarea" not in page and "Motif" in page


def test_a_teacher_writes_the_own_lines_and_locks_nothing(admin_app: Flask, place: dict[str, Any]) -> None:
    teacher = sign_in(admin_app, "teacher", school_id=place["school"])
    assert teacher.client.get(f"/booklet/{place['ids'][0]}").status_code == 404, "not a class of this teacher's"
    assert "Aucun" in teacher.get("/booklets/")


def test_the_list_costs_the_same_whatever_its_length(head: Browser, place: dict[str, Any]) -> None:
    def cost() -> int:
        with statements() as sent:
            head.get(f"/booklets/?division={place['division']}&period=1-3")
        return len(sent)

    before = cost()
    with school_scope(place["school"]), unit_of_work() as session:
        from app.schools.models import Division
        from tests.booklets.factories import make_booklet
        from tests.factories import make_pupil

        school, division = session.get_one(School, place["school"]), session.get_one(Division, place["division"])
        for _ in range(10):
            make_booklet(school, make_pupil(school, division), division)
    admin_db.session.remove()
    assert cost() <= before


@pytest.mark.browser
def test_the_pages_are_accessible_on_a_desk_and_on_a_phone(
    admin_app: Flask, address: str, browser: Chromium, place: dict[str, Any]  # noqa: F811
) -> None:
    sign_in(admin_app, "head", school_id=place["school"])
    with visitor(browser, address) as page:
        page.goto("/login/")
        enter(page, f"head-1-{place['school']}")
        for name, path in {
            "bilans": f"/booklets/?division={place['division']}&period=1-3",
            "bilan-recto": f"/booklet/{place['ids'][1]}",
            "bilan-verso": f"/booklet/{place['ids'][1]}?side=verso",
            "bilan-historique": f"/booklet/{place['ids'][0]}?side=history",
        }.items():  # fmt: skip
            page.goto(path)
            judge(page, name)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.row("M046")
def test_only_a_locked_booklet_offers_its_edition(head: Browser, place: dict[str, Any]) -> None:
    path = f"/booklet/{place['ids'][0]}"
    assert "Seul un bilan verrouillé" in head.get(path)
    head.send("/booklets/lock", "/booklets/", rowid=[str(place["ids"][0])])
    assert f'href="/booklet-edit/?ids={place["ids"][0]}"' in head.get(path)
    answer = head.send("/booklets/edit", "/booklets/", rowid=[str(place["ids"][0])])
    assert answer.headers["Location"].endswith(f"/booklet-edit/?ids={place['ids'][0]}")
