"""Marks and absences as a family reads them: lists, filters, figures, team, the school life office; nobody else's
(M126–M130)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page
from sqlalchemy import select

from app.core import clock
from app.core.db import portal_db
from app.core.scope import account_scope, system_scope
from app.core.uow import unit_of_work
from app.portal.calendar import class_of
from app.portal.confirmation import confirm
from app.portal.half_days import absent_days, school_life_of
from app.portal.marks import marks_of
from app.portal.models import PublishedCode, PublishedPupil, PublishedSchool
from app.portal.records import PublishedAbsence, PublishedDivision, PublishedMark, PublishedTest
from app.portal.signup import create_account
from app.portal.visitors import Visitor
from tests.browser import chromium  # noqa: F401 - a fixture
from tests.conftest import Urls
from tests.portal.conftest import HUGO, MARGUERITE, PORTAL_URL, PUPILS_OWN, line, link_of, mails, new_account
from tests.portal.records import CANARY, publish_records
from tests.portal.test_browser import address, page, sign_in, sound  # noqa: F401 - fixtures
from tests.portal.test_pages import make_confirmed
from tests.statements import statements

TODAY = datetime(2026, 11, 25, 9, tzinfo=UTC)
NBSP = "\N{NO-BREAK SPACE}"


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with clock.frozen(TODAY):
        yield


@pytest.fixture
def mother(client: FlaskClient) -> FlaskClient:
    """The mother of both siblings, signed in."""
    publish_records()
    make_confirmed(client, MARGUERITE, HUGO)
    return client


def table(text: str) -> list[list[str]]:
    """The cells of a page's table, as they are read."""
    body = text[text.index("<tbody"):text.index("</tbody>")]
    rows = re.findall(r"<tr role=\"row\".*?>(.*?)</tr>", body, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[" ".join(unescape(re.sub(r"<[^>]*>", "", cell)).split()) for cell in row] for row in cells]


@pytest.mark.row("M126")
def test_the_marks_of_the_present_term(mother: FlaskClient) -> None:
    shown = mother.get("/notes/11").text
    heads = re.findall(r'<th role="columnheader"[^>]*>([^<]*)</th>', shown)
    assert heads == ["Matière", "Contrôle", "Date", "Note", "Moyenne", "Min", "Max", "Coef."]
    assert table(shown) == [
        ["Français Mme FAUVEL", "Dictée", "05/10/2026", "12,50", "11,25", "4,00", "18,50", "1"],
        ["Français", "Rédaction", "16/11/2026", "ABS", "11,25", "4,00", "18,50", "0,5"],
        ["Mathématiques M. BELHAJ", "Fractions", "21/09/2026", "7,25 / 10", *["–non communiqué"] * 3, "1"],
    ]
    for legend in (f"ABS{NBSP}: absent", f"N.NOT{NBSP}: non noté", f"DIS{NBSP}: dispensé"):
        assert legend in shown
    assert "Aires" not in shown and CANARY not in unescape(shown)


@pytest.mark.row("M127")
def test_filters_by_period_month_and_subject(mother: FlaskClient) -> None:
    def tests(query: str) -> list[str]:
        return [row[1] for row in table(mother.get(f"/notes/11?{query}").text)]

    assert tests("periode=p2") == ["Aires"]
    assert tests("periode=2026-11") == ["Rédaction"]
    assert tests("periode=tout") == ["Dictée", "Rédaction", "Fractions", "Aires"]
    assert tests("periode=tout&matiere=Mathématiques") == ["Fractions", "Aires"]
    assert tests("periode=p1&matiere=toutes") == ["Dictée", "Rédaction", "Fractions"]
    assert "Aucune note à lire ici" in mother.get("/notes/11?periode=p3").text
    for query in ("periode=p9", "periode=2027-06", "periode=", "matiere=Latin"):
        assert mother.get(f"/notes/11?{query}").status_code == 404, query
    shown = mother.get("/notes/11").text
    months = re.findall(r'<option value="(20[^"]*)"', shown)
    assert months == ["2026-11", "2026-10", "2026-09"], "until now, latest first"
    assert '<option value="p1" selected>Trimestre 1' in shown and "novembre 2026" in shown


