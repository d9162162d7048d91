"""What is wrong with a form: beside each field, and as a list above the form that leads to the fields."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _

from app.portal.messages import message_of
from app.portal.signup_faults import Fault


def spread(form: Any, faults: list[Fault], positions: list[int] | None = None) -> list[tuple[str, str]]:
    """Put each fault beside its field; returns (field id, sentence) for the summary above the form. `positions`: which
    entry of `form.lines` each line that was read comes from."""
    return [_put(form, fault, positions) for fault in faults]


def _put(form: Any, fault: Fault, positions: list[int] | None) -> tuple[str, str]:
    sentence = message_of(fault)
    if fault.line is None:
        field = form[fault.field]
        field_id = field.id if fault.field != "lines" else "lines"
        label = "" if fault.field == "lines" else str(field.label.text)
    else:
        at = positions[fault.line] if positions else fault.line
        child = form.lines.entries[at].form
        field = child.c1 if fault.field == "code" else child[fault.field]
        field_id = field.id
        named = _("Activation code") if fault.field == "code" else str(field.label.text)
        label = _("Child %(number)d, %(field)s", number=at + 1, field=named)
    field.errors = [*field.errors, sentence]
    return field_id, _("%(field)s: %(said)s", field=label, said=sentence) if label else sentence
