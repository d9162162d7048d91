"""The history of codes as the pages of a couple and of a pupil show it (M094, M105)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l

from app.access.models import VALID_STATES, ActivationCode
from app.access.planning import MODE_LABELS
from app.core.clock import PARIS

# What the last change of a code in a state was.
KINDS = {"created": _l("Creation"), "notified": _l("Creation"), "used": _l("Use"), "invalidated": _l("Invalidation"),
         "refused": _l("Refusal")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One code: masked unless valid, unused, and read by somebody who may notify it."""

    code: str
    valid: bool
    used: bool
    changed_on: date
    kind: Any
    notified_on: date | None
    mode: str
    carried_over_on: date | None


def code_lines(codes: Sequence[ActivationCode], clear: str | None) -> list[CodeLine]:
    """The lines, newest first; `clear` is the valid code in full, for who may read it."""
    return [_line(code, clear) for code in codes]


def _line(code: ActivationCode, clear: str | None) -> CodeLine:
    valid = code.state in VALID_STATES
    # A letter is no change of the code itself: a notified one still shows the day it was made.
    moment = code.created_at if code.state in ("created", "notified") else code.changed_at
    return CodeLine(
        clear if valid and clear else code.masked, valid, code.used_at is not None, moment.astimezone(PARIS).date(),
        KINDS[code.state], code.notified_on, MODE_LABELS.get(code.notified_mode or "", ""), code.carried_over_on,
    )  # fmt: skip
