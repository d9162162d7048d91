"""The letters that exist: the facts each one takes, its folder, and which facts differ from one letter to the next."""

from __future__ import annotations

from dataclasses import dataclass

from .booklet_types import ChangeSheet, Envelope, PrintedBooklet
from .types import (
    Facts,
    GuardianCodeLetter,
    GuardianContinuityLetter,
    PupilCodeLetter,
    PupilContinuityLetter,
    PupilSlips,
)


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is the word on the command line; a variant is one more entry here and one more folder. `drawn` names the
    module that draws it, for what is not a template laid out by xhtml2pdf."""

    name: str
    facts: type[Facts]
    title: str
    drawn: str | None = None

    @property
    def folder(self) -> str:
        return self.drawn.split(".")[0] if self.drawn else self.name

    @property
    def sample(self) -> str:
        """The file with the invented people of its preview."""
        return f"{self.folder}/{self.name if self.drawn else 'sample'}.json"


_ALL = (
    Kind("guardian_code", GuardianCodeLetter, "Courriers aux familles"),
    Kind("guardian_continuity", GuardianContinuityLetter, "Courriers aux familles"),
    Kind("pupil_code", PupilCodeLetter, "Courriers aux élèves"),
    Kind("pupil_continuity", PupilContinuityLetter, "Courriers aux élèves"),
    Kind("pupil_slips", PupilSlips, "Codes des élèves", drawn="pupil_slips.document"),
    Kind("booklet", PrintedBooklet, "Bilans", drawn="booklet.document"),
    Kind("envelope", Envelope, "Bilans", drawn="booklet.envelope"),
    Kind("changes", ChangeSheet, "Bilans", drawn="booklet.changes"),
)
KINDS = {kind.name: kind for kind in _ALL}


def kind_of(letter: Facts) -> Kind:
    """The entry a letter belongs to."""
    return next(kind for kind in KINDS.values() if kind.facts is type(letter))
