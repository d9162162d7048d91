"""The class council: one pupil on the screen, the next with one key, nothing lost on the way."""

from __future__ import annotations

from html import unescape

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select

from app.booklets.models import Attainment, Booklet, BookletScheme, GroupPupil, Pathway, Project, ProjectGroup
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.reference import SCHEMES
from app.schools.models import Division, School
from app.schools.people import Pupil
from app.workflow import engine
from tests.admin.conftest import Browser, admin_app, head, sign_in  # noqa: F401 - fixtures
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.factories import fill, make_booklet
from tests.booklets.test_entry_pages import Class, fields_of, make_lesson, teacher
from tests.factories import World, add
from tests.journeys.browser import judge, visitor


@pytest.fixture
def lesson(admin_app: Flask, sqlite_world: World) -> Class:  # noqa: F811
    """A class of three; something is said of the first pupil, on both pages."""
    made = make_lesson(sqlite_world.a)
    with school_scope(made.school), unit_of_work() as session:
        line = session.get_one(Attainment, made.lines[0])
        line.positioning, line.comment = 3, "Participe avec entrain ; l'expression écrite progresse."
        booklet = session.get_one(Booklet, made.booklets[0])
        booklet.absences_justified, booklet.lateness = 4, 0
        second_page(session.get_one(School, made.school), booklet)
    admin_db.session.remove()
    return made


def second_page(school: School, booklet: Booklet) -> None:
    """An EPI, a pathway and a support scheme."""
    epi = add(Project(kind="epi", theme="EPI_SAN", title="Du grain au pain", school_id=school.id,
                      school_year_id=school.school_year_id))
    group = add(ProjectGroup(school_id=school.id, project_id=epi.id, title="Groupe A", position=1, period_count=3))
    add(GroupPupil(school_id=school.id, group_id=group.id, booklet_id=booklet.id, comment="A mené l'enquête."))
    add(Pathway(school_id=school.id, booklet_id=booklet.id, code="PAR_CIT", text="Élue au conseil des élèves."))
    add(BookletScheme(school_id=school.id, booklet_id=booklet.id, code="PAP"))


def overall(made: Class) -> list[str | None]:
    with school_scope(made.school):
        found = select(Booklet.overall_comment).where(Booklet.id.in_(made.booklets)).order_by(Booklet.id)
        kept = list(admin_db.session.scalars(found))
    admin_db.session.remove()
    return kept


def test_what_else_the_booklet_says_is_there_to_read(lesson: Class, head: Browser) -> None:  # noqa: F811
    """EPI, AP, pathways and support schemes of the pupil on the screen, and of no other."""
    said = ("Du grain au pain", "A mené l", "Élue au conseil des élèves.", SCHEMES["PAP"])
    page, other = unescape(head.get(address_of(lesson))), unescape(head.get(address_of(lesson, 1)))
    assert [words for words in said if words not in page] == []
    assert [words for words in said if words in other] == []


def address_of(made: Class, pupil: int = 0) -> str:
    return f"/council/?division={made.division}&period=1-3&pupil={made.booklets[pupil]}"


def test_one_pupil_with_the_class_beside(admin_app: Flask, lesson: Class, head: Browser) -> None:  # noqa: F811
    page = head.get(address_of(lesson))
    for words in ("élève 1 sur 3", "Atteints", "Participe avec entrain", "Demi-journées justifiées", "0 / 1000",
                  "Élève suivant", "M. BELHAJ"):  # fmt: skip
        assert words in page, words
    assert 'rel="prev"' not in page and page.count("/council/?pupil=") == 3 + 1
    last = head.get(address_of(lesson, 2))
    assert 'rel="next"' not in last and "élève 3 sur 3" in last
    assert "élève 1 sur 3" in head.get("/council/?pupil=abc")


def test_without_a_script_the_next_pupil_follows(admin_app: Flask, lesson: Class, head: Browser) -> None:  # noqa: F811
    first, second, _third = lesson.booklets
    sent = fields_of(head.get(address_of(lesson))) | {f"booklet-{first}-overall_comment": "Continuez."}
    answer = head.client.post(f"/council/save?pupil={first}", data=sent | {"then": str(second)}, follow_redirects=True)
    assert "élève 2 sur 3" in answer.text
    assert overall(lesson) == ["Continuez.", None, None]
    long = head.client.post(f"/council/save?pupil={first}", data=fields_of(head.get(address_of(lesson))) | {
        f"booklet-{first}-overall_comment": "é" * 1001})  # fmt: skip
    assert "Appréciation générale : 1001 caractères." in long.text and "é" * 1001 in long.text


