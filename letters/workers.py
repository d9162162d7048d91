"""Starts rendering processes, watches them, and turns any death into `RenderFailed`.

Plain `subprocess` and no `preexec_fn`, so that it works from a Celery worker's thread. The child inherits no
environment: it holds no key and no database address.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from . import codec
from .errors import RenderFailed
from .kinds import kind_of
from .templates import ROOT
from .types import Facts

MEMORY = 1 << 30
# A plain two-page letter takes a quarter of a second on a slow machine.
SECONDS_AT_LEAST, SECONDS_PER_LETTER = 30, 2


@dataclass(frozen=True, slots=True)
class Printed:
    """What a rendering process sent back; `lost` maps an index to characters printed as boxes."""

    pdf: bytes
    pages: list[int]
    lost: dict[int, str]


class Worker:
    """One rendering process for one run of letters. `stop` may be called from another thread."""

    def __init__(
        self, letters: Sequence[Facts], *, stencils: bool, even: bool = False, own: Mapping[str, str] | None = None,
        memory: int = 0, seconds: int = 0,
    ) -> None:  # fmt: skip
        self._letters = letters
        self._choices = {"stencils": stencils, "even": even, "own": dict(own or {})}
        self._seconds = seconds or SECONDS_AT_LEAST + SECONDS_PER_LETTER * len(letters)
        self._memory = memory or MEMORY
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._late = False
        self._at = 0

    def run(self, on_letter: Callable[[int], None]) -> Printed:
        """Make the letters; `on_letter` is told the index of each as it is begun."""
        with tempfile.TemporaryFile() as complaints:
            self._process = self._start(complaints)
            watch = threading.Timer(self._seconds, self._too_late)
            watch.daemon = True
            watch.start()
            try:
                return self._talk(on_letter)
            finally:
                watch.cancel()
                self._end()

    def stop(self) -> None:
        """Kill the process, if it runs."""
        self._stopped = True
        if self._process is not None and self._process.poll() is None:
            self._process.kill()

    def _start(self, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "letters.child", str(self._memory), str(self._seconds)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
            cwd=ROOT.parent, env={"LC_ALL": "C.UTF-8", "TMPDIR": tempfile.gettempdir()},
        )  # fmt: skip

    def _talk(self, on_letter: Callable[[int], None]) -> Printed:
        assert self._process and self._process.stdin and self._process.stdout
        order: dict[str, Any] = self._choices | {"letters": [[kind_of(x).name, codec.dump(x)] for x in self._letters]}
        try:
            self._process.stdin.write(json.dumps(order).encode())
            self._process.stdin.close()
        except BrokenPipeError:
            raise self._failure() from None
        for line in self._process.stdout:
            if line.startswith(b"{"):
                return self._result(json.loads(line), self._process.stdout)
            self._at = int(line)
            on_letter(self._at)
        raise self._failure()

    def _result(self, head: dict[str, Any], rest: IO[bytes]) -> Printed:
        if "fault" in head:
            raise self._failure(head["fault"])
        pdf = rest.read(head["size"])
        if len(pdf) != head["size"]:
            raise self._failure()
        return Printed(pdf, head["pages"], {int(index): text for index, text in head["lost"].items()})

    def _failure(self, cause: str | None = None) -> RenderFailed:
        assert self._process
        if cause is None:
            code = self._process.wait()
            cause = (
                f"il n'est pas prêt après {self._seconds} secondes" if self._late
                else "l'impression a été interrompue" if self._stopped
                else f"le processus de mise en page s'est arrêté (code {code})"
            )  # fmt: skip
        return RenderFailed(getattr(self._letters[self._at], "reference", str(self._at)), cause)

    def _too_late(self) -> None:
        self._late = True
        self.stop()

    def _end(self) -> None:
        assert self._process
        if self._process.poll() is None:
            # It has sent everything and is leaving; whatever still runs after a fault is not waited for.
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            # Closing flushes: what a dead process never read is of no interest any more.
            with contextlib.suppress(OSError):
                if pipe:
                    pipe.close()
        self._process.wait()
