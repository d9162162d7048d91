"""The QR symbol of a letter: the activation address, code in the fragment, never a birth date (DESIGN §7)."""

from __future__ import annotations

import base64
import io
import re
from functools import reduce
from itertools import combinations
from operator import xor

import segno

# Readers accept any of the eight masks; scoring all of them is three quarters of the time segno takes.
MASK = 4
PIXELS_PER_MODULE = 8
CODES = re.compile(r"(?<==)[0-9A-Z]{13}(?:,[0-9A-Z]{13})*\Z")
# Six characters whose distances to "0" generate those of all 36 by exclusive or.
GENERATORS = "1248AP"
RECIPES = {
    chr(ord("0") ^ reduce(xor, (ord(c) ^ ord("0") for c in chosen), 0)): chosen
    for count in range(len(GENERATORS) + 1)
    for chosen in combinations(GENERATORS, count)
}


def symbol(link: str) -> segno.QRCode:
    """Medium correction: a fold or a stain on the letter does not kill the symbol."""
    return segno.make_qr(link, error="m", boost_error=False, mask=MASK)


def data_uri(link: str) -> str:
    """The symbol as a PNG for the template; the white paper around it is its quiet zone."""
    out = io.BytesIO()
    symbol(link).save(out, kind="png", scale=PIXELS_PER_MODULE, border=0)
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode("ascii")


def modules(link: str) -> tuple[int, int]:
    """Side of the symbol, and its modules as one number: rows from the top, padded to whole bytes, dark is 1."""
    matrix = symbol(link).matrix
    padding = "0" * (-len(matrix) % 8)
    return len(matrix), int("".join("".join("01"[module] for module in row) + padding for row in matrix), 2)


def inline_image(side: int, bits: int) -> str:
    """A symbol as a PDF image mask of one bit per module, filling the current unit square."""
    digits = side * ((side + 7) // 8) * 2
    # In an image mask a 0 bit paints: /D [1 0] turns that round.
    return f"0 g BI /W {side} /H {side} /IM true /BPC 1 /D [1 0] /F /AHx ID {bits:0{digits}x}> EI"


class Symbols:
    """Draws the symbols of many letters.

    A school's links differ in their codes only, and with a fixed mask every module of a QR symbol is a sum modulo 2
    of bits of the text (so is its error correction). Once a few links of one form have been seen, the effect of each
    code character is measured on segno's own symbols, and the following symbols are exclusive ors of those.
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self._effects: dict[str, tuple[int, int, list[dict[str, int]]]] = {}

    def draw(self, link: str) -> str:
        """The symbol of a link as an inline image."""
        codes = CODES.search(link)
        if codes is None:
            return inline_image(*modules(link))
        zero = link[: codes.start()] + re.sub("[0-9A-Z]", "0", codes[0])
        if zero not in self._effects:
            self._seen[zero] = self._seen.get(zero, 0) + 1
            if self._seen[zero] <= len(codes[0]):
                return inline_image(*modules(link))
            self._effects[zero] = _effects(zero, codes.start())
        side, bits, effects = self._effects[zero]
        for effect, character in zip(effects, codes[0], strict=True):
            bits ^= effect[character]
        return inline_image(side, bits)


def _effects(zero: str, start: int) -> tuple[int, int, list[dict[str, int]]]:
    """Side and modules of the all-zero link, and what each character changes at each place after `start`."""
    side, base = modules(zero)
    effects: list[dict[str, int]] = []
    for at in range(start, len(zero)):
        if zero[at] == ",":
            effects.append({",": 0})
            continue
        single = {c: modules(zero[:at] + c + zero[at + 1 :])[1] ^ base for c in GENERATORS}
        effects.append({c: reduce(xor, (single[g] for g in recipe), 0) for c, recipe in RECIPES.items()})
    return side, base, effects
