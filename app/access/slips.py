"""The short code of what comes back on paper, told by one line that is typed or scanned.

« R1204-7 » is a slip by which the guardian refuses, « E1204-3 » one that refuses for the pupil, « N1204-K » the
reference of a letter or an e-mail that did not reach its reader: a letter, the number of the link between guardian and
pupil (or of the message), and a check character that catches a wrong or swapped character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from app.core.errors import BadInput

Kind = Literal["guardian", "pupil", "message"]
LETTERS: dict[Kind, str] = {"guardian": "R", "pupil": "E", "message": "N"}
# 31 signs, none read for another (no I, O, S, U, V). A prime number of them: every wrong digit and every swap of two
# neighbours changes the remainder.
_CHECK = "0123456789ABCDEFGHJKLMNPQRTWXYZ"
_FORM = re.compile(rf"([REN])(\d{{1,9}})([{_CHECK}])")


@dataclass(frozen=True, slots=True)
class Slip:
    """What a short code names: the refusal of a guardian or for a pupil, told by their link; or a message."""

    kind: Kind
    number: int

    @property
    def code(self) -> str:
        """The line that is printed."""
        letter = LETTERS[self.kind]
        return f"{letter}{self.number}-{_check(letter, str(self.number))}"


def read_slip(typed: str) -> Slip:
    """What somebody typed or scanned, spaces, dashes and case forgiven. Raises `BadInput` with what to do."""
    found = _FORM.fullmatch(re.sub(r"[\s.\-–]", "", typed).upper())
    if found is None:
        raise BadInput(f"« {typed.strip()[:30]} » n'est pas un code de coupon ni une référence de courrier.",
                       hint="Une lettre, un nombre, un caractère : R1204-7 sur un coupon, N1204-K sur un courrier.")
    letter, number, check = found.groups()
    if check != _check(letter, number):
        raise BadInput(f"Le code « {typed.strip()[:30]} » a été mal lu.", hint="Relisez-le sur le papier.")
    return Slip(next(kind for kind, own in LETTERS.items() if own == letter), int(number))


def _check(letter: str, digits: str) -> str:
    remainder = 1 + "REN".index(letter)
    for digit in digits:  # as typed: a zero typed first is a misread digit like another
        remainder = (remainder * 11 + int(digit)) % len(_CHECK)
    return _CHECK[remainder]
