"""What the sign-up page sends. Nothing typed is lost when something is wrong, except the pass-phrase."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import EmailField, FieldList, Form, FormField, PasswordField, StringField

from app.core import clock, codes
from app.portal.activation import Holder, TypedLine
from app.portal.signup import MOST_LINES, Fault, NewAccount, SignUpRefused

LINES_SHOWN = 3  # M114
LONGEST_TYPED = 80
_DATE = re.compile(r"(\d{1,2})\D+(\d{1,2})\D+(\d{4})|(\d{2})(\d{2})(\d{4})")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


class ChildForm(Form):
    """One child: the code in four boxes, first name, birth date. A whole code may be put in any box."""

    c1 = StringField()
    c2 = StringField()
    c3 = StringField()
    c4 = StringField()
    first_name = StringField(_l("First name of the child"))
    birth_date = StringField(_l("Born on"))

    @property
    def boxes(self) -> list[StringField]:
        """The four boxes of the code."""
        return [self.c1, self.c2, self.c3, self.c4]

    @property
    def typed_code(self) -> str:
        """What the boxes hold together."""
        return "".join((box.data or "")[:LONGEST_TYPED] for box in self.boxes)

    @property
    def is_blank(self) -> bool:
        """Whether nothing at all was typed."""
        return not any((field.data or "").strip() for field in self)

    def tidy(self) -> None:
        """Put a readable code back in its boxes, so that the person sees what was understood."""
        code = codes.compact(self.typed_code)
        for box, text in zip(self.boxes, codes.blocks(code) if code else (), strict=False):
            box.data = text


class SignUpForm(Form):
    """The whole form (M114, M116 in our form)."""

    lines = FieldList(FormField(ChildForm))
    identifier = StringField(_l("Your identifier"))
    passphrase = PasswordField(_l("Your pass-phrase"))
    again = PasswordField(_l("Your pass-phrase once more"))
    email = EmailField(_l("Your e-mail address"))

    def show_lines(self, count: int) -> None:
        """Show at least `count` lines."""
        while len(self.lines.entries) < min(count, MOST_LINES):
            self.lines.append_entry()

    @property
    def is_full(self) -> bool:
        """Whether no line can be added."""
        return len(self.lines.entries) >= MOST_LINES

    def read(self, holder: Holder, locale: str) -> NewAccount:
        """The account asked for. Raises `SignUpRefused` with everything that cannot be read."""
        faults: list[Fault] = []
        lines = [line for at, entry in enumerate(self.lines.entries) if (line := _line(at, entry.form, faults))]
        if not lines and not faults:
            faults.append(Fault("lines", "no_line"))
        identifier, email = _text(self.identifier), _text(self.email)
        passphrase = (self.passphrase.data or "")[:1000]
        for name, value in (("identifier", identifier), ("email", email), ("passphrase", passphrase)):
            if not value:
                faults.append(Fault(name, "missing"))
        if passphrase and passphrase != (self.again.data or ""):
            faults.append(Fault("again", "not_the_same"))
        if faults:
            raise SignUpRefused(faults)
        return NewAccount(holder, tuple(lines), identifier, passphrase, email, locale)

    def positions(self) -> list[int]:
        """Which entry each line that was read comes from: blank entries are passed over."""
        return [at for at, entry in enumerate(self.lines.entries) if not entry.form.is_blank]


def _text(field: Any) -> str:
    return (field.data or "").strip()[:300]


def _line(at: int, form: ChildForm, faults: list[Fault]) -> TypedLine | None:
    if form.is_blank:
        return None
    form.tidy()
    code, born, name = codes.compact(form.typed_code), read_date(_text(form.birth_date)), _text(form.first_name)
    if code is None:
        faults.append(Fault("code", "missing" if not form.typed_code.strip() else "code_shape", at))
    if not name:
        faults.append(Fault("first_name", "missing", at))
    if born is None:
        faults.append(Fault("birth_date", "date" if _text(form.birth_date) else "missing", at))
    return TypedLine(code, name, born) if code and name and born else None


def read_date(text: str) -> date | None:
    """« 18/01/2014 », « 18 1 2014 », « 18012014 » or what a browser's own date field sends."""
    if found := _ISO_DATE.fullmatch(text):
        year, month, day = map(int, found.groups())
    elif found := _DATE.fullmatch(text):
        day, month, year = (int(part) for part in found.groups() if part)
    else:
        return None
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    return born if born < clock.today() and born.year > 1900 else None
