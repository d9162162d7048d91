"""`run.py demo`: the invented academy, and what is remembered of it for whoever starts `serve` again."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, select

from app.commands.base import Result, speaks_json
from app.commands.demo_academy import build
from app.commands.instance import open_instance
from app.core.db import admin_db
from app.core.errors import Forbidden
from app.core.scope import system_scope
from app.exchange.demo import REFERENCE_PUPILS
from app.schools.models import School
from config import Config

MEMORY = "demo.json"
ROLES = {"head": "direction", "secretary": "secrétariat", "teacher": "professeur principal", "cpe": "CPE",
         "librarian": "documentaliste", "academy_admin": "académie"}


@click.command()
@click.option("--pupils", type=click.IntRange(1, 100_000), default=REFERENCE_PUPILS, show_default=True,
              help="Élèves du collège.")
@click.option("--seed", type=int, default=1, show_default=True, help="Même graine, mêmes personnes inventées.")
@speaks_json
def demo(pupils: int, seed: int) -> Result:
    """Crée une académie inventée : un collège, une école, leurs personnels, des codes ; dit comment y entrer.

    Les fichiers sont écrits comme SIECLE, STS et ONDE les exportent, puis lus par la vraie synchronisation. Une démo
    interrompue se termine en relançant la commande. Refusé en production.
    """
    settings = open_instance()
    facts = make(settings, pupils, seed) | {"admin_url": settings.admin_url, "portal_url": settings.portal_url}
    width = max(len(name) for name, _ in in_words(facts))
    lines = [f"  {name:<{width}}   {value}" for name, value in in_words(facts)]
    return Result(facts, ["Académie de démonstration prête. Démarrez-la : python3 run.py", "", *lines])


def make(settings: Config, pupils: int = REFERENCE_PUPILS, seed: int = 1) -> dict[str, Any]:
    """Build the demo and remember it. Raises `Forbidden` in production."""
    if settings.is_production:
        raise Forbidden("Pas de démonstration en production.")
    memory = settings.home / MEMORY
    _write(memory, {"complete": False, "pupils": pupils, "seed": seed})
    facts = asdict(build(settings, pupils, seed))
    _write(memory, {"complete": True} | facts)
    return facts


def _write(path: Path, facts: dict[str, Any]) -> None:
    """The file holds a code: only the instance's owner reads it."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    draft.replace(path)


def first_run(settings: Config) -> list[tuple[str, str]]:
    """What `serve` prints of the demo; a new instance gets one first, and one cut short is finished."""
    if settings.is_production:
        return []
    known = _remembered(settings.home / MEMORY)
    if known is None and _has_school():
        return []
    if not known or not known.get("complete"):
        click.echo("Premier lancement : création de l'académie de démonstration…", err=True)
        known = make(settings, **{key: known[key] for key in ("pupils", "seed")} if known else {})
    return in_words(known)


def _remembered(path: Path) -> dict[str, Any] | None:
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return facts if isinstance(facts, dict) else None


def _has_school() -> bool:
    with system_scope("whether the instance is new"):
        return bool(admin_db.session.scalar(select(func.count(School.id))))


def in_words(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The demo in two columns: who can sign in, and a code to try."""
    names = {school["uai"]: f"{school['name']} ({school['pupils']} élèves)" for school in facts["schools"]}
    logins = [(f"  {login['username']}", f"{ROLES[login['role']]}, {names.get(login['uai'], 'toute l’académie')}")
              for login in facts["logins"]]
    phrase = facts["logins"][0]["passphrase"]
    rows = [("Phrase de passe", f"{phrase}   (la même pour tous)"), *logins]
    if facts["code"]:
        pupil = facts["code_pupil"]
        rows.append(("Un code de parent", f"{facts['code']}   prénom {pupil['first_name']}, né(e) le "
                     f"{pupil['birth_date']}"))
    return rows
