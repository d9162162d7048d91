"""« Ouverture / fermeture »: activation, one form, what the academy imposes or bars (M057–M061)."""

from __future__ import annotations

from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.online.models import AcademicService, OnlineService, ServiceRule
from app.online.services import activate, list_services, move_services
from tests.admin.conftest import Browser, sign_in
from tests.factories import World

NOT_YET = "Cet établissement n'a pas encore mis les téléservices à disposition des responsables et des élèves."
BARRED = ("Vous ne pouvez prétendre à ce téléservice : - soit vous n'êtes pas utilisateur du module Sconet "
          "correspondant, - soit vous n'êtes pas expérimentateur de ce téléservice.")  # fmt: skip


def activated(world: World) -> None:
    with school_scope(world.a):
        activate(actor=SYSTEM)
    admin_db.session.remove()


def open_codes(world: World, school: int | None = None) -> set[str]:
    with school_scope(school or world.a):
        found = {service.code for service in list_services() if service.state == "open"}
    admin_db.session.remove()
    return found


@pytest.mark.row("M057")
def test_the_message_returns_on_the_page_and_at_home_until_activated(head: Browser, sqlite_world: World) -> None:
    for path in ("/services/", "/"):
        page = unescape(head.get(path))
        assert "Téléservices non activés :" in page and NOT_YET in page and "Activer les Téléservices" in page
        assert 'name="marks"' not in page
    assert head.send("/services/activate", page="/services/").status_code == 302
    for path in ("/services/", "/"):
        assert NOT_YET not in unescape(head.get(path))
    assert 'name="marks"' in head.get("/services/")


@pytest.mark.row("M057")
def test_a_secretary_reads_the_message_without_the_button(admin_app: Flask, sqlite_world: World) -> None:
    secretary = sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    page = unescape(secretary.get("/services/"))
    assert NOT_YET in page and "Activer les Téléservices" not in page
    activated(sqlite_world)
    page = secretary.get("/services/")
    assert "disabled" in page and "Valider" not in page


@pytest.mark.row("M058")
def test_home_lists_every_service_with_its_state(head: Browser, sqlite_world: World) -> None:
    with school_scope(sqlite_world.a):
        move_services(["marks"], "open", actor=SYSTEM)
    admin_db.session.remove()
    page = head.get("/")
    for label in ("Consultation des absences", "Consultation des notes", "Brevet informatique et internet"):
        assert label in page
    assert page.count("Ouvert</span>") == 1 and page.count("Fermé</span>") == 4


@pytest.mark.row("M059", "M071")
def test_one_form_opens_and_closes_and_closing_asks(head: Browser, sqlite_world: World) -> None:
    activated(sqlite_world)
    page = head.get("/services/")
    assert "Valider" in page and "Annuler" in page
    sent = head.send("/services/store", page="/services/", marks="open", absences="open", competences="closed")
    assert sent.status_code == 302
    assert open_codes(sqlite_world) == {"marks", "absences"}
    asked = head.send("/services/store", page="/services/", marks="closed", absences="open")
    assert asked.status_code == 200 and "Fermer ces téléservices ?" in asked.text
    assert open_codes(sqlite_world) == {"marks", "absences"}, "not before the confirmation"
    done = head.send("/services/store", page="/services/", marks="closed", absences="open", confirmed="1")
    assert done.status_code == 302
    assert open_codes(sqlite_world) == {"absences"}


@pytest.mark.row("M059")
def test_a_wrong_choice_keeps_the_others_on_the_form(head: Browser, sqlite_world: World) -> None:
    activated(sqlite_world)
    answer = head.send("/services/store", page="/services/", marks="open", absences="peut-être")
    assert answer.status_code == 422
    assert "Consultation des absences : choisissez" in unescape(answer.text)
    assert 'id="marks-open" name="marks" value="open" checked' in answer.text
    assert open_codes(sqlite_world) == set()


@pytest.mark.row("M060", "M061")
def test_the_academy_bars_and_imposes_on_screens_of_its_own(
    head: Browser, academy: Browser, sqlite_world: World
) -> None:
    activated(sqlite_world)
    with school_scope(sqlite_world.a):
        move_services(["marks"], "open", actor=SYSTEM)
    admin_db.session.remove()
    assert academy.send("/service-rule/add", code="marks", kind="barred").status_code == 302
    assert academy.send("/service-rule/add", code="absences", kind="mandatory").status_code == 302
    assert "existe déjà" in academy.send("/service-rule/add", code="marks", kind="free").text, "one for each service"
    assert open_codes(sqlite_world) == set(), "what is barred closes at once"
    page = unescape(head.get("/services/"))
    assert BARRED in page and 'name="marks"' not in page
    assert "obligatoire : il ne peut pas être fermé." in page
    assert "Il n'est pas encore ouvert" in page
    refused = head.send("/services/store", page="/services/", marks="open")
    assert refused.status_code == 409 and BARRED[:-1] in unescape(refused.text)
    assert head.send("/services/store", page="/services/", absences="open").status_code == 302
    refused = head.send("/services/store", page="/services/", absences="closed", confirmed="1")
    assert refused.status_code == 409
    assert open_codes(sqlite_world) == {"absences"}
    assert "Téléservices imposés ou exclus" in head.get("/service-rule/list/")


@pytest.mark.row("M060")
def test_a_rule_for_one_school_is_its_own(head: Browser, academy: Browser, sqlite_world: World) -> None:
    with school_scope(sqlite_world.b):
        move_services(["marks"], "open", actor=SYSTEM)
    admin_db.session.remove()
    added = academy.send("/service-rule/add", code="marks", kind="barred", school=str(sqlite_world.b))
    assert added.status_code == 302
    assert open_codes(sqlite_world, sqlite_world.b) == set()
    with system_scope("test"):
        rule = admin_db.session.scalars(select(ServiceRule)).one()
    assert rule.school_id == sqlite_world.b
    assert head.get(f"/service-rule/show/{rule.id}", status=404), "another school's rule is not shown"


@pytest.mark.row("M059")
def test_a_service_of_the_academy_appears_in_every_school(
    head: Browser, academy: Browser, sqlite_world: World
) -> None:
    activated(sqlite_world)
    for wrong in ("javascript:alert(1)", "cahier.example.org", "https://"):
        page = academy.send("/academic-service/add", label="Cahier de textes", url=wrong).text
        assert "Écrivez une adresse complète" in page
    sent = academy.send("/academic-service/add", label="Cahier de textes", url="https://cahier.example.org")
    assert sent.status_code == 302
    page = head.get("/services/")
    assert "Gestion des téléservices académiques" in page and "Cahier de textes" in page
    with system_scope("test"):
        own = admin_db.session.scalars(select(AcademicService)).one()
        counted = select(OnlineService).where(OnlineService.academic_service_id == own.id)
        assert len(admin_db.session.scalars(counted).all()) == 3
    admin_db.session.remove()
    head.send("/services/store", page="/services/", **{f"academic-{own.id}": "open"})
    assert open_codes(sqlite_world) == {f"academic-{own.id}"}
    assert "Cahier de textes" in academy.get("/service/list/")
    assert academy.send(f"/academic-service/delete/{own.id}").status_code == 302
    assert open_codes(sqlite_world) == set()
