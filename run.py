#!/usr/bin/env python3
"""The one entry point: `python3 run.py` serves, `python3 run.py test` tests, `--help` lists the rest.

Until it runs inside `.venv` it uses the standard library only, so that a bare Debian 12 can start it. It makes
the virtual environment, installs exactly the pinned requirements (again only when they change), compiles the
translations that are stale, then hands over to `app.cli`. What it says goes to stderr: stdout belongs to --json.
"""
from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
OLDEST_PYTHON = (3, 11)
BAR_WIDTH = 24
# How pip says that it has come to a package: there already, from an index, from a file.
MET = ("Requirement already satisfied", "Collecting ", "Processing ")
APT_LINE = "apt-get install -y python3-venv"


class SetupProblem(Exception):
    """Something the user can put right; its text is the one line that is shown (exit 2)."""


class Environment:
    """The virtual environment beside this file, and the stamp that says what was installed in it."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self.stamp = self.folder / "livret-stamp.json"
        self.log = self.folder / "pip.log"

    def is_active(self) -> bool:
        """True when this very process runs on the environment's Python."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def is_sound(self) -> bool:
        """False when it is missing, was made for another folder, or its Python or pip no longer starts."""
        try:
            made_for = (self.folder / "pyvenv.cfg").read_text(encoding="utf-8")
        except OSError:
            return False
        if not any(line.startswith("command") and line.rstrip().endswith(f" {self.folder}")
                   for line in made_for.splitlines()):
            return False
        try:
            probe = [str(self.python), "-c", "import pip, ssl"]
            return subprocess.run(probe, capture_output=True, check=False).returncode == 0
        except OSError:
            return False

    def installed(self) -> dict[str, str]:
        """Requirement file → hash of what was installed from it."""
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return stamp if isinstance(stamp, dict) else {}

    def stale(self, requirements: list[str]) -> list[str]:
        """The requirement files whose content is not what the stamp says."""
        stamp = self.installed()
        return [name for name in requirements if stamp.get(name) != digest(self.root / name)]

    def mark(self, requirements: list[str]) -> None:
        """Write the stamp, whole or not at all."""
        stamp = self.installed() | {name: digest(self.root / name) for name in requirements}
        draft = self.stamp.with_suffix(".new")
        draft.write_text(json.dumps(stamp, indent=1), encoding="utf-8")
        draft.replace(self.stamp)


def digest(path: Path) -> str:
    """What the stamp compares: the file's bytes and the Python that installs them."""
    version = "{}.{}".format(*sys.version_info[:2])
    return hashlib.sha256(path.read_bytes() + version.encode()).hexdigest()


def say(text: str) -> None:
    """One line for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: two starts at once install once. The lock dies with its process."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Une autre installation est en cours dans ce dossier : attente…")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def need_venv_module() -> None:
    """Debian ships `venv` apart from Python: install it when root, else say the line to type."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SetupProblem(f"Il manque le module venv de Python. Lancez d'abord :  sudo {APT_LINE}")
    say(f"Module venv absent : {APT_LINE}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update"], env=environment, check=False, capture_output=True)
    if subprocess.run(APT_LINE.split(), env=environment, check=False, capture_output=True).returncode != 0:
        raise SetupProblem(f"L'installation du module venv a échoué. Lancez-la à la main :  {APT_LINE}")


