"""The card « Historique » of whatever has a workflow: what happened, what may follow, what stands in the way."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import select

from app.access.models import ActivationCode
from app.admin import life
from app.core.actor import Actor
from app.core.db import admin_db
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.online.models import OnlineService
from app.workflow import engine
from app.workflow.labels import Label
from app.workflow.registry import Unmet
from tests.admin.conftest import Browser, sign_in
from tests.factories import World
from tests.workflow.samples import force, make

SECRETARY = Actor.person(7, "Odile Marchenoir", [("can_notify", "guardian_code"), ("can_open", "service")])


def card(page: str) -> str:
    """The words of the card."""
    part = page.split('id="life-title"', 1)[1].split("</section>", 1)[0]
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", part).split()))


@pytest.fixture
def code(sqlite_world: World) -> int:
    """A code created, then notified."""
    with school_scope(sqlite_world.a), unit_of_work():
        made = make("guardian_code", sqlite_world, "created")
        engine.record_creation(made, actor=SECRETARY)
        engine.apply(made, "notify", actor=SECRETARY)
        return int(made.id)


def service_of(school: int) -> int:
    """The id of a school's service « marks »."""
    with school_scope(school), unit_of_work() as session:
        return session.scalars(select(OnlineService.id).where(OnlineService.code == "marks")).one()


@pytest.mark.row("C02")
def test_acts_are_told_newest_first(head: Browser, code: int) -> None:
    """Date, sentence of the workflow's file, state reached, who."""
    said = card(head.get(f"/guardian-code/show/{code}"))
    assert said.index("Code notifié") < said.index("Code créé")
    assert said.count("Odile Marchenoir") == 2
    assert len(re.findall(r"\d{2}/\d{2}/\d{4} \d{2}:\d{2}", said)) == 2


@pytest.mark.row("C02")
def test_the_reason_given_is_kept_in_the_history(head: Browser, sqlite_world: World) -> None:
    """An act with a reason shows it, as text."""
    with school_scope(sqlite_world.a), unit_of_work() as session:
        service = session.scalars(select(OnlineService).where(OnlineService.code == "marks")).one()
        engine.apply(service, "open", actor=SECRETARY, reason="Rentrée <des> 6e")
        pk = service.id
    page = head.get(f"/service/show/{pk}")
    assert "Motif : Rentrée <des> 6e" in card(page) and "<des>" not in page


@pytest.mark.row("C02")
def test_what_may_follow_depends_on_the_person(
    admin_app: Flask, head: Browser, code: int, sqlite_world: World
) -> None:
    """The head sees the actions of the present state; a CPE, who may do none, sees none, but the history."""
    said = card(head.get(f"/guardian-code/show/{code}"))
    for label in ("Notifier", "Enlever l'accès", "Nouveau code", "Invalider le code"):
        assert label in said
    assert "Autoriser l'accès" not in said, "that one leaves another state"
    cpe = card(sign_in(admin_app, "cpe", school_id=sqlite_world.a).get(f"/guardian-code/show/{code}"))
    assert "Enlever" not in cpe and "Code notifié" in cpe


@pytest.mark.row("C02")
def test_a_greyed_action_says_why_and_who_can_lift_it(head: Browser, code: int, sqlite_world: World) -> None:
    """Access is carried over only while a service is open."""
    assert "Aucun téléservice" not in card(head.get(f"/guardian-code/show/{code}"))
    with school_scope(sqlite_world.a), unit_of_work():
        force(admin_db, OnlineService, OnlineService.school_id == sqlite_world.a, state="closed")
    said = card(head.get(f"/guardian-code/show/{code}"))
    assert "Continuité d'accès (impossible pour l'instant) Aucun téléservice n'est ouvert" in said
    assert "Peut être levé par : le chef d'établissement." in said


@pytest.mark.row("C02")
def test_the_card_and_the_badge_lead_to_the_workflow(head: Browser, sqlite_world: World) -> None:
    page = head.get(f"/service/show/{service_of(sqlite_world.a)}")
    assert page.count('href="/workflows/service"') == 2
    assert "rien passé depuis" in card(page)


def test_what_has_no_workflow_has_no_card(head: Browser, sqlite_world: World) -> None:
    page = head.get(f"/pupil/show/{sqlite_world.of[sqlite_world.a]['pupils'][0]}")
    assert "life-title" not in page


@pytest.mark.row("C02")
def test_a_hurdle_leads_to_the_record_that_blocks(code: int, sqlite_world: World) -> None:
    """To another record of this school; neither to the page being read nor to another school's."""
    ours, theirs = service_of(sqlite_world.a), service_of(sqlite_world.b)
    told = []
    with school_scope(sqlite_world.a), unit_of_work() as session:
        item = session.get_one(ActivationCode, code)
        for record in (("online_service", ours), ("online_service", theirs), (item.__tablename__, code), None):
            unmet = Unmet("test", Label("Bloqué.", "Blocked."), record)
            told.append(life._hurdle(unmet, item, lambda found: f"/{found.__tablename__}/{found.id}").href)
    assert told == [f"/online_service/{ours}", None, None, None]
