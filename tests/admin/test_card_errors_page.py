"""« Erreurs signalées par les familles »: the secretary's list (M141)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from sqlalchemy import select

from app.access.models import CardError
from app.audit.models import AuditLine
from app.core import clock
from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.people import GuardianLink
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import judge, visitor
from tests.statements import statements

pytestmark = pytest.mark.row("M141")


def told(world: World, count: int = 1) -> list[int]:
    """Errors told by a guardian of school a, the last one the oldest."""
    with system_scope("errors of a test"), unit_of_work() as session:
        link = session.scalars(select(GuardianLink).where(GuardianLink.school_id == world.a).limit(1)).one()
        errors = [CardError(school_id=world.a, pupil_id=link.pupil_id, guardian_id=link.guardian_id, about="guardian",
                            words=f"Mon portable est le 06 9{number} <b>\nMerci",
                            told_at=clock.now() - timedelta(hours=number)) for number in range(count)]  # fmt: skip
        session.add_all(errors)
        session.flush()
        ids = [error.id for error in errors]
    admin_db.session.remove()
    return ids


@pytest.fixture
def secretary(admin_app: Flask, sqlite_world: World) -> Browser:
    """The secretary of school a."""
    return sign_in(admin_app, "secretary", school_id=sqlite_world.a)


def test_an_error_is_handled_then_taken_up_again(sqlite_world: World, secretary: Browser) -> None:
    (error,) = told(sqlite_world)
    page = secretary.get("/card-errors/")
    assert "Mon portable est le 06 90 &lt;b&gt;" in page and "À traiter (1)" in page and "Traité (0)" in page
    assert secretary.send(f"/card-errors/{error}/handle", page="/card-errors/").status_code == 302
    assert "À traiter (0)" in secretary.get("/card-errors/")
    done = secretary.get("/card-errors/?state=done")
    assert "06 90" in done and "Fontanel" in done
    assert secretary.send(f"/card-errors/{error}/reopen", page="/card-errors/?state=done").status_code == 302
    assert "À traiter (1)" in secretary.get("/card-errors/")
    with system_scope("assertions of a test"):
        acts = admin_db.session.scalars(select(AuditLine.action).where(AuditLine.action.startswith("card_error")))
        assert list(acts) == ["card_error.handle", "card_error.reopen"]


def test_the_oldest_come_first_and_a_page_costs_the_same_for_one_and_for_fifty(
    sqlite_world: World, secretary: Browser
) -> None:
    told(sqlite_world)
    secretary.get("/card-errors/")
    with statements(admin_db) as one:
        secretary.get("/card-errors/")
    told(sqlite_world, 55)
    with statements(admin_db) as many:
        page = secretary.get("/card-errors/")
    assert len(many) == len(one)
    assert page.index("06 954") < page.index("06 953") and "/card-errors/?page=1" in page


def test_teachers_do_not_see_it(sqlite_world: World, admin_app: Flask) -> None:
    sign_in(admin_app, "teacher", school_id=sqlite_world.a).get("/card-errors/", status=403)


@pytest.mark.browser
def test_the_list_in_a_browser(
    sqlite_world: World, secretary: Browser, address: str, browser: Chromium  # noqa: F811
) -> None:
    told(sqlite_world, 3)
    with visitor(browser, address) as page:
        enter(page, f"secretary-1-{sqlite_world.a}")
        page.goto("/card-errors/")
        judge(page, "erreurs-signalees")
        page.get_by_role("button", name="Marquer comme traité").first.click()
        expect(page.get_by_role("link", name="À traiter (2)")).to_be_visible()
        page.get_by_role("link", name="Traité (1)").click()
        judge(page, "erreurs-traitees")
