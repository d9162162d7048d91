"""`run.py workflow`: read the definitions of workflows/ without opening a database."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from app.commands.base import Result, speaks_json
from app.workflow import catalogue

PROBLEM = re.compile(r"^(?P<file>.+?):(?P<line>\d+): (?P<message>.+)$")


@click.group()
def workflow() -> None:
    """Vérifie ou dessine les définitions de workflows/."""


@workflow.command()
@click.argument("folder", required=False, metavar="[DOSSIER]",
                type=click.Path(exists=True, file_okay=False, path_type=Path))
@speaks_json
def check(folder: Path | None) -> Result:
    """Lit chaque définition et nomme chaque faute par fichier et ligne (code 2 s'il y en a)."""
    problems = catalogue.check_all(folder or catalogue.FOLDER)
    names = sorted(path.stem for path in (folder or catalogue.FOLDER).glob("*.yaml"))
    if not problems:
        well = f"{len(names)} définitions sans faute : {', '.join(names)}."
        return Result({"status": "ok", "workflows": names, "problems": []}, [well])
    return Result({"status": "refused", "workflows": names, "problems": [_as_dict(p) for p in problems]}, problems, 2)


def _as_dict(problem: str) -> dict[str, Any]:
    """« fichier:ligne: message » taken apart."""
    match = PROBLEM.match(problem)
    if not match:
        return {"message": problem}
    return {"file": match["file"], "line": int(match["line"]), "message": match["message"]}


@workflow.command()
@click.argument("name", metavar="NOM")
@click.option("--format", "form", type=click.Choice(list(catalogue.FORMATS)), default="table", show_default=True,
              help="Tableau, diagramme Mermaid ou image SVG.")
@speaks_json
def show(name: str, form: str) -> Result:
    """Montre une définition : ses états, qui fait quoi, à quelles conditions."""
    drawn = catalogue.show(name, form)
    return Result({"name": name, "format": form, "text": drawn}, [drawn])
