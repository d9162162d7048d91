"""« Publication des bilans »: from which day, who is told, who has not read (C03, C06)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select

from app.access.models import ActivationCode
from app.access.queries import Selection
from app.access.services import create_codes
from app.booklets.models import BookletEdition, BookletPublication, BookletReading
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.jobs.models import Job
from app.online.services import move_services
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.booklets.test_announcing import _edit_all as edit_all
from tests.factories import World
from tests.journeys.browser import judge, visitor

pytestmark = pytest.mark.row("C03", "C06")


@pytest.fixture
def place(admin_app: Flask, sqlite_world: World) -> dict[str, Any]:
    """School a: a booklet in force for each pupil, codes for every couple, the service open."""
    school = sqlite_world.a
    with school_scope(school):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
        with unit_of_work() as session:
            edit_all(session, sqlite_world)
    admin_db.session.remove()
    return {"school": school, **sqlite_world.of[school]}


@pytest.fixture
def head(admin_app: Flask, place: dict[str, Any]) -> Browser:
    return sign_in(admin_app, "head", school_id=place["school"])


def rows(place: dict[str, Any], model: Any) -> list[Any]:
    with school_scope(place["school"]):
        found = list(admin_db.session.scalars(select(model)))
        admin_db.session.expunge_all()
    admin_db.session.remove()
    return found


def test_each_class_says_what_is_issued_and_read(head: Browser, place: dict[str, Any]) -> None:
    page = head.get("/booklet-publication/")
    assert "2 / 2" in page and "1 / 1" in page and "édition" in page and "Lisibles" in page
    assert "Prévenir les familles" in page and "par la poste" in page


def test_the_day_is_set_for_ticked_classes_and_taken_back(head: Browser, place: dict[str, Any]) -> None:
    day = clock.today() + timedelta(days=4)
    one = str(place["divisions"][0])
    form = {"division": [one], "publish_on": day.isoformat(), "period": "1/3"}
    head.send("/booklet-publication/set", "/booklet-publication/", **form)
    [kept] = rows(place, BookletPublication)
    assert (kept.division_id, kept.publish_on) == (place["divisions"][0], day)
    assert f"{day:%d/%m/%Y}" in head.get("/booklet-publication/") and "Plus tard" in head.get("/booklet-publication/")
    head.send("/booklet-publication/set", "/booklet-publication/", **(form | {"publish_on": ""}))
    assert rows(place, BookletPublication) == []
    refused = head.send("/booklet-publication/set", "/booklet-publication/", period="1/3", publish_on="2026-02-31",
                        division=[one])  # fmt: skip
    assert refused.status_code in (302, 422) and rows(place, BookletPublication) == []


def test_telling_starts_the_job(head: Browser, place: dict[str, Any]) -> None:
    answer = head.send("/booklet-publication/tell", "/booklet-publication/", period="1/3")
    [job] = [job for job in rows(place, Job) if job.kind == "booklets.announce"]
    assert answer.headers["Location"].endswith(f"/{job.id}") and job.params == {"position": 1, "period_count": 3}


def test_who_has_not_read_is_listed_and_exported(head: Browser, place: dict[str, Any]) -> None:
    page = head.get("/booklet-publication/unread?period=1/3")
    assert page.count("Mme PARENT") + page.count("M. PARENT") == 4 and "mere@example.org" in page
    with school_scope(place["school"]), unit_of_work() as session:
        code = session.scalars(select(ActivationCode).where(ActivationCode.guardian_id == place["other"])).one()
        edition = next(e for e in session.scalars(select(BookletEdition)) if e.booklet.pupil_id == code.pupil_id)
        session.add(BookletReading(school_id=place["school"], edition_id=edition.id, code_id=code.id,
                                   read_at=clock.now()))
    admin_db.session.remove()
    assert head.sheet("/booklet-publication/unread.xlsx?period=1/3").max_row == 4
    assert "Bilans lus" in head.get("/booklet-publication/")


def test_a_closed_service_is_said(head: Browser, place: dict[str, Any]) -> None:
    with school_scope(place["school"]):
        move_services(["booklets"], "close", actor=SYSTEM)
    admin_db.session.remove()
    page = head.get("/booklet-publication/")
    assert "Le téléservice des livrets est fermé" in page and "Personne ne reste à prévenir" in page


@pytest.mark.browser
def test_the_pages_are_accessible(
    admin_app: Flask, address: str, browser: Chromium, place: dict[str, Any]  # noqa: F811
) -> None:
    sign_in(admin_app, "head", school_id=place["school"])
    with visitor(browser, address) as page:
        page.goto("/login/")
        enter(page, f"head-1-{place['school']}")
        for name, path in (("publication", "/booklet-publication/"),
                           ("non-lus", "/booklet-publication/unread?period=1/3")):  # fmt: skip
            page.goto(path)
            judge(page, name)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
