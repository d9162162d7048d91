"""The texts an academy may reword: one for each letter, one for each mail that brings codes. Their frame (letterhead,
address, slips, signature of mails) stays the product's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from .. import codec
from ..templates import ROOT
from ..types import (
    Facts,
    GuardianCodeLetter,
    GuardianCodeMail,
    GuardianContinuityLetter,
    GuardianContinuityMail,
    PupilCodeLetter,
    PupilContinuityLetter,
    field_names,
)

LONGEST = 20_000  # characters of a wording; the shipped ones have fewer than 4,000
ENT = "un espace numérique de travail"
ENT_FACTS = {"url": "https://ent.ac-valmont.example", "activation_url": "https://ent.ac-valmont.example",
             "ent": "Mon ENT"}  # fmt: skip

# Parts of the product that a wording may include, and the names each expects to be set.
PAPER_PARTS: Mapping[str, tuple[str, ...]] = {
    "shared/codes.html": (), "shared/services.html": ("coded",), "shared/closing.html": (), "shared/privacy.html": (),
}  # fmt: skip
MAIL_PARTS: Mapping[str, tuple[str, ...]] = {
    "shared/mail_codes.html": (), "shared/mail_services.html": ("coded",), "shared/mail_button.html": ("label", "link"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """One text. `key` is what the database knows it by; a template sees its facts under the name `variable`."""

    key: str
    folder: str
    facts: type[Facts]
    mail: bool = False

    @property
    def variable(self) -> str:
        return "mail" if self.mail else "letter"

    @property
    def file(self) -> str:
        return f"{self.folder}/{'email_body' if self.mail else 'body'}.html"

    @property
    def parts(self) -> Mapping[str, tuple[str, ...]]:
        return MAIL_PARTS if self.mail else PAPER_PARTS

    @property
    def original(self) -> str:
        """The words that come with the product."""
        return (ROOT / self.file).read_text(encoding="utf-8")


_ALL = (
    Text("guardian_code", "guardian_code", GuardianCodeLetter),
    Text("guardian_code.email", "guardian_code", GuardianCodeMail, mail=True),
    Text("guardian_continuity", "guardian_continuity", GuardianContinuityLetter),
    Text("guardian_continuity.email", "guardian_continuity", GuardianContinuityMail, mail=True),
    Text("pupil_code", "pupil_code", PupilCodeLetter),
    Text("pupil_continuity", "pupil_continuity", PupilContinuityLetter),
)
TEXTS = {text.key: text for text in _ALL}


def text_for(facts: Facts) -> Text | None:
    """The text of a letter or a mail, if it has one to reword."""
    return next((text for text in _ALL if text.facts is type(facts)), None)


@cache
def samples(key: str) -> dict[str, Facts]:
    """Invented people in each case a text must serve: services only, ENT and services, ENT alone (M065), several
    children, codes already used, nothing open yet, a school that told little of itself."""
    text = TEXTS[key]
    base = json.loads((ROOT / text.folder / "sample.json").read_text(encoding="utf-8"))
    school = base["school"] | {"address": [], "phone": None, "fax": None, "email": None, "head_name": None}
    changes: dict[str, dict[str, Any]] = {
        "services": {},
        "mixed": {"portal": ENT_FACTS, "services": [*base["services"], ENT]},
        "ent": {"portal": ENT_FACTS, "services": [ENT]},
        "closed": {"services": [], "school": school} | _untitled(base),
        "used": _with_children(base, [None]),
    }
    if "children" in base:
        changes["several"] = _with_children(base, [base["children"][0]["code"], "1ABC - D2E - F3G - H4I", None])
    if "continuity" in key:
        del changes["used"]  # who keeps an account gets a code that joins it by itself
    names = field_names(text.facts)
    return {name: codec.load(text.facts, {field: (base | change)[field] for field in names})
            for name, change in changes.items()}  # fmt: skip


def _untitled(base: dict[str, Any]) -> dict[str, Any]:
    return {"guardian": base["guardian"] | {"title": None}} if "guardian" in base else {}


def _with_children(base: dict[str, Any], codes: list[str | None]) -> dict[str, Any]:
    """The sample with one child for each code; a pupil's own letter has one."""
    if "children" not in base:
        return {"pupil": base["pupil"] | {"code": codes[0]}}
    names = ("Maëlys", "Léo", "Inès")
    first = base["children"][0]
    return {"children": [first | {"first_name": name, "code": code} for name, code in zip(names, codes, strict=False)]}
