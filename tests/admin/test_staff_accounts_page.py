"""« Comptes des personnels »: proposals accepted at once, a choice stored, readers who change nothing."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium

from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.models import School
from app.schools.people import Staff
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.admin.test_groups_page import read
from tests.factories import World, make_staff
from tests.journeys.browser import PHONE, judge, visitor

PAGE = "/staff-accounts/"


def account_of(world: World, last_name: str) -> int | None:
    [staff] = [one for one in read(world.a, Staff) if one.last_name == last_name]
    return staff.user_id


@pytest.fixture
def staff(admin_app: Flask, sqlite_world: World) -> int:
    """A teacher without an account; the head signs in as Odile Fontanel, who is on the staff too."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.a)
        make_staff(school, last_name="FONTANEL", first_name="Odile", function="DIR")
        return int(make_staff(school, last_name="VIGNE", first_name="Anne", function="ENS").id)


def test_proposals_and_choices(head: Browser, admin_app: Flask, sqlite_world: World, staff: int) -> None:
    assert "Accepter 1 proposition" in head.get(PAGE)
    head.send("/staff-accounts/propose", PAGE)
    user = account_of(sqlite_world, "FONTANEL")
    assert user and "Accepter" not in head.get(PAGE)
    assert "VIGNE" not in head.get(f"{PAGE}?show=with")
    [fontanel] = [one.id for one in read(sqlite_world.a, Staff) if one.last_name == "FONTANEL"]
    head.send("/staff-accounts/save", PAGE, **{f"account-{fontanel}": "", f"account-{staff}": str(user)})
    assert (account_of(sqlite_world, "FONTANEL"), account_of(sqlite_world, "VIGNE")) == (None, user)
    both = {f"account-{fontanel}": str(user), f"account-{staff}": str(user)}
    assert head.send("/staff-accounts/save", PAGE, **both).status_code == 409
    secretary = sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    shown = secretary.get(PAGE)
    assert "VIGNE" in shown and "<select id=\"account-" not in shown


@pytest.mark.browser
def test_the_page_is_accessible(
    head: Browser, address: str, browser: Chromium, sqlite_world: World, staff: int  # noqa: F811
) -> None:
    with visitor(browser, address) as page:
        enter(page, f"head-1-{sqlite_world.a}")
        page.goto(PAGE)
        page.get_by_role("heading", name="Comptes des personnels").wait_for()
        judge(page, "comptes-personnels")
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
