"""Hostile text is only text; a page that asks for files, the network or gigabytes is stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from letters import book, codec, pages
from letters.errors import RenderFailed
from letters.faces import printable
from letters.render import render, render_batch
from letters.templates import ROOT
from letters.workers import Worker
from tests.letters.people import letter, text_of

HOSTILE = [
    "<td rowspan=6000 colspan=6000>",
    "{{ 7*7 }} {% raw %} ${7*7}",
    "<img src=file:///etc/passwd>",
    "</p><style>@page { size: a0 }</style>",
    "&lt;b&gt; &amp; <pdf:barcode value=1>",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("stencils", [True, False])
def test_markup_in_a_name_is_printed_as_it_is(text: str, stencils: bool, tmp_path: Path) -> None:
    guardian, school = replace(letter().guardian, name=text, address=(text,)), replace(letter().school, name=text)
    result = render_batch([letter(guardian=guardian, school=school)], tmp_path / "x.pdf", stencils=stencils)
    read = " ".join(text_of((tmp_path / "x.pdf").read_bytes(), "-layout").split())
    assert result.pages == 1
    assert f"Madame {text}" in read
    assert read.count(text) >= 6


def test_what_no_font_has_is_a_visible_box_and_is_reported(tmp_path: Path) -> None:
    asked = letter(guardian=replace(letter().guardian, name="LE\u0301O 😀 محمد\u200d\nX"))
    result = render_batch([letter(), asked], tmp_path / "x.pdf")
    read = text_of((tmp_path / "x.pdf").read_bytes())
    assert "Madame LÉO □ " in read and "□□" not in read, "Arabic is shaped, the face of another plane is a box"
    assert result.lost == {1: "😀"}
    assert printable("😀") == ("□", "😀")
    assert printable("\u200b") == ("□", "")


@pytest.fixture
def listener():
    """A web server's ear: a port, and the connections it has heard."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        heard: list[object] = []
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    heard.append(server.accept())
                except TimeoutError:
                    continue

        ear = threading.Thread(target=listen)
        ear.start()
        yield server.getsockname()[1], heard
        time.sleep(0.15)
        done.set()
        ear.join()


@pytest.mark.parametrize(
    "markup",
    [
        '<img src="http://127.0.0.1:{port}/a.png"/>',
        '<div style="background-image: url(http://127.0.0.1:{port}/b.png)">x</div>',
        '<style>@import url("http://127.0.0.1:{port}/c.css");</style><p>x</p>',
        '<style>@font-face {{ font-family: F; src: url(http://127.0.0.1:{port}/f.ttf); }}</style><p>x</p>',
        '<img src="file://{secret}"/>',
        '<img src="{secret}"/>',
        '<p style="font-family: Nowhere">x</p>',
    ],
)
def test_a_template_that_reaches_outside_fails_and_reaches_nothing(  # noqa: ANN201
    markup: str, listener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Wording will be edited by academies: the renderer trusts no template (SECURITY: every URL, any file)."""
    port, heard = listener
    secret = tmp_path / "secret.png"
    secret.write_bytes((ROOT / "fonts" / "README.md").read_bytes())
    book.prepare()
    monkeypatch.setattr(pages, "html", lambda facts, own=None: markup.format(port=port, secret=secret))
    with pytest.raises(pages.PageFault):
        pages.plain(letter())
    assert not heard


BOMB = """
import sys; sys.path.insert(0, {root!r})
from letters import child, pages
pages_html = "<table><tr><td rowspan=6000 colspan=6000>x</td></tr></table>"
pages.html = lambda letter, own=None: pages_html
sys.exit(child.main(str(350 * 2**20), "30"))
"""


def test_a_table_of_six_thousand_columns_dies_within_its_memory() -> None:
    order = {"stencils": False, "letters": [["guardian_code", codec.dump(letter())]]}
    command = [sys.executable, "-c", BOMB.format(root=str(ROOT.parent))]
    done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True)
    assert done.returncode == 1
    assert json.loads(done.stdout.splitlines()[-1]) == {"fault": "il demande trop de mémoire"}


def test_too_little_memory_names_the_letter() -> None:
    with pytest.raises(RenderFailed, match="courrier 2026-00417 n'a pas pu"):
        Worker([letter()], stencils=False, memory=60 * 2**20).run(lambda index: None)


def test_a_letter_that_never_ends_is_stopped() -> None:
    letters = [replace(letter(), reference=f"R{n}") for n in range(200)]
    started = time.monotonic()
    late = r"courrier R\d+ n'a pas pu être mis en page : (il n'est pas prêt|le processus)"
    with pytest.raises(RenderFailed, match=late):
        Worker(letters, stencils=False, seconds=1).run(lambda index: None)
    assert time.monotonic() - started < 20


def test_a_killed_process_names_the_letter_it_was_making(tmp_path: Path) -> None:
    letters = [replace(letter(), reference=f"R{n}") for n in range(50)]
    worker = Worker(letters, stencils=False)

    def kill(index: int) -> None:
        if index == 3:
            assert worker._process
            os.kill(worker._process.pid, signal.SIGKILL)

    with pytest.raises(RenderFailed, match=r"courrier R[345] .* \(code -9\)"):
        worker.run(kill)


def test_a_faulty_letter_stops_the_batch_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("letters.workers.MEMORY", 60 * 2**20)
    with pytest.raises(RenderFailed):
        render_batch([letter()] * 120, tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


def test_cancelling_stops_the_processes_and_writes_nothing(tmp_path: Path) -> None:
    class Cancelled(Exception):
        pass

    def cancel(done: int) -> None:
        if done == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        render_batch([letter()] * 400, tmp_path / "x.pdf", stencils=False, on_progress=cancel)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() < 20


def test_the_rendering_process_inherits_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVRET_ADMIN_DB", "postgresql://secret")
    worker = Worker([letter()], stencils=False)
    seen: list[str] = []

    def look(index: int) -> None:
        assert worker._process
        seen.append(Path(f"/proc/{worker._process.pid}/environ").read_text())

    worker.run(look)
    assert seen and "LIVRET" not in seen[0]


def test_it_works_from_a_thread() -> None:
    """The Celery worker runs tasks in threads."""
    made: list[bytes] = []
    thread = threading.Thread(target=lambda: made.append(render(letter())))
    thread.start()
    thread.join()
    assert made[0].startswith(b"%PDF")
