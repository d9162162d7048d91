"""`run.py school`: schools of an instance."""

from __future__ import annotations

import click

from app.commands.base import Result, operator, speaks_json
from app.commands.instance import open_instance
from app.core.scope import system_scope
from app.schools import services


@click.group()
def school() -> None:
    """Établissements : en créer un."""


@school.command()
@click.argument("uai")
@click.option("--name", required=True, metavar="NOM", help="Nom de l'établissement, tel que les lettres l'impriment.")
@click.option("--kind", type=click.Choice(services.KINDS), default="college", show_default=True, help="Type.")
@speaks_json
def create(uai: str, name: str, kind: str) -> Result:
    """Crée un établissement vide, tous téléservices fermés ; « sync » le remplit ensuite."""
    open_instance()
    made = services.create_school(uai, name=name, kind=kind, actor=operator())
    with system_scope("shown to whoever created it"):
        facts = {"uai": made.uai, "name": made.name, "kind": made.kind, "authority": made.authority.name,
                 "year": made.school_year.label}
    return Result(facts, [f"{facts['uai']} {facts['name']} : créé ({facts['authority']}, {facts['year']})."])
