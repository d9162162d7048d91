"""PDF files: written whole or not at all, and single letters cut out of a batch."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from pypdf import PdfReader, PdfWriter

from .errors import NoSpaceLeft
from .splice import join


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name only once complete and on disk; readable by its owner only (codes)."""
    for left_behind in path.parent.glob(f".{path.name}.*.part"):
        left_behind.unlink(missing_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
        _sync_folder(path.parent)
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpaceLeft(path) from problem
        raise
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def merge(parts: Sequence[bytes], path: Path) -> None:
    """The parts one after the other in one file."""
    with whole_file(path) as out:
        out.writelines(parts if len(parts) == 1 else join(parts))


def arrange_files(parts: Sequence[Path], order: Sequence[int], path: Path) -> None:
    """Pages of several files in one, in any order and as often as wanted; `order` counts them from 0 through all."""
    pdfs = [part.read_bytes() for part in parts]
    with whole_file(path) as out:
        out.writelines(join(pdfs, order))


def merge_files(parts: Sequence[Path], path: Path) -> None:
    """The same from files that `render_batch` wrote, for a job that keeps one file per step."""
    merge([part.read_bytes() for part in parts], path)


def cut(path: Path, first_page: int, last_page: int) -> bytes:
    """Pages `first_page` to `last_page` (from 1, both included) of a batch, as a PDF of their own."""
    reader = PdfReader(path)
    if not 1 <= first_page <= last_page <= len(reader.pages):
        raise ValueError(f"{path.name} n'a pas de pages {first_page} à {last_page}.")
    writer = PdfWriter()
    writer.append(reader, pages=(first_page - 1, last_page), import_outline=False)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
