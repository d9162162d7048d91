"""« Mise en route » on the home page, and what a head sets on screen without code (C08)."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from app.booklets.parameters import resolve, rows_here
from app.core.db import admin_db
from app.core.scope import academy_scope, school_scope, system_scope
from app.core.uow import unit_of_work
from app.online.models import OnlineService
from app.schools.models import Authority, School
from app.schools.people import GuardianLink
from app.schools.period_queries import classes
from tests.admin.conftest import Browser, sign_in
from tests.factories import World, make_division, make_guardian, make_pupil, uai


def steps(person: Browser) -> dict[str, str]:
    """Title of each step of the home page → its state."""
    home = unescape(person.get("/"))
    cards = re.findall(r'<li class="card tile">(.*?)</li>', home, re.DOTALL)
    words = ("Prochaine étape", "Fait", "À faire")
    return {re.sub(r"^\d+\. ", "", re.search(r"<h2><a[^>]+>([^<]+)", card)[1]):  # type: ignore[index]
            next(word for word in words if word in card) for card in cards}  # fmt: skip


def test_the_steps_of_a_college(head: Browser, admin_app: Flask, sqlite_world: World) -> None:
    """In order, the next one marked; certification is no step of a collège."""
    found = steps(head)
    assert list(found)[0] == "Vérifier l'adresse et le chef d'établissement"
    assert "Certifier les responsables légaux" not in found
    assert [title for title, state in found.items() if state == "Prochaine étape"] == [
        next(title for title, state in found.items() if state != "Fait")]


def test_an_ecole_certifies_before_it_creates(admin_app: Flask, sqlite_world: World) -> None:
    """The step counts what waits, and is done when nothing does."""
    with system_scope("an école from ONDE"), unit_of_work() as session:
        school = session.get_one(School, sqlite_world.ecole)
        make_guardian(school, make_pupil(school, make_division(school, "CP"), source="onde"), source="onde")
        for link in session.scalars(select(GuardianLink).where(GuardianLink.school_id == school.id)):
            link.certified = False
    directeur = sign_in(admin_app, "head", school_id=sqlite_world.ecole)
    titles = list(steps(directeur))
    assert titles.index("Certifier les responsables légaux") < titles.index("Créer les codes des responsables")
    with school_scope(sqlite_world.ecole), unit_of_work() as session:
        session.scalars(select(GuardianLink)).one().certified = True
    assert steps(directeur)["Certifier les responsables légaux"] == "Fait"


def test_an_academy_begins_with_its_own_facts(academy: Browser, sqlite_world: World) -> None:
    """The administrator invited by the command is led through the rest."""
    assert steps(academy)["Donner l'adresse du portail et le délégué aux données"] == "Prochaine étape"
    with academy_scope(sqlite_world.authority), unit_of_work() as session:
        own = session.get_one(Authority, sqlite_world.authority)
        own.portal_url, own.dpo_email = "https://portail.example.org", "dpo@example.org"
    found = steps(academy)
    assert found["Donner l'adresse du portail et le délégué aux données"] == "Fait"
    assert found["Ajouter les établissements"] == "Fait"
    assert found["Inviter les chefs d'établissement"] == "Prochaine étape"


def test_a_teacher_has_no_steps(admin_app: Flask, sqlite_world: World) -> None:
    """They are the direction's."""
    assert steps(sign_in(admin_app, "teacher", school_id=sqlite_world.a)) == {}


@pytest.mark.row("C08")
def test_a_head_sets_periods_services_letters_and_rules_on_screen(head: Browser, sqlite_world: World) -> None:
    """Everything by forms of the application, nothing by code or by file."""
    divisions = sqlite_world.of[sqlite_world.a]["divisions"]
    page = head.client.get("/periods/preset/semester", follow_redirects=True)
    associate = page.request.path
    assert head.send(associate, division=[str(number) for number in divisions]).status_code == 302
    assert head.send("/services/activate", "/services/").status_code == 302
    assert head.send("/services/store", "/services/", booklets="open").status_code == 302
    assert head.send("/booklet-rules/store/life_needed", "/booklet-rules/", value="0").status_code == 302
    letters = head.send(f"/school/edit/{sqlite_world.a}", uai=uai(990_001), name="Collège Essai", kind="college",
                        school_year="1", head_title="Le principal", head_name="Basile Orme")  # fmt: skip
    assert letters.status_code == 302, re.findall(r'class="error"[^>]*>.*?</span></span>', letters.text)
    with school_scope(sqlite_world.a):
        assert {row.scheme for row in classes()} == {"Semestre"}
        opened = admin_db.session.scalars(select(OnlineService.code).where(OnlineService.state == "open")).all()
        assert opened == ["booklets"]
        school = admin_db.session.get_one(School, sqlite_world.a)
        assert (school.head_title, school.head_name) == ("Le principal", "Basile Orme")
        assert resolve(rows_here(admin_db.session()), "life_needed", None).origin == "school"
