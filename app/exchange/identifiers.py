"""Keys of the national identifiers (FORMATS §10). A wrong INE key is an alert, never a refusal."""

from __future__ import annotations

import re

KEY_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
RNIE_LETTERS = "ABCDEFGHJK"
_UAI = re.compile(r"(\d{7})([A-Z])", re.ASCII)
_INE_BEA = re.compile(r"(\d{10})([A-Z])", re.ASCII)
_INE_RNIE = re.compile(r"(\d{9})([A-HJK])([A-HJK])", re.ASCII)


def key_letter(number: int) -> str:
    """The letter that checks a UAI or an INE of BEA."""
    return KEY_LETTERS[number % 23]


def rnie_key(number: int) -> str:
    """The two letters that check an INE of the RNIE: 97 − (n mod 97), written with A=0 … K=9."""
    tens, units = divmod(97 - number % 97, 10)
    return RNIE_LETTERS[tens] + RNIE_LETTERS[units]


def uai_is_valid(uai: str) -> bool:
    """Seven digits and their letter."""
    found = _UAI.fullmatch(uai)
    return found is not None and key_letter(int(found[1])) == found[2]


def ine_is_valid(ine: str) -> bool:
    """Either generation: ten digits and a letter (BEA), nine digits and two letters (RNIE)."""
    if found := _INE_BEA.fullmatch(ine):
        return key_letter(int(found[1])) == found[2]
    found = _INE_RNIE.fullmatch(ine)
    return found is not None and rnie_key(int(found[1])) == found[2] + found[3]
