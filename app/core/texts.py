"""Text that people type: one form for comparing, counting and storing, whatever the keyboard or the spreadsheet."""

from __future__ import annotations

import unicodedata
from decimal import Decimal, InvalidOperation

from app.core.errors import BadInput


def clean_text(value: str | None, limit: int, what: str) -> str | None:
    """Line ends as LF, accents composed (so that « é » counts for one), no blank at either end, no control character;
    None when nothing is left. Raises `BadInput` beyond `limit` characters: nothing is cut off silently."""
    if value is None:
        return None
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n"))
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()
    if len(text) > limit:
        hint = f"{limit} au plus : retirez-en {len(text) - limit}."
        raise BadInput(f"{what} : {len(text)} caractères.", hint=hint)
    return text or None


def decimal_in(text: str, highest: Decimal | int) -> Decimal | None:
    """A number from 0 to `highest` with two decimals at most, typed with a comma or a point; None when it is none."""
    text = text.strip().replace(",", ".")
    if len(text) > 8 or not text.isascii() or not text.replace(".", "", 1).isdigit():
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number.quantize(Decimal("0.01")) if number <= highest and number == round(number, 2) else None
