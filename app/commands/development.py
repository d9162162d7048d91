"""Commands for whoever works on Livret: test, bench, rows. Their work lives beside the tests and the benchmarks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
PASS_ON = {"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}


def run_module(module: str, arguments: tuple[str, ...] | list[str]) -> int:
    """Run `python -m module` from the project's root and hand its exit code on."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, env=environment, check=False).returncode


@click.command(context_settings=PASS_ON)
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGUMENTS DE PYTEST]…")
def test(pytest_arguments: tuple[str, ...]) -> int:
    """Installe ce que demandent les tests (paquets apt quand on est root), puis les lance tous.

    Sur SQLite et sur PostgreSQL + Redis, avec un vrai navigateur et un vrai serveur SMTP. Les arguments vont à
    pytest : « run.py test tests/access -k notify ». LIVRET_TEST_PG et LIVRET_TEST_REDIS désignent des serveurs
    existants ; sans eux, deux serveurs privés sont démarrés puis arrêtés.
    """
    return run_module("tests.launch", pytest_arguments)


@click.command(context_settings=PASS_ON)
@click.argument("names", nargs=-1, type=click.UNPROCESSED, metavar="[NOM]…")
def bench(names: tuple[str, ...]) -> int:
    """Mesure cette machine : chaque ligne de DESIGN §10 contre son plancher (sync, codes, letters, portal…).

    Avec --json, un objet par ligne : name, work, seconds, floor_seconds, ratio, peak_mb.
    """
    return run_module("benchmarks", names)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Écrit un seul objet JSON sur la sortie standard.")
@click.option("--write", is_flag=True, help="Met à jour la colonne d'état de docs/features.md d'après les tests.")
def rows(as_json: bool, write: bool) -> int:
    """Liste les lignes de docs/features.md qu'aucun test ne nomme encore."""
    flags = [flag for flag, given in (("--json", as_json), ("--write", write)) if given]
    return run_module("tests.rows", flags)
