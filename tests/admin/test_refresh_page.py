"""« Synchronisation élèves enseignants »: where each kind of school finds it, what it asks, what its report says."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.jobs import services
from app.schools.models import Division, School
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_booklet_setup import menu_of
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.test_making import level, ready_class
from tests.factories import World, make_division
from tests.journeys.browser import judge, visitor

PAGE = "/booklets/refresh/"


def two_classes(school_id: int) -> tuple[int, int]:
    """A class with periods and pupils, and 3A without."""
    with school_scope(school_id), unit_of_work() as session:
        school = session.get_one(School, school_id)
        return ready_class(school)[0].id, make_division(school, "3A").id


@pytest.mark.row("M014")
def test_each_kind_of_school_finds_it_where_the_guides_say(admin_app: Flask, sqlite_world: World) -> None:
    college = sign_in(admin_app, "head", school_id=sqlite_world.a)
    assert "Synchronisation élèves enseignants" in menu_of(college.get("/"))
    assert "Synchronisation Base Élèves" not in menu_of(college.get("/"))
    assert "Paramétrage" in college.get(PAGE).split("<h1>")[0].split("breadcrumb")[-1]
    ecole = sign_in(admin_app, "head", school_id=sqlite_world.ecole)
    assert "Synchronisation Base Élèves" in menu_of(ecole.get("/"))
    assert "Synchronisation élèves enseignants" not in menu_of(ecole.get("/"))
    assert "les bilans verrouillés ne seront pas modifiés" in ecole.get("/booklets/pupil-base/")


@pytest.mark.row("M014", "M015", "M016")
def test_ticked_classes_are_refreshed_and_the_report_says_what_was_done(head: Browser, sqlite_world: World) -> None:
    with_periods, bare = two_classes(sqlite_world.a)
    page = head.get(PAGE)
    assert "Sélectionnez les classes à synchroniser" in page and "Non définie" in page
    answer = head.send(f"{PAGE}run", PAGE, rowid=[str(with_periods), str(bare)])
    job = int(re.findall(r"(\d+)", answer.headers["Location"])[-1])
    services.run_here(job)
    report = head.get(answer.headers["Location"])
    for words in ("Synchronisation lancée pour : 3A, 4C", "L&#39;établissement a bien été mis à jour",
                  "Aucune période n&#39;est paramétrée pour la division 3A.",
                  "La synchronisation s&#39;est déroulée avec succès."):  # fmt: skip
        assert words in report
    assert f'href="{PAGE}"' in report and "Retour" in report
    admin_db.session.remove()


def test_the_whole_school_at_once_and_nothing_ticked(head: Browser, sqlite_world: World) -> None:
    two_classes(sqlite_world.a)
    assert head.send(f"{PAGE}run", PAGE, all="1").status_code == 302
    refused = head.send(f"{PAGE}run", PAGE)
    assert refused.status_code == 422 and "Aucune classe n&#39;est cochée" in refused.text
    assert head.send(f"{PAGE}run", PAGE, rowid="999999").status_code == 422


def test_end_of_cycle_booklets_on_demand(head: Browser, sqlite_world: World) -> None:
    division, _ = two_classes(sqlite_world.a)
    with school_scope(sqlite_world.a), unit_of_work() as session:
        session.get_one(Division, division).grade_level_id = level("3E", 4, 120).id
    said = ("3 bilans de fin de cycle créés.", "Aucun bilan de fin de cycle à créer")
    for words in said:
        assert head.send(f"{PAGE}cycle", PAGE, rowid=str(division)).status_code == 302
        assert words in head.get(PAGE)
    assert head.send(f"{PAGE}cycle", PAGE).status_code == 422


def test_a_teacher_does_not_refresh(admin_app: Flask, sqlite_world: World) -> None:
    sign_in(admin_app, "teacher", school_id=sqlite_world.a).get(PAGE, status=403)


@pytest.mark.browser
def test_the_page_in_a_browser(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    two_classes(sqlite_world.a)
    sign_in(admin_app, "head", school_id=sqlite_world.a)
    with visitor(browser, address) as page:
        enter(page, f"head-1-{sqlite_world.a}")
        page.goto(PAGE)
        judge(page, "synchronisation-bilans")
        page.get_by_label("Cocher toutes les classes").check()
        expect(page.get_by_label("3A", exact=True)).to_be_checked()
        page.get_by_role("button", name="Synchroniser", exact=True).click()
        expect(page.get_by_role("heading", name="Synchronisation des bilans")).to_be_visible()
