"""`run.py codes`: create guardians' activation codes, notify them by e-mail and by letter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import or_, select

from app.access.planning import NotifyRequest
from app.access.queries import Selection
from app.commands.base import Result, speaks_json
from app.commands.instance import Place, inside
from app.commands.jobs import carry_out, result_of, save_artifact, send_mails
from app.core.db import admin_db
from app.core.errors import BadInput, NotFound
from app.schools.models import Division, Programme

MODES = ("email", "paper")


@click.group()
def codes() -> None:
    """Codes d'activation des responsables : créer, notifier."""


def chosen_pupils(body: Callable[..., Any]) -> Callable[..., Any]:
    """The options that narrow a command to one programme or one division."""
    mef = click.option("--mef", metavar="CODE", help="Seulement les élèves de cette formation (code MEF ou libellé).")
    division = click.option("--division", metavar="CODE", help="Seulement les élèves de cette division.")
    return mef(division(body))


def selection(school: Place, mef: str | None, division: str | None) -> Selection:
    """What the two options choose among the school's present programmes and divisions."""
    if mef and division:
        raise click.UsageError("--mef et --division s'excluent.")
    if mef:
        of_code = or_(Programme.mef_code == mef, Programme.label == mef)
        found = admin_db.session.scalar(select(Programme.id).where(of_code))
    elif division:
        of_year = Division.school_year_id == school.school_year_id
        of_code = or_(Division.code == division, Division.label == division)
        found = admin_db.session.scalar(select(Division.id).where(of_year, of_code))
    else:
        return Selection()
    if found is None:
        raise NotFound(f"« {mef or division} » n'existe pas dans cet établissement.", hint=_known(school, bool(mef)))
    return Selection("programme" if mef else "division", found)


def _known(school: Place, mef: bool) -> str:
    wanted = select(Programme.mef_code) if mef else select(Division.code).where(
        Division.school_year_id == school.school_year_id)
    names = list(admin_db.session.scalars(wanted.order_by(Programme.mef_code if mef else Division.code)))
    return f"Connus : {', '.join(names[:40])}." if names else "Lancez d'abord « sync »."


@codes.command()
@click.argument("uai")
@chosen_pupils
@speaks_json
def create(uai: str, mef: str | None, division: str | None) -> Result:
    """Crée un code pour chaque couple responsable légal et élève qui n'en a pas de valide et n'a pas refusé."""
    with inside(uai) as (_, school):
        chosen = selection(school, mef, division)
        params = {"population": chosen.population, "id": chosen.id}
        job = carry_out("codes.create", school.id, params, "Création des codes d'activation")
        return result_of(job, job.result, [])


def words(allowed: tuple[str, ...]) -> Callable[[click.Context, click.Parameter, str], tuple[str, ...]]:
    """An option that takes a list separated by commas, each among `allowed`."""
    def parse(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
        given = tuple(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))
        if not given or not set(given) <= set(allowed):
            raise click.BadParameter(f"« {value} » : une ou plusieurs valeurs parmi {', '.join(allowed)}.")
        return given

    return parse


@codes.command()
@click.argument("uai")
@chosen_pupils
@click.option("--by", "modes", default="email,paper", show_default=True, callback=words(MODES), metavar="MODES",
              help="Courriel d'abord, papier pour qui n'a pas d'adresse électronique.")
@click.option("--to", "ranks", default="1,2", show_default=True, callback=words(("1", "2")), metavar="RANGS",
              help="Responsables légaux visés.")
@click.option("--only", type=click.Choice(["new", "no-account", "all"]), default="new", show_default=True,
              help="Jamais notifiés, notifiés sans compte, ou tous.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="PDF", help="Où écrire les lettres.")
@speaks_json
def notify(uai: str, mef: str | None, division: str | None, modes: tuple[str, ...], ranks: tuple[str, ...],
           only: str, out: Path | None) -> Result:
    """Envoie les codes : un courriel par responsable, sinon une lettre, toutes réunies dans un PDF."""
    if out is not None and not out.resolve().parent.is_dir():
        raise BadInput(f"Le dossier de {out} n'existe pas.", hint="Créez-le, ou donnez un autre chemin à --out.")
    with inside(uai) as (settings, school):
        request = NotifyRequest(selection(school, mef, division), tuple(int(rank) for rank in ranks),
                                modes, only)  # type: ignore[arg-type]
        job = carry_out("codes.notify", school.id, request.as_params(), "Notification des codes")
        send_mails(settings)
        pdf = save_artifact(job, out)
        said = [f"Lettres : {pdf} ({job.result.get('pages', 0)} pages)"] if pdf else []
        return result_of(job, job.result | {"pdf": pdf}, said)
