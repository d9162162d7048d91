"""The guides' policy, where an academy chose it: 6 to 10 digits, an on-screen keypad, three questions, own counters;
and the message of the sign-in page (M116, M117, M121, M122)."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Page
from sqlalchemy import update

from app.core.db import portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal import accounts as service
from app.portal import keys
from app.portal.accounts import ChangeRefused
from app.portal.confirmation import confirm
from app.portal.models import AccountQuestion, PublishedCode, PublishedSchool
from app.portal.questions import Answered
from app.portal.recovery import answer_requests, ask
from app.portal.signin import SignInRefused, sign_in
from app.portal.signup import SignUpRefused, create_account
from app.portal.visitors import Visitor
from app.security.digits import is_digits, too_easy
from app.security.passwords import PassphraseRefused
from app.security.throttle import TooManyAttempts
from tests.browser import chromium  # noqa: F401 - a fixture
from tests.portal.conftest import (
    ELSEWHERE,
    MARGUERITE,
    PASSPHRASE,
    PORTAL_URL,
    accounts,
    line,
    link_of,
    mails,
    new_account,
    rows,
    send,
    typed,
)
from tests.portal.test_accounts import known, told
from tests.portal.test_browser import address, page, sound  # noqa: F401 - fixtures
from tests.portal.test_recovery import token

DIGITS = "83620475"
QUESTIONS = (Answered("pet", "Pilou"), Answered("dish", "Gâteau de riz"), Answered("Mon employeur", "La Poste"))
ANSWERS = ("pilou", "GATEAU DE RIZ", "la poste ")


def choose(secret: str = "keypad", message: str = "", *schools: int) -> None:
    """What the academy of these schools (all of them) chose, as the replicator would publish it."""
    with system_scope("the replicator of a test"), unit_of_work(portal_db) as session:
        chosen = update(PublishedSchool).values(secret=secret, message=message)
        session.execute(chosen.where(PublishedSchool.id.in_(schools or (1, 2, 3))))


@pytest.fixture
def keypad(families: Any) -> None:
    """Every academy chose the keypad."""
    choose()


@pytest.fixture
def mother(keypad: None, visitor: Visitor) -> int:
    """An account with digits."""
    create_account(new_account(passphrase=DIGITS, questions=QUESTIONS), visitor=visitor, portal_url=PORTAL_URL)
    confirm(link_of(mails()[-1]))
    return sign_in("maude.berge", DIGITS, visitor=visitor).account_id


def refused(visitor: Visitor, **facts: Any) -> list[tuple[str, str]]:
    """What is wrong with a form."""
    with pytest.raises(SignUpRefused) as caught:
        create_account(new_account(**facts), visitor=visitor, portal_url=PORTAL_URL)
    return [(fault.field, fault.reason) for fault in caught.value.faults]


@pytest.mark.row("M116")
@pytest.mark.parametrize(("text", "good"), [
    ("836204", True), ("8362047511", True), ("83620", False), ("83620475112", False), ("83620a", False),
    ("٨٣٦٢٠٤", False),
])
def test_six_to_ten_digits(text: str, good: bool) -> None:
    assert is_digits(text) is good


@pytest.mark.row("M116")
@pytest.mark.parametrize("text", ["123456", "987654", "111111", "121212", "123123", "18012014", "140118", "0123456789",
                                  "890123"])
def test_what_anybody_tries_first_is_refused(text: str) -> None:
    assert too_easy(text, [date(2014, 1, 18)])


@pytest.mark.row("M116", "M117", "M121")
def test_an_account_with_digits_and_three_questions(mother: int, visitor: Visitor) -> None:
    kept = sorted(rows_of(mother))
    assert [(place, question) for place, question, _digest in kept] == [
        (1, "pet"), (2, "dish"), (3, "Mon employeur")]
    assert all(digest.startswith("$argon2id$") for _place, _question, digest in kept)
    assert not sign_in("maude.berge", DIGITS, visitor=visitor).weak


def rows_of(account: int) -> list[tuple[int, str, str]]:
    """The questions kept."""
    with system_scope("assertions of a test"):
        portal_db.session.rollback()
        return [(one.place, one.question, one.answer_hash) for one in portal_db.session.query(AccountQuestion)
                if one.account_id == account]


@pytest.mark.row("M116")
def test_digits_are_refused_by_default(families: Any, visitor: Visitor) -> None:
    """The shipped policy is a pass-phrase of 12 characters."""
    assert refused(visitor, passphrase=DIGITS, questions=QUESTIONS) == [("passphrase", "passphrase")]
    choose("keypad", "", 2)  # another academy's choice opens nothing here
    assert refused(visitor, passphrase=DIGITS, questions=QUESTIONS) == [("passphrase", "digits_not_here")]
    assert accounts() == []


@pytest.mark.row("M116")
def test_the_stricter_choice_holds_for_children_of_two_academies(families: Any, visitor: Visitor) -> None:
    choose("keypad", "", 1)
    with pytest.raises(SignUpRefused) as caught:
        create_account(new_account(line(MARGUERITE), line(ELSEWHERE), passphrase=DIGITS, questions=QUESTIONS),
                       visitor=visitor, portal_url=PORTAL_URL)  # fmt: skip
    assert [fault.reason for fault in caught.value.faults] == ["digits_not_here"]


@pytest.mark.row("M117")
@pytest.mark.parametrize(("questions", "faults"), [
    ((), [("question1", "missing")]),
    ((QUESTIONS[0], Answered("pet", "Rex"), QUESTIONS[2]), [("question2", "question_twice")]),
    ((QUESTIONS[0], Answered("", "x"), Answered(" ", "")),
     [("question2", "missing"), ("answer2", "answer"), ("question3", "missing"), ("answer3", "answer")]),
])
def test_digits_need_three_good_questions(keypad: None, visitor: Visitor, questions: Any, faults: Any) -> None:
    assert refused(visitor, passphrase=DIGITS, questions=questions) == faults


@pytest.mark.row("M116")
def test_a_pass_phrase_stays_possible_and_needs_no_question(keypad: None, visitor: Visitor) -> None:
    account = create_account(new_account(), visitor=visitor, portal_url=PORTAL_URL)
    assert rows_of(account) == []


@pytest.mark.row("M121")
def test_ten_wrong_digits_a_day_and_one_must_wait_whoever_it_is(mother: int, visitor: Visitor) -> None:
    """From any address, for known and unknown identifiers alike; a pass-phrase is counted by its own rule."""
    for name in ("maude.berge", "nobody.at.all"):
        for number in range(10):
            with pytest.raises(SignInRefused):
                sign_in(name, f"4071{number:02}", visitor=Visitor(f"192.0.2.{number}", visitor.limits))
        with pytest.raises(TooManyAttempts) as caught:
            sign_in(name, DIGITS, visitor=Visitor("198.51.100.4", visitor.limits))
        assert caught.value.wait > 3600
        with pytest.raises(SignInRefused):
            sign_in(name, PASSPHRASE, visitor=Visitor("198.51.100.4", visitor.limits))


@pytest.mark.row("M121")
def test_right_digits_clear_the_count(mother: int, visitor: Visitor) -> None:
    for _round in range(3):
        for _ in range(4):
            with pytest.raises(SignInRefused):
                sign_in("maude.berge", "407199", visitor=visitor)
        assert sign_in("maude.berge", DIGITS, visitor=visitor).confirmed


@pytest.mark.row("M122")
def test_forgotten_digits_take_the_link_and_the_three_answers(mother: int, visitor: Visitor) -> None:
    ask("passphrase", "maude.berge", "fr", visitor=visitor)
    answer_requests(PORTAL_URL)
    link = token()
    found = keys.behind_link(link)
    assert found and found.questions == ("pet", "dish", "Mon employeur") and found.digits
    for wrong in ((), ("pilou", "gateau de riz"), ("pilou", "riz", "la poste")):
        with pytest.raises(keys.AnswersRefused):
            keys.follow_link(link, "90417263", wrong, visitor=visitor)
    keys.follow_link(link, "90417263", ANSWERS, visitor=visitor)
    assert sign_in("maude.berge", "90417263", visitor=visitor).account_id == mother


@pytest.mark.row("M122")
def test_answers_are_not_guessed(mother: int, visitor: Visitor) -> None:
    """Five an hour for an account, by whichever link and address."""
    ask("passphrase", "maude.berge", "fr", visitor=visitor)
    answer_requests(PORTAL_URL)
    for number in range(5):
        with pytest.raises(keys.AnswersRefused):
            keys.follow_link(token(), "90417263", ("a", "b", str(number)), visitor=visitor)
    with pytest.raises(TooManyAttempts):
        keys.follow_link(token(), "90417263", ANSWERS, visitor=Visitor("198.51.100.4", visitor.limits))
    assert sign_in("maude.berge", DIGITS, visitor=visitor).confirmed


@pytest.mark.row("M100", "M122")
def test_the_link_that_the_school_asked_for_asks_nothing(mother: int, visitor: Visitor) -> None:
    with system_scope("an order of the school"), unit_of_work(portal_db) as session:
        assert keys.give_link(session, accounts_of(session), PORTAL_URL, by_school=True)
    assert keys.behind_link(token()).questions == ()  # type: ignore[union-attr]
    keys.follow_link(token(), "90417263", visitor=visitor)
    assert sign_in("maude.berge", "90417263", visitor=visitor).account_id == mother


def accounts_of(session: Any) -> Any:
    """The one account, in this session."""
    return session.get(type(accounts()[0]), accounts()[0].id)


@pytest.mark.row("M116", "M120")
def test_an_academy_that_goes_back_to_pass_phrases_asks_for_one(mother: int, visitor: Visitor) -> None:
    choose("passphrase")
    assert sign_in("maude.berge", DIGITS, visitor=visitor).weak
    with pytest.raises(ChangeRefused):
        service.change_passphrase(mother, "90417263", **known(visitor, DIGITS))
    service.change_passphrase(mother, PASSPHRASE, **known(visitor, DIGITS))
    assert not sign_in("maude.berge", PASSPHRASE, visitor=visitor).weak


@pytest.mark.row("M117", "M120")
def test_questions_are_changed_and_told_and_digits_need_them(keypad: None, visitor: Visitor) -> None:
    create_account(new_account(), visitor=visitor, portal_url=PORTAL_URL)
    confirm(link_of(mails()[-1]))
    account = sign_in("maude.berge", PASSPHRASE, visitor=visitor).account_id
    with pytest.raises(ChangeRefused) as caught:
        service.change_passphrase(account, DIGITS, **known(visitor))
    assert [fault.reason for fault in caught.value.faults] == ["questions_first"]
    service.change_questions(account, QUESTIONS, **known(visitor))
    assert "questions" in told()[-1][1] and not any(answer in told()[-1][1] for answer in ("Pilou", "Poste"))
    service.change_passphrase(account, DIGITS, **known(visitor))
    with pytest.raises(ChangeRefused):
        service.change_passphrase(account, "111111", **known(visitor, DIGITS))


@pytest.mark.row("M106", "M116")
def test_a_slip_alone_gives_no_digits_without_questions(keypad: None, visitor: Visitor) -> None:
    create_account(new_account(email=""), visitor=visitor, portal_url=PORTAL_URL)
    with pytest.raises(PassphraseRefused), system_scope("test"), unit_of_work(portal_db) as session:
        key = keys.AccountKey(account=accounts_of(session), kind="slip", key_hash="x", expires_at=None)
        keys._use(session, key, DIGITS)


@pytest.mark.row("M121")
def test_the_keypad_is_mixed_each_time_and_absent_by_default(client: FlaskClient) -> None:
    assert "data-key=" not in client.get("/connexion").text
    choose()
    orders = set()
    for _ in range(4):
        keys_shown = re.findall(r'data-key="(\d?)"', client.get("/connexion").text)
        assert sorted(keys_shown) == ["", *"0123456789"] and keys_shown[-1] == ""
        orders.add(tuple(keys_shown))
    assert len(orders) > 1


@pytest.mark.row("M121")
def test_the_message_of_the_academy_is_text_and_nothing_else(client: FlaskClient) -> None:
    choose("passphrase", "Portail fermé dimanche <b>& lundi</b>")
    shown = client.get("/connexion").text
    assert "Portail fermé dimanche &lt;b&gt;&amp; lundi" in shown and shown.count("Portail fermé") == 1
    assert "Académie de Montrevel" in shown and "data-print" in shown


@pytest.mark.row("M116", "M117")
def test_the_form_offers_digits_and_questions_and_says_what_is_wrong(client: FlaskClient) -> None:
    assert "question1" not in client.get("/activer").text
    choose()
    shown = client.get("/activer").text
    assert shown.count("Le nom de votre animal de compagnie") == 2 and 'name="question3"' in shown
    form = typed(MARGUERITE, passphrase=DIGITS, again=DIGITS)
    assert "Écrivez une réponse" in send(client, "/activer", form | {"question1": "pet"}).text
    answers = {f"question{at}": one.question for at, one in enumerate(QUESTIONS, 1)}
    answers |= {f"answer{at}": one.answer for at, one in enumerate(QUESTIONS, 1)}
    assert send(client, "/activer", form | answers).status_code == 302
    assert rows(PublishedCode, PublishedCode.account_id.is_not(None))


@pytest.mark.browser
@pytest.mark.row("M117", "M121")
def test_the_keypad_serves_by_mouse_by_keyboard_and_aloud(page: Page, visitor: Visitor) -> None:  # noqa: F811
    choose("keypad", "Portail fermé dimanche.")
    page.goto("/activer")
    sound(page, "inscription-clavier")
    create_account(new_account(passphrase=DIGITS, questions=QUESTIONS), visitor=visitor, portal_url=PORTAL_URL)
    confirm(link_of(mails()[-1]))
    page.goto("/connexion")
    sound(page, "connexion-clavier")
    page.fill("#identifier", "maude.berge")
    for digit in DIGITS[:4] + "9":
        page.click(f'[data-key="{digit}"]')
    page.get_by_role("button", name="Suppr").click()
    for digit in DIGITS[4:]:
        page.locator(f'[data-key="{digit}"]').focus()
        page.keyboard.press("Enter" if digit != "7" else "Space")
    assert page.input_value("#passphrase") == DIGITS
    assert page.get_by_text("Signes saisis").inner_text().endswith("8")
    page.click("text=Se connecter")
    page.wait_for_url("/")
    for name in ("questions", "phrase"):
        page.goto(f"/compte/{name}")
        sound(page, f"compte-{name}-clavier")
    page.goto("/compte")
    sound(page, "compte-clavier")
    ask("passphrase", "maude.berge", "fr", visitor=visitor)
    answer_requests(PORTAL_URL)
    page.goto(f"/nouvelle-phrase/{token()}")
    sound(page, "questions-posees")
