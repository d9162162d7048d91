"""Booklets on paper as files: a pile with its pages known, one document alone, the final file in the order wanted."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from letters.booklet_types import Change, PrintedBooklet
from letters.codec import dump, load
from letters.errors import RenderFailed
from letters.render import BatchResult, arrange_files, render_batch
from letters.types import Facts

Pages = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pile:
    """A printed set: the pages of each booklet (without the empty one after it), what could not be printed and why,
    and the characters that no font has."""

    pages: dict[int, Pages]
    faults: dict[int, str]
    lost: dict[int, str]


def print_pile(
    documents: dict[int, PrintedBooklet], out: Path, told: Callable[[int], None] = lambda done: None
) -> Pile:  # fmt: skip
    """Print booklets one after the other, on both sides. One that cannot be printed is left out and said."""
    left, faults = dict(documents), {}
    while left:
        try:
            batch = render_batch(list(left.values()), out, even=True, on_progress=told)
        except RenderFailed as failed:
            odd = [id for id, document in left.items() if document.reference == failed.letter]
            if not odd:
                raise
            faults[odd[0]] = str(failed)
            del left[odd[0]]
        else:
            return _pile(list(left), batch, faults)
    return Pile({}, faults, {})


def _pile(ids: Sequence[int], batch: BatchResult, faults: dict[int, str]) -> Pile:
    lost = {ids[index]: characters for index, characters in batch.lost.items()}
    return Pile(dict(zip(ids, batch.page_ranges, strict=True)), faults, lost)


def note(path: Path, pages: dict[int, Pages], changes: dict[int, Change]) -> None:
    """Write beside a part what it holds, for the step that binds them; repeating the step writes it again."""
    said = {str(id): {"pages": list(where), "change": _plain(changes.get(id))} for id, where in pages.items()}
    draft = path.with_suffix(".tmp")
    draft.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


def _plain(change: Change | None) -> dict[str, Any] | None:
    return None if change is None else dump(change)


def whole_sheets(start: int, first: int, last: int) -> list[int]:
    """Pages `first` to `last` (from 1) of a part that begins at `start`, and the empty back of the last sheet."""
    return list(range(start + first - 1, start + last + (last - first + 1) % 2))


@dataclass(slots=True)
class Bundle:
    """The parts of a job, bound into one file. `sheets` are the pages of each booklet, counted from 0 through all the
    parts, empty backs included; `own` is how many pages it has without them."""

    parts: list[Path]
    sheets: dict[int, list[int]]
    own: dict[int, int]
    changes: dict[int, Change]
    count: int = 0

    @classmethod
    def read(cls, folder: Path, wanted: set[int] | None) -> Bundle:
        """What the steps of a job left in its folder; of `wanted` booklets only. A later part replaces an earlier."""
        found = cls([], {}, {}, {})
        for listed in sorted(folder.glob("part-*.json")):
            held = json.loads(listed.read_text(encoding="utf-8"))
            if not held:
                continue
            found.parts.append(listed.with_suffix(".pdf"))
            found._take(held)
        for booklet in set(found.sheets) - (set(found.sheets) if wanted is None else wanted):
            del found.sheets[booklet]
            found.changes.pop(booklet, None)
        return found

    def _take(self, held: dict[str, Any]) -> None:
        start = self.count
        for key, entry in held.items():
            booklet, (first, last) = int(key), entry["pages"]
            self.sheets[booklet] = whole_sheets(start, first, last)
            self.own[booklet] = last - first + 1
            self.count = max(self.count, self.sheets[booklet][-1] + 1)
            if entry["change"]:
                self.changes[booklet] = load(Change, entry["change"])

    def add(self, sheets: Sequence[Facts], path: Path) -> list[list[int]]:
        """Print further sheets (addresses, changes) as one more part; the pages of each."""
        if not sheets:
            return []
        batch = render_batch(sheets, path, even=True)
        self.parts.append(path)
        start, self.count = self.count, self.count + batch.pages
        return [whole_sheets(start, first, last) for first, last in batch.page_ranges]

    def bind(self, order: Sequence[int], out: Path) -> None:
        """Write the file: these pages in this order."""
        arrange_files(self.parts, order, out)
