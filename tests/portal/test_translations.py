"""Everything the portal says exists in English (the message ids) and in French, with the same blanks."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.portal.messages import MESSAGES
from app.portal.signup_faults import Fault

ROOT = Path(__file__).resolve().parents[2]
WORDS = {"_": None, "gettext": None, "_l": None, "lazy_gettext": None, "ngettext": (1, 2)}


def said() -> set[str | tuple[str, str]]:
    """Every message id in the portal's modules and templates."""
    found = extract_from_dir(
        str(ROOT / "app" / "portal"), [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")],
        {"**.html": {"trimmed": "true"}}, WORDS)
    return {message for _, _, message, *_ in found}


def catalogue() -> Catalog:
    """The French catalogue."""
    with (ROOT / "translations" / "fr" / "LC_MESSAGES" / "portal.po").open("rb") as file:
        return read_po(file, locale="fr")


def test_french_says_everything_and_nothing_else() -> None:
    french = {message.id: message for message in catalogue() if message.id}
    assert said() - french.keys() == set()
    assert french.keys() - said() == set()
    assert [m.id for m in french.values() if m.fuzzy or not all(m.string if m.pluralizable else [m.string])] == []


def test_the_blanks_are_the_same_in_both_languages() -> None:
    for message in catalogue():
        ids = message.id if message.pluralizable else [message.id]
        strings = message.string if message.pluralizable else [message.string]
        wanted = set(re.findall(r"%\((\w+)\)", " ".join(ids)))
        assert set(re.findall(r"%\((\w+)\)", " ".join(strings))) == wanted, message.id


def test_english_ids_are_english() -> None:
    """No French slipped into a message id: the English pages show them as they are."""
    ids = {part for message in said() for part in (message if isinstance(message, tuple) else (message,))}
    assert [text for text in ids if re.search(r"[à-ÿœ]| (le|la|les|des|votre) ", text)] == []


def test_every_reason_has_its_sentence() -> None:
    source = (ROOT / "app" / "portal" / "signup.py").read_text() + (ROOT / "app" / "portal" / "forms.py").read_text()
    reasons = set(re.findall(r'Fault\("\w+", "(\w+)"', source)) | set(re.findall(r'Fault\(name, "(\w+)"', source))
    assert reasons - MESSAGES.keys() == {"identifier_length", "too_many_lines", "passphrase"}
    assert Fault("email", "email").words == {}
