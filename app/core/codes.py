"""The layout of activation codes: 64 random bits in base 36, upper case, shown 4-3-3-3 (M076, DESIGN §7)."""

from __future__ import annotations

import itertools
import re
import secrets
import unicodedata

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BITS = 64
LENGTH = 13
BLOCKS = (4, 3, 3, 3)
SEPARATOR = " - "

# Both members of a pair occur in codes, and are read one for the other on paper.
_LOOK_ALIKE = {char: pair for pair in ("0O", "1I", "5S", "8B") for char in pair}
_LEAST = str.maketrans("OISB", "0158")
_MOST_LOOK_ALIKES = 8
_SIGN = r"[0-9A-Z]"
# A code among other words: « Code : 0MQU - XR4 - 3E7 - KNC », or the address of a letter's QR.
_WITHIN = re.compile(rf"(?<!{_SIGN})({_SIGN}{{4}})([\W_]*)({_SIGN}{{3}})\2({_SIGN}{{3}})\2({_SIGN}{{3}})(?!{_SIGN})")


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

    Case, spaces and signs of every kind are forgiven; another letter is not. A code pasted along with the words or the
    address around it is found, when it is the only one.
    """
    plain = unicodedata.normalize("NFKC", text).upper()
    kept = "".join(c for c in plain if c.isalnum())
    if len(kept) == LENGTH and set(kept) <= set(ALPHABET):
        return kept
    found = {"".join(match.group(1, 3, 4, 5)) for match in _WITHIN.finditer(plain)}
    return found.pop() if len(found) == 1 else None


def likeness(code: str) -> str:
    """What all the readings of a code have in common: attempts are counted together."""
    return code.translate(_LEAST)


def readings(code: str) -> list[str]:
    """The code as typed first, then what it becomes when 0 and O, 1 and I, 5 and S, 8 and B were confused.

    Their number depends on what was typed alone, never on the codes that exist. A text made of look-alikes only is
    no honest mistake, so beyond eight of them nothing is tried.
    """
    choices = [_LOOK_ALIKE.get(c, c) for c in code]
    if sum(len(choice) > 1 for choice in choices) > _MOST_LOOK_ALIKES:
        return [code]
    others = sorted("".join(letters) for letters in itertools.product(*choices))
    return [code, *(other for other in others if other != code)]
