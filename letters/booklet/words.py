"""The fixed words of booklets, from `words.json`: what an academy may want to say otherwise is data."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from ..templates import ROOT


@cache
def words() -> dict[str, Any]:
    """All of them, by name."""
    found: dict[str, Any] = json.loads((ROOT / "booklet" / "words.json").read_text(encoding="utf-8"))
    return found
