"""Signing in tells nothing to strangers, and the first time makes the codes « used »."""

from __future__ import annotations

from typing import Any

import pytest

from app.core.db import portal_db
from app.core.scope import system_scope
from app.portal import signin
from app.portal.confirmation import confirm
from app.portal.models import Account, PublishedCode
from app.portal.signin import SignInRefused, sign_in
from app.portal.signup import create_account
from app.portal.visitors import Visitor
from app.security import passwords
from app.security.throttle import TooManyAttempts
from app.workflow import engine
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
from tests.statements import statements


@pytest.fixture
def provisional(families: Any, visitor: Visitor) -> int:
    """An account with two codes, its link not followed."""
    return create_account(new_account(line(MARGUERITE), line(HUGO)), visitor=visitor, portal_url=PORTAL_URL)


@pytest.fixture
def confirmed(provisional: int) -> int:
    """The same, confirmed."""
    confirm(link_of(mails()[0]))
    return provisional


def test_the_first_sign_in_uses_the_codes_and_tells_the_school_once(confirmed: int, visitor: Visitor) -> None:
    who = sign_in(" Maude.BERGE ", PASSPHRASE, visitor=visitor)
    assert (who.account_id, who.confirmed) == (confirmed, True)
    assert [kind for kind, _ in events()].count("code.used") == 2
    assert all(c.used_at for c in rows(PublishedCode, PublishedCode.account_id == confirmed))
    sign_in("maude.berge", PASSPHRASE, visitor=visitor)
    assert [kind for kind, _ in events()].count("code.used") == 2


@pytest.mark.row("M118")
def test_a_provisional_account_is_recognised_but_uses_nothing(provisional: int, visitor: Visitor) -> None:
    who = sign_in("maude.berge", PASSPHRASE, visitor=visitor)
    assert not who.confirmed
    assert "code.used" not in [kind for kind, _ in events()]
    assert accounts()[0].signed_in_at is None


def test_wrong_pass_phrase_unknown_identifier_and_closed_account_take_the_same_steps(
    confirmed: int, visitor: Visitor, count_calls: Any
) -> None:
    seen = []
    hashes = count_calls(signin, "verify_passphrase")
    sign_in("maude.berge", PASSPHRASE, visitor=visitor)  # the decoy is made at its first use
    for name in ("maude.berge", "nobody.at.all"):
        hashes.clear()
        with statements(portal_db) as sent, pytest.raises(SignInRefused) as caught:
            sign_in(name, "quatre tortues boivent du lait", visitor=visitor)
        seen.append((len(hashes), len(sent), caught.value.message))
    with system_scope("the school closes an account"):
        engine.apply(portal_db.session.get(Account, confirmed), "close", actor=engine.SYSTEM)
    hashes.clear()
    with statements(portal_db) as sent, pytest.raises(SignInRefused) as caught:
        sign_in("maude.berge", PASSPHRASE, visitor=visitor)
    seen.append((len(hashes), len(sent), caught.value.message))
    assert len(set(seen)) == 1


def test_an_unknown_identifier_costs_a_hash_too(sqlite_families: Any, visitor: Visitor, monkeypatch: Any) -> None:
    checked = []

    class Counting:
        def verify(self, stored: str, text: str) -> bool:
            checked.append(stored)
            return real.verify(stored, text)

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    real = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Counting())
    with pytest.raises(SignInRefused):
        sign_in("nobody", PASSPHRASE, visitor=visitor)
    assert len(checked) == 1 and checked[0].startswith("$argon2id$")


def test_five_wrong_pass_phrases_and_one_must_wait(confirmed: int, visitor: Visitor) -> None:
    """Even with the right one, from that address; another address may still try."""
    for n in range(5):
        with pytest.raises(SignInRefused):
            sign_in("maude.berge", f"quatre tortues boivent {n}", visitor=visitor)
    with pytest.raises(TooManyAttempts) as caught:
        sign_in("maude.berge", PASSPHRASE, visitor=visitor)
    assert 0 < caught.value.wait <= 15 * 60
    assert sign_in("maude.berge", PASSPHRASE, visitor=Visitor("198.51.100.4", visitor.limits)).confirmed
