"""What changes from one pupil to the next in this letter."""

from __future__ import annotations

from dataclasses import replace

from ..faces import TEXT, has, width
from ..guardian_code.fields import MM, REFERENCE, child_lines, child_token, child_values
from ..types import PupilCodeLetter


def placeholder(letter: PupilCodeLetter) -> PupilCodeLetter:
    """The letter with a token for each changing fact."""
    return replace(letter, reference=REFERENCE, pupil=child_token(0, letter.pupil))


def values(letter: PupilCodeLetter) -> dict[str, str]:
    """Token → what this letter says there."""
    return {REFERENCE: letter.reference} | child_values(child_token(0, letter.pupil), letter.pupil)


def fits(letter: PupilCodeLetter) -> bool:
    """True when every changing fact holds on its one line, in the text font."""
    lines = [(f"Réf. {letter.reference}", 7.6, 68), *child_lines(letter.pupil)]
    return all(has(TEXT, text) and width(TEXT, size, text) <= room * MM for text, size, room in lines)
