"""Pass-phrases: argon2id, a length instead of a recipe, and a list of those everybody thinks of (SECURITY_TRAPS 35)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.core.errors import BadInput

SHORTEST, LONGEST = 12, 128
LEAST_OWN_CHARACTERS = 8  # what must be left once names and identifiers are taken out
LEAST_DIFFERENT = 5
# OWASP's profile for argon2id: 19 MiB, 2 passes.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_LEET = str.maketrans("0134578@$€", "oieastbase")
_LETTERS = ("azertyuiopqsdfghjklmwxcvbn", "qwertyuiopasdfghjklzxcvbnm", "abcdefghijklmnopqrstuvwxyz")
_ROWS = (*_LETTERS, "01234567890123456789")


class PassphraseRefused(BadInput):
    """The pass-phrase chosen would be too easy to guess."""

    code = "passphrase_refused"


def hash_passphrase(text: str) -> str:
    """What is stored of a pass-phrase."""
    return _hasher.hash(_same(text))


def verify_passphrase(stored: str | None, text: str) -> bool:
    """Whether `text` is the pass-phrase behind `stored`. Without one (unknown person, never chosen) the same work
    is done, so that the answer's time tells nothing (SECURITY_TRAPS 17)."""
    known = stored is not None and stored.startswith("$argon2id$")
    try:
        _hasher.verify(stored if known else _decoy(), _same(text[: LONGEST * 4]))  # type: ignore[arg-type]
    except (VerificationError, InvalidHashError):
        return False
    return known


def needs_rehash(stored: str) -> bool:
    """Whether `stored` was made with an older profile than today's."""
    return _hasher.check_needs_rehash(stored)


def check_passphrase(text: str, *, about: Iterable[str | None] = ()) -> None:
    """Raise `PassphraseRefused` unless `text` may be used. `about`: identifier, names, school: what a stranger
    would try first. Any character is welcome; nothing but length and obviousness counts."""
    if reason := _reason(_same(text), [word for word in about if word]):
        hint = "Choisissez par exemple quatre ou cinq mots sans rapport entre eux."
        raise PassphraseRefused(reason, hint=hint)


def _reason(text: str, about: list[str]) -> str | None:
    if len(text) < SHORTEST:
        return f"La phrase de passe compte {len(text)} caractères : il en faut au moins {SHORTEST}."
    if len(text) > LONGEST:
        return f"La phrase de passe dépasse {LONGEST} caractères."
    if len(set(text.casefold())) < LEAST_DIFFERENT or _is_repetition(text.casefold()):
        return "La phrase de passe répète toujours les mêmes caractères."
    plain = _plain(text)
    if _is_sequence(plain):
        return "La phrase de passe suit l'ordre du clavier, de l'alphabet ou des chiffres."
    if _common().intersection((plain, _core(plain), _plain(_core(text).translate(_LEET)))):
        return "Cette phrase de passe est trop répandue."
    if len(_without(text, about)) < LEAST_OWN_CHARACTERS:
        return "La phrase de passe contient surtout votre nom, votre identifiant ou celui de l'établissement."
    return None


def _same(text: str) -> str:
    """The same phrase typed on two keyboards must be the same bytes."""
    return unicodedata.normalize("NFKC", text)


def _plain(text: str) -> str:
    """Letters and digits only, without case or accents."""
    flat = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in flat if character.isalnum())


def _core(text: str) -> str:
    """Without the digits and signs that people put around a word."""
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)


def _is_repetition(text: str) -> bool:
    """« abcabcabcabc »: one piece, again and again."""
    return any(
        text == (text[:size] * (len(text) // size + 1))[: len(text)] for size in range(1, len(text) // 2 + 1)
    )


def _is_sequence(plain: str) -> bool:
    """Whether the whole is made of runs along a keyboard row, the alphabet or the digits."""
    rest = plain
    while rest:
        run = max((_run(rest, row) for row in (*_ROWS, *(row[::-1] for row in _ROWS))), default=0)
        if run < 4:  # what is left at the end may be too short to be a run
            return rest != plain and len(rest) < 4
        rest = rest[run:]
    return bool(plain)


def _run(text: str, row: str) -> int:
    length = 0
    while length < len(text) and text[: length + 1] in row:
        length += 1
    return length


def _without(text: str, about: list[str]) -> str:
    left = _plain(text)
    words = {_plain(word) for phrase in about for word in (phrase, *re.split(r"[\W_]+", phrase))}
    for word in sorted(words, key=len, reverse=True):
        if len(word) >= 3:
            left = left.replace(word, "")
    return left


@cache
def _common() -> frozenset[str]:
    """The shipped list, in the form the comparison uses."""
    lines = (Path(__file__).parent / "data" / "common_passphrases.txt").read_text(encoding="utf-8").splitlines()
    entries = {_plain(line) for line in lines if line and not line.startswith("#")}
    return frozenset(entries | {_core(entry) for entry in entries if _core(entry)})


@cache
def _decoy() -> str:
    return _hasher.hash("nobody has this pass-phrase")
