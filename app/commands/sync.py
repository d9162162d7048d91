"""`run.py sync`: a school's people and classes from the files of its pupil base."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

import click

from app.commands.base import Result, speaks_json
from app.commands.instance import Place, inside
from app.commands.jobs import carry_out, result_of
from app.core.errors import BadInput
from app.jobs.queries import JobView
from config import Config


@click.command()
@click.argument("uai")
@click.argument("files", nargs=-1, required=True, metavar="FICHIER…",
                type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Lit, vérifie et compare, sans rien écrire dans l'établissement.")
@click.option("--force-year", is_flag=True, help="Accepte des fichiers d'une autre année scolaire.")
@click.option("--departures", is_flag=True, help="ONDE : clôt les élèves que le fichier de leur classe ne nomme plus.")
@speaks_json
def sync(uai: str, files: tuple[Path, ...], dry_run: bool, force_year: bool, departures: bool) -> Result:
    """Synchronise un établissement depuis ses exports : SIECLE (xml ou zip), STS (xml), ONDE (csv).

    Un fichier fautif fait tout refuser (code 2) ; une fiche fautive est laissée de côté avec une ligne bloquante et le
    reste est appliqué (code 1). Relancer les mêmes fichiers ne change rien.
    """
    with inside(uai) as (settings, school):
        options = {"dry_run": dry_run, "force_year": force_year, "departures": departures}
        job = synchronise(settings, school, files, **options)
        return result_of(job, {"counts": {}} | job.result, [])


def synchronise(settings: Config, school: Place, files: Sequence[Path], **options: bool) -> JobView:
    """Keep the files as the job's own, so that it can resume, and see the job through."""
    params = {"files": keep(settings.files, files)} | options
    return carry_out("sync", school.id, params, f"Synchronisation de {school.uai}")


def keep(root: Path, files: Sequence[Path]) -> list[str]:
    """Copy files to a folder of their own under `root`; returns their paths relative to it."""
    names = [path.name for path in files]
    if len(set(names)) < len(names):
        hint = "Renommez-en un : le compte rendu les distingue ainsi."
        raise BadInput("Deux fichiers portent le même nom.", hint=hint)
    folder = Path("uploads") / secrets.token_hex(8)
    (root / folder).mkdir(parents=True, mode=0o700)
    for path in files:
        shutil.copyfile(path, root / folder / path.name)
    return [str(folder / name) for name in names]
