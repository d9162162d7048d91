"""The supervisor of `run.py serve`, with real processes (their ports are 0: the system chooses)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from app.serve import FIRST_PAUSE, Child, PortBusy, Supervisor, listen

SLEEPER = "import time; time.sleep(60)"
STUBBORN = ("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
            "print('deaf', flush=True); time.sleep(60)")
WEB = textwrap.dedent("""
    import http.server, os, socket, sys
    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200); self.end_headers()
            self.wfile.write(f"{os.getpid()} {sorted(os.environ)}".encode())
    server = http.server.HTTPServer(("127.0.0.1", 0), Page, bind_and_activate=False)
    server.socket = socket.socket(fileno=int(sys.argv[1]))
    server.serve_forever()
""")


def wait_for(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait until something is true; a test that waits in vain fails."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def child(tmp_path: Path, name: str, code: str, *arguments: str, **options: object) -> Child:
    """A child running a few lines of Python."""
    return Child(name, [sys.executable, "-c", code, *arguments], {"PATH": os.environ["PATH"]},
                 tmp_path / "logs" / f"{name}.log", **options)  # type: ignore[arg-type]


@pytest.fixture
def watched() -> Iterator[Callable[[list[Child]], Supervisor]]:
    """Start a supervisor whose watch runs beside the test; everything is stopped at the end."""
    running: list[tuple[Supervisor, threading.Thread]] = []

    def start(children: list[Child]) -> Supervisor:
        supervisor = Supervisor(children, grace=3)
        supervisor.start()
        thread = threading.Thread(target=supervisor.watch)
        thread.start()
        running.append((supervisor, thread))
        return supervisor

    yield start
    for supervisor, thread in running:
        supervisor.stop()
        thread.join()


def test_a_fallen_child_is_restarted_on_the_same_address(tmp_path: Path, watched: Callable[..., Supervisor]) -> None:
    """Port 0 takes a free port; the listening socket outlives the child, so the address does not change."""
    server = listen("127.0.0.1", 0, "--admin-port")
    address = f"http://127.0.0.1:{server.getsockname()[1]}/"
    web = child(tmp_path, "web", WEB, str(server.fileno()), sockets=(server,))
    supervisor = watched([web])
    said: list[str] = []
    supervisor.say = said.append
    first = int(urlopen(address, timeout=10).read().split()[0])
    os.kill(first, signal.SIGKILL)
    second = int(urlopen(address, timeout=10).read().split()[0])  # waits in line until the new child answers
    assert first != second
    assert web.restarts == 1
    assert "« web » s'est arrêté" in said[0]


def test_a_child_gets_the_environment_it_was_given_and_no_more(
        tmp_path: Path, watched: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch) -> None:
    """What the supervisor itself knows is not inherited."""
    monkeypatch.setenv("LIVRET_ADMIN_DB", "sqlite:///secret.db")
    server = listen("127.0.0.1", 0, "--portal-port")
    watched([child(tmp_path, "web", WEB, str(server.fileno()), sockets=(server,))])
    page = urlopen(f"http://127.0.0.1:{server.getsockname()[1]}/", timeout=10).read().decode()
    assert "'PATH'" in page
    assert "LIVRET" not in page


def test_pauses_double_while_a_child_keeps_falling(tmp_path: Path) -> None:
    """Nobody restarts a broken program ten times a second; each fall is said with the log to read."""
    broken = child(tmp_path, "worker", "raise SystemExit('base absente')")
    said: list[str] = []
    supervisor = Supervisor([broken], say=said.append)
    supervisor.start()
    supervisor.watch(until=lambda: len(said) == 3)
    pauses = [float(line.split(" dans ")[1].split()[0]) for line in said]
    assert pauses == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert str(broken.log) in said[0]
    assert broken.log.read_text().count("base absente") == 3


def test_stop_ends_every_child_even_the_deaf_one(tmp_path: Path) -> None:
    """SIGTERM first, SIGKILL after the grace time; nothing is left behind."""
    children = [child(tmp_path, "plain", SLEEPER), child(tmp_path, "deaf", STUBBORN)]
    supervisor = Supervisor(children, grace=0.5)
    supervisor.start()
    wait_for(lambda: "deaf" in children[1].log.read_text())
    supervisor.stop()
    assert [c.process.returncode for c in children if c.process] == [-signal.SIGTERM, -signal.SIGKILL]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_the_whole(tmp_path: Path, number: int) -> None:
    """Ctrl-C and `kill` both stop the supervisor and its children."""
    pids = tmp_path / "pids"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path), str(pids)])
    wait_for(pids.exists)
    children = [int(pid) for pid in pids.read_text().split()]
    process.send_signal(number)
    assert process.wait(10) == 0
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def test_children_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    """kill -9 on the supervisor frees the ports: Linux ends its children."""
    pids = tmp_path / "pids"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path), str(pids)])
    wait_for(pids.exists)
    children = [int(pid) for pid in pids.read_text().split()]
    process.kill()
    process.wait()
    wait_for(lambda: not any(is_alive(pid) for pid in children))


def is_alive(pid: int) -> bool:
    """Whether a process still runs (one that only waits to be collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


SCRIPT = textwrap.dedent(f"""
    import os, sys
    from pathlib import Path
    from app.serve import Child, Supervisor
    folder, pids = Path(sys.argv[1]), Path(sys.argv[2])
    command = [sys.executable, "-c", {SLEEPER!r}]
    children = [Child(name, command, dict(os.environ), folder / name) for name in ("1.log", "2.log")]
    supervisor = Supervisor(children)
    supervisor.stop_on_signals()
    supervisor.start()
    pids.with_suffix(".new").write_text(" ".join(str(c.process.pid) for c in children))
    pids.with_suffix(".new").rename(pids)
    supervisor.watch()
    supervisor.stop()
""")


def test_a_busy_port_is_one_clear_sentence() -> None:
    """The message names the port and the option that changes it."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortBusy) as refused:
            listen("127.0.0.1", port, "--admin-port")
    assert f"Le port {port} de 127.0.0.1 n'est pas libre" in refused.value.message
    assert "--admin-port" in (refused.value.hint or "")


def test_a_long_log_is_turned_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log never grows without end: the old one is kept once."""
    monkeypatch.setattr("app.serve.LOG_LIMIT", 10)
    worker = child(tmp_path, "worker", "print('nouveau')")
    worker.log.parent.mkdir()
    worker.log.write_text("ancien " * 10)
    worker.start()
    assert worker.process is not None
    worker.process.wait(10)
    assert worker.log.read_text() == "nouveau\n"
    assert "ancien" in worker.log.with_suffix(".log.1").read_text()
