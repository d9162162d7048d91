"""Everything the admin application says exists in French, with the same blanks."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
WORDS = {"_": None, "gettext": None, "_l": None, "lazy_gettext": None, "ngettext": (1, 2)}
ELSEWHERE = ("portal", "migrations", "commands")  # the portal has its own catalogue and test; the others speak French


def said() -> set[str | tuple[str, str]]:
    """Every message id in the modules and templates of the admin side, and in the shared templates."""
    found: set[str | tuple[str, str]] = set()
    for package in (path for path in (ROOT / "app").iterdir() if path.is_dir() and path.name not in ELSEWHERE):
        messages = extract_from_dir(
            str(package), [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")],
            {"**.html": {"trimmed": "true"}}, WORDS)  # fmt: skip
        found |= {message for _, _, message, *_ in messages}
    return found


def test_french_says_everything() -> None:
    with (ROOT / "translations" / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="fr")
    french = {message.id: message for message in catalogue if message.id}
    assert said() - french.keys() == set()
    assert [m.id for m in french.values() if m.fuzzy or not all(m.string if m.pluralizable else [m.string])] == []
    for message in french.values():
        ids, strings = (message.id, message.string) if message.pluralizable else ([message.id], [message.string])
        wanted = set(re.findall(r"%\((\w+)\)", " ".join(ids)))
        assert set(re.findall(r"%\((\w+)\)", " ".join(strings))) <= wanted, message.id
