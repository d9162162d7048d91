"""The link: single use, one week, sent again on request; without it the account leaves nothing behind (M118)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.core import clock
from app.portal import confirmation
from app.portal.confirmation import Link, confirm, lapse_expired, look_at, send_again
from app.portal.models import PortalAuditLine, PublishedCode
from app.portal.signin import SignInRefused, sign_in
from app.portal.signup import create_account
from app.portal.visitors import Visitor
from app.security.throttle import TooManyAttempts
from tests.portal.conftest import (
    HUGO,
    MARGUERITE,
    PASSPHRASE,
    PORTAL_URL,
    accounts,
    events,
    line,
    link_of,
    mails,
    new_account,
    rows,
)

pytestmark = pytest.mark.row("M118")


@pytest.fixture
def token(families: Any, visitor: Visitor) -> str:
    """The link of an account just made with two codes."""
    create_account(new_account(line(MARGUERITE), line(HUGO)), visitor=visitor, portal_url=PORTAL_URL)
    return link_of(mails()[0])


def later(**delta: float) -> Any:
    return clock.frozen(clock.now() + timedelta(**delta))


def test_following_the_link_confirms_the_account_and_tells_the_school(token: str) -> None:
    assert look_at(token)[0] is Link.ALIVE
    assert confirm(token) is Link.CONFIRMED
    (account,) = accounts()
    assert account.state == "confirmed" and account.confirmed_at is not None
    assert events()[-1][0] == "account.confirmed"
    assert [a.action for a in rows(PortalAuditLine)] == ["account.create", "account.confirm"]


def test_following_it_twice_is_no_mistake_and_does_nothing(token: str) -> None:
    confirm(token)
    before = len(events())
    assert confirm(token) is Link.CONFIRMED
    assert len(events()) == before


@pytest.mark.parametrize(("delta", "state"), [({"days": 6, "hours": 23}, Link.ALIVE), ({"days": 7}, Link.EXPIRED)])
def test_the_link_is_good_for_one_week(token: str, delta: dict[str, float], state: Link) -> None:
    with later(**delta):
        assert look_at(token)[0] is state


def test_an_expired_link_confirms_nothing(token: str) -> None:
    with later(days=8):
        assert confirm(token) is Link.EXPIRED
    assert accounts()[0].state == "provisional"


def test_an_invented_link_is_unknown(token: str) -> None:
    assert look_at(token[:-1] + "x")[0] is Link.UNKNOWN
    assert confirm("") is Link.UNKNOWN


def test_the_link_can_be_sent_again_and_ends_the_one_before(token: str, visitor: Visitor) -> None:
    with later(days=8):
        assert send_again(accounts()[0].id, visitor=visitor, portal_url=PORTAL_URL)
        fresh = link_of(mails()[1])
        assert look_at(token)[0] is Link.UNKNOWN
        assert confirm(fresh) is Link.CONFIRMED
        assert not send_again(accounts()[0].id, visitor=visitor, portal_url=PORTAL_URL)
    assert "Collège Essai" in mails()[1].text


def test_a_letter_box_cannot_be_filled_by_asking_again(token: str, visitor: Visitor) -> None:
    for _ in range(5):
        send_again(accounts()[0].id, visitor=visitor, portal_url=PORTAL_URL)
    with pytest.raises(TooManyAttempts):
        send_again(accounts()[0].id, visitor=visitor, portal_url=PORTAL_URL)
    assert len(mails()) == 6


def test_lapsing_frees_codes_and_identifier(token: str, visitor: Visitor) -> None:
    """After the week: the account is dead, the school knows, and the same form works again."""
    with later(days=7, minutes=1):
        assert lapse_expired() == 1
        assert accounts()[0].state == "lapsed"
        assert look_at(token)[0] is Link.LAPSED
        assert events()[-1][0] == "account.lapsed"
        assert rows(PublishedCode, PublishedCode.account_id.is_not(None)) == []
        with pytest.raises(SignInRefused):
            sign_in("maude.berge", PASSPHRASE, visitor=visitor)
        create_account(new_account(line(MARGUERITE)), visitor=visitor, portal_url=PORTAL_URL)
    assert [a.state for a in accounts()] == ["lapsed", "provisional"]


def test_only_unconfirmed_accounts_lapse_and_only_after_the_week(token: str) -> None:
    with later(days=6):
        assert lapse_expired() == 0
    confirm(token)
    with later(days=60):
        assert lapse_expired() == 0
    assert accounts()[0].state == "confirmed"


def test_the_mail_is_in_the_language_of_the_account(sqlite_families: Any, visitor: Visitor) -> None:
    for locale, known, identifier, words in (
        ("fr", MARGUERITE, "maude", "Confirmez votre compte"), ("en", HUGO, "hugo.mother", "Confirm your account")
    ):
        new = new_account(line(known), locale=locale, identifier=identifier)
        create_account(new, visitor=visitor, portal_url=PORTAL_URL)
        assert mails()[-1].subject == words


def test_nothing_is_kept_when_the_mail_cannot_be_written(
    sqlite_families: Any, visitor: Visitor, monkeypatch: Any
) -> None:
    """Account, codes, events and mail are one transaction."""
    def broken(**_facts: Any) -> Any:
        raise RuntimeError("no template")

    monkeypatch.setattr(confirmation, "confirmation_mail", broken)
    with pytest.raises(RuntimeError):
        create_account(new_account(), visitor=visitor, portal_url=PORTAL_URL)
    assert accounts() == [] and events() == [] and rows(PublishedCode, PublishedCode.account_id.is_not(None)) == []
