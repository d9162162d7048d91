"""What is said to families about what they typed, in their language."""

from __future__ import annotations

from typing import Any

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.portal.signup import LONGEST_IDENTIFIER, MOST_LINES, SHORTEST_IDENTIFIER
from app.portal.signup_faults import Fault
from app.security.throttle import TooManyAttempts

MESSAGES: dict[str, Any] = {
    "missing": _l("Fill this in."),
    "no_line": _l("Fill in at least one line: the code of your letter, the child's first name and birth date."),
    "code_shape": _l("A code has 13 digits and capitals: 4, then three times 3. Copy it as it is printed."),
    "date": _l("Write the day, the month and the year, for example 18/01/2014."),
    "twice": _l("This code is already on a line above."),
    "refused": _l(
        "This code, this first name and this birth date do not open an account together. Check all three against "
        "your letter. A code can be used once, from the date printed on the letter. If they are right, ask the "
        "school for a new code."
    ),
    "school_closed": _l(
        "The school of this child has no online service open at the moment. Keep your code: it will work once "
        "the school opens one."
    ),
    "identifier_taken": _l("This identifier is already taken. Choose another one."),
    "identifier_characters": _l(
        "Begin with a letter or a digit; then letters, digits and the signs . - _ @ + ' may be used, without spaces."
    ),
    "email": _l("This is not an e-mail address. It looks like name@example.org."),
    "digits_not_here": _l(
        "The academy of this school asks for a pass-phrase of 12 characters or more, not for digits."
    ),
    "questions_first": _l("Digits go with three questions: choose them first, on the page of your account."),
    "question_twice": _l("Choose two different questions."),
    "answer": _l("Write an answer, of 2 characters at least."),
    "proof": _l("This is not your present pass-phrase."),
    "not_the_same": _l("The two pass-phrases are not the same. Type both again."),
}


def message_of(fault: Fault) -> str:
    """The sentence for one fault."""
    if fault.reason == "identifier_length":
        sizes = {"least": SHORTEST_IDENTIFIER, "most": LONGEST_IDENTIFIER}
        return _("The identifier has %(least)d to %(most)d characters.", **sizes)
    if fault.reason == "too_many_lines":
        return _("Make the account with %(most)d children at most, then add the others.", most=MOST_LINES)
    if fault.reason == "too_long":
        return _("This is too long: %(most)d characters at most.", most=fault.words["most"])
    if fault.reason == "passphrase":
        return _passphrase(str(fault.words["said"]))
    return str(MESSAGES[fault.reason])


def _passphrase(said: str) -> str:
    """The policy speaks French; other readers get the whole rule at once."""
    locale = get_locale()
    if locale is None or locale.language == "fr":
        return said
    return _(
        "Choose at least 12 characters that nobody would guess: no well-known phrase, no keyboard sequence, and not "
        "your own name. Four or five unrelated words do well."
    )


def wait_message(error: TooManyAttempts) -> str:
    """How long to wait after too many attempts."""
    minutes = max(1, -(-error.wait // 60))
    return ngettext(
        "Too many attempts. To protect your data, try again in %(num)d minute.",
        "Too many attempts. To protect your data, try again in %(num)d minutes.",
        minutes,
    )


SERVICES: dict[str, Any] = {
    "absences": _l("Absences"),
    "competences": _l("Personal record of skills"),
    "marks": _l("Marks"),
    "b2i": _l("Computer and internet certificate (B2i)"),
    "booklets": _l("School reports"),
}
SERVICE_ICONS = {"absences": "calendar", "competences": "star", "marks": "list", "b2i": "screen", "booklets": "book"}

SERVICE_PAGES = {"booklets": "booklets.index", "marks": "marks.index", "absences": "absences.index"}

# What may stand instead of a mark (M127).
SPECIALS: dict[str, Any] = {"ABS": _l("absent"), "N.NOT": _l("not marked"), "DIS": _l("exempt")}


def special_words() -> dict[str, str]:
    """The legend of the marks."""
    return {code: str(label) for code, label in SPECIALS.items()}


def service_label(code: str) -> str:
    """The name of a service; a service this version does not know keeps its code."""
    return str(SERVICES.get(code, code))


QUESTIONS: dict[str, Any] = {
    "pet": _l("The name of your pet?"),
    "mother": _l("The maiden name of your mother?"),
    "dish": _l("What is your favourite dish?"),
    "school": _l("Name of my first secondary school?"),
    "birth_place": _l("My birth place?"),
    "birth_hour": _l("My birth hour (HHMM)?"),
    "second_name": _l("My second first name?"),
    "street": _l("Street name of my first flat?"),
}


def question_text(question: str) -> str:
    """A question of the list in the reader's language; the holder's own one as it was written."""
    return str(QUESTIONS.get(question, question))


def question_choices() -> list[tuple[str, str]]:
    """What the drop-downs offer (M117)."""
    return [("", _("(choose)")), *((code, str(text)) for code, text in QUESTIONS.items())]
