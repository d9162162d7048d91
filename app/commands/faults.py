"""What went wrong, as one line and an exit code, whoever raised it."""

from __future__ import annotations

import errno
import logging
import os
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from app.core.errors import LivretError
from config import ROOT, ConfigError

SYSTEM_WORDS = {
    errno.ENOENT: "fichier ou dossier introuvable",
    errno.EACCES: "accès refusé",
    errno.EPERM: "accès refusé",
    errno.ENOSPC: "le disque est plein",
    errno.EROFS: "le disque est en lecture seule",
    errno.EISDIR: "c'est un dossier",
    errno.ENOTDIR: "ce n'est pas un dossier",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault as the terminal and `--json` say it."""

    code: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    status: int = 2

    @property
    def text(self) -> str:
        """« Erreur : fichier, ligne n : message » and, below, what to do."""
        place = ", ".join([*([self.file] if self.file else []), *([f"ligne {self.line}"] if self.line else [])])
        first = f"Erreur : {place + ' : ' if place else ''}{self.message}"
        return f"{first}\n{self.hint}" if self.hint else first

    def as_dict(self) -> dict[str, Any]:
        """The object under `error`; empty keys are left out."""
        named = {"code": self.code, "message": self.message, "hint": self.hint, "file": self.file, "line": self.line}
        return {key: value for key, value in named.items() if value is not None}


def fault_of(error: Exception) -> Fault:
    """Sort an exception: the user's mistake, click's, the machine's, or ours."""
    if isinstance(error, LivretError):
        file, line = getattr(error, "file", None), getattr(error, "line", None)
        return Fault(error.code, error.message, error.hint, file, line)
    if isinstance(error, click.exceptions.Abort):
        return Fault("interrupted", "Interrompu.", status=130)
    if isinstance(error, click.UsageError):
        hint = f"Aide : {error.ctx.command_path} --help" if error.ctx else None
        return Fault("usage", error.format_message(), hint)
    if isinstance(error, click.ClickException):
        return Fault("usage", error.format_message())
    if isinstance(error, ConfigError):
        return Fault("config", str(error), "Chaque variable est expliquée dans config.py et README.md.")
    return _of_the_machine(error) or _ours(error)


def _of_the_machine(error: Exception) -> Fault | None:
    """A file, a key or a database server that is not there. Looked up by name: these libraries load slowly."""
    kind = type(error).__name__
    if isinstance(error, OSError) and (error.filename or error.errno in SYSTEM_WORDS):
        reason = SYSTEM_WORDS.get(error.errno or 0, error.strerror)
        return Fault("file", f"{error.filename} : {reason}." if error.filename else f"{reason}.")
    if kind == "KeyMissing":
        return Fault("keys", f"Clé absente ou illisible : {error}", "Créez les clés : run.py keys DOSSIER")
    if kind == "CommandError":
        return Fault("schema", f"La base ne correspond pas à cette version de Livret : {error}",
                     "Elle vient sans doute d'une version plus récente : mettez le programme à jour.")
    if kind == "OperationalError":
        said = str(getattr(error, "orig", error)).strip().splitlines() or [kind]
        return Fault("database", f"La base de données ne répond pas : {said[0]}",
                     "Vérifiez LIVRET_ADMIN_DB et LIVRET_PORTAL_DB, et que le serveur tourne.")
    return None


def _ours(error: Exception) -> Fault:
    """A bug: the trace goes to a log file, the person gets one line that names it."""
    path = Path(os.environ.get("LIVRET_HOME") or ROOT / "instance") / "logs" / "commands.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as log:
            log.write("".join(traceback.format_exception(error)) + "\n")
        hint = f"Le détail est dans {path}."
    except OSError:
        logging.getLogger(__name__).error("unexpected", exc_info=error)
        hint = None
    return Fault("internal", f"Livret a rencontré une erreur inattendue ({type(error).__name__}).", hint)
