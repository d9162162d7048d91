"""The reader of each kind of file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.exchange.onde.guardians import read_onde_guardians
from app.exchange.onde.pupils import read_onde_pupils
from app.exchange.onde.teachers import read_onde_teachers
from app.exchange.records import GuardianEvent, PupilEvent, StaffEvent
from app.exchange.siecle.guardians import read_guardians
from app.exchange.siecle.pupils import read_pupils
from app.exchange.source_file import open_source
from app.exchange.sts import read_staff


def read_file(content: Path | bytes, name: str | None = None) -> Iterator[PupilEvent | GuardianEvent | StaffEvent]:
    """Whatever the file is, its records and report lines; a faulty file raises BadInput."""
    source = open_source(content, name)
    if source.kind == "siecle_pupils":
        yield from read_pupils(source)
    elif source.kind == "siecle_guardians":
        yield from read_guardians(source)
    elif source.kind == "sts":
        yield from read_staff(source)
    elif source.kind == "onde_pupils":
        yield from read_onde_pupils(source)
    elif source.kind == "onde_guardians":
        yield from read_onde_guardians(source)
    else:
        yield from read_onde_teachers(source)
