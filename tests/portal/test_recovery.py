"""Identifier or pass-phrase forgotten: one answer whoever asks, the rest by mail (M117, M122)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.core import clock
from app.core.db import portal_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.portal import keys
from app.portal.confirmation import lapse_expired
from app.portal.models import Account, AccountKey, PortalMail, PublishedCode, RecoveryRequest
from app.portal.recovery import answer_requests, ask
from app.portal.signin import SignInRefused, sign_in
from app.portal.signup import create_account
from app.portal.visitors import Visitor
from app.security.throttle import TooManyAttempts
from tests.portal.conftest import (
    ELSEWHERE,
    HUGO,
    HUGO_FATHER,
    MARGUERITE,
    PASSPHRASE,
    PORTAL_URL,
    PUPILS_OWN,
    accounts,
    line,
    mails,
    new_account,
    rows,
    send,
    typed,
)
from tests.portal.test_accounts import made
from tests.statements import statements

OTHER = "cinq loutres jouent aux cartes"


def sent(kind: str) -> list[PortalMail]:
    """The mails of a kind."""
    return [mail for mail in mails() if mail.kind == kind]


def token() -> str:
    """The link of the last mail."""
    return re.search(r"/nouvelle-phrase/(\S+)", sent("account.reset")[-1].text)[1]  # type: ignore[index]


@pytest.fixture
def mother(families: Any, visitor: Visitor) -> int:
    """Signed in once."""
    return made(line(MARGUERITE), line(HUGO), visitor=visitor)


@pytest.mark.row("M122")
def test_a_forgotten_identifier_goes_to_its_address_alone(mother: int, visitor: Visitor) -> None:
    made(line(ELSEWHERE), visitor=visitor, identifier="second.compte", email="Maude@Example.org")
    for address in ("MAUDE@example.org", "nobody@example.org"):
        ask("identifier", address, "fr", visitor=visitor)
    assert sent("account.identifier") == [] and answer_requests(PORTAL_URL) == 2
    (mail,) = sent("account.identifier")
    assert mail.to_address == "maude@example.org"
    assert "maude.berge" in mail.text and "second.compte" in mail.text and PASSPHRASE not in mail.text
    assert rows(RecoveryRequest) == [] and answer_requests(PORTAL_URL) == 0


@pytest.mark.row("M117", "M122")
def test_a_forgotten_pass_phrase_is_chosen_anew_by_a_link_that_serves_once(mother: int, visitor: Visitor) -> None:
    epoch = accounts()[0].epoch
    ask("passphrase", "  Maude.BERGE ", "fr", visitor=visitor)
    answer_requests(PORTAL_URL)
    assert sent("account.reset")[0].to_address == "maude@example.org"
    link = token()
    keys.follow_link(link, OTHER, visitor=visitor)
    assert accounts()[0].epoch == epoch + 1
    assert sign_in("maude.berge", OTHER, visitor=visitor).account_id == mother
    with pytest.raises(keys.KeyRefused):
        keys.follow_link(link, PASSPHRASE, visitor=visitor)


@pytest.mark.row("M122")
def test_the_link_lives_a_day_and_a_new_one_ends_it(mother: int, visitor: Visitor) -> None:
    links = []
    for _ in range(2):
        ask("passphrase", "maude.berge", "fr", visitor=visitor)
        answer_requests(PORTAL_URL)
        links.append(token())
    assert [keys.behind_link(link) is None for link in links] == [True, False]
    with system_scope("a day passes"), unit_of_work(portal_db) as session:
        session.execute(update(AccountKey).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert keys.behind_link(links[1]) is None


@pytest.mark.row("M122")
def test_a_pupils_link_goes_to_the_parents(families: Any, visitor: Visitor) -> None:
    """To each parent with an account of their own, unseen by the other; never to the pupil; nowhere without parents."""
    made(line(PUPILS_OWN), visitor=visitor, holder="pupil", identifier="hugo", email="hugo@example.org")
    ask("passphrase", "hugo", "fr", visitor=visitor)
    answer_requests(PORTAL_URL)
    assert sent("account.reset") == []
    made(line(HUGO), visitor=visitor)
    made(line(HUGO_FATHER), visitor=visitor, identifier="paul", email="paul@example.org")
    made(line(ELSEWHERE), visitor=visitor, identifier="ida", email="ida@example.org")
    ask("passphrase", "hugo", "fr", visitor=visitor)
    answer_requests(PORTAL_URL)
    found = sent("account.reset")
    assert [mail.to_address for mail in found] == ["maude@example.org", "paul@example.org"]
    assert "hugo" in found[0].text and "paul@" not in found[0].text
    keys.follow_link(token(), OTHER, visitor=visitor)
    assert sign_in("hugo", OTHER, visitor=visitor).confirmed


@pytest.mark.row("M122")
def test_a_parent_whose_code_was_revoked_gets_no_link_of_the_pupil(families: Any, visitor: Visitor) -> None:
    made(line(PUPILS_OWN), visitor=visitor, holder="pupil", identifier="hugo", email="hugo@example.org")
    made(line(HUGO), visitor=visitor)
    with system_scope("the school revokes"), unit_of_work(portal_db) as session:
        session.execute(update(PublishedCode).where(PublishedCode.id == 2).values(valid=False))
    ask("passphrase", "hugo", "fr", visitor=visitor)
    answer_requests(PORTAL_URL)
    assert sent("account.reset") == []


@pytest.mark.row("M122")
@pytest.mark.parametrize("path", ["/identifiant-oublie", "/phrase-oubliee"])
def test_the_page_says_and_does_the_same_whoever_asks(client: FlaskClient, visitor: Visitor, path: str) -> None:
    made(line(MARGUERITE), visitor=visitor)
    seen = []
    for known in ("maude@example.org", "nobody@example.org", "maude.berge@nowhere", "maude.berge"):
        if "oubliee" not in path and "@" not in known:
            continue
        with statements(portal_db) as made_of:
            answer = send(client, path, {"typed": known})
        seen.append((answer.status_code, answer.location, len(made_of)))
    assert len(set(seen)) == 1 and seen[0][0] == 302
    assert "Si un compte correspond" in client.get(seen[0][1]).text
    assert send(client, path, {"typed": " "}).status_code == 422


@pytest.mark.row("M122")
def test_asking_is_counted_for_known_and_unknown(mother: int, visitor: Visitor) -> None:
    for name in ("maude.berge", "nobody.at.all"):
        for _ in range(5):
            ask("passphrase", name, "fr", visitor=visitor)
        with pytest.raises(TooManyAttempts):
            ask("passphrase", name.upper(), "fr", visitor=visitor)


@pytest.mark.row("M121", "M122")
def test_the_sign_in_page_leads_there(client: FlaskClient) -> None:
    page = client.get("/connexion").text
    assert 'href="/identifiant-oublie"' in page and 'href="/phrase-oubliee"' in page


@pytest.mark.row("M118")
def test_a_lapsed_account_frees_its_codes_for_another_one(families: Any, visitor: Visitor) -> None:
    create_account(new_account(), visitor=visitor, portal_url=PORTAL_URL)
    with system_scope("a week passes"), unit_of_work(portal_db) as session:
        session.execute(update(Account).values(confirm_until=clock.now() - timedelta(seconds=1)))
    assert lapse_expired() == 1
    again = create_account(new_account(), visitor=visitor, portal_url=PORTAL_URL)
    assert [account.state for account in accounts()] == ["lapsed", "provisional"]
    assert rows(PublishedCode, PublishedCode.account_id == again)[0].id == 1


@pytest.mark.row("M118")
def test_a_family_without_e_mail_is_sent_to_the_counter(client: FlaskClient) -> None:
    """The address stays mandatory unless the box says there is none; then no mail is made."""
    form = typed(MARGUERITE, email="")
    assert send(client, "/activer", form).status_code == 422
    answer = send(client, "/activer", form | {"without_email": "y"}, follow_redirects=True)
    assert "guichet" in answer.text and mails() == []
    assert (accounts()[0].email, accounts()[0].state) == ("", "provisional")


@pytest.mark.row("M118")
def test_no_mail_ever_leaves_for_an_account_without_address(families: Any, visitor: Visitor) -> None:
    create_account(new_account(email=""), visitor=visitor, portal_url=PORTAL_URL)
    for kind, asked in (("identifier", ""), ("identifier", "@"), ("passphrase", "maude.berge")):
        ask(kind, asked, "fr", visitor=visitor)  # type: ignore[arg-type]
    answer_requests(PORTAL_URL)
    assert mails() == []
    with pytest.raises(SignInRefused):
        sign_in("maude.berge", OTHER, visitor=visitor)
