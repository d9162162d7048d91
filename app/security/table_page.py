"""docs/roles.md from the table of rights: `python -m app.security.table_page` writes it, a test keeps it current."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po

from app.security import roles
from app.security.naming import FRENCH

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "roles.md"
INTRODUCTION = """# Qui peut faire quoi

Écrit d'après `app/security/roles.py` par `python -m app.security.table_page` ; ne pas modifier à la main.

Une case dit ce qu'un rôle permet là où il est donné. Le rôle de professeur principal ne se donne pas : il découle de
l'affectation à une classe. Ce qui dépend d'une ligne précise (quelle classe, quel état) n'est pas un droit mais suit
des affectations et des cycles de vie. Les actes en *italique* sont tenus par l'administrateur académique pour être
transmis : sur toute l'académie il exerce les autres, et dans un établissement où il entre il ne fait que lire.
"""


def render() -> str:
    """The whole page, in French."""
    french = _french()
    head = " | ".join(FRENCH[key] for key in roles.ROLES)
    lines = [
        f"| {french(resource.label)} (`{resource.name}`) | "
        f"{' | '.join(_cell(resource, key, french) for key in roles.ROLES)} |"
        for resource in roles.RESOURCES.values()
    ]
    return f"{INTRODUCTION}\n| | {head} |\n|{'---|' * (len(roles.ROLES) + 1)}\n" + "\n".join(lines) + "\n"


def _french() -> Callable[[Any], str]:
    with (ROOT / "translations" / "fr" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalogue = read_po(file, locale="fr")
    return lambda label: str(catalogue[label._args[0]].string)  # the message id of a lazy string


def _cell(resource: roles.Resource, key: str, french: Callable[[Any], str]) -> str:
    verbs = sorted(resource.rights.get(key, frozenset()), key=lambda verb: french(roles.VERB_LABELS[verb]))
    words = [(verb, french(roles.VERB_LABELS[verb]).lower()) for verb in verbs]
    handed_on = [] if key != roles.ACADEMY_ADMIN else [verb for verb in verbs if verb not in resource.academy]
    return ", ".join(f"*{word}*" if verb in handed_on else word for verb, word in words)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
