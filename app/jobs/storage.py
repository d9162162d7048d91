"""Files of jobs: artifacts people download, and the work folder of one job. Written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from app.core.errors import NotFound

CHUNK = 1 << 20


class Storage:
    """The instance's folder, as jobs see it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def files(self) -> Path:
        """Artifacts; `Artifact.path` is relative to it."""
        return self.home / "files"

    def work_folder(self, job_id: int) -> Path:
        """Where a job keeps what it needs between its steps; gone when it ends well."""
        folder = self.home / "work" / f"job-{job_id}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def drop_work_folder(self, job_id: int) -> None:
        """Forget a job's work folder."""
        shutil.rmtree(self.home / "work" / f"job-{job_id}", ignore_errors=True)

    def artifact_path(self, job_id: int, step: int, name: str) -> str:
        """The relative path of an artifact: the same job and step always write the same file."""
        return f"jobs/{job_id}/{step:05d}-{safe_name(name)}"

    def open_artifact(self, path: str) -> Path:
        """The file of an artifact, for reading. Raises `NotFound` when it is gone or leads elsewhere."""
        found = (self.files / path).resolve()
        if not found.is_relative_to(self.files.resolve()) or not found.is_file():
            raise NotFound("Ce fichier n'existe plus.", hint="Relancez le traitement pour l'obtenir à nouveau.")
        return found

    def write(self, path: str, content: bytes | Path) -> tuple[int, str]:
        """Put `content` (bytes, or a file to copy) at a relative path; returns its size and SHA-256."""
        digest, size = hashlib.sha256(), 0
        with whole(self.files / path) as out, _reader(content) as source:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
        return size, digest.hexdigest()


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that appears complete or not at all, and survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with draft.open("wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def _reader(content: bytes | Path) -> Iterator[IO[bytes]]:
    if isinstance(content, Path):
        with content.open("rb") as source:
            yield source
    else:
        yield io.BytesIO(content)


def safe_name(name: str) -> str:
    """A file name in plain ASCII, without separators."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip(".-")[:100] or "fichier"


_storage: Storage | None = None


def use_storage(storage: Storage | None) -> None:
    """Give this process its folder (tests); None goes back to the configuration's."""
    global _storage
    _storage = storage


def storage() -> Storage:
    """The storage of this process."""
    if _storage is not None:
        return _storage
    from config import load

    return Storage(load().home)
