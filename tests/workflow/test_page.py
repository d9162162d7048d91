"""docs/workflows.md says what the files of workflows/ say."""

from __future__ import annotations

import pytest

from app.commands.workflow_page import PAGE, render
from app.workflow import catalogue


@pytest.mark.row("C02")
def test_the_page_is_current() -> None:
    """After a change of a file or of the table of rights: `python -m app.commands.workflow_page`."""
    assert PAGE.read_text(encoding="utf-8") == render()


@pytest.mark.parametrize("name", catalogue.names())
def test_every_workflow_has_its_chapter(name: str) -> None:
    """With its diagram, its states and one line per transition."""
    definition = catalogue.definition(name)
    chapter = render().split(f'<a id="{name}"></a>', 1)[1].split("<a id=", 1)[0]
    assert chapter.count("```mermaid") == 1
    told = [line for line in chapter.splitlines() if line.startswith("| ")]
    assert len(told) == 2 + len(definition.states) + 2 + len(definition.transitions)
    for state in definition.states.values():
        assert f"`{state.name}`" in chapter