def test_the_date_goes_on_every_open_booklet(admin_app: Flask, lesson: Class, head: Browser) -> None:  # noqa: F811
    with school_scope(lesson.school), unit_of_work() as session:
        booklet = fill(session.get_one(Booklet, lesson.booklets[2]))
        session.expire_all()
        engine.follow(booklet)
        engine.apply(booklet, "lock", actor=SYSTEM)
    page = address_of(lesson)
    head.send(page.replace("/?", "/date?"), page, council_on="2026-12-03")
    head.send(page.replace("/?", "/date?"), page, council_on="le 3")
    assert "écrivez jour/mois/année" in head.get(page)
    with school_scope(lesson.school):
        days = select(Booklet.council_on).where(Booklet.id.in_(lesson.booklets)).order_by(Booklet.id)
        assert [str(day) for day in admin_db.session.scalars(days)] == ["2026-12-03", "2026-12-03", "None"]
    admin_db.session.remove()


def test_a_teacher_of_the_class_reads_and_does_not_write(admin_app: Flask, lesson: Class) -> None:  # noqa: F811
    browser = teacher(admin_app, lesson)  # noqa: F811
    page = browser.get(address_of(lesson))
    assert "saisie par le professeur principal" in page and "readonly" in page and "Fixer la date" not in page
    browser.send(address_of(lesson).replace("/?", "/date?"), address_of(lesson), council_on="2026-12-03")
    with school_scope(lesson.school):
        assert admin_db.session.get_one(Booklet, lesson.booklets[0]).council_on is None
    admin_db.session.remove()


def test_the_end_of_a_cycle_has_its_components(admin_app: Flask, lesson: Class, head: Browser) -> None:  # noqa: F811
    with school_scope(lesson.school), unit_of_work() as session:
        first = session.get_one(Booklet, lesson.booklets[0])
        make_booklet(session.get_one(School, lesson.school), session.get_one(Pupil, first.pupil_id),
                     session.get_one(Division, lesson.division), model="cycle")
    page = head.get(f"/council/?division={lesson.division}&period=0-0")
    assert page.count('name="mastery-') == 8 and "0 / 1500" in page


@pytest.mark.browser
def test_a_council_with_the_keyboard(
    address: str, browser: Chromium, admin_app: Flask, lesson: Class  # noqa: F811
) -> None:
    sign_in(admin_app, "head", school_id=lesson.school)
    with visitor(browser, address) as page:
        enter(page, f"head-1-{lesson.school}")
        page.goto(address_of(lesson))
        judge(page, "conseil")
        page.keyboard.press("e")
        page.keyboard.type("Bon trimestre.")
        page.keyboard.press("PageDown")
        page.get_by_text("élève 2 sur 3").wait_for()
        assert page.evaluate("document.activeElement.tagName") == "TEXTAREA"  # one goes on writing
        page.keyboard.type("Des efforts 🙂")
        page.keyboard.press("PageDown")
        page.get_by_text("élève 3 sur 3").wait_for()
        assert overall(lesson) == ["Bon trimestre.", "Des efforts 🙂", None]
        page.keyboard.type("é" * 1001)
        page.keyboard.press("PageUp")
        page.get_by_text("1001 caractères").wait_for()  # refused: one stays
        page.keyboard.press("Control+A")
        page.keyboard.type("Assez bien.")
        page.keyboard.press("PageUp")
        page.get_by_text("élève 2 sur 3").wait_for()
        page.keyboard.press("Escape")
        page.keyboard.press("PageUp")
        page.get_by_text("élève 1 sur 3").wait_for()
        assert page.get_by_title("Appréciation générale écrite").count() == 3
    assert overall(lesson) == ["Bon trimestre.", "Des efforts 🙂", "Assez bien."]


@pytest.mark.browser
def test_what_is_typed_without_a_network_is_sent_later(
    address: str, browser: Chromium, admin_app: Flask, lesson: Class  # noqa: F811
) -> None:
    sign_in(admin_app, "head", school_id=lesson.school)
    with visitor(browser, address, phone=True) as page:
        enter(page, f"head-1-{lesson.school}")
        page.goto(address_of(lesson))
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.route("**/entry/cells", lambda route: route.abort())
        page.get_by_label("Appréciation générale").fill("Gardé.")
        page.get_by_text("En attente de connexion").first.wait_for()
        page.get_by_role("link", name="Élève suivant").click()
        page.get_by_text("élève 2 sur 3").wait_for()
        assert overall(lesson) == [None, None, None]
        page.unroute("**/entry/cells")
        with page.expect_response("**/entry/cells"):
            page.reload()
    assert overall(lesson)[0] == "Gardé."
