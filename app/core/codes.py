"""The layout of activation codes: 64 random bits in base 36, upper case, shown 4-3-3-3 (M076, DESIGN §7)."""

from __future__ import annotations

import itertools
import secrets
import unicodedata

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BITS = 64
LENGTH = 13
BLOCKS = (4, 3, 3, 3)
SEPARATOR = " - "

# Both members of a pair occur in codes, and are read one for the other on paper.
_LOOK_ALIKE = {"0": "0O", "O": "0O", "1": "1I", "I": "1I"}
_MOST_LOOK_ALIKES = 6


def new_code() -> str:
    """A fresh code in its compact form (« 0MQUXR43E7KNC »)."""
    return encode(secrets.randbits(BITS))


def encode(number: int) -> str:
    """A number below 2^64 in base 36, left-padded to 13 characters."""
    digits = []
    while number:
        number, digit = divmod(number, 36)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits)).rjust(LENGTH, "0")


def blocks(code: str) -> list[str]:
    """The four blocks of a compact code: ["0MQU", "XR4", "3E7", "KNC"]."""
    letters = iter(code)
    return ["".join(itertools.islice(letters, size)) for size in BLOCKS]


def show(code: str) -> str:
    """A compact code as it is printed: « 0MQU - XR4 - 3E7 - KNC »."""
    return SEPARATOR.join(blocks(code))


def hint(code: str) -> str:
    """The first block, all that is kept in clear."""
    return code[: BLOCKS[0]]


def compact(text: str) -> str | None:
    """What somebody typed or pasted, in compact form; None when it cannot be a code.

    Case, spaces and dashes of every kind are forgiven; anything else that is not a digit or a capital is not.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    kept = "".join(c for c in plain if not c.isspace() and unicodedata.category(c) not in ("Pd", "Pc", "Cf", "Po"))
    return kept if len(kept) == LENGTH and set(kept) <= set(ALPHABET) else None


def readings(code: str) -> list[str]:
    """The code as typed first, then what it becomes when 0 and O, 1 and I were confused.

    Their number depends on what was typed alone, never on the codes that exist. A text made of look-alikes only is
    no honest mistake, so beyond six of them nothing is tried.
    """
    choices = [_LOOK_ALIKE.get(c, c) for c in code]
    if sum(len(choice) > 1 for choice in choices) > _MOST_LOOK_ALIKES:
        return [code]
    others = sorted("".join(letters) for letters in itertools.product(*choices))
    return [code, *(other for other in others if other != code)]
