"""The rules of a generated form, asked of a line of a spreadsheet: the same validators, without a page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from app.admin.declaration import Screen
from app.admin.form_fields import form_class
from app.exchange.roundtrip.comparing import Judge


def judge_of(screen: Screen) -> Judge:
    """What finds the faults of a person's values in the columns that a line changes. Its class is made once: a sheet
    has thousands of lines."""
    made = form_class(screen)

    def judge(values: Mapping[str, Any], judged: set[str]) -> list[str]:
        sent = MultiDict({name: _as_sent(value) for name, value in values.items() if value is not None})
        form = made(formdata=sent, meta={"csrf": False})
        form.validate()
        return [f"{form[name].label.text} : {' '.join(map(str, faults))}"
                for name, faults in form.errors.items() if name in judged]  # fmt: skip

    return judge


def _as_sent(value: Any) -> str:
    """A value as a browser would send it."""
    return value.isoformat() if isinstance(value, date) else str(value)
