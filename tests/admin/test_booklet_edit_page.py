"""The page « Éditer »: the choice, the job it starts, one edition and one draft as a PDF."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from playwright.sync_api import Browser as Chromium
from pypdf import PdfReader
from sqlalchemy import select

from app.booklets.models import Booklet, BookletEdition
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.models import Job
from app.schools.models import Division, DivisionStaff, School
from app.schools.people import Pupil
from app.workflow import bulk
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.factories import fill, make_booklet, make_class
from tests.factories import World, add, make_staff
from tests.journeys.browser import judge, visitor


@pytest.fixture
def ids(admin_app: Flask, sqlite_world: World) -> list[int]:
    """Three filled booklets of which two are locked."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        _, booklets = make_class(session.get_one(School, sqlite_world.a))
        for booklet in booklets:
            fill(booklet)
        found = [booklet.id for booklet in booklets]
        session.expire_all()
        bulk.follow_many(Booklet, Booklet.id.in_(found), session=session)
        bulk.apply_many(Booklet, "lock", Booklet.id.in_(found[:2]), actor=SYSTEM, session=session)
        return found


def latest(world: World, model: Any) -> Any:
    with school_scope(world.a):
        return admin_db.session.scalars(select(model).order_by(model.id.desc())).first()


@pytest.mark.row("M046", "M047")
def test_from_the_choice_to_the_document(head: Browser, ids: list[int], sqlite_world: World) -> None:
    """Two of three may be edited; the job makes them; each is downloaded alone."""
    page = "/booklet-edit/?period=1-3"
    assert "Éditer les 2 bilans" in head.get(page)
    answer = head.send("/booklet-edit/run", page, copies="pupil")
    assert answer.status_code == 302 and "/jobs/" in answer.location
    assert jobs.run_here(latest(sqlite_world, Job).id).result["done"] == 2
    edition = latest(sqlite_world, BookletEdition)
    document = head.client.get(f"/booklet-edition/{edition.id}.pdf")
    assert document.mimetype == "application/pdf" and edition.number in document.headers["Content-Disposition"]
    assert edition.number in PdfReader(io.BytesIO(document.data)).pages[0].extract_text()


@pytest.mark.row("M046")
def test_a_booklet_that_is_not_locked(head: Browser, ids: list[int], sqlite_world: World) -> None:
    """No button to edit it, the act is refused, a draft of it is given at once."""
    page = f"/booklet-edit/?ids={ids[2]}"
    shown = head.get(page)
    assert "Éditer" in shown and "Éditer 1 bilan" not in shown and "Imprimer un brouillon" in shown
    assert head.send("/booklet-edit/run", page, copies="pupil").status_code == 409
    draft = head.client.get(f"/booklet-edit/{ids[2]}/draft.pdf")
    assert "BROUILLON" in PdfReader(io.BytesIO(draft.data)).pages[0].extract_text()
    assert head.send("/booklet-edit/run", page, copies="pupil", draft="1").status_code == 302
    assert latest(sqlite_world, BookletEdition) is None


@pytest.mark.parametrize("query", ["ids=x", "division=²", "level=99999999999", "period=a-b", "copies=z&period=1-3"])
def test_a_choice_that_is_none(head: Browser, ids: list[int], query: str) -> None:
    """Refused with a sentence."""
    assert head.client.get(f"/booklet-edit/?{query}").status_code == 422


def test_a_class_teacher_reads_the_editions_of_their_own_classes(
    head: Browser, admin_app: Flask, ids: list[int], sqlite_world: World
) -> None:
    """Another class's edition or draft does not exist for them, and they edit nothing."""
    head.send("/booklet-edit/run", "/booklet-edit/?period=1-3", copies="household")
    jobs.run_here(latest(sqlite_world, Job).id)
    teacher = sign_in(admin_app, "teacher", school_id=sqlite_world.a)
    edition_id = latest(sqlite_world, BookletEdition).id
    with system_scope("test"), unit_of_work() as session:
        user_id = session.scalar(select(User.id).where(User.username == f"teacher-1-{sqlite_world.a}"))
        staff = make_staff(session.get_one(School, sqlite_world.a), user_id=user_id)
        add(DivisionStaff(school_id=sqlite_world.a, staff_id=staff.id, is_class_teacher=True,
                          division_id=sqlite_world.of[sqlite_world.a]["divisions"][0]))  # 6A; the booklets are 4C's
        own = make_booklet(session.get_one(School, sqlite_world.a), session.get_one(Pupil, 1),
                           session.get_one(Division, sqlite_world.of[sqlite_world.a]["divisions"][0])).id
    assert teacher.client.get(f"/booklet-edit/{own}/draft.pdf").status_code == 200
    assert teacher.client.get(f"/booklet-edition/{edition_id}.pdf").status_code == 404
    assert teacher.client.get(f"/booklet-edit/{ids[0]}/draft.pdf").status_code == 404
    assert teacher.client.get("/booklet-edit/").status_code == 403


@pytest.mark.browser
def test_no_accessibility_fault(
    head: Browser, ids: list[int], address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    """The page with its choice, and of one booklet that may not be edited."""
    with visitor(browser, address) as page:
        enter(page, f"head-1-{sqlite_world.a}")
        for name, query in (("editer", "period=1-3"), ("editer-un", f"ids={ids[2]}")):
            page.goto(f"/booklet-edit/?{query}")
            judge(page, f"booklets-{name}")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


