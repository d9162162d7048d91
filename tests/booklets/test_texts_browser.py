"""Programme elements and the other texts of a class in a real browser: with the keyboard, judged by axe, on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page
from sqlalchemy import select

from app.booklets.models import Booklet
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import GradeLevel
from tests.admin.conftest import admin_app, sign_in  # noqa: F401 - fixtures
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.test_entry_pages import Class, make_lesson
from tests.booklets.test_text_pages import texts
from tests.factories import World
from tests.journeys.browser import judge, visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def lesson(admin_app: Flask, sqlite_world: World) -> Class:  # noqa: F811
    """A class of 3e and its head, who has not signed in yet."""
    made = make_lesson(sqlite_world.a)
    with school_scope(made.school), unit_of_work() as session:
        level = GradeLevel(code="3E", label="3e", cycle=4, rank=9)
        session.add(level)
        session.flush()
        for booklet in session.scalars(select(Booklet).where(Booklet.division_id == made.division)):
            booklet.grade_level_id = level.id
    admin_db.session.remove()
    sign_in(admin_app, "head", school_id=made.school)
    return made


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.row("M032", "M033", "M034")
def test_elements_with_the_keyboard(address: str, browser: Chromium, lesson: Class) -> None:  # noqa: F811
    with visitor(browser, address) as page:
        enter(page, f"head-1-{lesson.school}")
        page.goto(lesson.address("elements"))
        judge(page, "elements-rappel-vide")
        page.get_by_role("link", name="Modifier les éléments de programme").press("Enter")
        field = page.get_by_label("Élément de programme 1")
        field.fill("Débattre à l'oral")
        assert page.get_by_text("17 / 300").is_visible()
        page.get_by_role("button", name="Ajouter un élément").press("Enter")
        page.keyboard.type("é" * 301)
        assert page.get_by_text("301 / 300").is_visible()
        page.get_by_label("Élément de programme 2").fill("Écrire")
        page.get_by_role("button", name="Monter").nth(1).press("Enter")
        assert page.get_by_label("Élément de programme 1").input_value() == "Écrire"
        help_button = page.get_by_role("button", name="Afficher l'aide à la saisie")
        help_button.press("Enter")
        assert page.get_by_role("button", name="Masquer l'aide à la saisie").is_visible()
        judge(page, "elements-champs")
        assert fits(page)
        before = page.locator("[data-proposal]:visible").count()
        page.get_by_label("Rechercher dans les propositions").fill("LIRE")
        assert 0 < page.locator("[data-proposal]:visible").count() < before
        first = page.locator("[data-proposal]:visible").first
        proposal = first.locator("span").first.inner_text()
        first.get_by_role("button").press("Enter")
        assert page.get_by_label("Élément de programme 3").input_value() == proposal
        page.get_by_label("Élément de programme 3").fill(proposal + " (extraits)")
        page.get_by_role("button", name="Supprimer cet élément").nth(1).press("Enter")
        page.get_by_role("button", name="Enregistrer").press("Enter")
        page.get_by_text("Enregistré : 3 bilans mis à jour.").wait_for()
        judge(page, "elements-rappel")
    assert texts(lesson) == ("Écrire", proposal + " (extraits)")


def test_what_was_typed_before_the_session_ended_is_offered_again(
    address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    with visitor(browser, address) as page:
        page.on("dialog", lambda dialog: dialog.accept())
        name = f"head-1-{lesson.school}"
        enter(page, name)
        page.goto(lesson.address("elements") + "&edit=1")
        page.get_by_label("Élément de programme 1").fill("Débattre")
        page.get_by_role("button", name="Ajouter un élément").click()
        page.get_by_label("Élément de programme 2").fill("Argumenter")
        page.context.clear_cookies()
        page.get_by_role("button", name="Enregistrer").click()
        page.get_by_label("Phrase de passe").wait_for()
        enter(page, name)
        page.goto(lesson.address("elements") + "&edit=1")
        page.get_by_role("button", name="La reprendre").click()
        assert page.get_by_label("Élément de programme 2").input_value() == "Argumenter"
        page.get_by_role("button", name="Enregistrer").click()
        page.get_by_text("Enregistré : 3 bilans mis à jour.").wait_for()
        page.goto(lesson.address("elements") + "&edit=1")
        assert not page.get_by_role("button", name="La reprendre").is_visible()
    assert texts(lesson) == ("Débattre", "Argumenter")


def test_the_other_pages_are_judged(address: str, browser: Chromium, lesson: Class, tmp_path: Path) -> None:  # noqa: F811
    names: dict[str, Any] = {
        "parcours-rappel": lesson.address("pathways"), "parcours-champs": lesson.address("pathways") + "&edit=1",
        "parcours-eleve": f"{lesson.address('pathways')}&pupil={lesson.booklets[0]}",
        "vie-scolaire": lesson.address("life"), "appreciations-generales": lesson.address("overall"),
        "elements-eleve": f"/entry/elements/pupil?line={lesson.lines[0]}",
    }  # fmt: skip
    with visitor(browser, address) as page:
        enter(page, f"head-1-{lesson.school}")
        for name, path in names.items():
            page.goto(path)
            judge(page, name)
            page.set_viewport_size({"width": 360, "height": 740})
            assert fits(page), name
            page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(lesson.address("life"))
        page.get_by_label("Retards").first.fill("3")
        page.get_by_text("Tout est enregistré.").wait_for()
        page.reload()
        assert page.get_by_label("Retards").first.input_value() == "3"
        page.goto(lesson.address("pathways") + "&edit=1")
        page.get_by_label("Parcours avenir").fill("Stage en entreprise.")
        assert page.get_by_text("20 / 600").is_visible()
        page.get_by_role("button", name="Enregistrer").click()
        page.get_by_text("Stage en entreprise.").wait_for()
