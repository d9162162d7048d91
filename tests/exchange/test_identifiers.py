"""Keys of UAI and INE."""

from __future__ import annotations

import pytest

from app.exchange.identifiers import ine_is_valid, key_letter, rnie_key, uai_is_valid


@pytest.mark.parametrize(
    ("uai", "valid"),
    [
        ("0960001E", True),
        ("0960001F", False),
        ("960001E", False),
        ("0960001e", False),
        ("", False),
        ("0960001E ", False),
    ],
)
def test_uai(uai: str, valid: bool) -> None:
    assert uai_is_valid(uai) is valid


@pytest.mark.parametrize(
    ("ine", "valid"),
    [
        (f"1234567890{key_letter(1234567890)}", True),
        (f"123456789{rnie_key(123456789)}", True),
        ("123456789AA", False),  # the key goes from 01 to 97
        ("123456789IO", False),  # letters that are never used
        ("1234567890Z", key_letter(1234567890) == "Z"),
        ("12345678", False),
        ("１２３４５６７８９HK", False),  # full-width digits
    ],
)
def test_ine(ine: str, valid: bool) -> None:
    assert ine_is_valid(ine) is valid


def test_rnie_key_is_from_1_to_97() -> None:
    keys = {rnie_key(number) for number in range(97)}
    assert len(keys) == 97
    assert rnie_key(0) == "KH"  # 97
    assert rnie_key(96) == "AB"  # 1
