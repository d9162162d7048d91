"""What teachers of the demo write: varied sentences from a shipped list, the same ones for the same seed."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

DATA = Path(__file__).parent / "data" / "appreciations.csv"
CHOICE = re.compile(r"\[([^/\]]*)/([^/\]]*)\]")  # [attentif/attentive]
VOWELS = "aàâeéèêiîoôuyhAÀÂEÉÈÊIÎOÔUYH"
STRONG = 3  # from this positioning on, what is said of the subject is good


@cache
def _texts() -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    with DATA.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["place"], row["key"]].append(row["text"])
    return dict(found)


def pathways(codes: tuple[str, ...]) -> dict[str, str]:
    """What the class did in each of these educational pathways."""
    return {code: _texts()["pathway", code][0] for code in codes}


class Writer:
    """One teacher's hand: never twice the same comment."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self._used: set[str] = set()

    def comment(self, item_code: str, level: int) -> str:
        """About a subject or area, for a positioning from 1 to 4."""
        said = "strong" if level >= STRONG else "weak"
        remarks = _texts().get((said, item_code)) or [""]
        parts = (_texts()["opening", str(level)], remarks, _texts()["advice", str(level)])
        return self._new(lambda: " ".join(text for part in parts if (text := self.dice.choice(part))))

    def overall(self, first_name: str, sex: str | None, level: int) -> str:
        """The overall comment, with the pupil's first name and the right agreements."""
        return agreed(self.dice.choice(_texts()["overall", str(level)]), first_name, sex)

    def _new(self, draw: Callable[[], str], attempts: int = 20) -> str:
        text = draw()
        while text in self._used and attempts:
            text, attempts = draw(), attempts - 1
        self._used.add(text)
        return text


def agreed(text: str, first_name: str, sex: str | None) -> str:
    """« {prénom} », « {de prénom} » and « [masculine/feminine] » filled in."""
    of = f"d'{first_name}" if first_name[:1] in VOWELS else f"de {first_name}"
    text = text.replace("{prénom}", first_name).replace("{de prénom}", of)
    return CHOICE.sub(lambda found: found[2] if sex == "F" else found[1], text)
