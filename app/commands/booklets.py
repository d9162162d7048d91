"""`run.py booklets`: lock, edit and unlock the booklets of a school, a class, a period (DESIGN §8)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import and_, func, or_, select

from app.booklets.edit_wish import EditWish
from app.booklets.editing import edit_choices
from app.booklets.models import Booklet
from app.booklets.selection import Picked, read_term
from app.commands.base import Result, speaks_json
from app.commands.codes import selection
from app.commands.instance import Place, inside
from app.commands.jobs import carry_out, result_of, save_artifact
from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import NotFound
from app.schools.models import GradeLevel


@click.group()
def booklets() -> None:
    """Bilans : verrouiller, éditer, déverrouiller."""


def chosen_booklets(body: Callable[..., Any]) -> Callable[..., Any]:
    """The options that narrow a command to one class, one level and one period."""
    division = click.option("--division", metavar="CODE", help="Seulement les bilans de cette division.")
    level = click.option("--level", metavar="NIVEAU", help="Seulement les bilans de ce niveau, par exemple 4EME.")
    period = click.option("--period", metavar="N/TOTAL",
                          help="Période : 2/3 est le deuxième trimestre. Sinon, la période en cours.")
    return division(level(period(body)))


def choice(school: Place, division: str | None, level: str | None, period: str | None) -> Picked:
    """What the options choose. Raises `BadInput`, `NotFound`."""
    chosen = selection(school, None, division)
    position, count = read_term(period) if period else present_period(school)
    return Picked(position, count, chosen.id if division else None, level_of(level) if level else None)


def level_of(name: str) -> int:
    """The level of that code or label, among those of this year's booklets. Raises `NotFound`."""
    known = dict(edit_choices().levels)
    named = select(GradeLevel.id).where(or_(GradeLevel.code == name, GradeLevel.label == name))
    found = admin_db.session.scalar(named.where(GradeLevel.id.in_(known)).limit(1))
    if found is None:
        raise NotFound(f"« {name} » n'est pas un niveau des bilans de cet établissement.",
                       hint=f"Connus : {', '.join(known.values())}.")
    return found


def present_period(school: Place) -> tuple[int, int]:
    """The latest period that has begun and has booklets."""
    of_year = and_(Booklet.school_year_id == school.school_year_id, Booklet.position > 0)
    begun = select(Booklet.position, Booklet.period_count).where(of_year, Booklet.starts_on <= today())
    latest = begun.group_by(Booklet.position, Booklet.period_count).order_by(func.max(Booklet.starts_on).desc())
    found = admin_db.session.execute(latest.limit(1)).one_or_none()
    if found is None:
        raise NotFound("Aucun bilan dans cet établissement.", hint="Paramétrez les périodes, puis synchronisez.")
    return found.position, found.period_count


@booklets.command()
@click.argument("uai")
@chosen_booklets
@speaks_json
def lock(uai: str, division: str | None, level: str | None, period: str | None) -> Result:
    """Verrouille les bilans complets ; les autres sont nommés avec ce qui leur manque."""
    with inside(uai) as (_, school):
        params = choice(school, division, level, period).as_params()
        job = carry_out("booklets.lock", school.id, params, "Verrouillage des bilans")
        return result_of(job, job.result, [])


@booklets.command()
@click.argument("uai")
@chosen_booklets
@click.option("--reason", required=True, metavar="MOTIF", help="Pourquoi ; gardé dans l'historique.")
@speaks_json
def unlock(uai: str, division: str | None, level: str | None, period: str | None, reason: str) -> Result:
    """Déverrouille des bilans, pour un motif ; ceux qui étaient édités quittent le portail dans la minute."""
    with inside(uai) as (_, school):
        params = choice(school, division, level, period).as_params() | {"reason": reason}
        job = carry_out("booklets.unlock", school.id, params, "Déverrouillage des bilans")
        return result_of(job, job.result, [])


@booklets.command()
@click.argument("uai")
@chosen_booklets
@click.option("--household", is_flag=True, help="Un exemplaire par foyer, avec son adresse, dans l'ordre postal.")
@click.option("--only-changed", is_flag=True, help="N'imprime que les bilans nouveaux ou modifiés.")
@click.option("--draft", is_flag=True, help="Brouillon : sans numéro ni changement d'état.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="PDF", help="Où écrire les bilans.")
@speaks_json
def edit(
    uai: str, division: str | None, level: str | None, period: str | None, household: bool, only_changed: bool,
    draft: bool, out: Path | None,
) -> Result:
    """Édite les bilans verrouillés en un PDF numéroté, dans l'ordre des classes, recto verso (M047)."""
    with inside(uai) as (_, school):
        wish = EditWish(choice(school, division, level, period), copies="household" if household else "pupil",
                        only_changed=only_changed, draft=draft)
        job = carry_out("booklets.edit", school.id, wish.as_params(), "Édition des bilans")
        pdf = save_artifact(job, out) if job.result.get("pdf") else None
        return result_of(job, {**job.result, "pdf": pdf}, [f"PDF : {pdf}"] if pdf else [])
