"""The panel « Compte du portail » of a couple: what the school may do to the account (M099, M118)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect
from sqlalchemy import select

from app.access.models import ActivationCode, PortalAccount
from app.access.queries import Selection
from app.access.services import create_codes
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.services import move_services
from app.replication.models import ReplicationCommand
from app.schools.people import GuardianLink
from tests.admin.conftest import Browser, sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import judge, visitor


@pytest.fixture
def couple(admin_app: Flask, sqlite_world: World) -> str:
    """The page of a couple whose code is held by a provisional account without e-mail."""
    with school_scope(sqlite_world.a):
        move_services(["marks"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
    with system_scope("an account of a test"), unit_of_work() as session:
        account = PortalAccount(id=77, identifier="anais.lefevre", email=None, state="provisional",
                                created_at=clock.now())  # fmt: skip
        session.add(account)
        session.flush()
        code = session.scalars(select(ActivationCode).where(ActivationCode.school_id == sqlite_world.a)
                               .order_by(ActivationCode.id).limit(1)).one()  # fmt: skip
        code.account_id = account.id
        link = session.scalars(select(GuardianLink.id).where(
            GuardianLink.guardian_id == code.guardian_id, GuardianLink.pupil_id == code.pupil_id)).one()
    admin_db.session.remove()
    return f"/couples/{link}"


def change(**values: Any) -> None:
    """The mirror moves."""
    with system_scope("an account of a test"), unit_of_work() as session:
        for name, value in values.items():
            setattr(session.get(PortalAccount, 77), name, value)
    admin_db.session.remove()


def orders() -> list[str]:
    """What was sent to the portal."""
    admin_db.session.rollback()
    with system_scope("assertions of a test"):
        return list(admin_db.session.scalars(select(ReplicationCommand.kind).order_by(ReplicationCommand.number)))


@pytest.fixture
def secretary(admin_app: Flask, sqlite_world: World) -> Browser:
    """The secretary of school a."""
    return sign_in(admin_app, "secretary", school_id=sqlite_world.a)


@pytest.mark.row("M099", "M118")
def test_a_slip_is_shown_once_and_only_its_hash_is_kept(couple: str, secretary: Browser) -> None:
    page = secretary.get(couple)
    assert "anais.lefevre" in page and "Provisoire" in page and "Renvoyer le lien de confirmation" not in page
    shown = secretary.send("/account-acts/77/slip", page=couple)
    assert shown.status_code == 200 and "anais.lefevre" in shown.text and "Code de la fiche" in shown.text
    assert orders() == ["slip"]


@pytest.mark.row("M118")
def test_the_link_is_sent_again_and_the_account_cancelled(couple: str, secretary: Browser) -> None:
    change(email="anais@example.org")
    assert "Renvoyer le lien de confirmation" in secretary.get(couple)
    for act in ("resend", "close"):
        answer = secretary.send(f"/account-acts/77/{act}", page=couple, back=couple)
        assert (answer.status_code, answer.location) == (302, couple)
    assert orders() == ["reset", "close"]


@pytest.mark.row("M099", "M100")
def test_a_confirmed_account_with_an_address_is_left_to_its_holder(couple: str, secretary: Browser) -> None:
    change(email="anais@example.org", state="confirmed")
    page = secretary.get(couple)
    assert "/account-acts/" not in page and "/reset" in page
    for act in ("slip", "close", "resend"):
        assert secretary.send(f"/account-acts/77/{act}", page=couple).status_code == 409, act
    assert orders() == []


@pytest.mark.row("M118")
def test_the_way_back_stays_on_this_site(couple: str, secretary: Browser) -> None:
    change(email="anais@example.org")
    answer = secretary.send("/account-acts/77/resend", page=couple, back="https://evil.example/")
    assert answer.location == "/couples/"


@pytest.mark.browser
@pytest.mark.row("M099", "M118")
def test_the_counter_in_a_browser(
    couple: str, secretary: Browser, sqlite_world: World, address: str, browser: Chromium  # noqa: F811
) -> None:
    with visitor(browser, address) as page:
        enter(page, f"secretary-1-{sqlite_world.a}")
        page.goto(couple)
        judge(page, "couple-compte-provisoire")
        page.get_by_role("button", name="Fiche d'accès au guichet").click()
        page.get_by_role("button", name="Créer la fiche").click()
        expect(page.get_by_role("heading", name="anais.lefevre")).to_be_visible()
        judge(page, "fiche-guichet")
