"""Definitions drawn: text table, Mermaid, SVG."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask_babel import Babel
from lxml import etree

from app.workflow import catalogue, drawing
from app.workflow.labels import Label
from app.workflow.svg import svg
from tests.workflow.toy import DEFINITION

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["toy_sheet", "guardian_code", "account", "service", "job"]


@pytest.mark.row("C02")
def test_the_table_has_one_line_per_transition_with_aligned_columns() -> None:
    lines = drawing.table(DEFINITION).splitlines()
    assert len(lines) == 2 + len(DEFINITION.transitions)
    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["Transition", "De", "Vers", "Qui", "Conditions", "Effets"]
    assert ["Compléter", "Brouillon", "Complète", "suit les données", "toy_enough_parts(minimum=3)", ""] in cells
    assert ["Rouvrir", "Complète", "Brouillon", "suit les données", "sauf si toy_enough_parts(minimum=3)", ""] in cells
    assert ["Ranger", "Brouillon, Verrouillée", "Abandonnée, Verrouillée", "l'application", "", ""] in cells


def test_mermaid_has_every_state_and_move() -> None:
    lines = [line.strip() for line in drawing.mermaid(DEFINITION).splitlines()]
    assert lines[0] == "stateDiagram-v2"
    assert {'state "Brouillon" as draft', "[*] --> draft", "dropped --> [*]", "locked --> locked: Ranger"} <= set(lines)
    moves = [(s, t) for transition in DEFINITION.transitions.values() for s, t in transition.moves.items()]
    assert sum("-->" in line and "[*]" not in line for line in lines) == len(moves)


@pytest.mark.parametrize("name", NAMES)
def test_the_drawing_is_well_formed_named_and_without_inline_style(name: str) -> None:
    definition = catalogue.definition(name)
    root = etree.fromstring(svg(definition).encode())
    assert root.get("role") == "img"
    labels = [root.find(f".//*[@id='{key}']").text for key in root.get("aria-labelledby").split()]
    assert labels[0] == definition.label.fr
    assert all(t.label.fr in labels[1] for t in definition.transitions.values())
    for element in root.iter():
        assert element.get("style") is None and element.tag not in (f"{SVG}style", f"{SVG}script")
        assert not [key for key in element.attrib if key.startswith("on")]


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_everything_fits_in_the_drawing(name: str, locale: str) -> None:
    """No word leaves its place: measured with the widest usual letter, boxes do not touch, rows do not meet."""
    root = etree.fromstring(svg(catalogue.definition(name), locale).encode())
    _, _, width, height = map(float, root.get("viewBox").split())
    boxes = [g.find(f"{SVG}rect") for g in root.iter(f"{SVG}g") if "state-" in g.get("class", "")]
    edges = [(float(b.get("x")), float(b.get("x")) + float(b.get("width"))) for b in boxes]
    assert all(right < left for (_, right), (left, _) in zip(edges, edges[1:], strict=False))
    assert edges[-1][1] <= width
    for text in root.iter(f"{SVG}text"):
        length = len(text.text) * float(text.get("font-size")) * 0.52
        x, anchor = float(text.get("x")), text.get("text-anchor")
        left = x - {"start": 0, "middle": length / 2, "end": length}[anchor]
        limit = edges[0][0] if anchor == "start" else width
        assert left >= 0 and left + length <= limit, text.text
        assert 0 < float(text.get("y")) < height


@pytest.mark.parametrize("format", ["table", "mermaid", "svg"])
def test_show_gives_each_format(format: str) -> None:
    assert "Notifié" in catalogue.show("guardian_code", format)


def test_labels_follow_the_reader() -> None:
    label = Label("Créé", "Created")
    assert (str(label), label.text("en"), label.text("de")) == ("Créé", "Created", "Créé")
    app = Flask(__name__)
    Babel(app, locale_selector=lambda: "en")
    with app.test_request_context():
        assert str(label) == "Created"
    assert re.fullmatch(r"Bonjour \w+", str(Label("Bonjour {name}", "Hello {name}").filled(name="Odile")))
