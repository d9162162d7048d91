"""booklets: 815 two-page booklets edited, stored and hashed by the job, against a reportlab canvas that writes the same
text at the same places, on two cores."""

from __future__ import annotations

import io
import multiprocessing
import os
import random
import resource
import time
from typing import Any

from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import insert, select

from app.booklets.edit_wish import EditWish
from app.booklets.editing import draft_pdf
from app.booklets.models import Attainment, AttainmentElement, Booklet
from app.booklets.selection import Picked
from app.core.actor import SYSTEM
from app.core.db import admin_db, refresh_statistics
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.curriculum.elements import element_ids
from app.curriculum.models import TeachingItem
from app.jobs.services import run_here, submit
from app.jobs.storage import Storage, use_storage
from app.schools.models import School
from app.workflow import bulk
from benchmarks.common import KINDS, databases, line, peak_mb, timed
from letters.faces import FILES, face
from letters.render import PROCESSES
from tests.booklets.factories import make_booklet, make_scheme
from tests.factories import add, build_world, make_division, make_pupil

BOOKLETS, CLASSES, SUBJECTS = 815, 30, 12
WORDS = (
    "régulier", "sérieux", "attentif", "participe", "progresse", "méthode", "rédaction", "consignes", "calcul",
    "lecture", "oral", "écrit", "leçons", "apprises", "soigner", "reprendre", "exercices", "notions", "acquises",
    "effort", "poursuivre", "trimestre", "travail", "autonomie",
)  # fmt: skip

Run = tuple[float, float, float, str, str]


def bench_booklets() -> list[dict[str, Any]]:
    """One line for each kind of database; the floor is the slower of two processes that each draw half."""
    lines = []
    for kind in KINDS:
        seconds, sample, size = _edited(kind)
        work = f"{BOOKLETS} bilans de deux pages édités, enregistrés, {size:.1f} Mo, {kind}".replace(".", ",")
        lines.append(line("booklets", work, seconds, _floor(sample)))
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [one | {"peak_mb": round(max(peak_mb(), child), 1)} for one in lines]


def _edited(kind: str) -> tuple[float, bytes, float]:
    """Seconds of the job, one of its booklets, the size of its file in MB."""
    with databases(kind) as folder:
        os.environ["LIVRET_HOME"] = str(folder)
        use_storage(Storage(folder))
        world = build_world()
        with school_scope(world.a), unit_of_work() as session:
            ids = invent(session.get_one(School, world.a))
            refresh_statistics(session, Booklet, Attainment, AttainmentElement)
            bulk.follow_many(Booklet, Booklet.id.in_(ids), session=session)
            bulk.apply_many(Booklet, "lock", Booklet.id.in_(ids), actor=SYSTEM, session=session)
        with school_scope(world.a):
            wish = EditWish(Picked(1, 3))
            job = submit("booklets.edit", world.a, wish.as_params(), SYSTEM, "bench").id
        seconds = timed(lambda: run_here(job))
        with school_scope(world.a):
            sample = draft_pdf(ids[0], actor=SYSTEM)[1]
        [file] = (folder / "files").rglob("*bilans.pdf")
        size = file.stat().st_size / 2**20
        use_storage(None)
        return seconds, sample, size


def invent(school: School) -> list[int]:
    """Thirty classes, twelve subjects, texts that differ from pupil to pupil."""
    dice = random.Random(5)
    items = [add(TeachingItem(school_id=school.id, kind="subject", code=f"{n:06d}", label=f"Discipline {n}",
                              short_label=f"D{n}", position=n)) for n in range(SUBJECTS)]  # fmt: skip
    divisions = [make_division(school, f"C{n}") for n in range(CLASSES)]
    make_scheme(school, *divisions)
    elements = element_ids(_text(dice, 12) for _ in range(200))
    booklets = [
        make_booklet(school, make_pupil(school, divisions[n % CLASSES]), divisions[n % CLASSES], scale="marks",
                     overall_comment=_text(dice, 40), absences_justified=1, absences_unjustified=0, lateness=2)
        for n in range(BOOKLETS)
    ]
    _lines(school, booklets, items, elements, dice)
    return [booklet.id for booklet in booklets]


def _lines(
    school: School, booklets: list[Booklet], items: list[TeachingItem], elements: list[int], dice: random.Random
) -> None:
    session = admin_db.session()
    session.execute(insert(Attainment), [
        {"school_id": school.id, "booklet_id": booklet.id, "item_id": item.id, "area_id": item.id,
         "average": dice.randint(40, 200) / 10, "comment": _text(dice, 25), "teachers": "Mme OSEI"}
        for booklet in booklets for item in items])  # fmt: skip
    lines = session.execute(select(Attainment.id, Attainment.booklet_id)).all()
    session.execute(insert(AttainmentElement), [
        {"school_id": school.id, "booklet_id": row.booklet_id, "attainment_id": row.id, "element_id": element,
         "position": place}
        for row in lines for place, element in enumerate(dice.sample(elements, 2))])  # fmt: skip


def _text(dice: random.Random, count: int) -> str:
    return " ".join(dice.choices(WORDS, k=count)).capitalize() + "."


def _floor(sample: bytes) -> float:
    """The text of a real booklet, drawn as often as there are booklets by two processes."""
    pages = [_runs(page) for page in PdfReader(io.BytesIO(sample)).pages]
    halves = [(pages, BOOKLETS // 2), (pages, BOOKLETS - BOOKLETS // 2)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        return max(pool.starmap(_draw, halves))


def _runs(page: Any) -> list[Run]:
    """Every piece of text of a page: x, y, size, font, text."""
    runs: list[Run] = []

    def keep(text: str, cm: list[float], tm: list[float], font: dict[str, str] | None, size: float) -> None:
        if text.strip() and font:
            runs.append((cm[4] + tm[4], cm[5] + tm[5], size, font["/BaseFont"].split("+")[-1], text.strip()))

    page.extract_text(visitor_text=keep)
    return runs


def _draw(pages: list[list[Run]], count: int) -> float:
    """Seconds to draw and save these pages so many times in a process that has everything loaded."""
    for name in FILES:
        pdfmetrics.registerFont(face(name))
    start = time.perf_counter()
    canvas = Canvas(io.BytesIO())
    for number in range(count):
        for runs in pages:
            for x, y, size, font, text in runs:
                canvas.setFont(font, size)
                canvas.drawString(x, y, f"{text}{number}" if number % 7 == 0 else text)
            canvas.showPage()
    canvas.save()
    return time.perf_counter() - start


