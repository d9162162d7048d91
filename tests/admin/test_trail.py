"""The trail speaks: every act that the code records has words."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from app.admin.trail import ACTS, action_words

APP = Path(__file__).resolve().parents[2] / "app"
NAME = r'"([a-z_]+\.[a-z_]+)"'
RECORDED = re.compile(rf"(?:record|record_many|record_each|_note)\((?:[^()]|\(\))*?{NAME}(?: if [^\"]*? else {NAME})?")
NAMED = re.compile(r"""^(?:CHANGE|WAIVE, RESTORE, \w+) = (.*)$""", re.M)


def recorded() -> set[str]:
    """The names of acts written in the modules."""
    found: set[str] = set()
    for path in APP.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found |= {name for pair in RECORDED.findall(text) for name in pair if name}
        found |= {name for names in NAMED.findall(text) for name in re.findall(NAME, names)}
    return found


def test_every_act_has_words(admin_app: Flask) -> None:
    names = recorded()
    assert {"booklet.change", "booklet.waive", "booklet.restore", "project.edit", "person.create"} <= names
    with admin_app.test_request_context("/"):
        assert sorted(name for name in names | ACTS.keys() if action_words(name) == name) == []
        assert action_words("booklet.lock") == "Bilan verrouillé"
        assert action_words("pupil.edit") == "Élèves : Modifier"
        assert action_words("inconnu.acte") == "inconnu.acte"
