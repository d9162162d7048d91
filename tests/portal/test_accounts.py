"""« Gérer son compte »: what may be changed, on what proof, who is told (M119, M120)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app.core import clock
from app.core.db import portal_db
from app.core.errors import Conflict, NotFound
from app.core.scope import account_scope, system_scope
from app.core.uow import unit_of_work
from app.portal import accounts as service
from app.portal.accounts import ChangeRefused
from app.portal.children import attach_children, detach_child
from app.portal.confirmation import confirm
from app.portal.models import AccountKey, PortalAuditLine, PublishedCode
from app.portal.queries import family
from app.portal.signin import SignInRefused, sign_in
from app.portal.signup import SignUpRefused, create_account
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
    events,
    line,
    link_of,
    mails,
    new_account,
    rows,
    send,
    typed,
)
from tests.portal.test_pages import make_confirmed

OTHER = "cinq loutres jouent aux cartes"


def made(*lines: Any, visitor: Visitor, **facts: Any) -> int:
    """A confirmed account that has signed in once."""
    new = new_account(*lines, **facts)
    account = create_account(new, visitor=visitor, portal_url=PORTAL_URL)
    confirm(link_of(mails()[-1]))
    sign_in(new.identifier, PASSPHRASE, visitor=visitor)
    return account


@pytest.fixture
def mother(families: Any, visitor: Visitor) -> int:
    """Signed in once, with one child."""
    return made(line(MARGUERITE), visitor=visitor)


def known(visitor: Visitor, proof: str = PASSPHRASE) -> dict[str, Any]:
    """What comes with every change."""
    return {"proof": proof, "visitor": visitor, "portal_url": PORTAL_URL}


def told() -> list[tuple[str, str]]:
    """The notices of changes, with the address each went to."""
    return [(mail.to_address, mail.text) for mail in mails() if mail.kind == "account.changed"]


def acts() -> list[str]:
    """The trail."""
    return [row.action for row in rows(PortalAuditLine)]


@pytest.mark.row("M120")
def test_a_child_is_attached_later_used_at_once_and_told(mother: int, visitor: Visitor) -> None:
    assert attach_children(mother, [line(HUGO)], visitor=visitor, portal_url=PORTAL_URL) == 1
    with account_scope(mother):
        assert [child.first_name for child in family().children] == ["Hugo", "Zoé-Anaïs"]
    assert all(code.used_at for code in rows(PublishedCode, PublishedCode.account_id == mother))
    assert [(kind, said["code_id"]) for kind, said in events()[-2:]] == [("code.attached", 2), ("code.used", 2)]
    ((address, text),) = told()
    assert address == "maude@example.org" and "Hugo BERGÉ" in text and "rattaché" in text
    assert acts()[-1] == "account.attach"


@pytest.mark.row("M119", "M120")
def test_the_fathers_code_makes_a_joint_account_and_leaves_it_again(mother: int, visitor: Visitor) -> None:
    """What each code opens, and nothing more; detached, the code opens an account of the father's own."""
    attach_children(mother, [line(HUGO_FATHER)], visitor=visitor, portal_url=PORTAL_URL)
    with account_scope(mother):
        shown = family()
    assert shown.greeted == ("Paul", "Maude")
    assert {held.guardian for child in shown.children for held in child.codes} == {"Mme BERGÉ Maude", "M. BERGÉ Paul"}
    detach_child(mother, 3, **known(visitor))
    with account_scope(mother):
        assert family().greeted == ("Maude",)
    assert events()[-1] == ("code.detached", {"code_id": 3, "account_id": mother})
    assert "détaché" in told()[-1][1] and acts()[-1] == "account.detach"
    father = made(line(HUGO_FATHER), visitor=visitor, identifier="paul.berge", email="paul@example.org")
    with account_scope(father):
        assert family().greeted == ("Paul",)


@pytest.mark.row("M120")
def test_codes_of_nobody_and_of_somebody_else_cannot_be_detached(mother: int, visitor: Visitor) -> None:
    made(line(ELSEWHERE), visitor=visitor, identifier="ida.maurel", email="ida@example.org")
    for code in (4, 2, 987_654):
        with pytest.raises(NotFound):
            detach_child(mother, code, **known(visitor))
    assert rows(PublishedCode, PublishedCode.id == 4)[0].account_id is not None


@pytest.mark.row("M120")
def test_a_pupil_keeps_the_own_code(families: Any, visitor: Visitor) -> None:
    pupil = made(line(PUPILS_OWN), visitor=visitor, holder="pupil")
    with pytest.raises(Conflict):
        detach_child(pupil, 6, **known(visitor))
    with pytest.raises(SignUpRefused):
        attach_children(pupil, [line(HUGO)], visitor=visitor, portal_url=PORTAL_URL)