def create(env: Environment) -> None:
    """Make the environment anew; a broken or moved one is removed first."""
    need_venv_module()
    if env.folder.exists():
        say("Environnement .venv inutilisable (déplacé ou incomplet) : il est refait.")
        shutil.rmtree(env.folder)
    say("Création de l'environnement Python dans .venv…")
    # The system's Python, not that of another environment we may have been started from.
    base = getattr(sys, "_base_executable", "") or sys.executable
    made = subprocess.run([base, "-m", "venv", str(env.folder)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        shutil.rmtree(env.folder, ignore_errors=True)
        reason = (made.stdout + made.stderr).strip().splitlines() or ["raison inconnue"]
        raise SetupProblem(f"Impossible de créer .venv : {reason[-1]}")


def pinned(path: Path) -> int:
    """How many packages a requirement file pins (the progress bar's length)."""
    return sum("==" in line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines())


def package_of(line: str) -> str:
    """The package a line of pip's talks about."""
    said = line.split(": ", 1)[-1] if line.startswith(MET[0]) else line.split(" ", 1)[1]
    return Path(said.split(" ")[0]).name.split("==")[0].split("-")[0].strip()


def show_progress(done: int, total: int, name: str) -> None:
    """Redraw the one progress line on a terminal; elsewhere stay silent."""
    if sys.stderr.isatty():
        filled = BAR_WIDTH * done // max(total, 1)
        bar = "█" * filled + "░" * (BAR_WIDTH - filled)
        print(f"\r\033[KInstallation [{bar}] {done}/{total} {name[:30]}", end="", file=sys.stderr, flush=True)


def install(env: Environment, requirements: list[str]) -> None:
    """Install the pinned packages, each counted as pip meets it; pip's own words go to `.venv/pip.log`."""
    total = sum(pinned(env.root / name) for name in requirements)
    say(f"Installation de {total} paquets Python aux versions fixées (une seule fois, environ une minute)…")
    # --no-deps: the files name everything, so nothing unpinned can slip in.
    command = [str(env.python), "-m", "pip", "install", "--no-deps", "--no-input", "--disable-pip-version-check"]
    for name in requirements:
        command += ["-r", str(env.root / name)]
    done = 0
    with env.log.open("w", encoding="utf-8") as log, subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout or ():
            log.write(line)
            if line.startswith(MET):
                done += 1
                show_progress(done, total, package_of(line))
            elif line.startswith("Installing collected packages"):
                show_progress(total, total, "écriture…")
    if sys.stderr.isatty():
        say("")
    if pip.returncode != 0:
        faults = [line for line in env.log.read_text(encoding="utf-8").splitlines() if line.startswith("ERROR")]
        raise SetupProblem(f"L'installation a échoué : {(faults or ['pip a rendu une erreur'])[-1]}\n"
                           f"Vérifiez l'accès au réseau puis relancez. Détail : {env.log}")
    env.mark(requirements)


def ensure(env: Environment, requirements: list[str]) -> None:
    """Bring the environment to what the requirement files say; costs two hashes when nothing changed."""
    if env.is_active() and not env.stale(requirements):
        return
    with alone(env.root):
        if not env.is_active() and not env.is_sound():
            create(env)
        stale = env.stale(requirements)
        if stale:
            install(env, stale)


def stale_catalogues(root: Path = ROOT) -> list[Path]:
    """The .po files whose compiled form is missing or older."""
    def is_stale(source: Path) -> bool:
        compiled = source.with_suffix(".mo")
        return not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime

    return sorted(source for source in (root / "translations").rglob("*.po") if is_stale(source))


def compile_translations(root: Path = ROOT) -> int:
    """Compile what is stale, each file replaced whole; returns how many."""
    stale = stale_catalogues(root)
    if not stale:
        return 0
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for source in stale:
        with source.open("rb") as text:
            catalogue = read_po(text, locale=source.parent.parent.name)
        draft = source.with_suffix(f".mo.{os.getpid()}")
        with draft.open("wb") as compiled:
            write_mo(compiled, catalogue)
        draft.replace(source.with_suffix(".mo"))
    return len(stale)


def requirements_for(arguments: list[str]) -> list[str]:
    """The files a command needs: the tests' tools only for `test`."""
    return ["requirements.txt", "tests/requirements.txt"] if arguments[:1] == ["test"] else ["requirements.txt"]


def main(arguments: list[str]) -> int:
    """Prepare, step inside the environment, run the command."""
    if sys.version_info < OLDEST_PYTHON:
        say("Livret demande Python 3.11 ou plus récent ; celui-ci est {}.{}.".format(*sys.version_info[:2]))
        return 2
    env = Environment()
    try:
        ensure(env, requirements_for(arguments))
    except SetupProblem as problem:
        say(str(problem))
        return 2
    except OSError as problem:
        say(f"Installation impossible : {problem.strerror} ({problem.filename or ROOT}).")
        return 2
    if not env.is_active():
        os.execv(env.python, [str(env.python), str(ROOT / "run.py"), *arguments])  # noqa: S606 - no shell wanted
    compile_translations()
    from app.cli import main as run_command

    return run_command(arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("\nInterrompu.")
        sys.exit(130)
