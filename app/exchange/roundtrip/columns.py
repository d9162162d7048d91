"""What the three spreadsheets of people hold: the columns of their generated forms, an identifier, and what is only
there to be read. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.schools.people import Guardian, Pupil, Staff

IDENTIFIER = "Identifiant"
SOURCES = {"siecle": "SIECLE", "onde": "ONDE", "sts": "STS", "manual": "Saisie"}
TITLES = {"MME": "Mme", "M.": "M."}
SEXES = {"F": "F", "M": "M"}


@dataclass(frozen=True, slots=True)
class SheetField:
    """A column that may be changed. `kind`: text, code (digits that are no number), mark (a number or a word) or date;
    `words`: what the sheet shows for a stored value."""

    name: str
    title: str
    kind: str = "text"
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PeopleSheet:
    """One spreadsheet. `reminders` are headings of columns that are written and never read back; `same_by` are the
    columns by which a new line is seen to name somebody who is known already; `repeats`: several lines about one
    person are no mistake."""

    name: str
    model: type
    title: str
    fields: tuple[SheetField, ...]
    reminders: tuple[str, ...]
    same_by: tuple[str, ...] = ()
    repeats: bool = False

    def field_of(self, title: str) -> SheetField | None:
        """The column with this heading, whatever its case."""
        wanted = title.strip().casefold()
        return next((column for column in self.fields if column.title.casefold() == wanted), None)

    def title_of(self, name: str) -> str:
        """The heading of a mapped column."""
        return next(column.title for column in self.fields if column.name == name)


_NAMES = (SheetField("last_name", "Nom"), SheetField("usage_name", "Nom d'usage"), SheetField("first_name", "Prénom"))
_TITLE = SheetField("title", "Civilité", words=TITLES)
_EMAIL = SheetField("email", "Adresse électronique")

PUPILS = PeopleSheet(
    "pupil", Pupil, "Élèves",
    (*_NAMES, SheetField("first_name2", "Deuxième prénom"), SheetField("first_name3", "Troisième prénom"),
     SheetField("birth_date", "Date de naissance", "date"), SheetField("sex", "Sexe", words=SEXES),
     SheetField("ine", "INE", "code")),
    ("Classe", "Source"), ("last_name", "first_name", "birth_date"),
)  # fmt: skip
GUARDIANS = PeopleSheet(
    "guardian", Guardian, "Responsables",
    (_TITLE, *_NAMES, _EMAIL, SheetField("phone_mobile", "Téléphone portable", "code"),
     SheetField("phone_home", "Téléphone du domicile", "code"),
     SheetField("phone_work", "Téléphone du travail", "code"), SheetField("address1", "Adresse"),
     SheetField("address2", "Adresse (2)"), SheetField("address3", "Adresse (3)"),
     SheetField("address4", "Adresse (4)"), SheetField("postal_code", "Code postal", "code"),
     SheetField("city", "Commune"), SheetField("country", "Pays")),
    ("Source",), ("last_name", "first_name", "address1", "email"),
)  # fmt: skip
STAFF = PeopleSheet(
    "staff", Staff, "Personnels",
    (_TITLE, *_NAMES, SheetField("birth_date", "Date de naissance", "date"), SheetField("function", "Fonction"),
     _EMAIL, SheetField("ended_on", "Parti le", "date")),
    ("Source",), ("last_name", "first_name", "birth_date"),
)  # fmt: skip

SHEETS: dict[str, PeopleSheet] = {sheet.name: sheet for sheet in (PUPILS, GUARDIANS, STAFF)}


def shown(column: SheetField, value: Any) -> Any:
    """A stored value as the sheet and the preview write it."""
    return column.words.get(value, value)
