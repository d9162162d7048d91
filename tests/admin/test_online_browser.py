"""The head opens services, writes the welcome message and schedules marks, in a real browser."""

from __future__ import annotations

import pytest
from flask import Flask
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.models import AcademicService, ContactAddress, Ent, ServiceRule
from app.online.services import offer_to_schools
from app.online.settings import settings_of_school
from tests.admin.conftest import sign_in
from tests.admin.test_browser import address, browser, enter  # noqa: F401 - fixtures
from tests.factories import World
from tests.journeys.browser import judge, visitor

pytestmark = pytest.mark.browser


@pytest.fixture
def decided(admin_app: Flask, sqlite_world: World) -> World:
    """An academy with its diary, an ENT, a mandatory service and a barred one; a mailbox in school a."""
    with system_scope("test"), unit_of_work() as session:
        academy = sqlite_world.authority
        diary = AcademicService(authority_id=academy, label="Cahier de textes", url="https://cahier.example.org")
        session.add_all([
            diary, Ent(authority_id=academy, place="VOSGES", label="ENC88", url="https://www.enc88.fr"),
            ServiceRule(authority_id=academy, code="absences", kind="mandatory"),
            ServiceRule(authority_id=academy, code="b2i", kind="barred"),
            ContactAddress(school_id=sqlite_world.a, label="Vie scolaire", email="vs@example.org"),
        ])
        offer_to_schools(diary)
    sign_in(admin_app, "head", school_id=sqlite_world.a)
    admin_db.session.remove()
    return sqlite_world


@pytest.mark.row("M057", "M059", "M060", "M061", "M063", "M064", "M065", "M066", "M069", "M070", "M073", "M074")
def test_the_head_sets_everything(decided: World, address: str, browser: Chromium) -> None:  # noqa: F811
    with visitor(browser, address) as page:
        enter(page, f"head-1-{decided.a}")
        judge(page, "accueil-non-active")
        open_services(page)
        page.goto("/online-settings/")
        judge(page, "parametrage")
        welcome(page)
        letter(page)
        marks(page)
        delay_and_contact(page)
        page.goto("/")
        judge(page, "accueil-active")
    with school_scope(decided.a):
        chosen = settings_of_school()
        assert chosen.welcome == "Lisez [le programme](https://www.exemple.fr/%28a%29) demain"
        assert (chosen.letter_type, chosen.lpc_delay, chosen.contact_emails) == ("mixed", 12, ["vs@example.org"])
        assert chosen.marks_publication == "continuous"


def open_services(page: Page) -> None:
    page.goto("/services/")
    judge(page, "activation")
    page.get_by_role("button", name="Activer les Téléservices").click()
    expect(page.locator("#absences-open")).to_be_checked()
    expect(page.locator("#absences-closed")).to_be_disabled()
    expect(page.locator("#b2i-open")).to_have_count(0)
    for code in ("marks", "competences"):
        page.check(f"#{code}-open")
    judge(page, "services-choix")
    page.get_by_role("button", name="Valider").click()
    expect(page.locator(".notice-success").first).to_contain_text("Consultation des notes")


def welcome(page: Page) -> None:
    page.goto("/online-settings/welcome")
    page.fill("#welcome", "Lisez le programme demain")
    expect(page.locator("#welcome-count")).to_have_text("25")
    page.get_by_role("button", name="Mettre en lien").click()
    expect(page.locator("[data-link-problem]")).to_contain_text("Sélectionnez")
    page.evaluate("document.getElementById('welcome').setSelectionRange(6, 18)")
    page.fill("#link", "javascript:alert(1)")
    page.get_by_role("button", name="Mettre en lien").click()
    expect(page.locator("[data-link-problem]")).to_contain_text("http://")
    page.fill("#link", "www.exemple.fr/(a)")
    page.press("#link", "Enter")
    expect(page.locator("#preview a")).to_have_attribute("href", "https://www.exemple.fr/%28a%29")
    judge(page, "message-accueil")
    page.get_by_role("button", name="Valider").click()
    expect(page.locator(".notice-success")).to_be_visible()


def letter(page: Page) -> None:
    page.goto("/online-settings/letter")
    expect(page.get_by_label("VOSGES ENC88")).to_be_disabled()
    page.check("#letter_type-mixed")
    expect(page.get_by_label("VOSGES ENC88")).to_be_enabled()
    page.get_by_label("VOSGES ENC88").check()
    judge(page, "courrier")
    page.get_by_role("button", name="Valider").click()
    expect(page.locator("main")).to_contain_text("Mixte ENT/Téléservices")


def marks(page: Page) -> None:
    page.goto("/online-settings/marks/")
    page.check("#publication-scheduled")
    page.get_by_role("button", name="Valider").click()
    page.get_by_role("link", name="Ajouter une date d'échéance").click()
    page.fill("#day", "2027-01-31")
    page.check("#all")
    judge(page, "echeance-ajout")
    page.get_by_role("button", name="Valider").click()
    expect(page.locator("table")).to_contain_text("31/01/2027")
    judge(page, "notes-echeances")
    page.get_by_role("link", name="Supprimer une date d'échéance").click()
    page.get_by_role("link", name="31/01/2027").click()
    expect(page.locator("td input[type=checkbox]")).to_have_count(2)
    judge(page, "echeance-suppression")
    page.goto("/online-settings/marks/")
    page.check("#publication-continuous")
    page.get_by_role("button", name="Valider").click()
    expect(page.locator("h1")).to_have_text("Les dates d'échéance vont être supprimées. Voulez-vous continuer?")
    judge(page, "echeances-perdues")
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator(".notice-success")).to_be_visible()


def delay_and_contact(page: Page) -> None:
    page.goto("/online-settings/competences")
    page.fill("#lpc_delay", "12")
    judge(page, "delai-lpc")
    page.get_by_role("button", name="Valider").click()
    page.goto("/online-settings/contact")
    expect(page.get_by_label("vs@example.org")).to_be_disabled()
    page.check("#active-yes")
    page.get_by_label("vs@example.org").check()
    judge(page, "contact")
    page.get_by_role("button", name="Valider").click()
    expect(page.locator(".notice-success")).to_be_visible()
