"""`run.py service`: open or close a school's online services."""

from __future__ import annotations

import click

from app.commands.base import Result, operator, speaks_json
from app.commands.instance import inside
from app.online.models import SERVICES
from app.online.services import move_services

DONE = {"open": "Ouvert", "closed": "Fermé"}


@click.group()
def service() -> None:
    """Ouvre ou ferme des téléservices d'un établissement."""


def move(uai: str, codes: tuple[str, ...], transition: str) -> Result:
    """Move the named services and tell the state of each."""
    with inside(uai) as (_, school):
        moved = move_services(codes, transition, actor=operator())
        states = [{"service": item.code, "state": item.state} for item in moved]
        lines = [f"{DONE[item.state]} : {item.label} ({item.code})" for item in moved]
        one = states[0] if len(states) == 1 else {}
        return Result({"uai": school.uai, "name": school.name, **one, "services": states}, lines)


@service.command(name="open")
@click.argument("uai")
@click.argument("codes", nargs=-1, required=True, metavar="SERVICE…")
@speaks_json
def open_(uai: str, codes: tuple[str, ...]) -> Result:
    return move(uai, codes, "open")


@service.command()
@click.argument("uai")
@click.argument("codes", nargs=-1, required=True, metavar="SERVICE…")
@speaks_json
def close(uai: str, codes: tuple[str, ...]) -> Result:
    return move(uai, codes, "close")


open_.help = f"Ouvre des téléservices : {', '.join(SERVICES)}."
close.help = "Ferme des téléservices ; leurs réglages sont gardés."