@pytest.mark.row("M115", "M120")
def test_attaching_refuses_what_signing_up_refuses_and_is_counted(mother: int, visitor: Visitor) -> None:
    wrong = line(HUGO, first_name="Hugues")
    for _ in range(10):
        with pytest.raises(SignUpRefused) as caught:
            attach_children(mother, [wrong], visitor=visitor, portal_url=PORTAL_URL)
        assert [(fault.reason, fault.line) for fault in caught.value.faults] == [("refused", 0)]
    with pytest.raises(TooManyAttempts):
        attach_children(mother, [line(HUGO)], visitor=visitor, portal_url=PORTAL_URL)
    with account_scope(mother):
        assert len(family().children) == 1
    assert told() == []


@pytest.mark.row("M120")
def test_another_identifier_is_told_and_known_to_the_school(mother: int, visitor: Visitor) -> None:
    service.change_identifier(mother, "maude.martin", **known(visitor))
    assert sign_in("Maude.MARTIN", PASSPHRASE, visitor=visitor).account_id == mother
    with pytest.raises(SignInRefused):
        sign_in("maude.berge", PASSPHRASE, visitor=visitor)
    assert ("account.changed", {"account_id": mother, "identifier": "maude.martin",
                                "email": "maude@example.org"}) in events()
    assert "maude.martin" in told()[-1][1] and "account.identifier" in acts()


@pytest.mark.row("M120")
def test_a_taken_or_unfit_identifier_changes_nothing(mother: int, visitor: Visitor) -> None:
    made(line(ELSEWHERE), visitor=visitor, identifier="ida.maurel", email="ida@example.org")
    for identifier, reason in (("Ida.Maurel", "identifier_taken"), ("a", "identifier_length"),
                               ("deux mots", "identifier_characters")):
        with pytest.raises(ChangeRefused) as caught:
            service.change_identifier(mother, identifier, **known(visitor))
        assert [fault.reason for fault in caught.value.faults] == [reason]
    assert rows(type(accounts()[0]))[0].identifier == "maude.berge" and told() == []


@pytest.mark.row("M120")
def test_a_new_pass_phrase_ends_other_sessions_and_is_told(mother: int, visitor: Visitor) -> None:
    before = accounts()[0].epoch
    assert service.change_passphrase(mother, OTHER, **known(visitor)) == before + 1 == accounts()[0].epoch
    assert sign_in("maude.berge", OTHER, visitor=visitor).account_id == mother
    with pytest.raises(SignInRefused):
        sign_in("maude.berge", PASSPHRASE, visitor=visitor)
    assert told()[-1][0] == "maude@example.org"
    assert all(secret not in mail.text + (mail.html or "") for mail in mails() for secret in (OTHER, PASSPHRASE))


@pytest.mark.row("M120")
def test_an_easy_pass_phrase_is_refused(mother: int, visitor: Visitor) -> None:
    with pytest.raises(ChangeRefused):
        service.change_passphrase(mother, "maude.berge.1", **known(visitor))
    assert sign_in("maude.berge", PASSPHRASE, visitor=visitor).account_id == mother


@pytest.mark.row("M120")
def test_nothing_changes_without_the_present_pass_phrase(mother: int, visitor: Visitor) -> None:
    """Five wrong ones and one must wait, as at the sign-in page."""
    changes = [lambda asked: service.change_identifier(mother, "autre.nom", **asked),
               lambda asked: service.change_passphrase(mother, OTHER, **asked),
               lambda asked: service.ask_new_address(mother, "autre@example.org", **asked),
               lambda asked: detach_child(mother, 1, **asked)]
    for change in (*changes, changes[0]):
        with pytest.raises(ChangeRefused) as caught:
            change(known(visitor, "quatre tortues boivent du lait"))
        assert [fault.reason for fault in caught.value.faults] == ["proof"]
    with pytest.raises(TooManyAttempts):
        changes[0](known(visitor))
    assert accounts()[0].identifier == "maude.berge" and told() == []


@pytest.mark.row("M120")
def test_a_new_address_is_proved_by_a_link_and_told_to_the_old_one(mother: int, visitor: Visitor) -> None:
    assert service.ask_new_address(mother, " Neuve@example.org ", **known(visitor)) == "Neuve@example.org"
    (asked,) = [mail for mail in mails() if mail.kind == "account.address"]
    assert asked.to_address == "Neuve@example.org" and accounts()[0].email == "maude@example.org"
    token = re.search(r"/nouvelle-adresse/(\S+)", asked.text)[1]  # type: ignore[index]
    assert service.address_link(token) == "Neuve@example.org" and told() == []
    assert service.follow_address_link(token, portal_url=PORTAL_URL)
    assert accounts()[0].email == "Neuve@example.org"
    ((address, text),) = told()
    assert address == "maude@example.org" and "Neuve@example.org" in text
    assert events()[-1][1]["email"] == "Neuve@example.org"
    assert service.address_link(token) is None and not service.follow_address_link(token, portal_url=PORTAL_URL)


