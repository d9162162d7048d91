"""The supervisor behind `run.py serve`: starts the processes, restarts the one that falls, stops them all cleanly.

It knows nothing of what they do: `app/commands/serve.py` says which processes there are.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from app.core.errors import LivretError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_SECONDS = 60.0  # a child that lasted this long has earned a fresh, short pause
LOG_LIMIT = 10 * 1024 * 1024
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class PortBusy(LivretError):
    """Another program listens where we were asked to."""

    code = "port_busy"
    status = 409


def listen(host: str, port: int, option: str) -> socket.socket:
    """Open the listening socket here and hand it to the child: a busy port is known before anything starts, port 0
    takes a free one, and connections wait in line while a child is restarted."""
    try:
        server = socket.create_server((host, port), backlog=256)
    except PermissionError as error:
        hint = f"Choisissez-en un autre : {option} 8080"
        raise PortBusy(f"Le port {port} est réservé au système.", hint=hint) from error
    except OSError as error:
        hint = f"Arrêtez le programme qui l'occupe, ou choisissez un autre port : {option} {port + 10}"
        raise PortBusy(f"Le port {port} de {host} n'est pas libre ({error.strerror}).", hint=hint) from error
    server.set_inheritable(True)
    return server


def die_with_parent() -> None:
    """In the child, before exec: ask Linux for SIGTERM when the supervisor dies, even by kill -9."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One process to keep alive. `environment` is all it gets: nothing is inherited."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    sockets: tuple[socket.socket, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    restart_at: float | None = None
    pause: float = FIRST_PAUSE
    restarts: int = 0

    def start(self) -> None:
        """Start the process, its words appended to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                pass_fds=[s.fileno() for s in self.sockets], start_new_session=True, preexec_fn=die_with_parent)
        self.started, self.restart_at = time.monotonic(), None

    @property
    def running(self) -> bool:
        """Whether the process is there right now."""
        return self.process is not None and self.process.poll() is None

    def clear(self) -> None:
        """End what a fallen process had started: two generations must not work side by side."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def signal(self, number: int) -> None:
        """Send a signal to the process; it passes it on to those it started."""
        if self.process is not None and self.running:
            self.process.send_signal(number)


@dataclass
class Supervisor:
    """Keeps its children alive until told to stop."""

    children: list[Child]
    say: Callable[[str], None] = lambda text: None
    grace: float = 12.0
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start every child, in order."""
        for child in self.children:
            child.start()

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Restart what falls; return when asked to stop, or when `until` says so."""
        while not self.stopping.is_set() and not until():
            for child in self.children:
                self.tend(child)
            self.stopping.wait(0.1)

    def tend(self, child: Child) -> None:
        """Restart a fallen child, after a pause that doubles as long as it keeps falling."""
        if child.running or child.process is None:
            return
        if child.restart_at is None:
            child.clear()
            if time.monotonic() - child.started > STEADY_SECONDS:
                child.pause = FIRST_PAUSE
            child.restart_at = time.monotonic() + child.pause
            self.say(f"« {child.name} » s'est arrêté (code {child.process.returncode}) ; redémarrage dans "
                     f"{child.pause:g} s. Voir {child.log}")
            child.pause = min(child.pause * 2, LONGEST_PAUSE)
        elif time.monotonic() >= child.restart_at:
            child.restarts += 1
            child.start()

    def stop(self) -> None:
        """Ask every child to finish, then end those that have not within the grace time."""
        self.stopping.set()
        for child in reversed(self.children):
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + self.grace
        while any(child.running for child in self.children) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self.children:
            child.clear()
            if child.process is not None:
                child.process.wait()
            for held in child.sockets:
                held.close()

    def stop_on_signals(self, numbers: Iterable[int] = (signal.SIGINT, signal.SIGTERM)) -> None:
        """Let SIGINT and SIGTERM end `watch`; a second one ends the wait for the children too."""
        def asked(number: int, _frame: object) -> None:
            if self.stopping.is_set():
                self.grace = 0.0
            self.stopping.set()

        for number in numbers:
            signal.signal(number, asked)
