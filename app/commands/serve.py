"""`run.py serve`: the processes of an instance, when they are healthy, and what is said once they answer."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from urllib.error import URLError
from urllib.request import Request, urlopen

import click

from app.commands.demo import first_run
from app.commands.instance import open_instance
from app.commands.processes import children, with_addresses
from app.core.errors import Conflict, LivretError
from app.jobs.celery_app import prepare_broker
from app.serve import Supervisor, listen
from config import Config

HEALTH_SECONDS = 120.0
TOO_MANY_FALLS = 3  # before the first answer: something is wrong that another start will not mend


class NotHealthy(LivretError):
    """A process did not come up."""

    code = "not_healthy"
    status = 503


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Adresse sur laquelle écouter.")
@click.option("--admin-port", type=click.IntRange(0, 65535), default=8080, show_default=True,
              help="Port de l'administration (0 : un port libre).")
@click.option("--portal-port", type=click.IntRange(0, 65535), default=8081, show_default=True,
              help="Port du portail des familles (0 : un port libre).")
def serve(host: str, admin_port: int, portal_port: int) -> int:
    """Démarre l'administration, le portail, le worker et le planificateur, et les garde en vie.

    Au premier lancement d'une démonstration, crée une académie inventée. Ctrl-C arrête tout. Les journaux sont dans
    LIVRET_HOME/logs. En production (LIVRET_ENV=production), rien n'est inventé et chaque réglage manquant est nommé.
    """
    settings = open_instance()
    with only_one(settings.home):
        sockets = listen(host, admin_port, "--admin-port"), listen(host, portal_port, "--portal-port")
        settings = with_addresses(settings, host, *sockets)
        facts = first_run(settings)
        prepare_broker()
        supervisor = Supervisor(children(settings, *sockets), say=lambda text: click.echo(text, err=True))
        supervisor.stop_on_signals()
        try:
            supervisor.start()
            wait_until_healthy(supervisor, settings, sockets)
            if not supervisor.stopping.is_set():
                click.echo("\n".join(table(settings, facts)))
            supervisor.watch()
        finally:
            click.echo("Arrêt…", err=True)
            supervisor.stop()
    return 0


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """One `serve` per instance: two schedulers would do everything twice. The lock dies with its process."""
    with (home / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            hint = "Arrêtez l'autre, ou donnez un autre dossier : LIVRET_HOME=/chemin python3 run.py"
            raise Conflict(f"Livret tourne déjà sur {home}.", hint=hint) from None
        yield


def wait_until_healthy(supervisor: Supervisor, settings: Config, sockets: tuple[socket, socket]) -> None:
    """Return once both applications answer. Raises `NotHealthy` with the log to read."""
    click.echo("Démarrage…", err=True)
    deadline = time.monotonic() + HEALTH_SECONDS
    hosts = {"admin": settings.admin_hosts[0], "portal": settings.portal_hosts[0]}
    waiting = {name: is_up(held, host) for held, (name, host) in zip(sockets, hosts.items(), strict=True)}

    def all_up() -> bool:
        for name in [name for name, answers in waiting.items() if answers()]:
            del waiting[name]
        return not waiting or time.monotonic() > deadline or bool(fallen())

    def fallen() -> list[str]:
        return [child.name for child in supervisor.children if child.restarts >= TOO_MANY_FALLS]

    supervisor.watch(until=all_up)
    if (waiting or fallen()) and not supervisor.stopping.is_set():
        names = fallen() or list(waiting)
        logs = ", ".join(str(settings.home / "logs" / f"{name}.log") for name in names)
        raise NotHealthy(f"Démarrage impossible : {', '.join(names)}.", hint=f"La raison est dans {logs}")


def is_up(listening: socket, host: str) -> Callable[[], bool]:
    """A probe of `/healthz` through the listening socket's address, under a host name the application answers to."""
    address, port = listening.getsockname()[:2]
    local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(address, address)  # noqa: S104 - compared, not bound
    request = Request(f"http://{local}:{port}/healthz", headers={"Host": host})  # noqa: S310 - our own address

    def probe() -> bool:
        try:
            with urlopen(request, timeout=2) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except (URLError, TimeoutError, ConnectionError):
            return False

    return probe


def table(settings: Config, facts: list[tuple[str, str]]) -> list[str]:
    """What to open, and with what, in two aligned columns."""
    mails = settings.mail.removeprefix("file://") if settings.mail.startswith("file:") else ""
    rows = [
        ("Administration", settings.admin_url),
        ("Portail des familles", settings.portal_url),
        *([("Courriels (fichiers)", mails)] if mails else []),
        ("Journaux", str(settings.home / "logs")),
        *facts,
    ]
    width = max(len(name) for name, _ in rows)
    return ["", *(f"  {name:<{width}}   {value}" for name, value in rows), "", "Ctrl-C pour tout arrêter.", ""]
