"""`run.py keys`: the secrets of a production instance, made once by whoever installs it."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.base import Result, speaks_json
from app.core.crypto import make_keys


@click.command()
@click.argument("folder", metavar="DOSSIER", type=click.Path(file_okay=False, path_type=Path))
@speaks_json
def keys(folder: Path) -> Result:
    """Crée les clés d'une instance dans DOSSIER/admin et DOSSIER/portal ; celles qui existent sont gardées.

    En production : LIVRET_KEYS=DOSSIER/admin. Le portail lit DOSSIER/portal, où la clé qui ouvre les codes n'est pas.
    Gardez-en une copie à l'abri : sans la clé « seal », les codes non utilisés ne peuvent plus être imprimés.
    """
    make_keys(folder)
    files = sorted(str(path) for path in folder.glob("*/*.key"))
    return Result({"admin": str(folder / "admin"), "portal": str(folder / "portal"), "files": files}, files)