@pytest.mark.row("M128")
def test_the_teaching_team(mother: FlaskClient) -> None:
    assert 'href="/equipe/11"' in mother.get("/notes/11").text
    shown = mother.get("/equipe/11").text
    assert table(shown) == [["Français", "Mme FAUVEL * (professeur principal)"], ["Mathématiques", "M. BELHAJ"],
                            ["–", "M. OZANNE * (professeur principal)"]]
    assert "* professeur principal" in shown


@pytest.mark.row("M126")
def test_each_subject_has_a_chart(mother: FlaskClient) -> None:
    shown = mother.get("/notes/11").text
    charts = re.findall(r'<svg class="chart".*?</svg>', shown, re.DOTALL)
    assert len(charts) == 2, "a subject without a number has none"
    assert 'aria-label="Français' in charts[0] and charts[0].count("<circle") == 1, "an absence is no point"
    assert 'y1="7.5" y2="80.0"' in charts[0] and 'cy="37.5"' in charts[0]
    assert 'class="range"' not in charts[1] and 'cy="27.5"' in charts[1]
    assert "style=" not in shown


@pytest.mark.row("M129")
def test_absences_by_week_latest_first(mother: FlaskClient) -> None:
    shown = mother.get("/absences/11").text
    heads = re.findall(r'<th role="columnheader"[^>]*>([^<]*)</th>', shown)
    assert heads == ["Numéro semaine", "Du", "Au", "Nombre de demi-journées"]
    assert table(shown) == [
        ["48", "lun. 23/11/2026", "sam. 28/11/2026", "0"],
        ["47", "lun. 16/11/2026", "sam. 21/11/2026", "0"],
        ["46", "lun. 09/11/2026", "sam. 14/11/2026", "2"],
        ["45", "lun. 02/11/2026", "sam. 07/11/2026", "0"],
    ], "the present month; its first day is a Sunday"
    assert "2 demi-journées d'absence" in shown
    october = table(mother.get("/absences/11?periode=2026-10").text)
    assert october[0] == ["44", "lun. 26/10/2026", "sam. 31/10/2026", "1"] and len(october) == 5
    assert october[-1][:3] == ["40", "jeu. 01/10/2026", "sam. 03/10/2026"]
    for query, total in (("p1", 3), ("tout", 3), ("2026-09", 0)):
        assert sum(int(row[3]) for row in table(mother.get(f"/absences/11?periode={query}").text)) == total
    assert mother.get("/absences/11?periode=p7").status_code == 404


@pytest.mark.row("M130")
def test_the_school_life_office(mother: FlaskClient) -> None:
    shown = mother.get("/absences/11").text
    card = shown[shown.index('id="vie-scolaire"'):]
    assert 'href="#vie-scolaire"' in shown and "Contacter la vie scolaire" in shown
    for said in ("1 rue des Tilleuls", "mailto:vie-scolaire1@example.org", "03 99 00 00 01", "03 99 00 00 02"):
        assert said in card, said


@pytest.mark.row("M124")
def test_the_home_page_leads_to_both(mother: FlaskClient) -> None:
    home = mother.get("/?enfant=12").text
    assert 'href="/notes/12"' in home and 'href="/absences/12"' in home
    assert mother.get("/aide").text.count('id="marks"') == 1 and "/aide#marks" in mother.get("/notes/12").text


def test_in_english_the_pages_speak_english(mother: FlaskClient) -> None:
    mother.set_cookie("livret_langue", "en")
    shown = mother.get("/notes/11").text
    assert "12.50" in shown and "Teaching team" in shown and "November 2026" in shown
    assert "Number of half-days" in mother.get("/absences/11").text


@pytest.mark.row("M126", "M129")
def test_a_school_that_closed_the_service_shows_nothing(mother: FlaskClient) -> None:
    with system_scope("the test closes services"), unit_of_work(portal_db) as session:
        session.get_one(PublishedSchool, 1).services = ["booklets"]
    for path in ("/notes/11", "/equipe/11", "/absences/11"):
        assert mother.get(path).status_code == 404, path
    assert "/notes/" not in mother.get("/?enfant=11").text


