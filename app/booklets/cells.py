"""The cells of a booklet: what may be written in each, read from what people type, and shown as they type it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.booklets.models.content import COMMENT_LENGTH
from app.core.errors import BadInput
from app.core.texts import clean_text, decimal_in
from app.curriculum.reference import BASE_COMPONENTS, COMPLEMENTS, PATHWAYS

OVERALL_LENGTH, SYNTHESIS_LENGTH, REASON_LENGTH = 1000, 1500, 100
KINDS = ("line", "booklet", "mastery", "pathway", "member", "mark", "absence")
SCALE_FIELDS = {"objectives": "positioning", "marks": "average", "letters": "letter"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One place to write. `id` is the row's: of a line (attainment), a booklet, a pupil's place in a group (member);
    a mastery and a pathway have the booklet's, and `field` is then the component or the pathway's code. The marks of a
    test (`app.online.mark_entry`; `field` is the pupil) and absences are cells too."""

    kind: str
    id: int
    field: str

    @property
    def name(self) -> str:
        """« line-12-comment », as forms and the trail call it."""
        return f"{self.kind}-{self.id}-{self.field}"

    @classmethod
    def named(cls, name: str) -> Cell:
        """The cell of a name. Raises `BadInput` when it is none."""
        kind, number, what = ([*name.split("-", 2), "", ""])[:3]
        if kind not in KINDS or not (number.isascii() and number.isdigit()) or int(number[:20]) >= 2**31:
            raise BadInput("Cette case n'est pas reconnue.", hint="Rechargez la page.")
        return cls(kind, int(number), what)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rule of a value depends on: the booklet's model and scale, and the subject where there is one."""

    model: str = "college"
    scale: str = "objectives"
    scale_max: int = 20
    letters: tuple[str, ...] = ()
    for_all: bool = True
    item: str = ""


Reader = Callable[[Any, Facts], Any]


def text_of(limit: int, what: str) -> Reader:
    """A text of so many characters at most."""
    def read(value: Any, _facts: Facts) -> str | None:
        return clean_text(None if value is None else str(value), limit, what)

    return read


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def whole_of(lowest: int, highest: int, what: str) -> Reader:
    """A whole number within bounds."""
    def read(value: Any, _facts: Facts) -> int | None:
        if _blank(value):
            return None
        text = str(value).strip()
        if not (text.isascii() and text.isdigit() and lowest <= int(text[:6]) <= highest):
            raise BadInput(f"{what} : un nombre entier de {lowest} à {highest}.")
        return int(text)

    return read


def _average(value: Any, facts: Facts) -> Decimal | None:
    """0 to the scale's maximum, two decimals, a comma as in French (a point is understood)."""
    if _blank(value):
        return None
    wanted = BadInput(f"Moyenne : un nombre de 0 à {facts.scale_max}, avec deux décimales au plus (12,5).")
    number = decimal_in(str(value), facts.scale_max)
    if number is None:
        raise wanted
    return number


def _letter(value: Any, facts: Facts) -> str | None:
    if _blank(value):
        return None
    letter = str(value).strip().upper()
    known = {allowed.upper(): allowed for allowed in facts.letters}
    if letter not in known:
        raise BadInput(f"Lettre inconnue : choisissez parmi {', '.join(facts.letters)}.")
    return known[letter]


def _followed(value: Any, facts: Facts) -> bool:
    known = {True: True, False: False, "1": True, "0": False}
    if not isinstance(value, bool | str) or value not in known:
        raise BadInput("Indiquez si la discipline est suivie ou non.")
    if facts.for_all and not known[value]:
        raise BadInput("Cette discipline est suivie par toute la classe.",
                       hint="Pour un élève dispensé ou absent, indiquez plutôt qu'il n'est pas évalué.")
    return known[value]


def _day(value: Any, _facts: Facts) -> date | None:
    if _blank(value):
        return None
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(str(value).strip(), pattern).date()
        except ValueError:
            continue
    raise BadInput("Date du conseil de classe : écrivez jour/mois/année, comme 25/11/2026.")


