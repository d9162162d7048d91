"""Asks the process that reads wordings, watches it, and ends it when an order takes too long."""

from __future__ import annotations

import atexit
import base64
import json
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from typing import Any

from .. import codec
from ..errors import LettersError
from ..templates import ROOT
from ..types import Facts
from .texts import LONGEST, TEXTS, Text

MEMORY = 768 * 2**20
SECONDS = 25  # on the clock for one order, on a machine that is busy with other things
PROCESSOR_ONE, PROCESSOR_MANY = 12, 600  # seconds of processor for a process that serves one order, or many mails
MANY = 400  # orders after which a process is replaced


class WordingRefused(LettersError):
    """A wording cannot be kept or drawn; `line` counts from 1, None when no line is to blame."""

    def __init__(self, said: str, line: int | None = None) -> None:
        stop = "" if said.endswith("?") else "."
        super().__init__(f"Ligne {line} : {said}{stop}" if line else f"{said[:1].upper()}{said[1:]}{stop}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Preview:
    """A sample as families will get it: a letter's PDF with its pages as PNG, or a mail's body. `steady` says that the
    words are the same for a whole school, so that letters are quick to print."""

    pdf: bytes = b""
    pictures: tuple[str, ...] = ()
    pages: int = 0
    html: str = ""
    text: str = ""
    steady: bool = True


class Desk:
    """One process, made when it is first asked. Not to be used by two threads at once."""

    def __init__(self, *, memory: int = MEMORY, seconds: float = SECONDS, processor: int = PROCESSOR_ONE) -> None:
        self._limits = (memory, seconds, processor)
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0

    def ask(self, do: str, text: Text, source: str, **more: Any) -> dict[str, Any]:
        """Carry out one order. Raises `WordingRefused`."""
        if self._asked >= MANY:
            self.close()
        process = self._process or self._start()
        order = {"do": do, "key": text.key, "source": source} | more
        late = threading.Event()

        def too_late() -> None:
            late.set()
            process.kill()

        watch = threading.Timer(self._limits[1], too_late)
        watch.daemon = True
        watch.start()
        try:
            assert process.stdin and process.stdout
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = b""
        finally:
            watch.cancel()
        if not line.endswith(b"\n"):
            self.close()
            raise WordingRefused("ce texte demande trop de temps" if late.is_set() else
                                 "ce texte a arrêté le processus de mise en page")  # fmt: skip
        self._asked += 1
        answer: dict[str, Any] = json.loads(line)
        if "fault" in answer:
            raise WordingRefused(answer["fault"], answer["line"])
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        self._asked = 0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "letters.adapt.child", str(self._limits[0]), str(self._limits[2])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=ROOT.parent, env={"LC_ALL": "C.UTF-8", "TMPDIR": tempfile.gettempdir()},
        )  # fmt: skip
        return self._process

    def close(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                try:
                    pipe.close()
                except OSError:
                    continue  # what it never read is of no interest any more
        process.wait()

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def check_wording(key: str, source: str) -> None:
    """Raises `WordingRefused` unless the wording can be drawn for every sample, with all that a letter must say."""
    _bounded(source)
    with Desk() as desk:
        desk.ask("check", TEXTS[key], source)


def preview_wording(key: str, source: str, sample: str, *, pictures: bool = True) -> Preview:
    """One sample drawn with a wording. Raises `WordingRefused`."""
    _bounded(source)
    with Desk() as desk:
        drawn = desk.ask("preview", TEXTS[key], source, sample=sample, pictures=pictures)
    return Preview(base64.b64decode(drawn.get("pdf", "")), tuple(drawn.get("pictures", ())), drawn.get("pages", 0),
                   drawn.get("html", ""), drawn.get("text", ""), drawn.get("steady", True))  # fmt: skip


def _bounded(source: str) -> None:
    if not source.strip():
        raise WordingRefused("le texte est vide")
    if len(source) > LONGEST:
        raise WordingRefused(f"le texte dépasse {LONGEST} caractères")


_mails = Desk(processor=PROCESSOR_MANY)
_one_at_a_time = threading.Lock()
atexit.register(_mails.close)


def mail_body(text: Text, source: str, mail: Facts) -> tuple[str, str]:
    """HTML and text of a real mail's body; the process is kept from one mail to the next. Raises `WordingRefused`."""
    with _one_at_a_time:
        drawn = _mails.ask("mail", text, source, facts=codec.dump(mail))
    return drawn["html"], drawn["text"]
