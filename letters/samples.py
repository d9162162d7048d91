"""The invented people each letter and mail is previewed with."""

from __future__ import annotations

import json
from typing import Any

from . import codec
from .kinds import KINDS
from .mail import FOLDERS
from .templates import ROOT
from .types import Facts, GuardianCodeMail, Mail, field_names


def sample_letter(name: str, **changes: Any) -> Facts:
    """The sample of a letter (`guardian_code`), some plain values changed."""
    return codec.load(KINDS[name].facts, _read(KINDS[name].sample) | changes)


def sample_mail(kind: type[Mail], **changes: Any) -> Mail:
    """The sample of a mail; the guardian's code mail tells the letter's facts."""
    facts = _read(f"{FOLDERS[kind]}/sample.json") | changes
    if issubclass(kind, GuardianCodeMail):
        facts = {name: facts[name] for name in field_names(kind)}
    return codec.load(kind, facts)


def _read(file: str) -> dict[str, Any]:
    return json.loads((ROOT / file).read_text(encoding="utf-8"))
