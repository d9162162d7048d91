"""An instance of its own for each test, and the command line called in this process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.core.db import admin_db, portal_db
from run import compile_translations


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which is one JSON object and nothing else."""
        return json.loads(self.out)


@pytest.fixture(scope="session", autouse=True)
def compiled_words() -> None:
    """What run.py does before it hands over, for whoever starts pytest by hand."""
    compile_translations()


Run = Callable[..., Answer]


@pytest.fixture
def home(tmp_path: Path, sqlite_templates: Path, keys_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A demonstration instance on SQLite, migrated, without a school."""
    folder = tmp_path / "instance"
    shutil.copytree(keys_folder, folder / "keys")
    for name in ("admin", "portal"):
        shutil.copy(sqlite_templates / f"{name}.db", folder / f"{name}.db")
    for variable in ("ENV", "ADMIN_DB", "PORTAL_DB", "BROKER", "MAIL", "KEYS"):
        monkeypatch.delenv(f"LIVRET_{variable}", raising=False)
    monkeypatch.setenv("LIVRET_HOME", str(folder))
    yield folder
    admin_db.unbind()
    portal_db.unbind()


@pytest.fixture
def run(home: Path, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run one command on the instance: `run("school", "create", …)`."""
    def call(*arguments: str) -> Answer:
        capfd.readouterr()
        status = cli.main(list(arguments))
        return Answer(status, *capfd.readouterr())

    return call
