"""The life of things as `workflows/` declares it, for people: states, who may do what under which conditions, and the
diagram (C02). Nothing is changed here: the files are."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.admin.columns import States
from app.admin.handmade import HandmadePage
from app.security.naming import shown_role
from app.security.roles import RESOURCES, VERB_LABELS, exercising
from app.workflow import catalogue, drawing
from app.workflow.definition import Definition, Transition, Use, permission_pairs
from app.workflow.labels import reader_locale
from app.workflow.registry import conditions
from app.workflow.svg import DARK, LIGHT, svg

LETTERS = {"full": _l("In full"), "partial": _l("Without the code"), "none": _l("No letter")}
PORTAL = {"visible": _l("Shown to families"), "hidden": _l("Hidden from families")}
SVG = "image/svg+xml"


@dataclass(frozen=True, slots=True)
class Passage:
    """A transition as the page tells it: badges it goes from and to, who may, what holds it back or sets it off."""

    name: str
    label: str
    moves: list[tuple[list[Any], Any]]
    who: str
    held_by: list[tuple[str, str]]
    set_off_by: list[tuple[str, str]]
    asks: bool


class WorkflowsPage(HandmadePage):
    """Every workflow, and one of them."""

    route_base = "/workflows"
    default_view = "index"
    class_permission_name = "workflow"
    category = "academy"
    school_category = "settings"
    title = _l("Workflows")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """Their states and the permissions they ask for."""
        known = map(catalogue.ready, catalogue.names())
        rows = [(found, _badges(found, found.states), rights(found)) for found in known]
        return self.draw("workflows/index.html", rows=rows)

    @expose("/<name>")
    @has_access
    @permission_name("show")
    def show(self, name: str) -> str:
        """One workflow: its states, its transitions, its diagram."""
        found = catalogue.ready(name)
        label = str(found.label)
        return self.draw(
            "workflows/show.html", title=label, crumbs=((label, None),), workflow=found, badge=States(name).badge,
            passages=[passage(found, move) for move in found.transitions.values()], letters=LETTERS, portal=PORTAL,
            rights=rights(found))

    @expose("/<name>.svg")
    @has_access
    @permission_name("show")
    def drawing(self, name: str) -> Response:
        """The diagram in the reader's language, in the colours of a light or a dark page."""
        palette = DARK if request.args.get("scheme") == "dark" else LIGHT
        return Response(svg(catalogue.ready(name), reader_locale(), people=people, palette=palette), mimetype=SVG)


def role_names(transition: Transition) -> list[str]:
    """The shipped roles that may take a transition, in the reader's language."""
    return [shown_role(key) for key in exercising(permission_pairs(transition.allowed))]


people = drawing.who_by(role_names)


def rights(found: Definition) -> list[tuple[str, list[str]]]:
    """The permissions a workflow asks for, as the role editor names them: (resource, verbs)."""
    verbs: dict[str, list[str]] = defaultdict(list)
    for permission, resource in sorted(found.permissions()):
        verbs[resource].append(str(VERB_LABELS[permission.removeprefix("can_")]))
    return [(str(RESOURCES[resource].label), sorted(names)) for resource, names in verbs.items()]


def passage(found: Definition, move: Transition) -> Passage:
    """One line of the table of transitions."""
    said = people(move, reader_locale())
    return Passage(
        name=move.name,
        label=str(move.label),
        moves=[(_badges(found, [s for s, t in move.moves.items() if t == target]), States(found.name).badge(target))
               for target in move.targets],
        who=said[:1].upper() + said[1:],
        held_by=_sentences(move.requires),
        set_off_by=_sentences(move.unless),
        asks=move.ask is not None,
    )  # fmt: skip


def _badges(found: Definition, names: Any) -> list[Any]:
    states = States(found.name)
    return [states.badge(name) for name in names]


def _sentences(uses: tuple[Use, ...]) -> list[tuple[str, str]]:
    """What each condition says when it is not met, and who can then do something about it."""
    entries = [(conditions[use.name], use.parameters) for use in uses]
    return [(str(entry.words(**given)), str(entry.lifted_by)) for entry, given in entries]
