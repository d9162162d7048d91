"""A PDF is there whole or not at all, whatever the disk does."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from letters.errors import NoSpaceLeft
from letters.files import whole_file
from letters.render import render_batch
from tests.letters.people import letter


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 16 kB: a real one where this user may mount, else the system call that fails as it would."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    if not mounted:

        def full(handle: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
    yield disk
    if mounted:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_is_said_and_leaves_the_earlier_file(small_disk: Path) -> None:
    target = small_disk / "letters.pdf"
    target.write_bytes(b"earlier")
    with pytest.raises(NoSpaceLeft, match="Le disque est plein : le fichier .*letters.pdf n'a pas été écrit"):
        render_batch([letter()], target)
    assert [file.name for file in small_disk.iterdir()] == ["letters.pdf"]
    assert target.read_bytes() == b"earlier"


def test_nobody_else_can_read_the_codes(tmp_path: Path) -> None:
    with whole_file(tmp_path / "x.pdf") as out:
        out.write(b"codes")
        assert not (tmp_path / "x.pdf").exists()
    assert (tmp_path / "x.pdf").stat().st_mode & 0o777 == 0o600


def test_what_a_killed_writer_left_is_removed_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ".x.pdf.abc.part").write_bytes(b"codes")
    (tmp_path / ".y.pdf.abc.part").write_bytes(b"of another file")
    with whole_file(tmp_path / "x.pdf") as out:
        out.write(b"new")
    assert sorted(file.name for file in tmp_path.iterdir()) == [".y.pdf.abc.part", "x.pdf"]


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), whole_file(tmp_path / "x.pdf") as out:
        out.write(b"half")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
