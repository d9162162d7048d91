"""Lists from which the demo's people and places are drawn: common names, invented towns, nobody's address."""

from __future__ import annotations

from pathlib import Path

_DATA = Path(__file__).parent / "data"


def _list(name: str) -> tuple[str, ...]:
    return tuple((_DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines())


FAMILY_NAMES = _list("family_names")
GIRLS, BOYS = _list("girls"), _list("boys")
WOMEN, MEN = _list("women"), _list("men")
STREETS, RESIDENCES = _list("streets"), _list("residences")

# Towns of an invented département (96): (postal code, town, INSEE code)
TOWNS = (
    ("96000", "MONTREVEL", "96001"),
    ("96100", "VALBRUNE", "96014"),
    ("96120", "SAINT VAURY LES BOIS", "96027"),
    ("96140", "PORT L ESTRAN", "96033"),
    ("96200", "CHAMPCLOS", "96041"),
    ("96210", "LA ROCHE AUX FAONS", "96052"),
    ("96230", "AIGREFONT", "96060"),
    ("96300", "BOURG LA REINETTE", "96078"),
)
# Towns abroad: (postal code, town, country code, country)
ABROAD = (
    ("66999", "SAARHAIN", "109", "ALLEMAGNE"),
    ("1999", "VALMONTET", "140", "SUISSE"),
    ("6799", "ARLONCOURT", "131", "BELGIQUE"),
)