@pytest.mark.row("M120")
def test_a_second_asking_ends_the_first_link_and_a_day_ends_both(mother: int, visitor: Visitor) -> None:
    tokens = []
    for address in ("une@example.org", "deux@example.org"):
        service.ask_new_address(mother, address, **known(visitor))
        tokens.append(re.search(r"/nouvelle-adresse/(\S+)", mails()[-1].text)[1])  # type: ignore[index]
    assert [service.address_link(token) for token in tokens] == [None, "deux@example.org"]
    with system_scope("a day passes"), unit_of_work(portal_db) as session:
        session.execute(update(AccountKey).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert not service.follow_address_link(tokens[1], portal_url=PORTAL_URL)
    assert accounts()[0].email == "maude@example.org"


@pytest.mark.row("M120")
def test_the_table_and_the_ways_to_change(client: FlaskClient) -> None:
    """Code · Prénom · Nom · Né(e) le · Responsable, in this order."""
    make_confirmed(client, MARGUERITE, HUGO)
    page = client.get("/compte").text
    assert re.findall(r'<th scope="col">(?:<span[^>]*>)?([^<]+)', page)[:5] == [
        "Code", "Prénom", "Nom", "Né(e) le", "Responsable"]
    for path in ("enfant", "identifiant", "phrase", "adresse", "code/1/detacher", "code/2/detacher"):
        assert f'href="/compte/{path}"' in page and client.get(f"/compte/{path}").status_code == 200


@pytest.mark.row("M114", "M120")
def test_attaching_without_scripts(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    code = {name: text for name, text in typed(HUGO).items() if name.startswith("lines")}
    more = send(client, "/compte/enfant", code | {"add": "1"})
    assert more.status_code == 200 and 'name="lines-1-c1"' in more.text and 'value="Hugo"' in more.text
    wrong = send(client, "/compte/enfant", code | {"lines-0-c4": "AAA"})
    assert wrong.status_code == 422 and 'href="#lines-0-c1"' in wrong.text
    done = send(client, "/compte/enfant", code, follow_redirects=True)
    assert "rattaché à votre compte" in done.text and "3807 - ••• - ••• - •••" in done.text


@pytest.mark.row("M120")
def test_a_new_pass_phrase_keeps_this_browser_and_ends_the_others(client: FlaskClient, portal: Any) -> None:
    make_confirmed(client, MARGUERITE)
    other = portal.test_client()
    assert send(other, "/connexion", {"identifier": "maude.berge", "passphrase": PASSPHRASE}).status_code == 302
    change = {"proof": PASSPHRASE, "passphrase": OTHER, "again": "autre chose"}
    assert send(client, "/compte/phrase", change).status_code == 422
    assert send(client, "/compte/phrase", change | {"again": OTHER}).location == "/compte"
    assert client.get("/").status_code == 200 and other.get("/").location == "/connexion"


@pytest.mark.row("M120")
def test_signing_out_everywhere_ends_every_browser(client: FlaskClient, portal: Any) -> None:
    make_confirmed(client, MARGUERITE)
    other = portal.test_client()
    send(other, "/connexion", {"identifier": "maude.berge", "passphrase": PASSPHRASE})
    assert other.get("/").status_code == 200
    assert "tous les appareils" in send(client, "/compte/deconnexion", {}, page="/compte", follow_redirects=True).text
    assert client.get("/").location == other.get("/").location == "/connexion"


@pytest.mark.row("M120")
def test_the_link_of_a_new_address_is_followed_by_a_button(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE)
    send(client, "/compte/adresse", {"email": "neuve@example.org", "proof": PASSPHRASE})
    link = re.search(r"(/nouvelle-adresse/\S+)", mails()[-1].text)[1]  # type: ignore[index]
    assert client.get(link).status_code == 200 and accounts()[0].email == "maude@example.org"
    assert "neuve@example.org" in send(client, link, {}).text and accounts()[0].email == "neuve@example.org"
    assert client.get(link).status_code == 404


@pytest.mark.row("M120")
def test_detaching_asks_who_is_there(client: FlaskClient) -> None:
    make_confirmed(client, MARGUERITE, HUGO)
    path = "/compte/code/2/detacher"
    assert send(client, path, {"proof": "pas la bonne phrase"}).status_code == 422
    done = send(client, path, {"proof": PASSPHRASE}, follow_redirects=True)
    assert "3807" not in done.text and "0MQU" in done.text
    assert client.get(path).status_code == 404
