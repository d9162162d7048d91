"""A whole instance started as a user would: `run.py` in its own folder, with a real SMTP server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.exchange.demo import DemoSchool

ROOT = Path(__file__).resolve().parents[2]
PASSPHRASE = "huit lanternes au bord du canal"
START_SECONDS = 120
SEVERAL = """
import json, sys
from app.cli import cli
for command in json.loads(sys.argv[1]):
    cli(command, standalone_mode=False)
"""


@dataclass
class Instance:
    """Where it answers, and how to give it commands."""

    home: Path
    environment: dict[str, str]
    college: DemoSchool | None = None
    admin: str = ""
    portal: str = ""

    def run(self, *arguments: str, typed: str | None = None) -> dict[str, Any]:
        """`run.py …  --json`; the object it printed. Fails with its words when the exit code is 2."""
        done = subprocess.run([sys.executable, "run.py", *arguments, "--json"], cwd=ROOT, env=self.environment,
                              input=typed, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
        assert done.returncode in (0, 1), f"{arguments}: {done.stdout}{done.stderr}"
        return dict(json.loads(done.stdout))

    def run_all(self, *commands: tuple[str, ...]) -> None:
        """Several commands in one process: to put an instance in place without starting Python for each."""
        typed = "".join(f"{PASSPHRASE}\n" for command in commands if "--ask" in command)
        done = subprocess.run([sys.executable, "-c", SEVERAL, json.dumps(commands)], cwd=ROOT, env=self.environment,
                              input=typed, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"


def person(username: str, role: str, uai: str, first: str, last: str) -> tuple[tuple[str, ...], ...]:
    """The commands that make somebody with one role on one school."""
    return (("user", "create", f"{username}@example.org", "--first-name", first, "--last-name", last,
             "--username", username, "--ask"), ("user", "grant", username, role, uai))  # fmt: skip


def new_instance(home: Path, mail: str, college: DemoSchool | None = None) -> Instance:
    """An empty instance on SQLite; nothing of the developer's own settings reaches it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIVRET_")}
    said = {"LIVRET_HOME": str(home), "LIVRET_MAIL": mail, "LIVRET_REPLICATE": "1"}
    return Instance(home, kept | said, college)


@contextmanager
def served(instance: Instance) -> Iterator[Instance]:
    """`run.py serve` on free ports until the end of the block."""
    log = instance.home / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "run.py", "serve", "--admin-port", "0", "--portal-port", "0"],
                                   cwd=ROOT, env=instance.environment, stdout=output, stderr=output,
                                   start_new_session=True)  # fmt: skip
    try:
        instance.admin, instance.portal = _addresses(log, process)
        yield instance
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _addresses(log: Path, process: subprocess.Popen[bytes]) -> tuple[str, str]:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        said = log.read_text(errors="replace")
        found = re.findall(r"(?:Administration|Portail des familles)\s+(http://\S+)", said)
        if len(found) == 2:
            return found[0], found[1]
        assert process.poll() is None, said
        time.sleep(0.2)
    raise AssertionError(f"serve did not start:\n{log.read_text(errors='replace')}")
