"""What the commands write and answer, each on an instance of its own. The domain rules have their tests elsewhere."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import ROOT
from tests.cli.conftest import Run

UAI = "0382204P"


@pytest.fixture
def school(run: Run) -> str:
    """A school created by the command line."""
    assert run("school", "create", UAI, "--name", "Collège des Essais").status == 0
    return UAI


def test_school_create_answers_what_was_written(run: Run) -> None:
    """The academy follows from the département of the UAI, the year from the day."""
    answer = run("school", "create", "0382204p", "--name", " Collège  des Essais ", "--json")
    assert answer.status == 0
    facts = answer.json
    assert (facts["uai"], facts["name"], facts["kind"]) == (UAI, "Collège des Essais", "college")
    assert facts["authority"] == "Académie de Grenoble"


def test_two_first_commands_at_once(tmp_path: Path) -> None:
    """Both find an instance without tables: one makes it, the other waits, neither falls."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIVRET_")}
    environment["LIVRET_HOME"] = str(tmp_path / "new")
    commands = [[sys.executable, "run.py", "school", "create", uai, "--name", "Essai"] for uai in (UAI, "0750001U")]
    started = [subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT) for command in commands]
    said = [process.communicate(timeout=120)[0] for process in started]
    assert [process.returncode for process in started] == [0, 0], said


@pytest.mark.parametrize(("uai", "said"), [
    ("0382204A", "Sa lettre serait P."), ("038220P", "sept chiffres"), ("", "sept chiffres"),
])
def test_a_wrong_uai_is_refused(run: Run, uai: str, said: str) -> None:
    """The check letter is checked, and the right one is told."""
    answer = run("school", "create", uai, "--name", "X")
    assert answer.status == 2
    assert said in answer.err


def test_a_school_is_created_once(run: Run, school: str) -> None:
    """The second time is a conflict, and the first school is left as it was."""
    answer = run("school", "create", school, "--name", "Autre", "--json")
    assert answer.status == 2
    assert answer.json["error"]["code"] == "conflict"


@pytest.mark.row("M071")
def test_services_open_and_close(run: Run, school: str) -> None:
    """The state of each service named; doing it twice changes nothing."""
    opened = run("service", "open", school, "marks", "absences", "--json")
    assert [item["state"] for item in opened.json["services"]] == ["open", "open"]
    again = run("service", "open", school, "marks", "--json")
    assert (again.status, again.json["service"], again.json["state"]) == (0, "marks", "open")
    closed = run("service", "close", school, "marks")
    assert closed.out == "Fermé : Consultation des notes (marks)\n"


def test_an_unknown_service_is_refused_with_the_choice(run: Run, school: str) -> None:
    """And the services named beside it are left alone."""
    answer = run("service", "open", school, "marks", "cantine")
    assert answer.status == 2
    assert "cantine" in answer.err and "absences, competences, marks" in answer.err
    assert run("service", "close", school, "marks", "--json").json["state"] == "closed"


def test_an_unknown_school_names_those_there_are(run: Run, school: str) -> None:
    """The mistake is often a letter."""
    answer = run("service", "open", "0382205Q", "marks")
    assert answer.status == 2
    assert f"Connus : {school}." in answer.err


@pytest.mark.row("M077")
def test_codes_need_an_open_service(run: Run, school: str) -> None:
    """The job is refused, the reason is a line of its report, the exit code is 2."""
    answer = run("codes", "create", school, "--json")
    assert answer.status == 2
    assert answer.json["status"] == "refused"
    assert "Aucun téléservice n'est ouvert" in answer.json["message"]


def test_codes_of_an_empty_school(run: Run, school: str) -> None:
    """Nobody to give a code to: all went well, and the counts say so."""
    run("service", "open", school, "marks")
    answer = run("codes", "create", school, "--json")
    assert answer.status == 0
    assert [answer.json[key] for key in ("created", "already_valid", "refused")] == [0, 0, 0]


