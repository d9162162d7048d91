"""run.py before it steps into its environment: what makes it install again, what makes it start anew."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import run

ROOT = Path(__file__).resolve().parents[2]
SYSTEM_PYTHON = f"{sys.base_prefix}/bin/python3"


@pytest.fixture
def project(tmp_path: Path) -> run.Environment:
    """A project with an environment that stands and holds what its requirements say."""
    (tmp_path / "requirements.txt").write_text("click==8.0  # one\n# a remark\nflask==3.0\n")
    subprocess.run([SYSTEM_PYTHON, "-m", "venv", "--without-pip", str(tmp_path / ".venv")], check=True)
    library = next((tmp_path / ".venv" / "lib").glob("python3*/site-packages"))
    (library / "pip.py").write_text("")  # stands for pip: the environment is only asked whether it has one
    env = run.Environment(tmp_path)
    env.mark(["requirements.txt"])
    return env


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What would have been installed, instead of installing it."""
    done: list[list[str]] = []

    def install(env: run.Environment, requirements: list[str]) -> None:
        done.append(requirements)
        env.mark(requirements)

    monkeypatch.setattr(run, "install", install)
    return done


def test_nothing_is_installed_twice(project: run.Environment, commands: list[list[str]]) -> None:
    """The stamp holds while the requirement file does."""
    run.ensure(project, ["requirements.txt"])
    assert commands == []


def test_a_changed_requirement_is_installed_again(project: run.Environment, commands: list[list[str]]) -> None:
    """One changed pin, one new installation; then none."""
    (project.root / "requirements.txt").write_text("click==8.1\n")
    run.ensure(project, ["requirements.txt"])
    run.ensure(project, ["requirements.txt"])
    assert commands == [["requirements.txt"]]


def test_the_tests_tools_are_installed_for_test_only(project: run.Environment, commands: list[list[str]]) -> None:
    """`run.py test` adds the second file, and only that one."""
    (project.root / "tests").mkdir()
    (project.root / "tests" / "requirements.txt").write_text("pytest==9.0\n")
    run.ensure(project, run.requirements_for(["serve"]))
    run.ensure(project, run.requirements_for(["test", "-k", "x"]))
    assert commands == [["tests/requirements.txt"]]


def test_an_unreadable_stamp_means_install(project: run.Environment, commands: list[list[str]]) -> None:
    """A stamp cut short by a crash is no stamp."""
    project.stamp.write_text('{"requirements.txt": ')
    run.ensure(project, ["requirements.txt"])
    assert commands == [["requirements.txt"]]


@pytest.mark.parametrize("damage", ["moved", "no python", "no pip", "no folder"])
def test_an_unusable_environment_is_noticed(project: run.Environment, damage: str) -> None:
    """Copied to another folder, without its Python or its pip: it is made anew."""
    assert project.is_sound()
    if damage == "moved":
        project.root.rename(project.root.with_name("elsewhere"))
        project = run.Environment(project.root.with_name("elsewhere"))
    elif damage == "no python":
        project.python.unlink()
    elif damage == "no pip":
        next(project.folder.rglob("pip.py")).unlink()
    else:
        project = run.Environment(project.root / "nowhere")
    assert not project.is_sound()


def test_a_broken_environment_is_rebuilt(project: run.Environment, commands: list[list[str]],
                                         capsys: pytest.CaptureFixture[str]) -> None:
    """The old one goes, stamp included, so everything is installed again."""
    project.python.unlink()
    run.ensure(project, ["requirements.txt"])
    assert project.is_sound()
    assert commands == [["requirements.txt"]]
    assert "il est refait" in capsys.readouterr().err


def test_two_starts_at_once_install_once(project: run.Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first, then finds the work done."""
    project.stamp.unlink()
    inside, leave, done = threading.Event(), threading.Event(), []

    def install(env: run.Environment, requirements: list[str]) -> None:
        inside.set()
        assert leave.wait(10)
        done.append(requirements)
        env.mark(requirements)

    monkeypatch.setattr(run, "install", install)
    first = threading.Thread(target=run.ensure, args=(project, ["requirements.txt"]))
    second = threading.Thread(target=run.ensure, args=(project, ["requirements.txt"]))
    first.start()
    assert inside.wait(10)
    second.start()
    leave.set()
    first.join(10)
    second.join(10)
    assert done == [["requirements.txt"]]


def test_a_failed_installation_is_said_and_leaves_no_stamp(project: run.Environment) -> None:
    """pip's own last error, what to do, where the rest is; the next start tries again."""
    next(project.folder.rglob("pip.py")).write_text(
        "if __name__ == '__main__':\n    print('ERROR: no such version')\n    raise SystemExit(1)\n")
    project.stamp.unlink()
    with pytest.raises(run.SetupProblem, match=r"(?s)no such version.*réseau.*pip\.log"):
        run.ensure(project, ["requirements.txt"])
    assert project.stale(["requirements.txt"]) == ["requirements.txt"]


@pytest.mark.parametrize("root", [True, False])
def test_a_missing_venv_module_names_the_apt_line(monkeypatch: pytest.MonkeyPatch, root: bool) -> None:
    """Debian ships it apart: installed when root, else the line to type."""
    tried: list[list[str]] = []
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(run.os, "geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(run.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(run.subprocess, "run",
                        lambda command, **_: tried.append(command) or subprocess.CompletedProcess(command, 1))
    with pytest.raises(run.SetupProblem, match="apt-get install -y python3-venv"):
        run.need_venv_module()
    assert tried == ([["apt-get", "update"], ["apt-get", "install", "-y", "python3-venv"]] if root else [])


def test_a_setup_problem_is_one_line_and_exit_2(monkeypatch: pytest.MonkeyPatch,
                                               capsys: pytest.CaptureFixture[str]) -> None:
    """Never a traceback for what the user can put right."""
    def fail(*_: object) -> None:
        raise run.SetupProblem("Il manque le module venv de Python.")

    monkeypatch.setattr(run, "ensure", fail)
    assert run.main(["demo"]) == 2
    assert capsys.readouterr() == ("", "Il manque le module venv de Python.\n")


def test_only_the_standard_library_before_the_environment() -> None:
    """Debian's bare Python (no packages at all) can import run.py."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import run"
    bare = subprocess.run([SYSTEM_PYTHON, "-I", "-S", "-c", program], capture_output=True, text=True, check=False)
    assert bare.stderr == ""


CATALOGUE = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "Hello"\nmsgstr "Bonjour"\n'


def test_translations_are_compiled_when_stale(tmp_path: Path) -> None:
    """A new or changed .po is compiled, an unchanged one is left alone."""
    source = tmp_path / "translations" / "fr" / "LC_MESSAGES" / "messages.po"
    source.parent.mkdir(parents=True)
    source.write_text(CATALOGUE)
    assert run.compile_translations(tmp_path) == 1
    assert run.compile_translations(tmp_path) == 0
    later = source.with_suffix(".mo").stat().st_mtime + 5
    os.utime(source, (later, later))
    assert run.compile_translations(tmp_path) == 1
    assert b"Bonjour" in source.with_suffix(".mo").read_bytes()


def test_help_through_the_system_python() -> None:
    """The README's way in: bare `python3`, which steps into .venv and lists the commands in French."""
    shown = subprocess.run([SYSTEM_PYTHON, "run.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert shown.returncode == 0
    assert "Usage : run.py" in shown.stdout
    assert "Synchronise un établissement" in shown.stdout
    assert sys.prefix != sys.base_prefix  # the tests themselves run inside it
