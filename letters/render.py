"""The door of this package: letters in, PDF out."""

from __future__ import annotations

import queue
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .errors import LetterDataError
from .files import arrange_files, cut, merge, merge_files
from .types import Facts
from .workers import Printed, Worker

PROCESSES = 2
# Below this many letters a second process costs more than it saves; above, a process never holds more than this.
WORTH_SHARING, LARGEST_RUN = 100, 1000


@dataclass(frozen=True, slots=True)
class BatchResult:
    """A written batch. `page_ranges` gives first and last page (from 1) of each letter, in the order given; `lost`
    gives, by letter index, the characters that no embedded font has and that were printed as boxes."""

    pages: int
    page_ranges: tuple[tuple[int, int], ...]
    lost: dict[int, str]


def render(letter: Facts, *, own: Mapping[str, str] | None = None) -> bytes:
    """One letter as a PDF of its own; `own` as in `render_batch`."""
    return Worker([letter], stencils=False, own=own).run(lambda index: None).pdf


def render_batch(
    letters: Sequence[Facts],
    out: Path,
    *,
    stencils: bool = True,
    even: bool = False,
    own: Mapping[str, str] | None = None,
    on_progress: Callable[[int], None] | None = None,
) -> BatchResult:
    """All letters in one PDF, in the order given (M091: one letter per guardian).

    `own` are the academy's words by the name of the letter's folder; the product's stand where it has none. `even` puts
    an empty page after each letter of an odd number of pages, for printing on both sides; page ranges leave it out.
    `on_progress` is called in the caller's thread with the number of letters done; if it raises, rendering stops,
    nothing is written and its exception goes through: that is how a job cancels.
    """
    if not letters:
        raise LetterDataError("Aucun courrier à mettre en page.")
    workers = [Worker(run, stencils=stencils, even=even, own=own) for run in _runs(letters)]
    printed = _print_all(workers, on_progress or (lambda done: None))
    merge([part.pdf for part in printed], out)
    ranges, lost, page, index = [], {}, 1, 0
    for part in printed:
        lost.update({index + at: text for at, text in part.lost.items()})
        for count in part.pages:
            ranges.append((page, page + count - 1))
            page += count + (count % 2 if even else 0)
            index += 1
    return BatchResult(page - 1, tuple(ranges), lost)


def _runs(letters: Sequence[Facts]) -> list[Sequence[Facts]]:
    if len(letters) < WORTH_SHARING:
        return [letters]
    rounds = -(-len(letters) // (PROCESSES * LARGEST_RUN))
    size = -(-len(letters) // (PROCESSES * rounds))
    return [letters[at : at + size] for at in range(0, len(letters), size)]


def _print_all(workers: Sequence[Worker], on_progress: Callable[[int], None]) -> list[Printed]:
    """Two processes at a time; the first failure stops the others."""
    events: queue.Queue[Future[Printed] | None] = queue.Queue()
    with ThreadPoolExecutor(PROCESSES, "letters") as pool:
        futures = [pool.submit(worker.run, lambda index: events.put(None)) for worker in workers]
        try:
            for future in futures:
                future.add_done_callback(events.put)
            _follow(events, len(futures), on_progress)
            return [future.result() for future in futures]
        except BaseException:
            for future, worker in zip(futures, workers, strict=True):
                future.cancel()
                worker.stop()
            raise


def _follow(
    events: queue.Queue[Future[Printed] | None], running: int, on_progress: Callable[[int], None]
) -> None:
    done = 0
    while running:
        event = events.get()
        if event is None:
            done += 1
            on_progress(done)
        else:
            running -= 1
            event.result()


__all__ = ["BatchResult", "arrange_files", "cut", "merge_files", "render", "render_batch"]
