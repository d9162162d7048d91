"""The pages without scripts: forms keep what was typed, answers are clear, nothing is shown before confirmation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.core.db import portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal.models import Account, PublishedCode
from app.workflow import engine
from tests.portal.conftest import (
    CLOSED,
    HUGO,
    MARGUERITE,
    PASSPHRASE,
    PUPILS_OWN,
    accounts,
    link_of,
    mails,
    rows,
    send,
    token_of,
    typed,
)
from tests.statements import statements


def make_confirmed(client: FlaskClient, *children: Any) -> None:
    """Sign up, follow the link, sign in."""
    assert send(client, "/activer", typed(*children)).status_code == 302
    link = f"/confirmation/{link_of(mails()[-1])}"
    assert send(client, link, {}).status_code == 200
    assert send(client, "/connexion", {"identifier": "maude.berge", "passphrase": PASSPHRASE}).status_code == 302


@pytest.mark.row("M113")
def test_the_sign_in_page_offers_the_two_first_visits(client: FlaskClient) -> None:
    page = client.get("/connexion").text
    assert 'href="/activer"' in page and 'href="/activer/eleve"' in page
    assert "Vous êtes un parent" in page and "Vous êtes un élève" in page


@pytest.mark.row("M114")
def test_the_parents_form_shows_three_lines_of_four_boxes(client: FlaskClient) -> None:
    page = client.get("/activer").text
    for at in range(3):
        for part in range(1, 5):
            assert f'name="lines-{at}-c{part}"' in page
        assert f'name="lines-{at}-first_name"' in page and f'name="lines-{at}-birth_date"' in page
    assert 'name="lines-3-c1"' not in page
    pupils = client.get("/activer/eleve").text
    assert 'name="lines-0-c1"' in pupils and 'name="lines-1-c1"' not in pupils


@pytest.mark.row("M114")
def test_adding_a_child_needs_no_script_and_loses_nothing(client: FlaskClient) -> None:
    answer = send(client, "/activer", typed(MARGUERITE, HUGO) | {"add": "1"})
    assert answer.status_code == 200
    assert 'value="0MQU"' in answer.text and 'value="Hugo"' in answer.text
    assert 'name="lines-2-c1"' in answer.text and "alert" not in answer.text
    assert accounts() == []


@pytest.mark.row("M118")
def test_signing_up_says_that_a_mail_will_come(client: FlaskClient) -> None:
    answer = send(client, "/activer", typed(MARGUERITE, HUGO), follow_redirects=True)
    said = "Votre compte a bien été créé. Vous recevrez prochainement un mail de confirmation"
    assert said in answer.text
    assert accounts()[0].state == "provisional"


@pytest.mark.row("M114")
def test_a_whole_code_may_be_put_in_the_first_box(client: FlaskClient) -> None:
    data = typed(MARGUERITE) | {"lines-0-c1": " 0mqu - xr4–3e7 knc"} | {f"lines-0-c{part}": "" for part in (2, 3, 4)}
    assert send(client, "/activer", data).status_code == 302


@pytest.mark.parametrize("born", ["18/01/2014", "18-1-2014", "18.01.2014", "18012014", "2014-01-18", " 18 01 2014 "])
def test_birth_dates_are_read_as_people_write_them(client: FlaskClient, born: str) -> None:
    assert send(client, "/activer", typed(MARGUERITE) | {"lines-0-birth_date": born}).status_code == 302


@pytest.mark.row("M115")
@pytest.mark.parametrize(("change", "said"), [
    ({"lines-0-c4": "KND"}, "n&#39;ouvrent pas de compte ensemble"),
    ({"lines-0-first_name": "Hugo"}, "n&#39;ouvrent pas de compte ensemble"),
    ({"lines-0-birth_date": "19/01/2014"}, "n&#39;ouvrent pas de compte ensemble"),
    ({"lines-0-c4": "KN"}, "Un code compte 13 chiffres et lettres"),
    ({"lines-0-birth_date": "31/02/2014"}, "Écrivez le jour, le mois et l&#39;année"),
    ({"lines-0-birth_date": ""}, "Remplissez ce champ"),
    ({"identifier": ""}, "Remplissez ce champ"),
    ({"again": "autre chose"}, "Les deux phrases de passe diffèrent"),
    ({"passphrase": "123456", "again": "123456"}, "il en faut au moins 12"),
    ({"email": "maude"}, "pas une adresse électronique"),
])
def test_bad_input_is_told_beside_the_field_and_loses_nothing(
    client: FlaskClient, change: dict[str, str], said: str
) -> None:
    answer = send(client, "/activer", typed(MARGUERITE) | change)
    assert answer.status_code == 422
    assert said in answer.text
    assert answer.text.count(said) == 2, "in the summary and beside the field"
    assert 'value="0MQU"' in answer.text
    for target in re.findall(r'<li><a href="#([^"]+)">', answer.text):
        assert f'id="{target}"' in answer.text
    assert PASSPHRASE not in answer.text
    assert accounts() == []


@pytest.mark.row("M115")
def test_a_school_that_opened_nothing_is_said_clearly(client: FlaskClient) -> None:
    answer = send(client, "/activer", typed(CLOSED))
    assert answer.status_code == 422
    assert "aucun téléservice pour le moment" in answer.text


@pytest.mark.row("M114")
def test_an_empty_form_and_a_wrong_second_line(client: FlaskClient) -> None:
    """Blank lines are passed over; the message names the line that the person sees."""
    assert "Remplissez au moins une ligne" in send(client, "/activer", typed()).text
    wrong = typed(MARGUERITE, ("0000000000000", "", HUGO[2]), HUGO)
    assert "Enfant 2" in send(client, "/activer", wrong).text
    gap = {key.replace("lines-1-", "lines-2-"): value for key, value in typed(MARGUERITE, HUGO).items()}
    gap |= {"lines-1-c1": "", "lines-1-first_name": " ", "lines-2-birth_date": "01/01/2001"}
    assert "Enfant 3" in send(client, "/activer", gap).text


def test_too_many_codes_tells_how_long_to_wait(client: FlaskClient) -> None:
    for day in range(1, 11):
        send(client, "/activer", typed(MARGUERITE) | {"lines-0-birth_date": f"{day:02d}/02/2014"})
    answer = send(client, "/activer", typed(MARGUERITE))
    assert answer.status_code == 429
    assert re.search(r"réessayez dans \d+ minutes", answer.text)


@pytest.mark.row("M118")
def test_visiting_the_link_does_nothing_until_the_button(client: FlaskClient) -> None:
    """Mail filters open every link."""
    send(client, "/activer", typed(MARGUERITE))
    link = f"/confirmation/{link_of(mails()[0])}"
    assert "Confirmer mon compte" in client.get(link).text
    assert accounts()[0].state == "provisional"
    assert "Vous pouvez maintenant vous connecter" in send(client, link, {}).text
    assert accounts()[0].state == "confirmed"
    assert "Ce lien a déjà servi" in client.get(link).text
    assert client.get("/confirmation/inconnu").status_code == 404


@pytest.mark.row("M118")
def test_a_provisional_account_sees_no_data_and_may_ask_for_the_link_again(client: FlaskClient) -> None:
    send(client, "/activer", typed(MARGUERITE))
    answer = send(client, "/connexion", {"identifier": "maude.berge", "passphrase": PASSPHRASE})
    assert answer.location == "/a-confirmer"
    assert "Votre compte est provisoire" in client.get("/a-confirmer").text
    assert client.get("/").location == "/connexion"
    assert "Un nouveau lien vous est envoyé" in send(client, "/a-confirmer", {}).text
    assert len(mails()) == 2


def test_nobody_asks_for_somebody_elses_link(client: FlaskClient) -> None:
    assert client.get("/a-confirmer").location == "/connexion"
    token = token_of(client.get("/connexion").text)
    assert client.post("/a-confirmer", data={"csrf_token": token}).location == "/connexion"
    assert mails() == []


@pytest.mark.row("M123")
def test_home_welcomes_and_shows_each_child_with_the_school(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE, HUGO)
    page = client.get("/").text
    assert "Bienvenue Maude" in page and "2 enfants sont rattachés à votre compte" in page
    assert "Né(e) le" in page and "6 février 2012" in page
    assert "Collège Essai" in page and "1 rue des Tilleuls" in page and "99000 MONTREVEL" in page
    assert "Notes" in page and "Livrets scolaires" in page and "Absences" not in page
    for word in ("Aide", "Se déconnecter", "Gérer son compte"):
        assert word in page
    assert "18 janvier 2014" in client.get("/?enfant=11").text


@pytest.mark.row("M123")
def test_one_child_has_no_selector_and_the_singular(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    page = client.get("/").text
    assert "1 enfant est rattaché à votre compte" in page and "Choisir un enfant" not in page


@pytest.mark.row("M119", "M123")
@pytest.mark.parametrize("asked", ["12", "21", "999", "x", "-1", "1e3"])
def test_another_familys_child_does_not_exist(client: FlaskClient, asked: str) -> None:
    make_confirmed(client, MARGUERITE)
    assert client.get(f"/?enfant={asked}").status_code == 404


def test_home_costs_at_most_three_statements(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE, HUGO)
    for allowed in (3, 2):  # the first page after signing in also stores its anti-forgery token
        with statements(portal_db) as sent:
            client.get("/")
        assert len([s for s in sent if not s.startswith("BEGIN")]) <= allowed, sent


def test_a_revoked_code_hides_the_child_at_the_next_page(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    with system_scope("test"), unit_of_work(portal_db) as session:
        session.get(PublishedCode, 1).valid = False
    page = client.get("/").text
    assert "Zoé" not in page and "<h2>Aucun enfant n'est rattaché à votre compte</h2>" in page


def test_a_closed_account_is_out_at_the_next_page(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    with system_scope("the school closes an account"):
        engine.apply(portal_db.session.get(Account, accounts()[0].id), "close", actor=engine.SYSTEM)
    assert client.get("/").location == "/connexion"


@pytest.mark.row("M120")
def test_the_account_page_masks_codes(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE, HUGO)
    page = client.get("/compte").text
    assert "0MQU - ••• - ••• - •••" in page and "XR4" not in page
    assert "Mme BERGÉ Maude" in page


def test_signing_out_ends_the_session_and_takes_a_post(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    cookie = client.get_cookie("livret_portail")
    assert client.get("/deconnexion").status_code == 404
    assert send(client, "/deconnexion", {}, page="/").location == "/connexion"
    client.set_cookie("livret_portail", cookie.value)
    assert client.get("/").location == "/connexion"


def test_the_pupils_way(client: FlaskClient) -> None:
    assert send(client, "/activer/eleve", typed(PUPILS_OWN)).status_code == 302
    assert accounts()[0].kind == "pupil"
    assert client.get("/activer/professeur").status_code == 404


def test_the_language_is_remembered_and_follows_into_the_account(client: FlaskClient) -> None:
    assert "Première visite" in client.get("/connexion").text
    assert client.get("/langue/en?suite=/connexion").location == "/connexion"
    page = client.get("/connexion").text
    assert "First visit" in page and '<html lang="en"' in page
    make_confirmed(client, MARGUERITE)
    assert accounts()[0].locale == "en" and mails()[0].subject == "Confirm your account"
    assert "1 child is attached to your account" in client.get("/").text
    send(client, "/compte/langue", {"locale": "fr"}, page="/compte", follow_redirects=True)
    assert accounts()[0].locale == "fr"
    assert "Gérer son compte" in client.get("/compte").text


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example",
                                    "/\t/evil.example", "/\n/evil.example", ""])
def test_the_language_link_leads_nowhere_else(client: FlaskClient, target: str) -> None:
    assert client.get("/langue/en", query_string={"suite": target}).location == "/"


def test_the_browsers_language_is_the_first_guess(portal: Any) -> None:
    browser = portal.test_client()
    assert "First visit" in browser.get("/connexion", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert "Première visite" in browser.get("/connexion", headers={"Accept-Language": "de"}).text


def test_wrong_sign_in_keeps_the_identifier_and_says_one_thing(client: FlaskClient) -> None:
    answer = send(client, "/connexion", {"identifier": "qui.que", "passphrase": "quoi que ce soit"})
    assert answer.status_code == 401
    assert "Identifiant ou phrase de passe incorrects" in answer.text and 'value="qui.que"' in answer.text
    assert "quoi que ce soit" not in answer.text


def test_forms_without_their_token_are_refused(client: FlaskClient) -> None:
    assert client.post("/activer", data=typed(MARGUERITE)).status_code == 400
    assert rows(PublishedCode, PublishedCode.account_id.is_not(None)) == []


def test_every_page_forbids_storing_framing_and_foreign_scripts(client: FlaskClient) -> None:
    headers = client.get("/activer").headers
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "style=" not in client.get("/activer").text


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").json == {"status": "ok"}


def test_what_is_too_large_is_refused_in_the_readers_language(client: FlaskClient) -> None:
    """Not « Request Entity Too Large »."""
    answer = client.post("/connexion", data={"identifier": "x" * 100_000})
    assert answer.status_code in (400, 413) and "Request" not in answer.text and "recommencez" in answer.text
