"""Every page of the admin application that needs no argument, as each person who may open it, judged by axe-core.

The pages come from the application's own map of addresses: a new one is judged without anybody thinking of it.
"""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from sqlalchemy import select

from app.access.queries import Selection
from app.access.services import create_codes
from app.admin.screens import SCREENS
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.online.services import move_services
from app.security.models import RoleProfile
from tests.admin.conftest import sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import judge, visitor

pytestmark = pytest.mark.browser
NOT_PAGES = ("/healthz", ".xlsx", "/forgotten", "/back", "/lang", "/entry/token")


def pages(app: Flask) -> list[str]:
    """Addresses without arguments that answer GET; the generated lists are judged in test_browser."""
    generated = tuple(f"{screen.route}/" for screen in SCREENS)
    found = [str(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]
    return sorted(p for p in found if not p.startswith(generated) and not any(word in p for word in NOT_PAGES))


@pytest.mark.row("M002", "M013", "M079", "M085")
@pytest.mark.parametrize("role", ["head", "academy_admin", "teacher"])
def test_no_accessibility_fault_on_hand_made_pages(
    role: str, admin_app: Flask, address: str, browser: Chromium, sqlite_world: World  # noqa: F811
) -> None:
    with school_scope(sqlite_world.a):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection("division", sqlite_world.of[sqlite_world.a]["divisions"][0]), actor=SYSTEM)
    place = {"authority_id": sqlite_world.authority} if role == "academy_admin" else {"school_id": sqlite_world.a}
    sign_in(admin_app, role, **place)
    extra = ["/codes/create/?show=all", "/codes/notify/?population=all&only=new&rank=1&rank=2&mode=email&mode=paper"]
    if role == "academy_admin":
        with system_scope("the test's role"):
            extra = [f"/roles/{admin_db.session.scalar(select(RoleProfile.role_id).limit(1))}"]
        admin_db.session.remove()
    with visitor(browser, address) as page:
        page.goto("/login/")
        enter(page, f"{role}-1-{next(iter(place.values()))}")
        refusals: set[int] = set()
        for path in [*pages(admin_app), *extra]:
            answer = page.goto(path)
            assert answer is not None and answer.status in (200, 403, 404, 409), (path, answer and answer.status)
            if answer.status in refusals:
                continue  # the same page of refusal, judged once already
            if answer.status != 200:
                refusals.add(answer.status)
            # The head's pages on a desk, the others' on a phone: the same page is seen in both by somebody.
            judge(page, f"{role}{path.split('?')[0].replace('/', '-')}", "bureau" if role == "head" else "telephone")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{path} scrolls sideways"
