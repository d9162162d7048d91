"""Codes are 4-3-3-3, forgiving on entry, and as large as they claim."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core import codes

SAMPLE = "0MQUXR43E7KNC"


@pytest.mark.row("M076")
def test_a_code_is_shown_in_blocks_of_4_3_3_3() -> None:
    assert codes.show(SAMPLE) == "0MQU - XR4 - 3E7 - KNC"
    assert codes.hint(SAMPLE) == "0MQU"


@pytest.mark.row("M076")
def test_new_codes_are_13_digits_and_capitals_below_2_to_the_64() -> None:
    fresh = {codes.new_code() for _ in range(500)}
    assert len(fresh) == 500
    for code in fresh:
        assert len(code) == 13
        assert set(code) <= set(codes.ALPHABET)
        assert int(code, 36) < 2**64


@given(st.integers(0, 2**64 - 1))
def test_whatever_is_printed_can_be_typed_again(number: int) -> None:
    code = codes.encode(number)
    assert int(code, 36) == number
    assert codes.compact(codes.show(code)) == code
    assert codes.compact(codes.show(code).lower().replace(" ", "")) == code


@pytest.mark.parametrize("typed", [
    "0mqu xr4 3e7 knc", " 0MQU–XR4—3E7‑KNC ", "0MQU.XR4.3E7.KNC", "0MQU\u00a0-\u00a0XR4\t3E7\nKNC", "0ＭＱＵXR43E7KNC",
    "0MQU_XR4_3E7_KNC", "0MQU\u200bXR43E7KNC", "0MQU|XR4|3E7|KNC",
    "« 0MQU - XR4 - 3E7 - KNC »", "0MQU + XR4 + 3E7 + KNC",
    "Code d'activation : 0MQU - XR4 - 3E7 - KNC", "mon code 0mquxr43e7knc, merci", "Code 0MQU XR4 3E7 KNC",
    "https://portail.example.org/activer#code=0MQUXR43E7KNC",
])
def test_entry_forgives_case_spaces_and_dashes(typed: str) -> None:
    assert codes.compact(typed) == SAMPLE


@pytest.mark.parametrize("typed", ["", "0MQU", SAMPLE + "1", "0MQUXR43E7KN+", "0MQUXR43E7KNÉ",
                                   "0MQUXR43E7KNC ou 0MQUXR43E7KND", "un code de treize signes"])
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert codes.compact(typed) is None


def test_look_alikes_are_tried_after_what_was_typed() -> None:
    assert codes.readings("2MQUXR43E7KNC") == ["2MQUXR43E7KNC"]
    assert set(codes.readings("2MQUXR4357KNB")) == {"2MQUXR4357KNB", "2MQUXR43S7KNB", "2MQUXR4357KN8", "2MQUXR43S7KN8"}
    assert len(codes.readings("0O1I5S8B2222A")) == 256
    assert codes.readings("2MQUXR43E7KNO") == ["2MQUXR43E7KNO", "2MQUXR43E7KN0"]
    assert len(codes.readings("0O1I2222222AC")) == 16
    assert codes.readings("0" * 13) == ["0" * 13]
    assert {codes.likeness(reading) for reading in codes.readings("0O1I5S8B2222A")} == {"001155882222A"}
