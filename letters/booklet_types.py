"""What a booklet says, as frozen data: the same facts are printed, kept with the edition, and published to families.

`digest` is the fingerprint of what a booklet says. Number, date and token of an edition are no part of it, nor are
the averages of the class: a colleague's correction for another pupil must not give thirty documents a new number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from . import codec
from .errors import LetterDataError
from .types import Facts, Recipient

MODELS = ("ecole", "college", "cycle")
SCALES = ("objectives", "marks", "letters")
OBJECTIVES = ("Objectifs d'apprentissage non atteints", "Objectifs d'apprentissage partiellement atteints",
              "Objectifs d'apprentissage atteints", "Objectifs d'apprentissage dépassés")  # fmt: skip
MASTERY = ("Maîtrise insuffisante", "Maîtrise fragile", "Maîtrise satisfaisante", "Très bonne maîtrise")


class BookletPart(Facts):
    """Any part of a booklet: texts are long, and keep the line ends that their author typed."""

    __slots__ = ()
    longest: ClassVar[int] = 1500
    keeps_lines: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class BookletSchool(BookletPart):
    """The head of the first page, and who signs."""

    academy: str
    name: str
    uai: str
    address: tuple[str, ...]
    phone: str | None
    email: str | None
    head_title: str
    head_name: str | None


@dataclass(frozen=True, slots=True)
class BookletPupil(BookletPart):
    """The pupil as the booklet names them."""

    last_name: str
    first_name: str
    birth_date: date

    @property
    def name(self) -> str:
        """« NOM Prénom »."""
        return f"{self.last_name} {self.first_name}"


@dataclass(frozen=True, slots=True)
class BookletLine(BookletPart):
    """A subject, an area (`depth` 0) or a sub-area under its area (`depth` 1). Of positioning (1 to 4), averages and
    letter only the booklet's scale is there; averages are written as they are printed (« 12,5 »)."""

    label: str
    depth: int
    teachers: str | None
    elements: tuple[str, ...]
    comment: str | None
    positioning: int | None
    average: str | None
    class_average: str | None
    letter: str | None
    not_assessed: str | None


@dataclass(frozen=True, slots=True)
class BookletProject(BookletPart):
    """An EPI (with its theme) or an AP the pupil took part in, with the collective and the individual comment."""

    kind: str
    title: str
    theme: str | None
    subjects: tuple[str, ...]
    teachers: tuple[str, ...]
    description: str | None
    group_comment: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class LabelledText(BookletPart):
    """A pathway with its text, or a support scheme with its complement."""

    code: str
    label: str
    text: str | None


@dataclass(frozen=True, slots=True)
class BookletLife(BookletPart):
    """Vie scolaire: half-days of absence, lateness, comment. None = not filled in."""

    justified: int | None
    unjustified: int | None
    lateness: int | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class BookletMastery(BookletPart):
    """A component of the common base; `level` 1 to 4, 0 = exempt."""

    code: str
    label: str
    level: int


@dataclass(frozen=True, slots=True)
class BookletComplement(BookletPart):
    """Enseignement de complément of cycle 4: `level` 1 = objectives reached, 2 = exceeded."""

    code: str
    label: str
    level: int | None


@dataclass(frozen=True, slots=True)
class BookletFacts(BookletPart):
    """One booklet of any model: école and collège have lines, the end of a cycle has masteries and its synthesis in
    `overall_comment`. `levels` is the ruler of the cycle, `level` the pupil's place on it."""

    model: str
    school: BookletSchool
    year: str
    period: str
    cycle: int
    levels: tuple[str, ...]
    level: str | None
    pupil: BookletPupil
    division: str | None
    class_teachers: str | None
    council_on: date | None
    scale: str
    scale_max: int
    lines: tuple[BookletLine, ...]
    projects: tuple[BookletProject, ...]
    pathways: tuple[LabelledText, ...]
    schemes: tuple[LabelledText, ...]
    overall_comment: str | None
    life: BookletLife | None
    masteries: tuple[BookletMastery, ...]
    complement: BookletComplement | None

    def __post_init__(self) -> None:
        BookletPart.__post_init__(self)
        if self.model not in MODELS or self.scale not in SCALES:
            raise LetterDataError(f"BookletFacts : modèle « {self.model} » ou échelle « {self.scale} » inconnus.")

    def kind_of_project(self, kind: str) -> tuple[BookletProject, ...]:
        """The EPI (`epi`) or the AP (`ap`)."""
        return tuple(project for project in self.projects if project.kind == kind)


@dataclass(frozen=True, slots=True)
class Stamp(BookletPart):
    """What makes a printed booklet an edition: its number, its day, its fingerprint and the page that confirms it."""

    number: str
    issued_on: date
    digest: str
    check_url: str


@dataclass(frozen=True, slots=True)
class PrintedBooklet(BookletPart):
    """A booklet to print; without stamp it is a draft, and says so (BROUILLON)."""

    reference: str
    booklet: BookletFacts
    stamp: Stamp | None

    @property
    def school(self) -> BookletSchool:
        """Whose document it is."""
        return self.booklet.school


@dataclass(frozen=True, slots=True)
class Envelope(BookletPart):
    """The sheet before a household's booklets: its address in the window of the envelope, and what follows."""

    reference: str
    school: BookletSchool
    guardian: Recipient
    contents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change(BookletPart):
    """A booklet that was issued anew: whose, under which numbers, and what is said otherwise."""

    pupil: str
    division: str | None
    old_number: str
    new_number: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChangeSheet(BookletPart):
    """The sheet on top of a pile of booklets, for the office: what replaces what (M048)."""

    reference: str
    school: BookletSchool
    issued_on: date
    changes: tuple[Change, ...]


def plain(facts: BookletFacts) -> dict[str, Any]:
    """As plain JSON values, for the edition's row and the portal."""
    dumped: dict[str, Any] = codec.dump(facts)
    return dumped


def from_plain(value: dict[str, Any]) -> BookletFacts:
    """The opposite of `plain`. Raises `LetterDataError` when something is missing, unknown or odd."""
    facts: BookletFacts = codec.load(BookletFacts, value)
    return facts


def digest(facts: BookletFacts) -> str:
    """SHA-256 of what the booklet says. Absent facts do not count, so a field added later changes no digest."""
    said = _said(plain(facts))
    text = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        pairs: Iterable[tuple[str, Any]] = ((name, _said(item)) for name, item in value.items())
        return {name: item for name, item in pairs if item not in (None, [], {}) and name != "class_average"}
    return [_said(item) for item in value] if isinstance(value, list) else value
