"""`run.py serve` as it is: four real processes on free ports, on an instance of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from app.commands.processes import portal_environment
from app.commands.serve import only_one
from app.core.errors import Conflict
from config import ROOT, Config
from tests.cli.conftest import Run

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
STARTS_WITHIN = 150


@dataclass
class Serving:
    """A running `serve`: its process, what it said, its two addresses."""

    process: subprocess.Popen[str]
    home: Path
    said: list[str] = field(default_factory=list)

    def read_until(self, words: str) -> None:
        """Gather its words up to some of them."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return
        raise AssertionError("".join(self.said))

    @property
    def addresses(self) -> list[str]:
        """Of the administration, then of the portal."""
        return [found[0] for line in self.said if (found := ADDRESS.search(line))]

    def children(self) -> dict[str, int]:
        """Process ids of the four processes, by what their command line says."""
        found: dict[str, int] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
                words = (folder / "cmdline").read_text().split("\0")
            except OSError:
                continue
            if parent == str(self.process.pid):
                found[words[-2] if "gunicorn" in words else words[5]] = int(folder.name)
        return found


@pytest.fixture
def serving(home: Path, run: Run) -> Iterator[Serving]:
    """Started on an instance that has a school, so that no demo is made."""
    run("school", "create", "0382204P", "--name", "Collège des Essais")
    process = subprocess.Popen(
        [sys.executable, "-u", "run.py", "serve", "--admin-port", "0", "--portal-port", "0"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=os.environ | {"LIVRET_HOME": str(home)})
    serving = Serving(process, home)
    deadline = time.monotonic() + STARTS_WITHIN
    serving.read_until("Ctrl-C")
    assert time.monotonic() < deadline
    yield serving
    process.kill()
    process.wait()


def healthy(address: str) -> bool:
    """Whether an application answers."""
    try:
        with urlopen(f"{address}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, ConnectionError, TimeoutError):
        return False


def wait_for(condition: Callable[[], object], seconds: float = 90) -> None:
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_serve_lives_restarts_and_stops(serving: Serving, home: Path, run: Run) -> None:
    """One start serves for all that is asked of it: a start takes seconds."""
    admin, portal = serving.addresses
    assert healthy(admin) and healthy(portal)
    children = serving.children()
    assert sorted(children) == ["app.wsgi:admin()", "app.wsgi:portal()", "beat", "worker"]
    assert str(home / "mail") in "".join(serving.said), "it says where mails go"

    portal_knows = Path(f"/proc/{children['app.wsgi:portal()']}/environ").read_text()
    assert "LIVRET_PORTAL_DB" in portal_knows
    for kept_back in ("ADMIN_DB", "BROKER", "LIVRET_MAIL", str(home / "keys" / "admin")):
        assert kept_back not in portal_knows

    second = run("serve", "--admin-port", "0", "--portal-port", "0")
    assert (second.status, second.out) == (2, "")
    assert f"Livret tourne déjà sur {home}." in second.err

    os.kill(children["app.wsgi:admin()"], signal.SIGKILL)
    serving.read_until("« admin » s'est arrêté")
    wait_for(lambda: serving.children().get("app.wsgi:admin()", children["app.wsgi:admin()"])
             != children["app.wsgi:admin()"])
    wait_for(lambda: healthy(admin))

    alive = serving.children().values()
    serving.process.send_signal(signal.SIGTERM)
    assert serving.process.wait(60) == 0
    assert [pid for pid in alive if Path(f"/proc/{pid}").exists()] == []
    assert not healthy(admin) and not healthy(portal)


def test_a_busy_port_is_said_before_anything_starts(home: Path, run: Run) -> None:
    """The port and the option are named; no process is left."""
    run("school", "create", "0382204P", "--name", "Collège des Essais")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = run("serve", "--admin-port", "0", "--portal-port", str(port))
    assert answer.status == 2
    assert f"Le port {port} de 127.0.0.1 n'est pas libre" in answer.err
    assert "--portal-port" in answer.err
    assert not list((home / "logs").glob("*.log"))


def test_the_portal_is_given_its_own_folder_and_keys(tmp_path: Path) -> None:
    """With the keys of a production instance too: the portal's are beside the admin's."""
    settings = Config(env="production", home=tmp_path, admin_db="postgresql://secret", keys=tmp_path / "k" / "admin",
                      mail="smtp://user:secret@mail", broker="redis://secret", portal_db="postgresql://portal")
    environment = portal_environment(settings)
    assert environment["LIVRET_KEYS"] == str(tmp_path / "k" / "portal")
    assert environment["LIVRET_HOME"] == str(tmp_path / "portal")
    assert not any("secret" in value for value in environment.values())
    assert {name for name in environment if name.startswith("LIVRET_")} == {
        "LIVRET_SIDE", "LIVRET_ENV", "LIVRET_HOME", "LIVRET_PORTAL_DB", "LIVRET_PORTAL_URL", "LIVRET_PORTAL_HOSTS",
        "LIVRET_KEYS", "LIVRET_PROXIES"}


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    """After a crash the next start is not refused."""
    with only_one(tmp_path), pytest.raises(Conflict), only_one(tmp_path):
        pass
    with only_one(tmp_path):
        pass
