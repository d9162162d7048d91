"""`run.py test` itself: what it needs, what it hands to pytest, and that CI lets nothing be skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
import redis

from tests import launch
from tests.servers import postgres_folder, private_postgres, private_redis

ROOT = Path(__file__).resolve().parents[2]
SKIPPING = """
import pytest
def test_runs(): pass
def test_lacks_a_part(): pytest.skip("no chromium here")
@pytest.mark.xfail(reason="known")
def test_known(): assert False
"""
SKIPPED_FILE = "import pytest\npytest.importorskip('a_part_nobody_has')\n"


def run_pytest(folder: Path, *options: str) -> str:
    """The closing lines of a pytest run on a folder of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, *options, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("source", [SKIPPING, SKIPPED_FILE])
def test_a_skip_is_a_failure_in_ci_only(tmp_path: Path, source: str) -> None:
    """A test or a whole file; what is expected to fail stays so."""
    (tmp_path / "test_parts.py").write_text(source)
    assert "1 skipped" in run_pytest(tmp_path)
    strict = run_pytest(tmp_path, "-p", "tests.no_skips")
    assert "skipped" not in strict.splitlines()[-1]
    assert "nothing may be skipped with CI=true" in strict
    assert ("1 xfailed" in strict) == (source is SKIPPING)


@pytest.mark.parametrize(("ci", "strict"), [("true", True), ("1", True), ("", False), ("false", False)])
def test_ci_turns_it_on(monkeypatch: pytest.MonkeyPatch, ci: str, strict: bool) -> None:
    """And pytest's arguments are passed on as they are."""
    monkeypatch.setenv("CI", ci)
    command = launch.pytest_command(["tests/cli", "-k", "sync"])
    assert ("tests.no_skips" in command) is strict
    assert command[-3:] == ["tests/cli", "-k", "sync"]


def test_a_missing_part_is_named_with_its_apt_line(monkeypatch: pytest.MonkeyPatch,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    """Without root nothing is tried: the line to type, exit 2, no pytest."""
    lacking = ("chromium", "pdftotext")
    monkeypatch.setattr(launch.shutil, "which", lambda name: None if name in lacking else f"/bin/{name}")
    monkeypatch.setattr(launch.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(launch.signal, "signal", lambda *_: None)
    assert launch.main([]) == 2
    said = capsys.readouterr().err
    assert "sudo apt-get install -y --no-install-recommends chromium poppler-utils" in said


def test_a_server_given_by_address_need_not_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """LIVRET_TEST_PG and LIVRET_TEST_REDIS take the place of the packages."""
    monkeypatch.setattr(launch.shutil, "which", lambda name: None)
    monkeypatch.setattr(launch, "postgres_folder", lambda: None)
    monkeypatch.setenv("LIVRET_TEST_PG", "postgresql://db")
    monkeypatch.setenv("LIVRET_TEST_REDIS", "redis://cache")
    assert launch.missing_parts() == ["chromium", "poppler-utils"]
    monkeypatch.delenv("LIVRET_TEST_PG")
    assert "postgresql" in launch.missing_parts()


def test_the_developers_settings_stay_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test never writes to the instance of whoever runs it."""
    monkeypatch.setenv("LIVRET_HOME", "/srv/livret")
    monkeypatch.setenv("LIVRET_TEST_PG", "postgresql://db")
    monkeypatch.setenv("LIVRET_TEST_REDIS", "redis://cache")
    with ExitStack() as stack:
        environment = launch.test_environment(stack)
    assert "LIVRET_HOME" not in environment
    assert environment["LIVRET_TEST_PG"] == "postgresql://db"


def test_the_private_servers_live_as_long_as_the_run() -> None:
    """Own port, own folder; nothing answers and nothing is left afterwards."""
    if postgres_folder() is None:
        pytest.skip("PostgreSQL is not installed")
    with private_postgres() as database, private_redis() as cache:
        plain = database.replace("+psycopg", "")
        with psycopg.connect(plain) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
            folder = connection.execute("SHOW data_directory").fetchone()
        assert redis.Redis.from_url(cache).ping()
    assert folder is not None and not Path(folder[0]).exists()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(plain)
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(cache).ping()
