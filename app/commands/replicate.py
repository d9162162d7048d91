"""`run.py replicate`: the portal brought up to date now, whatever its schedule."""

from __future__ import annotations

from dataclasses import asdict

import click

from app.commands.base import Result, speaks_json
from app.commands.instance import open_instance
from app.replication.services import replicate as replicate_now


@click.command()
@click.option("--full", is_flag=True, help="Compare tous les établissements, et pas seulement ceux qui ont changé.")
@speaks_json
def replicate(full: bool) -> Result:
    """Porte vers le portail ce qui a changé, et rapporte les comptes créés et les codes utilisés."""
    open_instance()
    done = replicate_now(full=full)
    said = (f"{done.rows} lignes écrites sur le portail pour {done.schools} établissement(s), {done.events} événements "
            f"rapportés, {done.commands} ordres transmis.")
    return Result(asdict(done), [said])
