"""Pass-phrases: length and obviousness count, nothing else; the same time for everybody."""

from __future__ import annotations

import pytest

from app.security import passwords
from app.security.passwords import PassphraseRefused, check_passphrase, hash_passphrase, verify_passphrase

ABOUT = ("claire.vasseur@example.org", "Claire", "Vasseur", "Collège Hortense-Aubrac")


@pytest.mark.parametrize("text", [
    "onze lettre",                       # 11
    "motdepasse1234", "M0t de P@sse 2027!", "correct horse battery staple", "Je t'aime mon amour", "azerty-azerty",
    "azertyuiop123456", "abcdefghijklmnop", "9876543210123", "qwertyuiopasdf",
    "abcabcabcabcabc", "aaaaaaaaaaaaaaaa", "éééééééééééééééé",
    "claire.vasseur", "Claire Vasseur 75!", "college hortense aubrac", "vasseurvasseurclaire",
    "x" * 60 + "y" * 69,                 # 129
])  # fmt: skip
def test_easy_ones_are_refused(text: str) -> None:
    """With a reason, and what to do."""
    with pytest.raises(PassphraseRefused) as refused:
        check_passphrase(text, about=ABOUT)
    assert refused.value.hint


@pytest.mark.parametrize("text", [
    "tasse bleue wagon", "Ñandú, 木曜日 et café noir", "q7#Lp!x2Vz&m", "la tante de Claire boit du thé",
    "x1" * 3 + " tilleul sombre" + "." * 90,
])  # fmt: skip
def test_any_characters_are_welcome(text: str) -> None:
    """No recipe of capitals and digits."""
    check_passphrase(text, about=ABOUT)


def test_the_same_phrase_from_two_keyboards() -> None:
    """« é » typed as one character or as two is the same."""
    assert verify_passphrase(hash_passphrase("tasse fêlée bleue"), "tasse fe\u0302le\u0301e bleue")


def test_argon2id_with_owasps_profile() -> None:
    """19 MiB, 2 passes, one lane (SECURITY_TRAPS 17)."""
    stored = hash_passphrase("tasse bleue wagon")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not passwords.needs_rehash(stored)
    assert not verify_passphrase(stored, "tasse bleue wagons")


@pytest.mark.parametrize("stored", [None, "", "scrypt:32768:8:1$abc$def", "$argon2id$broken"])
def test_without_a_hash_the_work_is_done_all_the_same(stored: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown person, no pass-phrase yet, foreign hash: argon2 runs once, and the answer is no (trap 17)."""
    passwords._decoy()
    runs = []

    class Counting:
        def verify(self, hashed: str, text: str) -> bool:
            runs.append(hashed)
            return original.verify(hashed, text)

    original = passwords._hasher
    monkeypatch.setattr(passwords, "_hasher", Counting())
    assert verify_passphrase(stored, "nobody has this pass-phrase") is False
    assert len(runs) == 1


def test_a_very_long_text_is_not_hashed_whole() -> None:
    """A megabyte costs no more than a phrase."""
    assert not verify_passphrase(hash_passphrase("tasse bleue wagon"), "a" * 1_000_000)
