"""What changes from one guardian to the next in this letter, and the room each of those facts has on its line.

Everything else (school, dates, services, number of children) is the letter's shape: see `../stencils.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..faces import TEXT, has, width
from ..types import MAX_ADDRESS_LINES, ChildRow, GuardianCodeLetter

MM = 72 / 25.4
NAME, REFERENCE = "¤name¤", "¤ref¤"


def placeholder(letter: GuardianCodeLetter) -> GuardianCodeLetter:
    """The letter with a token for each changing fact: equal for all letters of one shape, so it is also its key.
    The title stays: « Monsieur, » is written from it."""
    guardian = replace(
        letter.guardian,
        name=NAME,
        address=tuple(_line(i) for i in range(MAX_ADDRESS_LINES)),
    )
    children = tuple(child_token(i, child) for i, child in enumerate(letter.children))
    return replace(letter, reference=REFERENCE, guardian=guardian, children=children)


def values(letter: GuardianCodeLetter) -> dict[str, str]:
    """Token → what this letter says there."""
    said = {NAME: letter.guardian.name, REFERENCE: letter.reference}
    for i in range(MAX_ADDRESS_LINES):
        said[_line(i)] = letter.guardian.address[i] if i < len(letter.guardian.address) else ""
    for i, child in enumerate(letter.children):
        said |= child_values(child_token(i, child), child)
    return said


def fits(letter: GuardianCodeLetter) -> bool:
    """True when every changing fact holds on its one line, in the text font: the layout then is the shape's."""
    return all(has(TEXT, text) and width(TEXT, size, text) <= room * MM for text, size, room in _lines(letter))


def _lines(letter: GuardianCodeLetter) -> Iterator[tuple[str, float, float]]:
    """Text, size in points and room in millimetres, for the tightest place each fact is printed in."""
    yield letter.guardian.full_name, 10, 88
    for line in letter.guardian.address:
        yield line, 10, 88
    yield f"Réf. {letter.reference}", 7.6, 68
    for child in letter.children:
        yield from child_lines(child)


def _line(i: int) -> str:
    return f"¤line{i}¤"


def child_values(token: ChildRow, child: ChildRow) -> dict[str, str]:
    """Token → what is said of a child."""
    said = {token.name: child.name, token.division: child.division}
    if token.code:
        said[token.code] = child.code or ""
    return said | dict(zip(token.refusals, child.refusals, strict=True))


def child_lines(child: ChildRow) -> Iterator[tuple[str, float, float]]:
    """Text, size and room of what is said of a child, where it is tightest."""
    yield child.name, 8.4, 48
    yield child.name, 9.2, 76
    yield child.division, 9.2, 20
    yield f"Classe : {child.division}", 8.4, 26
    for code in child.refusals:
        yield code, 9, 19


def child_token(i: int, child: ChildRow) -> ChildRow:
    """The placeholder of a child."""
    # `name` joins last and first name with a space: the token is the joined text. A code token has a code's form.
    code = f"ZZZZ - ZZZ - ZZZ - {i:03d}" if child.code else None
    refusals = tuple(f"¤slip{i}{n}¤" for n in range(len(child.refusals)))
    return ChildRow(f"¤last{i}", f"first{i}¤", f"¤class{i}¤", code, refusals)
