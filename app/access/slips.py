"""The short code of a reply slip: who refuses what, told by one line that is typed or scanned.

« R1204-7 » is the guardian's own refusal, « E1204-3 » the refusal for the pupil: a letter, the number of the link
between the guardian and the pupil, and a check character that catches a wrong or swapped character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from app.core.errors import BadInput

GUARDIAN, PUPIL = "R", "E"
# 31 signs, none read for another (no I, O, S, U, V). A prime number of them: every wrong digit and every swap of two
# neighbours changes the remainder.
_CHECK = "0123456789ABCDEFGHJKLMNPQRTWXYZ"
_FORM = re.compile(rf"([{GUARDIAN}{PUPIL}])(\d{{1,9}})([{_CHECK}])")


@dataclass(frozen=True, slots=True)
class Slip:
    """What a slip says: the link it is about, and whether the guardian's own access or the pupil's is refused."""

    kind: Literal["guardian", "pupil"]
    link_id: int

    @property
    def code(self) -> str:
        """The line printed on the slip."""
        letter = GUARDIAN if self.kind == "guardian" else PUPIL
        return f"{letter}{self.link_id}-{_check(letter, self.link_id)}"


def read_slip(typed: str) -> Slip:
    """What somebody typed or scanned, spaces, dashes and case forgiven. Raises `BadInput` with what to do."""
    found = _FORM.fullmatch(re.sub(r"[\s.\-–]", "", typed).upper())
    if found is None:
        raise BadInput(f"« {typed.strip()[:30]} » n'est pas un code de coupon.",
                       hint="Il se trouve en bas du coupon : une lettre, un nombre, un caractère. Exemple : R1204-7.")
    letter, number, check = found.groups()
    if check != _check(letter, int(number)):
        raise BadInput(f"Le code « {typed.strip()[:30]} » a été mal lu.", hint="Relisez-le sur le coupon.")
    return Slip("guardian" if letter == GUARDIAN else "pupil", int(number))


def _check(letter: str, number: int) -> str:
    remainder = 1 if letter == GUARDIAN else 2
    for digit in str(number):
        remainder = (remainder * 11 + int(digit)) % len(_CHECK)
    return _CHECK[remainder]
