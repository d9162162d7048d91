"""The bytes of an uploaded file, plain or in a zip, never more of them than announced (SECURITY_TRAPS 30)."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from app.core.errors import BadInput

MAX_UNPACKED = 400 << 20  # the guardians of 80,000 pupils take about 200 MB
MAX_RATIO = 100  # real exports shrink 10 to 40 times
RATIO_FROM = 1 << 20
MAX_DIRECTORY = 256 << 10  # bytes of the zip's table of contents: some 2,000 entries
_EOCD, _EOCD_SIZE, _ZIP64_LOCATOR = b"PK\x05\x06", 22, b"PK\x06\x07"
EXPORT_AGAIN = "Refaites l'export puis recommencez."


@dataclass(frozen=True, slots=True)
class Package:
    """A file as it was given; `member` is the xml inside when it is a zip, `size` the unpacked size."""

    name: str
    content: Path | bytes
    member: str | None
    size: int

    @contextmanager
    def stream(self) -> Iterator[BinaryIO]:
        """The unpacked bytes. A damaged zip, or one that unpacks to more than it says, raises BadInput."""
        with _raw(self.content) as raw, ExitStack() as stack:
            yield raw if self.member is None else stack.enter_context(self._inside(raw))

    @contextmanager
    def _inside(self, raw: BinaryIO) -> Iterator[BinaryIO]:
        try:
            archive = zipfile.ZipFile(raw)
            inside = archive.open(self.member or "")
        except (zipfile.BadZipFile, struct.error, ValueError, EOFError, KeyError) as error:
            raise _damaged(self.name) from error
        except (RuntimeError, NotImplementedError) as error:
            raise BadInput(
                "Le zip est protégé ou compressé d'une façon qui n'est pas lue.",
                file=self.name,
                hint="Déposez le zip tel que SIECLE l'a produit, ou le fichier xml lui-même.",
            ) from error
        with archive, inside:
            yield _Counted(inside, self)  # type: ignore[misc]


class _Counted:
    """A reader that stops when more comes out than the zip announced."""

    def __init__(self, inside: IO[bytes], package: Package) -> None:
        self._inside, self._package, self._left = inside, package, package.size

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._inside.read(size)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise _damaged(self._package.name) from error
        self._left -= len(data)
        if self._left < 0:
            raise _damaged(self._package.name)
        return data


def open_package(content: Path | bytes, name: str) -> Package:
    """Look at a file without unpacking it; refuses what is empty, too big, or a zip that is not one single xml."""
    try:
        with _raw(content) as raw:
            size = raw.seek(0, io.SEEK_END)
            raw.seek(0)
            start = raw.read(4)
            if not start:
                raise BadInput("Le fichier est vide.", file=name, hint=EXPORT_AGAIN)
            if size > MAX_UNPACKED:
                raise _too_big(name)
            if start[:2] != b"PK":
                return Package(name, content, None, size)
            check_directory(raw, size, name)
            return _zipped(raw, content, name)
    except OSError as error:
        raise BadInput(f"Le fichier ne peut pas être lu ({error.strerror or error}).", file=name) from error


def _zipped(raw: BinaryIO, content: Path | bytes, name: str) -> Package:
    try:
        with zipfile.ZipFile(raw) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError) as error:
        raise _damaged(name) from error
    found = [entry for entry in entries if _is_export(entry.filename)]
    if len(found) > 1:
        names = ", ".join(sorted(entry.filename for entry in found)[:5])
        raise BadInput(
            f"Le zip contient plusieurs fichiers xml ({names}).",
            file=name,
            hint="Déposez un zip par export : il ne doit contenir qu'un seul fichier xml.",
        )
    if not found:
        raise BadInput(
            "Le zip ne contient aucun fichier xml.",
            file=name,
            hint="Déposez le zip produit par SIECLE, ou l'extraction csv d'ONDE sans la compresser.",
        )
    _check_size(found[0], name)
    return Package(name, content, found[0].filename, found[0].file_size)


def _is_export(filename: str) -> bool:
    parts = filename.split("/")
    return filename.lower().endswith(".xml") and not parts[-1].startswith(".") and parts[0] != "__MACOSX"


def _check_size(entry: zipfile.ZipInfo, name: str) -> None:
    if entry.file_size > MAX_UNPACKED:
        raise _too_big(name)
    if entry.file_size > RATIO_FROM and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
        raise BadInput(
            "Le zip se déplie en un fichier démesuré : il n'a pas été ouvert.",
            file=name,
            hint="Déposez le zip tel que SIECLE l'a produit.",
        )


def check_directory(raw: BinaryIO, size: int, name: str) -> None:
    """Refuse a table of contents too big to be read: `ZipFile` loads it whole."""
    raw.seek(max(0, size - _EOCD_SIZE - 0xFFFF))
    tail = raw.read()
    at = tail.rfind(_EOCD)
    if at < 0 or len(tail) - at < _EOCD_SIZE:
        raise _damaged(name)
    directory = struct.unpack_from("<L", tail, at + 12)[0]
    if directory > MAX_DIRECTORY or _ZIP64_LOCATOR in tail[max(0, at - 20) : at]:
        raise BadInput("Le zip contient trop de fichiers.", file=name, hint="Déposez un zip par export.")
    raw.seek(0)


@contextmanager
def _raw(content: Path | bytes) -> Iterator[BinaryIO]:
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as raw:
        yield raw


def _too_big(name: str) -> BadInput:
    limit = MAX_UNPACKED >> 20
    return BadInput(f"Le fichier dépasse {limit} Mo une fois déplié.", file=name, hint="Déposez un seul établissement.")


def _damaged(name: str) -> BadInput:
    return BadInput(
        "Le zip est incomplet ou abîmé.", file=name, hint="Téléchargez-le à nouveau depuis SIECLE et recommencez."
    )