def _overall(value: Any, facts: Facts) -> str | None:
    limit, what = ((SYNTHESIS_LENGTH, "Synthèse") if facts.model == "cycle" else
                   (OVERALL_LENGTH, "Appréciation générale"))  # fmt: skip
    return text_of(limit, what)(value, facts)


def _complement(value: Any, _facts: Facts) -> str | None:
    if _blank(value):
        return None
    code = str(value).strip().upper()
    if code not in COMPLEMENTS:
        raise BadInput(f"Enseignement de complément : choisissez parmi {', '.join(COMPLEMENTS)}.")
    return code


LINE: Mapping[str, Reader] = {
    "positioning": whole_of(1, 4, "Positionnement"), "average": _average, "letter": _letter,
    "not_assessed": text_of(REASON_LENGTH, "Motif"), "comment": text_of(COMMENT_LENGTH, "Appréciation"),
    "followed": _followed,
}  # fmt: skip
BOOKLET: Mapping[str, Reader] = {
    "overall_comment": _overall, "council_on": _day,
    "absences_justified": whole_of(0, 999, "Demi-journées justifiées"),
    "absences_unjustified": whole_of(0, 999, "Demi-journées non justifiées"),
    "lateness": whole_of(0, 999, "Retards"), "life_comment": text_of(COMMENT_LENGTH, "Vie scolaire"),
    "complement_code": _complement, "complement_level": whole_of(1, 2, "Objectif de l'enseignement de complément"),
}  # fmt: skip
FIELDS: Mapping[str, Mapping[str, Reader]] = {
    "line": LINE, "booklet": BOOKLET,
    "mastery": dict.fromkeys(BASE_COMPONENTS, whole_of(0, 4, "Maîtrise")),
    "pathway": {code: text_of(COMMENT_LENGTH, label) for code, label in PATHWAYS.items()},
    "member": {"comment": text_of(COMMENT_LENGTH, "Appréciation")},
}  # fmt: skip


def read_value(cell: Cell, value: Any, facts: Facts) -> Any:
    """The value to store for what somebody typed; None when it is empty. Raises `BadInput` with what is expected."""
    reader = FIELDS.get(cell.kind, {}).get(cell.field)
    if reader is None:
        raise BadInput("Cette case n'existe pas dans ce bilan.")
    found = reader(value, facts)
    if found is not None and (why := _out_of_place(cell, facts)):
        raise BadInput(why)
    return found


def _out_of_place(cell: Cell, facts: Facts) -> str | None:
    """Why this booklet has no such cell (emptying it is always allowed)."""
    if cell.field in SCALE_FIELDS.values() and cell.field != SCALE_FIELDS[facts.scale]:
        words = {"objectives": "les quatre objectifs", "marks": "des moyennes", "letters": "des lettres"}
        return f"Les acquis de ce bilan s'expriment par {words[facts.scale]}."
    of_a_cycle = cell.kind == "mastery" or cell.field in ("complement_code", "complement_level")
    if of_a_cycle != (facts.model == "cycle") and (of_a_cycle or cell.kind == "pathway"):
        return "Cette rubrique n'est pas dans ce modèle de bilan."
    if cell.field == "PAR_AVN" and facts.model != "college":
        return "Le parcours avenir commence au collège."
    return None


def read_base(cell: Cell, value: Any, facts: Facts) -> Any:
    """What the page showed before the change; something that can never be stored when it is not readable, so that it
    equals nothing and the person is asked."""
    try:
        reader = FIELDS[cell.kind][cell.field]
        return reader(value, facts)
    except BadInput:
        return _UNREADABLE


_UNREADABLE = object()


def shown(value: Any) -> str:
    """A stored value as a field shows it: « 12,5 », « 2026-11-25 », nothing for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace(".", ",")
    return value.isoformat() if isinstance(value, date) else str(value)
