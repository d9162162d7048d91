"""Table of contents of the commands (DESIGN §8), and the one place that turns what they return into an exit code.

0 = all went well, 1 = ended with blocking lines, 2 = bad usage, bad input, or a fault of ours (then the line names
the log file that holds the trace). A user's mistake is one clear line on stderr, never a traceback.
"""

from __future__ import annotations

import gettext
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from app.commands.faults import Fault, fault_of

TRANSLATIONS = Path(__file__).parent.parent / "translations"

# name → (module:object, what the list of commands says). Modules are imported when their command is called.
COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("app.commands.serve:serve", "Démarre l'administration, le portail, le worker et le planificateur."),
    "test": ("app.commands.development:test", "Installe ce que demandent les tests, puis les lance tous."),
    "demo": ("app.commands.demo:demo", "Crée une académie inventée : un collège et une école."),
    "academy": ("app.commands.academy:academy", "Académies : en créer une vide, avec son premier administrateur."),
    "school": ("app.commands.school:school", "Établissements : en créer un."),
    "sync": ("app.commands.sync:sync", "Synchronise un établissement depuis ses fichiers SIECLE, STS ou ONDE."),
    "service": ("app.commands.service:service", "Ouvre ou ferme des téléservices."),
    "codes": ("app.commands.codes:codes", "Codes d'activation : créer, notifier."),
    "booklets": ("app.commands.booklets:booklets", "Bilans : verrouiller, éditer, déverrouiller."),
    "replicate": ("app.commands.replicate:replicate", "Porte les changements vers le portail, et en rapporte."),
    "stats": ("app.commands.stats:stats", "Compte codes, refus et comptes, à l'écran ou dans un classeur."),
    "workflow": ("app.commands.workflow:workflow", "Vérifie ou dessine les définitions de workflows/."),
    "user": ("app.commands.user:user", "Personnes : créer, donner un rôle sur un établissement."),
    "keys": ("app.commands.keys:keys", "Crée les clés d'une instance de production."),
    "bench": ("app.commands.development:bench", "Mesure les temps de cette machine, chacun contre son plancher."),
    "rows": ("app.commands.development:rows", "Liste les lignes de docs/features.md encore sans test."),
}


class TableOfContents(click.Group):
    """A group that knows its commands by name and loads a module only when its command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commandes"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])


@click.group(
    cls=TableOfContents,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Sans commande : serve. Aide d'une commande : run.py COMMANDE --help",
)
def cli() -> None:
    """Livret : le livret scolaire et les téléservices d'une académie."""


def speak_french() -> None:
    """Give click its French words (translations/fr/LC_MESSAGES/commands.po)."""
    os.environ["LANGUAGE"] = "fr"
    gettext.bindtextdomain("commands", str(TRANSLATIONS))
    gettext.textdomain("commands")


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    speak_french()
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        arguments = ["serve", *arguments]
    try:
        status: Any = cli.main(args=arguments, prog_name="run.py", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - the last stop: every fault becomes one line and a code
        fault = fault_of(error)
        report(fault, as_json="--json" in arguments)
        return fault.status
    return status if isinstance(status, int) else 0


def report(fault: Fault, *, as_json: bool) -> None:
    """Say a fault: one JSON object on stdout for programs, plain lines on stderr for people."""
    if as_json:
        click.echo(json.dumps({"error": fault.as_dict()}, ensure_ascii=False))
    else:
        click.echo(fault.text, err=True)
    sys.stdout.flush()
