"""What the sign-up page sends. Nothing typed is lost when something is wrong, except the pass-phrase."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    FieldList,
    Form,
    FormField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)

from app.core import clock, codes
from app.portal.activation import Holder, TypedLine
from app.portal.cards import Card
from app.portal.questions import COUNT, LONGEST_QUESTION, Answered
from app.portal.signup import MOST_LINES, NewAccount, SignUpRefused
from app.portal.signup_faults import Fault

LINES_SHOWN = 3  # M114
LONGEST_TYPED = 300
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
        """The code that one of the boxes holds whole, else what they hold together."""
        typed = [(box.data or "")[:LONGEST_TYPED] for box in self.boxes]
        return next((text for text in typed if codes.compact(text)), "".join(typed))

    @property
    def is_blank(self) -> bool:
        """Whether nothing at all was typed."""
        return not any((field.data or "").strip() for field in self)

    def tidy(self) -> None:
        """Put a readable code back in its boxes, so that the person sees what was understood."""
        code = codes.compact(self.typed_code)
        for box, text in zip(self.boxes, codes.blocks(code) if code else (), strict=False):
            box.data = text


class QuestionsForm(Form):
    """Three questions with their answers (M117): two of a list, the last one in the holder's own words."""

    question1 = SelectField(_l("Question 1"), validate_choice=False)
    answer1 = StringField(_l("Your answer to question 1"))
    question2 = SelectField(_l("Question 2"), validate_choice=False)
    answer2 = StringField(_l("Your answer to question 2"))
    question3 = StringField(_l("A question of your own"))
    answer3 = StringField(_l("Your answer to your own question"))

    def offer(self, choices: list[tuple[str, str]]) -> None:
        """The list to choose from, in the reader's language."""
        self.question1.choices = self.question2.choices = choices

    def asked(self) -> tuple[Answered, ...]:
        """What was chosen and typed."""
        return tuple(Answered(plain(self[f"question{place}"])[:LONGEST_QUESTION], plain(self[f"answer{place}"]))
                     for place in range(1, COUNT + 1))  # fmt: skip

    def pairs(self) -> list[tuple[Any, Any]]:
        """The fields, question and answer together."""
        return [(self[f"question{place}"], self[f"answer{place}"]) for place in range(1, COUNT + 1)]


class LinesForm(Form):
    """One line per child (M114): codes that are put on an account, be it new or not."""

    lines = FieldList(FormField(ChildForm))

    def show_lines(self, count: int) -> None:
        """Show at least `count` lines."""
        while len(self.lines.entries) < min(count, MOST_LINES):
            self.lines.append_entry()

    @property
    def is_full(self) -> bool:
        """Whether no line can be added."""
        return len(self.lines.entries) >= MOST_LINES

    def read_lines(self, faults: list[Fault]) -> list[TypedLine]:
        """The lines that can be read; what is wrong with the others is added to `faults`."""
        lines = [line for at, entry in enumerate(self.lines.entries) if (line := _line(at, entry.form, faults))]
        if not lines and not faults:
            faults.append(Fault("lines", "no_line"))
        return lines

    def children(self) -> list[TypedLine]:
        """The lines alone. Raises `SignUpRefused` with everything that cannot be read."""
        faults: list[Fault] = []
        lines = self.read_lines(faults)
        if faults:
            raise SignUpRefused(faults)
        return lines

    def positions(self) -> list[int]:
        """Which entry each line that was read comes from: blank entries are passed over."""
        return [at for at, entry in enumerate(self.lines.entries) if not entry.form.is_blank]


class SignUpForm(LinesForm, QuestionsForm):
    """The whole form (M114, M116 in our form)."""

    identifier = StringField(_l("Your identifier"))
    passphrase = PasswordField(_l("Your pass-phrase"))
    again = PasswordField(_l("Your pass-phrase once more"))
    email = EmailField(_l("Your e-mail address"))
    without_email = BooleanField(_l("I have no e-mail address"))

    def read(self, holder: Holder, locale: str) -> NewAccount:
        """The account asked for. Raises `SignUpRefused` with everything that cannot be read."""
        faults: list[Fault] = []
        lines = self.read_lines(faults)
        identifier, email = plain(self.identifier), plain(self.email)
        passphrase = (self.passphrase.data or "")[:1000]
        for name, value in (("identifier", identifier), ("email", email or self.without_email.data),
                            ("passphrase", passphrase)):  # fmt: skip
            if not value:
                faults.append(Fault(name, "missing"))
        if passphrase and passphrase != (self.again.data or ""):
            faults.append(Fault("again", "not_the_same"))
        if faults:
            raise SignUpRefused(faults)
        return NewAccount(holder, tuple(lines), identifier, passphrase, email, locale, self.asked())


class ContactForm(Form):
    """A message to the school (M135)."""

    subject = StringField(_l("Object"))
    words = TextAreaField(_l("Message"))


class ErrorForm(Form):
    """An error on the record card (M141): whose data, and what is wrong."""

    about = SelectField(_l("Whose data?"), validate_choice=False)
    words = TextAreaField(_l("What is wrong, and what is right?"))

    def offer(self, shown: Card, child: str) -> None:
        """The child, and the guardians that the account's codes name."""
        people = [(f"guardian-{one.code_id}", one.name) for one in shown.guardians]
        self.about.choices = [("pupil", f"{shown.name} ({child})"), *people]

    def chosen(self, shown: Card) -> tuple[int, str]:
        """The code and what it is about; a code that is not the account's is refused by the service."""
        kind, _dash, number = (self.about.data or "").partition("-")
        if kind == "guardian" and number.isascii() and number.isdigit() and len(number) < 10:
            return int(number), "guardian"
        return (shown.code_id, "pupil") if kind == "pupil" else (0, kind)


class ChangeForm(Form):
    """A change in an account (M120): the present pass-phrase comes with it."""

    proof = PasswordField(_l("Your present pass-phrase"))

    def faults(self) -> list[Fault]:
        """What is missing."""
        return [Fault(field.name, "missing") for field in self if not field.data]


class IdentifierForm(ChangeForm):
    """Another identifier."""

    identifier = StringField(_l("Your new identifier"))


class AddressForm(ChangeForm):
    """Another address."""

    email = EmailField(_l("Your new e-mail address"))


class ChangeQuestionsForm(ChangeForm, QuestionsForm):
    """Other questions: what is missing in them is said with the rest."""

    def faults(self) -> list[Fault]:
        """The proof alone."""
        return [] if self.proof.data else [Fault("proof", "missing")]


class PassphraseForm(ChangeForm):
    """Another pass-phrase."""

    passphrase = PasswordField(_l("Your new pass-phrase"))
    again = PasswordField(_l("Your pass-phrase once more"))

    def faults(self) -> list[Fault]:
        """What is missing, or typed in two ways."""
        found = super().faults()
        if not found and self.passphrase.data != self.again.data:
            found.append(Fault("again", "not_the_same"))
        return found


def plain(field: Any) -> str:
    """What was typed in a field."""
    return (field.data or "").strip()[:300]


def _line(at: int, form: ChildForm, faults: list[Fault]) -> TypedLine | None:
    if form.is_blank:
        return None
    form.tidy()
    code, born, name = codes.compact(form.typed_code), read_date(plain(form.birth_date)), plain(form.first_name)
    if code is None:
        faults.append(Fault("code", "missing" if not form.typed_code.strip() else "code_shape", at))
    if not name:
        faults.append(Fault("first_name", "missing", at))
    if born is None:
        faults.append(Fault("birth_date", "date" if plain(form.birth_date) else "missing", at))
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
