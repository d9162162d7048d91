"""A user's mistake is one clear French line and exit 2; `--json` is one object; help is there for every command."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from app import cli
from app.commands.faults import fault_of
from app.core.errors import BadInput
from tests.cli.conftest import Run

ENGLISH = re.compile(r"\b(Usage:|Error:|Missing|No such|Got unexpected|Try '|does not exist|is not one of|required)\b")


def commands() -> list[list[str]]:
    """Every command and sub-command."""
    context = click.Context(cli.cli)
    found: list[list[str]] = []
    for name in cli.COMMANDS:
        command = cli.cli.get_command(context, name)
        found.append([name])
        if isinstance(command, click.Group):
            found += [[name, inner] for inner in command.commands]
    return found


@pytest.mark.parametrize("command", [[], *commands()], ids=" ".join)
def test_every_command_explains_itself_in_french(run: Run, command: list[str]) -> None:
    """`--help` of each: French, with a sentence, and exit 0."""
    answer = run(*command, "--help")
    assert answer.status == 0
    assert answer.err == ""
    assert "Usage : run.py" in answer.out
    assert not ENGLISH.search(answer.out)
    sentences = [line for line in answer.out.splitlines()[1:] if line.startswith("  ") and not line.startswith("  -")]
    assert sentences, "no word of what it does"


def test_the_list_of_commands_says_what_each_does() -> None:
    """The table of contents and the commands agree, and each has its words."""
    context = click.Context(cli.cli)
    for name, (_, said) in cli.COMMANDS.items():
        command = cli.cli.get_command(context, name)
        assert command is not None and command.name == name
        assert said.endswith(".")


@pytest.mark.parametrize(("arguments", "said"), [
    (["nope"], "Commande inconnue : nope."),
    (["school", "create"], "Il manque l'argument 'UAI'."),
    (["school", "create", "0382204P"], "Il manque l'option '--name'."),
    (["school", "create", "0382204P", "--nom", "X"], "Option inconnue : --nom."),
    (["school", "create", "0382204P", "--name", "X", "--kind", "lycee"], "« lycee » n'est pas dans la liste"),
    (["serve", "--admin-port", "http"], "« http » n'est pas un nombre"),
    (["serve", "--admin-port", "70000"], "n'est pas dans l'intervalle"),
    (["codes", "notify", "0382204P", "--by", "pigeon"], "une ou plusieurs valeurs parmi email, paper"),
    (["codes", "create", "0382204P", "trop"], "Argument en trop : trop"),
])
def test_bad_usage_is_one_line_and_exit_2(run: Run, arguments: list[str], said: str) -> None:
    """What is wrong, then where to find help; nothing on stdout, no traceback, no English."""
    answer = run(*arguments)
    assert answer.status == 2
    assert answer.out == ""
    first, second = answer.err.splitlines()
    assert first.startswith("Erreur : ") and said in first
    assert second.startswith("Aide : run.py")
    assert not ENGLISH.search(answer.err)


def test_bad_usage_with_json_is_one_object(run: Run) -> None:
    """Programs read the same fault on stdout."""
    answer = run("school", "create", "0382204P", "--json")
    assert answer.status == 2
    assert answer.err == ""
    assert answer.json["error"] == {"code": "usage", "message": "Il manque l'option '--name'.",
                                    "hint": "Aide : run.py school create --help"}


def test_a_refusal_names_file_and_line() -> None:
    """A LivretError keeps its place and its advice, on the terminal and in JSON."""
    fault = fault_of(BadInput("Balise fermante absente.", file="ele.xml", line=12, hint="Demandez un nouvel export."))
    assert fault.text == "Erreur : ele.xml, ligne 12 : Balise fermante absente.\nDemandez un nouvel export."
    assert fault.status == 2
    assert fault.as_dict() == {"code": "bad_input", "message": "Balise fermante absente.", "file": "ele.xml",
                               "line": 12, "hint": "Demandez un nouvel export."}


def test_a_fault_of_ours_is_one_line_and_a_log(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trace goes to a file that the line names; a person never reads it on the terminal."""
    def fall(*_: object, **__: object) -> None:
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr("app.commands.school.open_instance", fall)
    answer = run("school", "create", "0382204P", "--name", "Essai")
    assert answer.status == 2
    assert "Traceback" not in answer.err + answer.out
    assert str(home / "logs" / "commands.log") in answer.err
    assert "nobody expected this" in (home / "logs" / "commands.log").read_text()


def test_a_database_that_does_not_answer_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong address or a stopped server: what to check, not a trace."""
    monkeypatch.setenv("LIVRET_ADMIN_DB", "postgresql://nobody@127.0.0.1:1/livret")
    answer = run("service", "open", "0382204P", "marks")
    assert answer.status == 2
    assert answer.err.startswith("Erreur : La base de données ne répond pas")
    assert "LIVRET_ADMIN_DB" in answer.err


def test_a_folder_that_cannot_be_written_is_said(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """LIVRET_HOME on a file, a read-only disk…: the path and the reason, in French."""
    monkeypatch.setenv("LIVRET_HOME", "/proc/livret")
    answer = run("school", "create", "0382204P", "--name", "Essai")
    assert (answer.status, answer.err) == (2, "Erreur : /proc/livret : fichier ou dossier introuvable.\n")


PRODUCTION = {
    "LIVRET_ENV": "production", "LIVRET_ADMIN_DB": "sqlite:///a.db", "LIVRET_PORTAL_DB": "sqlite:///p.db",
    "LIVRET_BROKER": "redis://127.0.0.1/0", "LIVRET_MAIL": "smtp://127.0.0.1:25",
    "LIVRET_MAIL_SENDER": "Livret <a@example.org>", "LIVRET_ADMIN_URL": "https://livret.example.org",
    "LIVRET_PORTAL_URL": "https://portail.example.org", "LIVRET_ADMIN_HOSTS": "livret.example.org",
    "LIVRET_PORTAL_HOSTS": "portail.example.org",
}


@pytest.mark.parametrize("missing", sorted(set(PRODUCTION) - {"LIVRET_ENV"}) + ["LIVRET_KEYS"])
def test_production_names_what_is_missing(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    """Each setting that a demonstration makes up is refused by its name; nothing is started or written."""
    for name, value in (PRODUCTION | {"LIVRET_KEYS": str(home / "keys" / "admin")}).items():
        if name != missing:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name, raising=False)
    before = sorted(home.rglob("*"))
    answer = run("serve", "--admin-port", "0", "--portal-port", "0")
    assert answer.status == 2
    assert f"il manque {missing}" in answer.err
    assert sorted(home.rglob("*")) == before


def test_production_makes_no_keys(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys it does not start, and says which command makes them; a portal folder with the seal is refused."""
    for name, value in (PRODUCTION | {"LIVRET_KEYS": str(tmp_path / "keys" / "admin")}).items():
        monkeypatch.setenv(name, value)
    answer = run("serve", "--admin-port", "0", "--portal-port", "0")
    assert answer.status == 2
    assert "Clé absente" in answer.err and "run.py keys" in answer.err
    made = run("keys", str(tmp_path / "keys"), "--json")
    assert made.json["admin"] == str(tmp_path / "keys" / "admin")
    (tmp_path / "keys" / "portal" / "seal.key").write_bytes((tmp_path / "keys" / "admin" / "seal.key").read_bytes())
    answer = run("serve", "--admin-port", "0", "--portal-port", "0")
    assert "le portail ne doit pas tenir la clé" in answer.err
