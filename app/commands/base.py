"""What every command shares: `--json`, the result it returns, who acts, progress on a terminal."""

from __future__ import annotations

import functools
import getpass
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import click

from app.core.actor import Actor

BAR_WIDTH = 30
REFUSED = 2  # nothing was done: what is said of it is an error


@dataclass(frozen=True, slots=True)
class Result:
    """What a command did: `data` for `--json`, `lines` for people, `status` the exit code (0, 1, 2)."""

    data: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    status: int = 0


def speaks_json(body: Callable[..., Result]) -> Callable[..., int]:
    """Add `--json` to a command; print the `Result` of its body in the form asked for; return its exit code."""

    @click.option("--json", "as_json", is_flag=True, help="Écrit un seul objet JSON sur la sortie standard.")
    @functools.wraps(body)
    def command(*args: Any, as_json: bool, **options: Any) -> int:
        result = body(*args, **options)
        if as_json:
            click.echo(json.dumps(result.data, ensure_ascii=False, default=str))
        else:
            click.echo("\n".join(result.lines), err=result.status == REFUSED)
        return result.status

    return command


def operator() -> Actor:
    """Who acts from the command line: whoever may run it on the server may everything; the trail names the login."""
    try:
        login = getpass.getuser()
    except (KeyError, OSError):
        login = "inconnu"
    return Actor("system", None, f"ligne de commande ({login})")


class ProgressLine:
    """One line redrawn on stderr while something runs; silent when stderr is not a terminal."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.visible = sys.stderr.isatty()
        self.drawn = False

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Draw `done` of `total`."""
        if not self.visible:
            return
        self.drawn = True
        filled = BAR_WIDTH * done // total if total else 0
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        click.echo(f"\r\033[K{self.title} [{bar}] {done}/{total} {note}"[:118], err=True, nl=False)

    def close(self) -> None:
        """Leave the line as it is and go to the next."""
        if self.drawn:
            click.echo("", err=True)
            self.drawn = False
