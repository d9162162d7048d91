"""The booklets of a family's children: list, page, check of a printed one (C06)."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page
from pypdf import PdfReader

from app.core.db import portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.confirmation import confirm
from app.portal.models import PublishedSchool
from app.portal.signup import create_account
from app.portal.visitors import Visitor
from tests.browser import chromium  # noqa: F401 - a fixture
from tests.portal.conftest import (
    HUGO,
    MARGUERITE,
    PORTAL_URL,
    events,
    line,
    link_of,
    mails,
    new_account,
)
from tests.portal.test_browser import address, page, sign_in, sound  # noqa: F401 - fixtures
from tests.portal.test_pages import make_confirmed
from tests.statements import statements

pytestmark = pytest.mark.row("C06")


def test_the_home_page_leads_to_what_is_new(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE, HUGO)
    home = client.get("/?enfant=11").text
    assert 'href="/livrets/11"' in home and "2 livrets pas encore lus" in home
    listed = client.get("/livrets/11").text
    assert listed.index("2026-2027") < listed.index("2025-2026"), "latest year first, past years stay"
    assert "Trimestre 1" in listed and "Fin de cycle 4" in listed and "Pas encore lu" in listed
    assert "Aucun livret" in client.get("/livrets/12").text


def test_a_booklet_is_read_and_the_school_told_once(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    shown = client.get("/livret/1100").text
    for said in ("Français", "Mme FAUVEL", "Objectifs d'apprentissage atteints", "Des progrès à l'écrit.", "12,50",
                 "classe\N{NO-BREAK SPACE}: 11,02", "Non évalué\N{NO-BREAK SPACE}: Professeur non remplacé",
                 "Lire un récit d'aventures.",
                 "Un jardin au collège", "Moteur du groupe.", "Délégué de classe.", "Plan d'accompagnement",
                 "Un bon trimestre.", "2026-001100", "4 décembre 2026"):  # fmt: skip
        assert said.replace("'", "&#39;") in shown, said
    client.get("/livret/1100")
    told = [payload for kind, payload in events() if kind == "booklet.read"]
    assert [(p["code_id"], p["edition_id"]) for p in told] == [(1, 1100)]
    assert "1 livret pas encore lu" in client.get("/?enfant=11").text


def test_the_same_edition_as_a_pdf(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    answer = client.get("/livret/1100.pdf")
    assert answer.mimetype == "application/pdf" and "livret-2026-2027-2026-001100.pdf" in answer.headers[
        "Content-Disposition"]
    text = "\n".join(one.extract_text() for one in PdfReader(BytesIO(answer.data)).pages)
    assert "2026-001100" in text and "Des progrès à l'écrit" in text


def test_the_end_of_a_cycle_shows_the_components(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    shown = client.get("/livret/1101").text
    assert "Très bonne maîtrise" in shown and "Dispensé" in shown and "Synthèse de fin de cycle" in shown


def test_in_english_the_page_speaks_english(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    client.set_cookie("livret_langue", "en")
    assert "Overall comment" in client.get("/livret/1100").text


def test_a_school_that_closed_the_service_shows_no_booklet(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    with system_scope("the test closes a service"), unit_of_work(portal_db) as session:
        session.get_one(PublishedSchool, 1).services = ["marks"]
    for path in ("/livrets/11", "/livret/1100"):
        assert client.get(path).status_code == 404


def test_the_check_of_a_printed_booklet_says_no_name(client: FlaskClient) -> None:
    checked = client.get("/verification/jeton1100")
    assert checked.status_code == 200
    assert "2026-001100" in checked.text and "4 décembre 2026" in checked.text and "En vigueur" in checked.text
    assert "BERGÉ" not in checked.text and "Anaïs" not in checked.text and "Essai" not in checked.text
    assert client.get("/verification/inconnu").status_code == 404


def test_the_pages_cost_a_few_statements(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE, HUGO)
    client.get("/livret/1100")
    for path, most in (("/livrets/11", 5), ("/livret/1100", 7)):
        with statements(portal_db) as sent:
            client.get(path)
        assert len([s for s in sent if s.lstrip().upper().startswith(("SELECT", "INSERT", "UPDATE"))]) <= most, path


@pytest.mark.browser
def test_on_a_phone_the_pages_are_accessible(page: Page, visitor: Visitor) -> None:  # noqa: F811
    create_account(new_account(line(MARGUERITE), line(HUGO)), visitor=visitor, portal_url=PORTAL_URL)
    confirm(link_of(mails()[0]))
    sign_in(page, "maude.berge")
    page.goto("/?enfant=11")
    sound(page, "accueil-livrets")
    page.click("a[href=\"/livrets/11\"]")
    sound(page, "livrets")
    page.click("text=Trimestre 1")
    page.click("text=2 éléments du programme")
    sound(page, "livret")
    page.goto("/livret/1101")
    sound(page, "livret-cycle")
    page.goto("/verification/jeton1100")
    sound(page, "verification")