@pytest.mark.row("M088")
def test_notifying_nobody_is_refused(run: Run, school: str, tmp_path: Path) -> None:
    """The guide's own sentence, and no file."""
    answer = run("codes", "notify", school, "--out", str(tmp_path / "l.pdf"))
    assert answer.status == 2
    assert "Aucun couple élève / responsable n'existe pour cette sélection" in answer.out + answer.err
    assert not (tmp_path / "l.pdf").exists()


def test_where_letters_go_is_checked_before_anything_is_sent(run: Run, school: str, tmp_path: Path) -> None:
    """A folder that does not exist is noticed before anybody is notified."""
    answer = run("codes", "notify", school, "--out", str(tmp_path / "nowhere" / "l.pdf"))
    assert answer.status == 2
    assert "n'existe pas" in answer.err


def test_one_programme_or_one_division(run: Run, school: str) -> None:
    """Both at once is bad usage; an unknown one is named."""
    assert run("codes", "create", school, "--mef", "X", "--division", "6A").status == 2
    assert "« 9Z » n'existe pas" in run("codes", "create", school, "--division", "9Z").err


@pytest.mark.row("C05")
def test_a_person_is_invited_by_mail(run: Run, school: str, home: Path) -> None:
    """No worker runs: the invitation leaves from here, into the instance's folder of mails."""
    answer = run("user", "create", "ada.bel@example.org", "--first-name", "Ada", "--last-name", "Bel", "--json")
    assert answer.status == 0
    assert answer.json["invited"] is True
    [mail] = (home / "mail").glob("*.eml")
    assert "ada.bel@example.org" in mail.read_text()


@pytest.mark.row("C05")
def test_a_pass_phrase_comes_from_standard_input(run: Run, school: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is never an argument; a weak one is refused and nobody is created."""
    def typed(phrase: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{phrase}\n"))

    person = ("user", "create", "cid@example.org", "--first-name", "Cid", "--last-name", "Del", "--ask", "--json")
    typed("court")
    assert run(*person).json["error"]["code"] == "passphrase_refused"
    typed("quatre mots sans rapport")
    assert run(*person).json["invited"] is False


@pytest.mark.row("C05")
def test_a_role_is_granted_with_its_dates(run: Run, school: str) -> None:
    """On a school, or on the academy when no UAI is given; an unknown role lists those there are."""
    run("user", "create", "ada@example.org", "--first-name", "Ada", "--last-name", "Bel")
    dates = ("--from", "2026-09-01", "--to", "2027-07-06")
    here = run("user", "grant", "ada@example.org", "head", school, *dates, "--json")
    assert here.json | {"user": ""} == {"user": "", "role": "head", "uai": school, "from": "2026-09-01",
                                        "to": "2027-07-06"}
    assert run("user", "grant", "ada@example.org", "academy_admin", "--json").json["uai"] is None
    twice = run("user", "grant", "ada@example.org", "head", school, "--from", "2026-10-01")
    assert twice.status == 2
    assert "Rôles fournis" in run("user", "grant", "ada@example.org", "chef", school).err
    assert "Personne n'a l'identifiant" in run("user", "grant", "nobody@example.org", "head", school).err


def test_workflows_are_checked_and_shown(run: Run, tmp_path: Path) -> None:
    """The shipped ones have no fault; a faulty one is named by file and line with exit 2."""
    assert run("workflow", "check", "--json").json["status"] == "ok"
    (tmp_path / "bad.yaml").write_text("name: bad\nstates:\n  a: {}\n")
    answer = run("workflow", "check", str(tmp_path), "--json")
    assert answer.status == 2
    assert {"file", "line", "message"} == set(answer.json["problems"][0])
    for form, mark in (("table", "| Notifier"), ("mermaid", "stateDiagram-v2"), ("svg", "<svg")):
        assert mark in run("workflow", "show", "guardian_code", "--format", form).out
    assert run("workflow", "show", "nope").status == 2
