"""Collective entry in a real browser: keyboard, class, pasted column, lost connection, ended session, two tabs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from app.booklets.models import Booklet
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.security.models import WebSession
from app.workflow import engine
from tests.admin.conftest import admin_app  # noqa: F401 - fixtures
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.factories import fill
from tests.booklets.test_entry_pages import Class, lesson, make_lesson, stored, teacher  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import judge, visitor

pytestmark = pytest.mark.browser


@contextmanager
def at_work(browser: Chromium, address: str, name: str = "belhaj") -> Iterator[Page]:  # noqa: F811
    """A teacher at their desk, signed in."""
    with visitor(browser, address) as page:
        enter(page, name)
        yield page


def cell(lesson: Class, number: int, field: str = "comment") -> str:  # noqa: F811
    return f'[data-cell="line-{lesson.lines[number]}-{field}"]'


def state(page: Page, lesson: Class, number: int, field: str = "comment") -> object:  # noqa: F811
    return page.locator(f"{cell(lesson, number, field)} [data-state]")


def area(page: Page, lesson: Class, number: int) -> object:  # noqa: F811
    return page.locator(f"{cell(lesson, number)} textarea")


def kept(page: Page) -> int:
    """How many texts wait on this computer."""
    return int(page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('livret-entry')).length"))


@pytest.mark.row("M031", "M035")
def test_the_pages_are_accessible(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World, lesson: Class  # noqa: F811
) -> None:
    teacher(admin_app, lesson)
    with at_work(browser, address) as page:
        for name in ("achievements", "comments"):
            page.goto(lesson.address(name))
            judge(page, f"saisie-{name}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


@pytest.mark.row("M035")
def test_the_grid_from_the_keyboard(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    teacher(admin_app, lesson)
    with at_work(browser, address) as page:
        page.goto(lesson.address("achievements"))
        page.locator(f"{cell(lesson, 0, 'positioning')} input[type=radio]").first.focus()
        for key in ("3", "Enter", "1", "ArrowDown", "4", "ArrowUp", "ArrowUp", "2"):
            page.keyboard.press(key)
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")
        assert stored(lesson, "positioning") == [2, 1, 4]
        page.keyboard.press("Delete")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("0")
        expect(state(page, lesson, 1, "positioning")).to_have_text("Enregistré")
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")
        assert stored(lesson, "positioning") == [None, None, 4]


@pytest.mark.row("M036")
def test_one_value_for_the_class_then_corrections(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    teacher(admin_app, lesson)
    with at_work(browser, address) as page:
        page.goto(lesson.address("achievements"))
        page.get_by_label("Même valeur pour tous").select_option("Atteints")
        page.get_by_role("button", name="Appliquer à la classe").click()
        page.locator(f"{cell(lesson, 1, 'positioning')} .pick").nth(1).click()
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")
        page.reload()
        assert stored(lesson, "positioning") == [3, 2, 3]
        assert page.locator("input[type=radio][value='3']:checked").count() == 2


def test_a_pasted_column_is_previewed_then_fills_the_grid(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    teacher(admin_app, lesson)
    with at_work(browser, address) as page:
        page.goto(lesson.address("achievements"))
        page.get_by_role("button", name="Coller une colonne").click()
        page.get_by_label("Colonne collée").fill("4\nAtteints\nn'importe quoi\n2")
        dialog = page.locator("dialog[data-paste]")
        expect(dialog.locator("[data-changes]")).to_have_text("Changements : 2")
        assert "pas compris" in dialog.inner_text() and "aucun élève pour cette ligne" in dialog.inner_text()
        judge(page, "saisie-coller")
        assert stored(lesson, "positioning") == [None] * 3
        dialog.get_by_role("button", name="Remplir la colonne").click()
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")
        assert stored(lesson, "positioning") == [4, 3, None]
        page.evaluate("""(row) => { const data = new DataTransfer(); data.setData("text/plain", "1\\n1");
            row.querySelector("input[type=radio]").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })); }""",
                      page.locator(cell(lesson, 1, "positioning")).element_handle())
        expect(dialog.locator("[data-changes]")).to_have_text("Changements : 2")
        dialog.get_by_role("button", name="Remplir la colonne").click()
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")
        assert stored(lesson, "positioning") == [4, 1, 1]


def test_a_comment_is_saved_as_it_is_typed_with_its_counter(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    teacher(admin_app, lesson)
    with at_work(browser, address) as page:
        page.goto(lesson.address("comments"))
        area(page, lesson, 0).press_sequentially("Très bien 👏")
        expect(page.locator(f"{cell(lesson, 0)} [data-counter]")).to_have_text("11 / 600")
        expect(state(page, lesson, 0)).to_have_text("Enregistré")
        assert stored(lesson)[0] == "Très bien 👏"
        area(page, lesson, 1).fill("x" * 601)
        expect(state(page, lesson, 1)).to_have_text(re.compile("Refusé : Appréciation : 601 caractères"))
        page.reload()
        expect(area(page, lesson, 1)).to_have_value("x" * 601)  # refused, not lost
        area(page, lesson, 1).fill("Mieux.")
        expect(state(page, lesson, 1)).to_have_text("Enregistré")
        assert stored(lesson)[1] == "Mieux." and kept(page) == 0


def test_a_lost_connection_loses_nothing(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    teacher(admin_app, lesson)
    with at_work(browser, address) as page:
        page.goto(lesson.address("comments"))
        page.context.set_offline(True)
        area(page, lesson, 0).fill("Écrit dans le train.")
        expect(state(page, lesson, 0)).to_have_text("En attente de connexion")
        area(page, lesson, 1).fill("Et encore.")
        expect(page.locator("[data-status]")).to_have_text(re.compile("En attente de connexion : 2"))
        assert stored(lesson)[:2] == [None, None] and kept(page) == 2
        page.context.set_offline(False)
        expect(state(page, lesson, 1)).to_have_text("Enregistré")
        assert stored(lesson)[:2] == ["Écrit dans le train.", "Et encore."] and kept(page) == 0


def test_what_was_kept_is_saved_at_the_next_visit(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    """The tab is closed without a connection; later any page of entry sends what was kept."""
    teacher(admin_app, lesson)
    with at_work(browser, address) as page:
        page.goto(lesson.address("comments"))
        page.context.set_offline(True)
        area(page, lesson, 0).fill("Avant de fermer.")
        expect(state(page, lesson, 0)).to_have_text("En attente de connexion")
        later = page.context.new_page()
        page.close()
        later.context.set_offline(False)
        later.goto(lesson.address("achievements"))
        expect(later.locator("[data-status]")).to_have_text(re.compile("^(Tout est enregistré.)?$"))
        for _ in range(50):
            if kept(later) == 0:
                break
            later.wait_for_timeout(100)
        assert stored(lesson)[0] == "Avant de fermer."


def test_an_ended_session_keeps_what_is_typed_until_the_next_sign_in(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    teacher(admin_app, lesson)
    with at_work(browser, address) as page:
        page.goto(lesson.address("comments"))
        with system_scope("sessions end"), unit_of_work() as session:
            session.execute(delete(WebSession))
        admin_db.session.remove()
        area(page, lesson, 0).fill("Pendant que la session finissait.")
        expect(page.locator("[data-status]")).to_have_text(re.compile("Votre session est terminée : 1 saisie"))
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="Se reconnecter dans un autre onglet").click()
        enter(opened.value, "belhaj")
        page.bring_to_front()
        expect(state(page, lesson, 0)).to_have_text("Enregistré")
        assert stored(lesson)[0] == "Pendant que la session finissait."
        page.get_by_role("button", name="Enregistrer").click()  # the page's own token follows
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")


@pytest.mark.parametrize(("choice", "result"), [
    ("Garder la mienne", "Le mien."), ("Prendre l'autre", "Le sien."),
    ("Réunir les deux", "Le sien.\nLe mien. Les deux."),
])  # fmt: skip
def test_two_teachers_on_one_cell_see_both_texts(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class, choice: str, result: str  # noqa: F811
) -> None:
    teacher(admin_app, lesson)
    teacher(admin_app, lesson, "fauvel")
    with at_work(browser, address) as mine, at_work(browser, address, "fauvel") as theirs:
        for page in (mine, theirs):
            page.goto(lesson.address("comments"))
        area(theirs, lesson, 0).fill("Le sien.")
        expect(state(theirs, lesson, 0)).to_have_text("Enregistré")
        area(mine, lesson, 0).fill("Le mien.")
        panel = mine.locator(f"{cell(lesson, 0)} .conflict")
        expect(panel).to_contain_text("Le sien.")
        assert "Le mien." in panel.inner_text()
        expect(state(mine, lesson, 0)).to_contain_text("Karim Fauvel a écrit ici le")
        judge(mine, "saisie-deux-versions")
        panel.get_by_role("button", name=choice).click()
        if choice == "Réunir les deux":
            mine.keyboard.press("Control+End")
            mine.keyboard.type(" Les deux.")
        expect(state(mine, lesson, 0)).to_have_text("Enregistré")
        assert stored(lesson)[0] == result and kept(mine) == 0


def test_a_booklet_locked_while_a_colleague_types_keeps_the_text_until_it_is_unlocked(
    admin_app: Flask, address: str, browser: Chromium, lesson: Class  # noqa: F811
) -> None:
    def move(*names: str) -> None:
        with school_scope(lesson.school), unit_of_work() as session:
            booklet = session.get_one(Booklet, lesson.booklets[0])
            if names == ("lock",):
                fill(booklet)
                engine.follow(booklet)
            engine.apply(booklet, names[0], actor=SYSTEM, reason="Relecture" if names[0] == "unlock" else None)
        admin_db.session.remove()

    teacher(admin_app, lesson)
    with at_work(browser, address) as page:
        page.goto(lesson.address("comments"))
        move("lock")
        area(page, lesson, 0).fill("Trop tard ?")
        expect(state(page, lesson, 0)).to_contain_text("Ce bilan est verrouillé")
        move("unlock")
        area(page, lesson, 0).fill("Pas trop tard.")
        panel = page.locator(f"{cell(lesson, 0)} .conflict")
        expect(panel).to_contain_text("Travail régulier et soigné.")
        panel.get_by_role("button", name="Garder la mienne").click()
        expect(state(page, lesson, 0)).to_have_text("Enregistré")
        assert stored(lesson)[0] == "Pas trop tard."


def test_marks_move_the_class_average(
    admin_app: Flask, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    marks = make_lesson(sqlite_world.a, scale="marks")
    teacher(admin_app, marks)
    with at_work(browser, address) as page:
        page.goto(marks.address("achievements"))
        page.locator(f"{cell(marks, 0, 'average')} input[data-mark]").focus()
        for key in ("1", "2", ",", "5", "Enter", "1", "5"):
            page.keyboard.press(key)
        expect(page.locator("[data-average]")).to_have_text("13,75")
        expect(page.locator("[data-status]")).to_have_text("Tout est enregistré.")
        assert [str(mark) for mark in stored(marks, "average")] == ["12.50", "15.00", "None"]
        judge(page, "saisie-moyennes")