@pytest.mark.row("M126", "M129")
def test_nobody_reads_anothers_child(mother: FlaskClient) -> None:
    for path in ("/notes/21", "/equipe/21", "/absences/21", "/notes/31", "/notes/987654321"):
        assert mother.get(path).status_code == 404, path
    for child in (11, 12):
        for path in ("notes", "equipe", "absences"):
            shown = mother.get(f"/{path}/{child}?periode=tout").text
            assert CANARY not in unescape(shown) and "3,33" not in shown and "vie-scolaire2" not in shown


@pytest.mark.row("M126", "M129")
def test_a_code_that_is_no_longer_valid_opens_nothing(mother: FlaskClient) -> None:
    with system_scope("a refusal arrives"), unit_of_work(portal_db) as session:
        session.get_one(PublishedCode, 1).valid = False
    for path in ("/notes/11", "/equipe/11", "/absences/11"):
        assert mother.get(path).status_code == 404, path
    assert mother.get("/notes/12").status_code == 200


@pytest.mark.row("M104")
def test_a_pupil_whose_guardian_refused_sees_no_service(client: FlaskClient) -> None:
    publish_records()
    from tests.portal.conftest import send, typed

    data = typed(PUPILS_OWN)
    assert send(client, "/activer/eleve", data).status_code == 302
    assert send(client, f"/confirmation/{link_of(mails()[-1])}", {}).status_code == 200
    send(client, "/connexion", {"identifier": data["identifier"], "passphrase": data["passphrase"]})
    assert client.get("/notes/12").status_code == 200
    with system_scope("a guardian refuses for the pupil"), unit_of_work(portal_db) as session:
        session.get_one(PublishedPupil, 12).refused = True
    for path in ("/notes/12", "/equipe/12", "/absences/12", "/livrets/12"):
        assert client.get(path).status_code == 404, path
    assert "/notes/" not in client.get("/").text


@pytest.mark.row("M126", "M129")
def test_the_gate_holds_without_the_pages(families: Urls, visitor: Visitor) -> None:
    """The queries themselves show an account its own rows, on both databases."""
    publish_records()
    account = create_account(new_account(line(MARGUERITE)), visitor=visitor, portal_url=PORTAL_URL)
    with account_scope(account):
        assert len(marks_of(11)) == 4 and len(absent_days(11)) == 3 and school_life_of(11)
        for other in (12, 21):
            assert (marks_of(other), absent_days(other), school_life_of(other)) == ([], [], {})
            assert (class_of(other).team, class_of(other).periods) == ((), ())
        for model in (PublishedTest, PublishedMark, PublishedDivision, PublishedAbsence):
            seen = portal_db.session.scalars(select(model)).all()
            assert seen and {row.school_id for row in seen} == {1}, model
        assert {row.id for row in portal_db.session.scalars(select(PublishedTest))} == {1, 2, 3, 4}


def test_few_statements_whatever_the_marks(mother: FlaskClient) -> None:
    counts = {}
    mother.get("/notes/11")
    for path in ("/notes/11", "/notes/11?periode=tout", "/absences/11"):
        with statements(portal_db) as seen:
            mother.get(path)
        counts[path] = len(seen)
    assert max(counts.values()) <= 6 and counts["/notes/11"] == counts["/notes/11?periode=tout"], counts


@pytest.mark.browser
@pytest.mark.row("M126", "M128", "M129", "M130")
def test_the_pages_are_accessible(page: Page, visitor: Visitor) -> None:  # noqa: F811
    publish_records()
    create_account(new_account(line(MARGUERITE), line(HUGO)), visitor=visitor, portal_url=PORTAL_URL)
    confirm(link_of(mails()[0]))
    sign_in(page, "maude.berge")
    page.wait_for_url("/")
    sound(page, "accueil-services")
    for name, path in {"notes": "/notes/11?periode=tout", "notes-rien": "/notes/11?periode=p3", "equipe": "/equipe/11",
                       "absences": "/absences/11?periode=tout"}.items():  # fmt: skip
        page.goto(path)
        sound(page, name)
    page.emulate_media(color_scheme="dark")
    for name, path in {"notes": "/notes/11?periode=tout", "absences": "/absences/11"}.items():
        page.goto(path)
        sound(page, f"{name}-sombre")
