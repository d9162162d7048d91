"""Writing to the school and the record card, as families see them (M119, M135, M141)."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page
from sqlalchemy import update

from app.core.db import portal_db
from app.core.errors import NotFound
from app.core.scope import account_scope, system_scope
from app.core.uow import unit_of_work
from app.portal.accounts import ChangeRefused
from app.portal.cards import card
from app.portal.children import detach_child
from app.portal.confirmation import confirm
from app.portal.family_words import point_out, write_to_school
from app.portal.models import PublishedCode, PublishedSchool
from app.portal.signup import create_account
from app.portal.visitors import Visitor
from app.security.throttle import TooManyAttempts
from tests.browser import chromium  # noqa: F401 - a fixture
from tests.portal.conftest import (
    ELSEWHERE,
    HUGO,
    HUGO_FATHER,
    MARGUERITE,
    PORTAL_URL,
    PUPILS_OWN,
    events,
    line,
    link_of,
    mails,
    new_account,
    rows,
    send,
)
from tests.portal.test_accounts import known, made
from tests.portal.test_browser import address, page, sign_in, sound  # noqa: F401 - fixtures
from tests.portal.test_pages import make_confirmed

CARDS = {1: ("12 rue des Lilas\n99000 MONTREVEL", "06 11"), 2: ("12 rue des Lilas\n99000 MONTREVEL", "06 11"),
         3: ("3 place du Marché\n99000 MONTREVEL", "06 22"), 4: ("8 quai Nord", "06 33")}


def publish_cards() -> None:
    """The data of four guardians, as the replicator would write them."""
    with system_scope("the replicator of a test"), unit_of_work(portal_db) as session:
        for code, (where, mobile) in CARDS.items():
            facts = {"capacity": "1", "address": where, "phone_home": None, "phone_mobile": mobile, "phone_work": "",
                     "email": f"g{code}@example.org"}  # fmt: skip
            session.execute(update(PublishedCode).where(PublishedCode.id == code).values(card=facts))


@pytest.fixture
def mother(families: Any, visitor: Visitor) -> int:
    """With both children."""
    publish_cards()
    return made(line(MARGUERITE), line(HUGO), visitor=visitor)


def shown(account: int, pupil: int) -> dict[str, str]:
    """The address and telephone that an account reads, by person."""
    with account_scope(account):
        return {one.name: dict(one.facts)["phone_mobile"] for one in card(pupil).guardians}


@pytest.mark.row("M119", "M141")
def test_each_code_opens_the_data_of_the_person_it_names_and_of_no_other(mother: int, visitor: Visitor) -> None:
    """Separated parents on accounts of their own; then both codes on a joint account; then one of them gone again."""
    father = made(line(HUGO_FATHER), visitor=visitor, identifier="paul", email="paul@example.org")
    assert shown(mother, 12) == {"Mme BERGÉ Maude": "06 11"} and shown(father, 12) == {"M. BERGÉ Paul": "06 22"}
    for account, pupil in ((father, 11), (mother, 21), (mother, 987_654)):
        with pytest.raises(NotFound):
            shown(account, pupil)
    detach_child(father, 3, **known(visitor))
    assert rows(PublishedCode, PublishedCode.id == 3)[0].card is None, "nobody can read it: it leaves the portal"


@pytest.mark.row("M119", "M141")
def test_a_joint_account_reads_both_parents(families: Any, visitor: Visitor) -> None:
    publish_cards()
    account = made(line(HUGO), line(HUGO_FATHER), visitor=visitor)
    assert shown(account, 12) == {"Mme BERGÉ Maude": "06 11", "M. BERGÉ Paul": "06 22"}


@pytest.mark.row("M141")
def test_a_pupil_reads_no_guardian(families: Any, visitor: Visitor) -> None:
    publish_cards()
    assert shown(made(line(PUPILS_OWN), visitor=visitor, holder="pupil"), 12) == {}


@pytest.mark.row("M141")
def test_a_revoked_code_closes_the_card(mother: int) -> None:
    with system_scope("the school revokes"), unit_of_work(portal_db) as session:
        session.execute(update(PublishedCode).where(PublishedCode.id == 1).values(valid=False))
    with pytest.raises(NotFound):
        shown(mother, 11)


@pytest.mark.row("M141")
def test_an_error_is_told_by_a_code_of_the_account_alone(mother: int, visitor: Visitor) -> None:
    point_out(mother, 2, "guardian", "Mon portable est le 06 99.\r\n\x00Merci", visitor=visitor)
    kind, payload = events()[-1]
    assert kind == "card.error" and payload["code_id"] == 2
    assert payload["words"] == "Mon portable est le 06 99.\nMerci"
    for code, about in ((3, "guardian"), (4, "pupil"), (987_654, "pupil"), (2, "school"), (2, "")):
        with pytest.raises(NotFound):
            point_out(mother, code, about, "Faux", visitor=visitor)
    for words in ("", " \n ", "x" * 4001):
        with pytest.raises(ChangeRefused):
            point_out(mother, 2, "pupil", words, visitor=visitor)
    assert [kind for kind, _ in events()].count("card.error") == 1


@pytest.mark.row("M141")
def test_the_card_is_read_only_and_its_error_form_needs_no_script(client: FlaskClient) -> None:
    publish_cards()
    make_confirmed(client, MARGUERITE)
    text = client.get("/fiche/11").text
    assert "12 rue des Lilas" in text and "Responsable légal 1" in text and "3 place du Marché" not in text
    assert 'href="/fiche/11"' in client.get("/").text
    assert send(client, "/fiche/11", {"about": "guardian-1", "words": ""}).status_code == 422
    assert send(client, "/fiche/11", {"about": "guardian-3", "words": "Faux"}).status_code == 404
    done = send(client, "/fiche/11", {"about": "pupil", "words": "Prénom : Zoé"}, follow_redirects=True)
    assert "Le secrétariat est prévenu" in done.text and events()[-1][1]["about"] == "pupil"


@pytest.mark.row("M141")
def test_data_that_have_not_arrived_are_said_to_be_on_their_way(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    assert "au plus tard dans la nuit" in client.get("/fiche/11").text


@pytest.mark.row("M135", "M136")
def test_a_message_goes_out_with_the_codes_of_that_school_alone(families: Any, visitor: Visitor) -> None:
    account = made(line(HUGO), line(HUGO_FATHER), line(ELSEWHERE), visitor=visitor)
    write_to_school(account, 12, "Rendez-vous\r\nBcc: x@example.org", "Bonjour,\nMerci", visitor=visitor)
    kind, payload = events()[-1]
    assert kind == "contact.message" and payload["code_ids"] == [2, 3] and payload["school_id"] == 1
    assert payload["subject"] == "Rendez-vous Bcc: x@example.org" and payload["words"] == "Bonjour,\nMerci"
    assert payload["email"] == "maude@example.org"


@pytest.mark.row("M135")
def test_only_where_the_link_is_active_only_guardians_only_own_children(mother: int, visitor: Visitor) -> None:
    pupil = made(line(PUPILS_OWN), visitor=visitor, holder="pupil", identifier="hugo", email="h@example.org")
    stranger = made(line(ELSEWHERE), visitor=visitor, identifier="ida", email="ida@example.org")
    for account, child in ((pupil, 12), (stranger, 21), (stranger, 12), (mother, 21)):
        with pytest.raises(NotFound):
            write_to_school(account, child, "Objet", "Message", visitor=visitor)
    with system_scope("the school changes its mind"), unit_of_work(portal_db) as session:
        session.execute(update(PublishedSchool).values(contact=False))
    with pytest.raises(NotFound):
        write_to_school(mother, 12, "Objet", "Message", visitor=visitor)
    assert "contact.message" not in [kind for kind, _ in events()]


@pytest.mark.row("M135")
def test_five_messages_an_hour(mother: int, visitor: Visitor) -> None:
    for number in range(5):
        write_to_school(mother, 12, "Objet", f"Message {number}", visitor=visitor)
    with pytest.raises(TooManyAttempts):
        write_to_school(mother, 12, "Objet", "Encore", visitor=visitor)


@pytest.mark.row("M135")
def test_the_form_has_an_object_and_a_message_both_required(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    assert 'href="/ecrire/11"' in client.get("/").text
    answer = send(client, "/ecrire/11", {"subject": " ", "words": ""})
    assert answer.status_code == 422 and answer.text.count("Remplissez ce champ") == 4
    assert "Annuler" in answer.text and "Valider" in answer.text
    long = send(client, "/ecrire/11", {"subject": "x" * 121, "words": "Bonjour"})
    assert "120 caractères au plus" in long.text and "Bonjour" in long.text
    done = send(client, "/ecrire/11", {"subject": "Objet", "words": "Bonjour"}, follow_redirects=True)
    assert "Votre message part vers l&#39;établissement" in done.text
    with system_scope("the school changes its mind"), unit_of_work(portal_db) as session:
        session.execute(update(PublishedSchool).values(contact=False))
    assert client.get("/ecrire/11").status_code == 404 and "/ecrire/" not in client.get("/").text


@pytest.mark.browser
@pytest.mark.row("M135", "M141")
def test_both_pages_are_accessible(page: Page, visitor: Visitor) -> None:  # noqa: F811
    create_account(new_account(line(MARGUERITE), line(HUGO), line(HUGO_FATHER)), visitor=visitor, portal_url=PORTAL_URL)
    publish_cards()
    confirm(link_of(mails()[0]))
    sign_in(page, "maude.berge")
    page.wait_for_url("/")
    sound(page, "accueil-fiche")
    for name, path in (("ecrire", "/ecrire/12"), ("fiche", "/fiche/12")):
        page.goto(path)
        sound(page, name)
        page.click("main form button:not([type=button])")
        sound(page, f"{name}-refuse")
