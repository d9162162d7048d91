"""The demo's families: always the same for a seed, made one at a time so that 80,000 pupils take no more memory.

For 815 pupils there are exactly 1,487 legal guardians and 1,552 (legal guardian, pupil) couples: 737 pupils have two
legal guardians and 78 have one, 30 of the former and 5 of the latter being the brother or sister of another pupil.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from app.exchange.demo.names import ABROAD, BOYS, FAMILY_NAMES, GIRLS, MEN, RESIDENCES, STREETS, TOWNS, WOMEN
from app.exchange.identifiers import rnie_key

REFERENCE_PUPILS = 815
WITH_TWO, SIBLINGS_WITH_TWO, SIBLINGS_WITH_ONE = 737, 30, 5
SEPARATED, WITH_EMAIL, WITH_CONTACT, ABROAD_SHARE, WITHOUT_INE = 0.22, 0.60, 0.12, 0.01, 0.012
MOTHER, FATHER, GRANDPARENT = "10", "20", "38"


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives."""

    key: int
    lines: tuple[str, ...]
    postal_code: str
    town: str
    country_code: str = "100"
    country: str = "FRANCE"


@dataclass(frozen=True, slots=True)
class Adult:
    """A guardian; `level` 1 = legal, 3 = contact."""

    key: int
    title: str
    last_name: str
    usage_name: str
    first_name: str
    email: str
    phone: str
    mobile: str
    kinship: str
    level: int
    pays: bool
    address: Address


@dataclass(frozen=True, slots=True)
class Child:
    """A pupil; `rank` is the position in the whole school, from which the class follows."""

    key: int
    rank: int
    ine: str
    last_name: str
    first_name: str
    second_name: str
    sex: str
    born: date
    insee: str


@dataclass(frozen=True, slots=True)
class Family:
    """Children who share their guardians."""

    adults: tuple[Adult, ...]
    children: tuple[Child, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many families of each shape; `youngest` is the year of birth of the lowest level."""

    pupils: int
    seed: int
    levels: int
    youngest: int
    first_key: int = 100_000

    def shapes(self) -> Iterator[tuple[int, int]]:
        """(legal guardians, children) of each family; exact at the reference size, in proportion elsewhere."""
        two = round(self.pupils * WITH_TWO / REFERENCE_PUPILS)
        for parents, children, siblings in (
            (2, two, round(self.pupils * SIBLINGS_WITH_TWO / REFERENCE_PUPILS)),
            (1, self.pupils - two, round(self.pupils * SIBLINGS_WITH_ONE / REFERENCE_PUPILS)),
        ):
            threes = siblings // 10 if parents == 2 else 0  # families of three children
            twos = siblings - 2 * threes
            sizes = [3] * threes + [2] * twos
            yield from ((parents, size) for size in [*sizes, *[1] * (children - sum(sizes))])


def families(plan: Plan) -> Iterator[Family]:
    """Every family, in an order that mixes shapes; the same each time it is called."""
    shapes = list(plan.shapes())
    dice = Random(f"{plan.seed}-{plan.pupils}-{plan.levels}")
    dice.shuffle(shapes)
    ranks = list(range(plan.pupils))
    dice.shuffle(ranks)
    keys, met = _keys(plan.first_key), 0
    for parents, size in shapes:
        yield _family(dice, plan, keys, parents, ranks[met : met + size])
        met += size


def _keys(first: int) -> Iterator[int]:
    while True:
        first += 1
        yield first


def _family(dice: Random, plan: Plan, keys: Iterator[int], parents: int, ranks: list[int]) -> Family:
    name, other = dice.choice(FAMILY_NAMES), dice.choice(FAMILY_NAMES)
    home = _address(dice, keys)
    away = _address(dice, keys) if parents == 2 and dice.random() < SEPARATED else home
    mother_first = dice.random() < 0.85
    shapes = [(MOTHER, home), (FATHER, away)] if mother_first else [(FATHER, home), (MOTHER, away)]
    adults = [
        _adult(dice, keys, kinship, name, other, address, married=away is home, pays=n == 0)
        for n, (kinship, address) in enumerate(shapes[:parents])
    ]
    if dice.random() < WITH_CONTACT:
        adults.append(_contact(dice, keys, other))
    children = tuple(_child(dice, plan, keys, name, rank) for rank in sorted(ranks))
    return Family(tuple(adults), children)


def _address(dice: Random, keys: Iterator[int]) -> Address:
    street = f"{dice.randint(1, 180)} {dice.choice(STREETS).replace('_', ' ')}"
    lines = (dice.choice(RESIDENCES), street) if dice.random() < 0.2 else (street,)
    if dice.random() < ABROAD_SHARE:
        postal, town, code, country = dice.choice(ABROAD)
        return Address(next(keys), lines, postal, town, code, country)
    postal, town, _ = dice.choice(TOWNS)
    return Address(next(keys), lines, postal, town)


def _adult(
    dice: Random,
    keys: Iterator[int],
    kinship: str,
    name: str,
    other: str,
    address: Address,
    *,
    married: bool,
    pays: bool,
) -> Adult:
    mother = kinship == MOTHER
    first = dice.choice(WOMEN if mother else MEN)
    born = other if mother else name
    key = next(keys)
    usage = name if mother and married and dice.random() < 0.6 else ""
    return Adult(
        key,
        "MME" if mother else "M.",
        born.upper(),
        usage.upper(),
        first,
        _email(first, usage or born, key) if dice.random() < WITH_EMAIL else "",
        f"0199{dice.randint(0, 999999):06d}" if dice.random() < 0.4 else "",
        f"063998{dice.randint(0, 9999):04d}" if dice.random() < 0.9 else "",
        kinship,
        1,
        pays,
        address,
    )


def _contact(dice: Random, keys: Iterator[int], name: str) -> Adult:
    woman = dice.random() < 0.6
    first = dice.choice(WOMEN if woman else MEN)
    address, key = _address(dice, keys), next(keys)
    mobile = f"063998{dice.randint(0, 9999):04d}"
    title = "MME" if woman else "M."
    return Adult(key, title, name.upper(), "", first, "", "", mobile, GRANDPARENT, 3, False, address)


def _child(dice: Random, plan: Plan, keys: Iterator[int], name: str, rank: int) -> Child:
    girl = dice.random() < 0.49
    level = rank % plan.levels
    year = plan.youngest - level - (dice.random() < 0.04)
    key = next(keys)
    number = (plan.seed % 9 + 1) * 100_000_000 + key
    return Child(
        key,
        rank,
        "" if dice.random() < WITHOUT_INE else f"{number:09d}{rnie_key(number)}",
        name.upper(),
        dice.choice(GIRLS if girl else BOYS),
        dice.choice(GIRLS if girl else BOYS) if dice.random() < 0.5 else "",
        "F" if girl else "M",
        date(year, 1, 1) + timedelta(days=dice.randrange(365)),
        dice.choice(TOWNS)[2],
    )


def _email(first: str, name: str, key: int) -> str:
    return f"{_ascii(first)}.{_ascii(name)}{key % 1000}@courriel.example.org"


def _ascii(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(c if c.isalnum() else "-" for c in plain).strip("-")
