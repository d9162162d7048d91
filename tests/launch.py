"""What `run.py test` runs: the parts the tests need, two private servers, then pytest (its closing line comes last).

A missing part is installed by apt when root; otherwise the apt line is printed and the exit code is 2. With CI=true
a skipped test is a failed test (`tests.no_skips`).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.servers import postgres_folder, private_postgres, private_redis

ROOT = Path(__file__).resolve().parent.parent
# What must be there → the Debian package that brings it.
PARTS = {"chromium": "chromium", "pdftotext": "poppler-utils", "postgres": "postgresql", "redis-server": "redis-server"}
TRUE = {"1", "true", "yes"}


def missing_parts() -> list[str]:
    """The Debian packages that this machine lacks. A server given by its address need not be installed."""
    def is_there(part: str) -> bool:
        if part == "postgres":
            return bool(os.environ.get("LIVRET_TEST_PG")) or postgres_folder() is not None
        if part == "redis-server" and os.environ.get("LIVRET_TEST_REDIS"):
            return True
        return shutil.which(part) is not None

    return [package for part, package in PARTS.items() if not is_there(part)]


def install_parts() -> bool:
    """Bring the missing packages in; False (and the line to type) when that takes another user."""
    packages = missing_parts()
    if not packages:
        return True
    line = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        print(f"Il manque de quoi tester. Lancez d'abord :  sudo {' '.join(line)}", file=sys.stderr)
        return False
    print(f"Installation de ce que demandent les tests : {' '.join(packages)}…", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    waits = ["-o", "DPkg::Lock::Timeout=600"]
    for command in (["apt-get", *waits, "-qq", "update"], [line[0], *waits, "-qq", *line[1:]]):
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0 or missing_parts():
        print(done.stdout.decode(errors="replace")[-1500:], file=sys.stderr)
        print(f"apt-get n'a pas tout installé. Lancez à la main :  {' '.join(line)}", file=sys.stderr)
        return False
    return True


def pytest_command(arguments: list[str]) -> list[str]:
    """pytest on two processes, a file staying on one of them (a browser or a server is started once per file)."""
    command = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    if os.environ.get("CI", "").lower() in TRUE:
        command += ["-p", "tests.no_skips"]
    return [*command, *arguments]


def test_environment(stack: ExitStack) -> dict[str, str]:
    """The environment of the tests: none of the developer's own LIVRET_ settings, two servers to try things on."""
    kept = {key: value for key, value in os.environ.items()
            if not key.startswith("LIVRET_") or key.startswith("LIVRET_TEST_")}
    if not kept.get("LIVRET_TEST_PG"):
        kept["LIVRET_TEST_PG"] = stack.enter_context(private_postgres())
    if not kept.get("LIVRET_TEST_REDIS"):
        kept["LIVRET_TEST_REDIS"] = stack.enter_context(private_redis())
    return kept


def main(arguments: list[str]) -> int:
    """Prepare, run pytest, stop what was started; pytest's exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not install_parts():
        return 2
    with ExitStack() as stack:
        environment = test_environment(stack)
        tests = stack.enter_context(subprocess.Popen(pytest_command(arguments), cwd=ROOT, env=environment))
        stack.callback(tests.terminate)
        while True:
            try:
                return tests.wait()
            except KeyboardInterrupt:  # the terminal told pytest too; let it close its report
                continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
