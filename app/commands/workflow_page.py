"""docs/workflows.md from the files of workflows/: `python -m app.commands.workflow_page` writes it, a test keeps it
current."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.security.naming import french_role
from app.security.roles import exercising
from app.workflow import catalogue, drawing
from app.workflow.definition import Definition, Transition, permission_pairs
from app.workflow.registry import conditions

PAGE = Path(__file__).resolve().parents[2] / "docs" / "workflows.md"
INTRODUCTION = """# Cycles de vie

Écrit d'après les fichiers de `workflows/` par `python -m app.commands.workflow_page` ; ne pas modifier à la main.
`workflows/README.md` dit comment lire un fichier et comment le changer ; la même chose se lit à l'écran, page
« Cycles de vie », avec un dessin.

« Qui » donne les rôles livrés qui tiennent le droit là où ils travaillent (`docs/roles.md`). Une condition est une
fonction du module indiqué ; sa phrase est ce que lit la personne à qui l'action est refusée.
"""
COLOURS = {"grey": "gris", "blue": "bleu", "green": "vert", "orange": "orange", "red": "rouge"}
LETTERS = {"full": "en entier", "partial": "sans le code", "none": "–"}
PORTAL = {"visible": "montré", "hidden": "caché"}


def render() -> str:
    """The whole page, in French."""
    definitions = [catalogue.ready(name) for name in catalogue.names()]
    contents = [f"* [{found.label.fr}](#{found.name}) : `workflows/{found.name}.yaml`" for found in definitions]
    return "\n".join([INTRODUCTION, *contents, *(line for found in definitions for line in _chapter(found)), ""])


def _chapter(found: Definition) -> Iterator[str]:
    yield f'\n<a id="{found.name}"></a>\n\n## {found.label.fr}\n'
    yield "```mermaid"
    yield drawing.mermaid(found)
    yield "```\n"
    yield drawing.grid([("État", "Nom", "Couleur", "Courrier", "Portail", "Place"), *_states(found)])
    yield ""
    yield drawing.table(found, people=drawing.who_by(_roles))
    if sentences := list(_sentences(found)):
        yield f"\nConditions (`{found.module}`) :\n"
        yield from sentences


def _roles(transition: Transition) -> list[str]:
    return [french_role(key) for key in exercising(permission_pairs(transition.allowed))]


def _states(found: Definition) -> Iterator[tuple[str, ...]]:
    for state in found.states.values():
        place = "départ" if state.name == found.initial else "fin" if state.final else ""
        shown = COLOURS[state.colour], LETTERS[state.letter], PORTAL[state.portal]
        yield (state.label.fr, f"`{state.name}`", *shown, place)


def _sentences(found: Definition) -> Iterator[str]:
    """What each condition says to whoever is refused, and who can do something about it."""
    uses = {use.name: use for kind, use in found.uses() if kind == "condition"}
    for name, use in sorted(uses.items()):
        lifted_by = conditions[name].lifted_by.fr
        remedy = f" Peut être levé par : {lifted_by}." if lifted_by else ""
        yield f"* `{name}` : « {conditions[name].words(**use.parameters).fr} »{remedy}"


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
