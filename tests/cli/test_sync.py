"""`run.py sync`, `codes` and `demo` on real files: counts, exit codes, what is written."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from app.exchange.demo import DemoFiles, write_demo
from tests.cli.conftest import Run

PUPILS = 40
COUNTS = {"pupils", "guardians", "couples", "divisions", "created", "updated", "closed", "unchanged"}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    """The files of a small invented academy."""
    return write_demo(tmp_path_factory.mktemp("files"), pupils=PUPILS, seed=5)


@pytest.fixture
def school(run: Run, written: DemoFiles) -> str:
    """The collège of those files, empty."""
    assert run("school", "create", written.college.uai, "--name", written.college.name).status == 0
    return written.college.uai


def pupils_file(written: DemoFiles) -> Path:
    """The export of pupils."""
    return next(path for path in written.college.files if "Eleves" in path.name)


def synchronised(run: Run, written: DemoFiles, *options: str) -> Any:
    """`sync` of the collège with all its files."""
    return run("sync", written.college.uai, *map(str, written.college.files), *options, "--json")


def test_a_base_is_brought_in_and_the_second_time_changes_nothing(run: Run, school: str, written: DemoFiles) -> None:
    """The counts of DESIGN §8, exit 0 both times."""
    first = synchronised(run, written)
    assert first.status == 0
    assert set(first.json) >= {"status", "counts", "lines"}
    counts = first.json["counts"]
    assert set(counts) == COUNTS
    assert (counts["pupils"], counts["updated"], counts["closed"]) == (PUPILS, 0, 0)
    assert all(set(line) == {"severity", "message", "file", "line"} for line in first.json["lines"])
    second = synchronised(run, written)
    assert second.status == 0
    assert second.json["counts"] == counts | {"created": 0, "unchanged": counts["created"]}


def test_a_dry_run_writes_nothing(run: Run, school: str, written: DemoFiles) -> None:
    """It says what would be done; the real one then still has it to do."""
    tried = synchronised(run, written, "--dry-run")
    assert tried.status == 0
    done = synchronised(run, written)
    assert tried.json["counts"]["created"] == done.json["counts"]["created"] > 0


def test_a_faulty_record_is_left_out_and_exit_is_1(run: Run, school: str, written: DemoFiles, tmp_path: Path) -> None:
    """The blocking line names file and line; the rest is there."""
    source = pupils_file(written)
    with zipfile.ZipFile(source) as archive:
        [member] = archive.namelist()
        text = archive.read(member).decode("iso-8859-15")
    broken = tmp_path / "eleves.xml"
    broken.write_text(re.sub(r"<DATE_NAISS>[^<]*<", "<DATE_NAISS>31/02/2014<", text, count=1), "iso-8859-15")
    answer = run("sync", school, str(broken), "--json")
    assert answer.status == 1
    assert answer.json["counts"]["pupils"] == PUPILS - 1
    [blocking] = [line for line in answer.json["lines"] if line["severity"] == "blocking"]
    assert blocking["file"] == "eleves.xml" and blocking["line"] > 1


def test_a_faulty_file_is_refused_whole(run: Run, school: str, written: DemoFiles, tmp_path: Path) -> None:
    """Exit 2, the place named in one line on stderr, nothing written."""
    with zipfile.ZipFile(pupils_file(written)) as archive:
        content = archive.read(archive.namelist()[0])
    cut = tmp_path / "coupe.xml"
    cut.write_bytes(content[: len(content) // 2])
    answer = run("sync", school, str(cut))
    assert (answer.status, answer.out) == (2, "")
    assert re.match(r"Erreur : coupe\.xml, ligne \d+ : Le fichier est tronqué", answer.err)
    assert len(answer.err.splitlines()) == 1
    as_json = run("sync", school, str(cut), "--json")
    assert (as_json.status, as_json.json["status"], as_json.json["counts"]) == (2, "refused", {})
    assert synchronised(run, written, "--dry-run").json["counts"]["unchanged"] == 0


def test_a_file_that_is_not_there_or_given_twice(run: Run, school: str, written: DemoFiles, tmp_path: Path) -> None:
    """Bad usage, before any job is made."""
    assert "introuvable" in run("sync", school, str(tmp_path / "absent.xml")).err
    twin = tmp_path / pupils_file(written).name
    shutil.copy(pupils_file(written), twin)
    answer = run("sync", school, str(pupils_file(written)), str(twin))
    assert answer.status == 2
    assert "Deux fichiers portent le même nom" in answer.err


@pytest.mark.row("M077", "M084")
def test_codes_from_creation_to_letters(run: Run, school: str, written: DemoFiles, tmp_path: Path, home: Path) -> None:
    """The commands of a whole campaign: created once, notified once, by mail where there is an address."""
    couples = synchronised(run, written).json["counts"]["couples"]
    run("service", "open", school, "marks")
    made = run("codes", "create", school, "--json")
    assert (made.status, made.json["created"]) == (0, couples)
    again = run("codes", "create", school, "--json")
    assert (again.json["created"], again.json["already_valid"]) == (0, couples)
    out = tmp_path / "lettres.pdf"
    sent = run("codes", "notify", school, "--out", str(out), "--json")
    assert sent.status == 0
    facts = sent.json
    assert facts["guardians"] == facts["letters"] + facts["emails"] + facts["unreachable"]
    assert (facts["pdf"], facts["pages"] >= facts["letters"] > 0) == (str(out), True)
    assert out.read_bytes().startswith(b"%PDF-")
    assert len(list((home / "mail").glob("*.eml"))) == facts["emails"] > 0
    nobody = run("codes", "notify", school)
    assert nobody.status == 2 and "Aucun couple" in nobody.err


def test_the_demo_can_be_tried(run: Run, home: Path) -> None:
    """Two schools, who can sign in, a code to try; remembered for `serve`, finished when run again."""
    first = run("demo", "--pupils", str(PUPILS), "--seed", "5", "--json")
    assert first.status == 0
    facts = first.json
    assert [school["kind"] for school in facts["schools"] if school["pupils"]] == ["college", "ecole"]
    assert facts["schools"][0]["pupils"] == PUPILS
    assert {login["role"] for login in facts["logins"]} == {
        "head", "secretary", "teacher", "cpe", "librarian", "academy_admin"}
    assert re.fullmatch(r"[0-3][0-9A-Z]{3}( - [0-9A-Z]{3}){3}", facts["code"])
    assert facts["admin_url"].startswith("http://") and facts["portal_url"].startswith("http://")
    assert (home / "demo.json").stat().st_mode & 0o077 == 0, "it holds a code"
    again = run("demo", "--pupils", str(PUPILS), "--seed", "5", "--json")
    assert again.json["schools"] == facts["schools"]
    assert again.json["code"] == facts["code"]


@pytest.mark.row("M111")
def test_replication_moves_what_changed(run: Run, school: str, written: DemoFiles) -> None:
    """Nothing to say of an unchanged base; an opened service is a change; `--full` finds nothing more."""
    synchronised(run, written)
    run("service", "open", school, "marks")
    run("codes", "create", school)
    first = run("replicate", "--json")
    assert first.status == 0
    assert first.json["rows"] > 0
    assert {"rows", "seconds", "lag"} <= set(first.json)
    assert run("replicate", "--json").json["rows"] == 0
    assert run("replicate", "--full", "--json").json["rows"] == 0


def test_no_demo_in_production(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Invented people and a known pass-phrase have no place there."""
    for name, value in {
        "ENV": "production", "ADMIN_DB": f"sqlite:///{home}/admin.db", "PORTAL_DB": f"sqlite:///{home}/portal.db",
        "BROKER": "redis://127.0.0.1/0", "MAIL": "smtp://127.0.0.1:25", "MAIL_SENDER": "Livret <a@example.org>",
        "ADMIN_URL": "https://a.example.org", "PORTAL_URL": "https://p.example.org", "ADMIN_HOSTS": "a.example.org",
        "PORTAL_HOSTS": "p.example.org", "KEYS": str(home / "keys" / "admin"),
    }.items():
        monkeypatch.setenv(f"LIVRET_{name}", value)
    answer = run("demo")
    assert answer.status == 2
    assert "Pas de démonstration en production" in answer.err
