"""letters: 1,487 letters in one PDF on disk, against a reportlab canvas writing the same text, one core each."""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import resource
import string
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from app.access.planning import NotifyRequest
from app.access.queries import Selection
from app.access.services import create_codes
from app.core.actor import SYSTEM
from app.core.db import refresh_statistics
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs.services import run_here, submit
from app.jobs.storage import Storage, use_storage
from app.online.services import move_services
from app.schools.models import School
from app.schools.people import Enrolment, Guardian, GuardianLink, Pupil
from benchmarks.common import KINDS, databases, line, peak_mb, timed
from letters.faces import FILES, face
from letters.render import PROCESSES, render, render_batch
from letters.samples import sample_letter
from letters.types import ChildRow, GuardianCodeLetter
from tests.factories import build_world, make_guardian, make_pupil

LETTERS, SIBLINGS, TOO_LONG = 1487, 0.12, 3
LAST = ("MARTIN", "ÖZGÜR", "NGUYỄN", "D'ALMEIDA", "LEFÈVRE-DELACROIX", "PETIT", "BA")
FIRST = ("Maëlys", "Éloi", "Jeanne-Céleste", "Noé", "Şirin", "Ana")
STREETS = ("3 rue Haute", "27 avenue de l'Église", "Résidence des Ormes", "Bâtiment C, appartement 14")

Run = tuple[float, float, float, str, str]


def bench_letters() -> list[dict[str, Any]]:
    """One line; its floor is the slower of two processes that each draw half of the letters."""
    letters = invented_letters()
    with tempfile.TemporaryDirectory(prefix="livret-bench-") as folder:
        target = Path(folder) / "letters.pdf"
        seconds = timed(lambda: render_batch(letters, target))
        size = target.stat().st_size / 2**20
    floor = _floor(letters)
    work = f"{LETTERS} courriers d'une page, un seul PDF de {size:.1f} Mo".replace(".", ",")
    lines = [line("letters", work, seconds, floor)]
    for kind in KINDS:
        stored = f"{LETTERS} courriers, un PDF, chaque état enregistré par le traitement, {kind}"
        lines.append(line("letters", stored, _whole_run(kind), floor))
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [one | {"peak_mb": round(max(peak_mb(), child), 1)} for one in lines]


def _whole_run(kind: str) -> float:
    """Seconds of the notification itself: plan, letters, PDF kept, date and mode stored on every code."""
    with databases(kind) as folder:
        os.environ["LIVRET_HOME"] = str(folder)
        use_storage(Storage(folder))
        world = build_world()
        with system_scope("bench"), unit_of_work() as session:
            school = session.get_one(School, world.ecole)
            for _ in range(LETTERS):
                make_guardian(school, make_pupil(school))
            refresh_statistics(session, Pupil, Enrolment, Guardian, GuardianLink)
        with school_scope(world.ecole):
            move_services(["booklets"], "open", actor=SYSTEM)
            create_codes(Selection(), actor=SYSTEM)
            params = NotifyRequest(modes=("paper",)).as_params()
            job = submit("codes.notify", world.ecole, params, SYSTEM, "bench").id
        seconds = timed(lambda: run_here(job))
        use_storage(None)
        return seconds


def invented_letters() -> list[GuardianCodeLetter]:
    """A collège: mostly one child, some siblings, a few names too long for their line."""
    dice, sample = random.Random(2), sample_letter("guardian_code")
    assert isinstance(sample, GuardianCodeLetter)
    made = []
    for number in range(LETTERS):
        count = 2 if dice.random() < SIBLINGS else 1
        name = f"{dice.choice(LAST)} {dice.choice(FIRST)}" + (" de la Tour-Montbazon" * 3 if number < TOO_LONG else "")
        guardian = replace(
            sample.guardian, title=dice.choice(("Madame", "Monsieur")), name=name,
            address=(*dice.sample(STREETS, dice.randint(1, 3)), "99200 VALMONT"),
        )  # fmt: skip
        children = tuple(_child(dice) for _ in range(count))
        made.append(replace(sample, reference=f"2026-{number:05}", guardian=guardian, children=children))
    return made


def _child(dice: random.Random) -> ChildRow:
    code = "".join(dice.choices(string.digits + string.ascii_uppercase, k=13))
    shown = " - ".join((code[:4], code[4:7], code[7:10], code[10:]))
    return ChildRow(dice.choice(LAST), dice.choice(FIRST), f"{dice.randint(3, 6)}EME{dice.randint(1, 8)}", shown,
                    ("R1204-2", "E1204-5"))  # fmt: skip


def _floor(letters: list[GuardianCodeLetter]) -> float:
    """The text of a real letter, drawn again and again with the guardian's and the child's own names."""
    model = letters[-1] if len(letters[-1].children) == 1 else next(x for x in letters[::-1] if len(x.children) == 1)
    runs = _runs(render(model))
    changes = [
        {model.guardian.full_name: x.guardian.full_name, model.children[0].name: x.children[0].name,
         str(model.children[0].code): str(x.children[0].code)}
        for x in letters
    ]  # fmt: skip
    halves = [(runs, changes[at::PROCESSES]) for at in range(PROCESSES)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        return max(pool.starmap(_draw, halves))


def _runs(pdf: bytes) -> list[Run]:
    """Every piece of text of the page: x, y, size, font, text."""
    runs: list[Run] = []

    def keep(text: str, cm: list[float], tm: list[float], font: dict[str, str] | None, size: float) -> None:
        if text.strip() and font:
            runs.append((cm[4] + tm[4], cm[5] + tm[5], size, font["/BaseFont"].split("+")[-1], text.strip()))

    PdfReader(io.BytesIO(pdf)).pages[0].extract_text(visitor_text=keep)
    return runs


def _draw(runs: list[Run], changes: list[dict[str, str]]) -> float:
    """Seconds to draw and save these letters in a process that has everything loaded."""
    for name in FILES:
        pdfmetrics.registerFont(face(name))
    start = time.perf_counter()
    canvas = Canvas(io.BytesIO())
    for change in changes:
        for x, y, size, font, text in runs:
            canvas.setFont(font, size)
            canvas.drawString(x, y, change.get(text, text))
        canvas.showPage()
    canvas.save()
    return time.perf_counter() - start
