"""The letters that exist: the facts each one takes, its folder, and which facts differ from one letter to the next."""

from __future__ import annotations

from dataclasses import dataclass

from .types import Facts, GuardianCodeLetter


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is the word on the command line; a variant is one more entry here and one more folder."""

    name: str
    facts: type[Facts]

    @property
    def folder(self) -> str:
        return self.name


KINDS = {kind.name: kind for kind in (Kind("guardian_code", GuardianCodeLetter),)}


def kind_of(letter: Facts) -> Kind:
    """The entry a letter belongs to."""
    return next(kind for kind in KINDS.values() if kind.facts is type(letter))
