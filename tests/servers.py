"""Private PostgreSQL and Redis servers for a test run: own port, own temporary folder, gone with the run."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import redis

from app.serve import die_with_parent

START_SECONDS = 30
# Nothing here has to survive a power cut; a query whose test was killed ends by itself.
FAST = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200", "log_min_messages=panic",
        "client_connection_check_interval=1000"]


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_folder() -> Path | None:
    """Where the newest PostgreSQL keeps `initdb` and `postgres` (Debian does not put them on the PATH)."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


@contextmanager
def private_postgres() -> Iterator[str]:
    """A fresh cluster; yields the URL of its maintenance database. It refuses to run as root: then `postgres` does."""
    programs = postgres_folder()
    assert programs is not None, "PostgreSQL is not installed"
    owner = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    with temporary_folder(owner) as folder:
        data, port = folder / "data", free_port()
        subprocess.run([programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=C.UTF-8", "--no-sync"], check=True, capture_output=True, cwd=folder, **as_user(owner))
        options = [part for setting in FAST for part in ("-c", setting)]
        command = [programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1", *options]
        url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        with running(command, folder, owner, lambda: psycopg.connect(url).close()):
            yield url.replace("postgresql:", "postgresql+psycopg:")


@contextmanager
def private_redis() -> Iterator[str]:
    """A Redis that keeps nothing on disk; yields its URL."""
    owner = pwd.getpwuid(os.getuid()).pw_name
    with temporary_folder(owner) as folder:
        port = free_port()
        url = f"redis://127.0.0.1:{port}/0"
        command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with running(command, folder, owner, lambda: redis.Redis.from_url(url).ping()):
            yield url


@contextmanager
def temporary_folder(owner: str) -> Iterator[Path]:
    """A folder of `owner`'s, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="livret-tests-"))
    try:
        shutil.chown(folder, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running(command: list[object], folder: Path, owner: str, is_up: Callable[[], object]) -> Iterator[None]:
    """Run a server until the block ends; raises with its log when it does not come up."""
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen([str(part) for part in command], cwd=folder, stdout=output, stderr=output,
                                  start_new_session=True, preexec_fn=die_with_parent, **as_user(owner))
    try:
        deadline = time.monotonic() + START_SECONDS
        while not answers(is_up):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # PostgreSQL would wait for its clients on SIGTERM
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def answers(is_up: Callable[[], object]) -> bool:
    """Whether the probe went through."""
    try:
        is_up()
    except (psycopg.OperationalError, redis.RedisError):
        return False
    return True


def as_user(owner: str) -> dict[str, object]:
    """Popen's arguments to run as `owner` (only root can change)."""
    if os.geteuid() != 0 or owner == "root":
        return {}
    account = pwd.getpwnam(owner)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
