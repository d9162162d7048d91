"""One couple, from the search to every action (M093–M100), and a pupil's own codes (M101–M106)."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from app.access.models import AccessRefusal, ActivationCode, GuardianCode, PortalAccount, PupilCode, PupilRefusal
from app.access.pupil_codes import ensure_codes
from app.access.queries import Selection
from app.access.services import create_codes, readable
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.jobs import services as jobs
from app.jobs.storage import Storage, use_storage
from app.online.services import move_services
from app.replication.models import ReplicationCommand
from app.schools.people import GuardianLink
from app.workflow import bulk
from tests.admin.conftest import Browser, sign_in
from tests.factories import World, add

session = admin_db.session


@pytest.fixture
def office(admin_app: Flask, sqlite_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """The secretary of school a, whose couples and pupils all have a code."""
    monkeypatch.setenv("LIVRET_HOME", str(tmp_path))
    use_storage(Storage(tmp_path))
    with school_scope(sqlite_world.a):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection(), actor=SYSTEM)
        ensure_codes(actor=SYSTEM)
    session.remove()
    yield sign_in(admin_app, "secretary", school_id=sqlite_world.a)
    use_storage(None)


def link_of(world: World, who: str, pupil: int = 0) -> int:
    mine = world.of[world.a]
    with school_scope(world.a):
        couple = (GuardianLink.guardian_id == mine[who], GuardianLink.pupil_id == mine["pupils"][pupil])
        found = session.scalar(select(GuardianLink.id).where(*couple))
    session.remove()
    return found


def codes_of(world: World, model: Any = GuardianCode, **where: Any) -> list[Any]:
    """Newest first, read afresh."""
    session.remove()
    with school_scope(world.a):
        rows = session.scalars(select(model).filter_by(**where).order_by(model.id.desc())).all()
        session.expunge_all()
        return list(rows)


def act(office: Browser, base: str, name: str, **fields: Any) -> str:
    """Send one of the page's forms; the page that follows."""
    page = office.get(base)
    hidden = hidden_of(page)
    answer = office.client.post(f"{base}/{name}", data=hidden | fields, follow_redirects=True)
    assert answer.status_code == 200, answer.text[:800]
    return answer.text


def hidden_of(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


def run_jobs() -> None:
    jobs.run_waiting()
    session.remove()


def give_account(world: World, state: str = "confirmed", **holder: Any) -> None:
    with system_scope("an account made with the code"), unit_of_work():
        model = GuardianCode if holder.get("guardian_id") else PupilCode
        add(PortalAccount(id=7, identifier="maude.berge", kind="guardian" if model is GuardianCode else "pupil",
                          email="maude@example.org", state=state, created_at=clock.now(), confirmed_at=clock.now()))
        mine = [getattr(model, name) == value for name, value in holder.items()]
        where = mine[0] if len(mine) == 1 else mine[0] & mine[1]
        bulk.apply_many(model, "use", where, actor=SYSTEM, session=session(), data={"account_id": 7})
    session.remove()


@pytest.mark.row("M093")
def test_a_name_a_class_or_the_beginning_of_a_code_leads_to_the_couple(office: Browser, sqlite_world: World) -> None:
    mine = sqlite_world.of[sqlite_world.a]
    page = office.get("/couples/?q=&population=all")
    heads = re.findall(r'<th role="columnheader" scope="col">([^<]+)</th>', page)
    assert heads == ["Élève (division)", "Responsable", "Qualité", "Né(e) le", "A refusé l'accès", "A un code valide",
                     "Notifié le", "Utilisé", "Date de continuité d'accès"]
    assert page.count("Gérer les codes") == 4
    fifth = office.get(f"/couples/?population=division-{mine['divisions'][1]}")
    assert fifth.count("Gérer les codes") == 1
    code = codes_of(sqlite_world, guardian_id=mine["other"])[0]
    found = office.client.get(f"/couples/?q={code.hint}")
    assert found.status_code == 302 and found.location.endswith(f"/couples/{link_of(sqlite_world, 'other', 2)}")
    nobody = office.get("/couples/?q=Zzyzx&population=all")
    assert "Gérer les codes" not in nobody and "Personne ne correspond" in nobody
    rows = list(office.sheet("/couples/export.xlsx?q=maude").iter_rows(values_only=True))
    assert len(rows) == 3 and {row[2].split()[-1] for row in rows[1:]} == {"Maude"}


@pytest.mark.row("M093", "M103")
def test_the_beginning_of_a_pupils_own_code_leads_to_the_pupil(office: Browser, sqlite_world: World) -> None:
    """The search box does not know whose code is read aloud: what is no guardian's is looked for among the pupils'."""
    code = codes_of(sqlite_world, PupilCode, pupil_id=sqlite_world.of[sqlite_world.a]["pupils"][2])[0]
    nobody = office.get(f"/couples/?q={code.hint}")
    onwards = re.search(r'href="(/pupil-codes/[^"]*)"[^>]*>(?:(?!</a>).)*Chercher parmi les codes', nobody, re.S)
    assert onwards and "Gérer les codes" not in nobody
    found = office.get(onwards[1])
    assert found.count(f'href="/pupil-codes/{code.pupil_id}"') >= 1
    assert len(set(re.findall(r'href="(/pupil-codes/\d+)"', found))) == 1


@pytest.mark.row("M094")
def test_the_page_shows_addresses_pupil_and_masked_history(office: Browser, sqlite_world: World) -> None:
    mine = sqlite_world.of[sqlite_world.a]
    base = f"/couples/{link_of(sqlite_world, 'mother')}"
    first = codes_of(sqlite_world, guardian_id=mine["mother"], pupil_id=mine["pupils"][0])[0]
    with school_scope(sqlite_world.a):
        whole = readable(first)
    page = office.get(base)
    assert "mere@example.org" in page and "99000 MONTREVEL" in page and "6A" in page and "6EME" in page
    assert whole in page  # valid and unused, before somebody who may notify it
    act(office, base, "new")
    page = office.get(base)
    assert whole not in page and f"{first.hint} - ••• - ••• - •••" in page
    assert "Invalidation" in page and "Création" in page


@pytest.mark.row("M094")
def test_who_may_not_notify_reads_no_code(admin_app: Flask, office: Browser, sqlite_world: World) -> None:
    with school_scope(sqlite_world.a):
        shown = [readable(code) for code in session.scalars(select(GuardianCode))]
    session.remove()
    cpe = sign_in(admin_app, "cpe", school_id=sqlite_world.a)
    page = cpe.get(f"/couples/{link_of(sqlite_world, 'mother')}")
    assert not any(code in page for code in shown) and "Nouveau code" not in page


@pytest.mark.row("M095")
def test_access_is_removed_and_allowed_again_with_a_new_code(office: Browser, sqlite_world: World) -> None:
    mine = sqlite_world.of[sqlite_world.a]
    base = f"/couples/{link_of(sqlite_world, 'father')}"
    page = act(office, base, "refuse")
    assert "Autoriser l'accès" in page and "Nouveau code" not in page
    [code] = codes_of(sqlite_world, guardian_id=mine["father"])
    assert (code.state, code.sealed) == ("refused", None)
    assert 'badge-bad' in office.get("/couples/?q=Paul&population=all")
    act(office, base, "allow")
    new, old = codes_of(sqlite_world, guardian_id=mine["father"])
    assert (new.state, old.state) == ("created", "invalidated")
    assert codes_of(sqlite_world, AccessRefusal)[0].lifted_on == clock.today()


@pytest.mark.row("M096", "M098")
def test_a_new_code_ends_the_old_one_and_invalidating_ends_the_last(office: Browser, sqlite_world: World) -> None:
    mine = sqlite_world.of[sqlite_world.a]
    base = f"/couples/{link_of(sqlite_world, 'father')}"
    assert "plus valable" in act(office, base, "new")
    new, old = codes_of(sqlite_world, guardian_id=mine["father"])
    assert (new.state, old.state) == ("created", "invalidated")
    page = act(office, base, "invalidate")
    assert {code.state for code in codes_of(sqlite_world, guardian_id=mine["father"])} == {"invalidated"}
    assert "Invalider le code" not in page and "Notifier par" not in page
    hidden = hidden_of(page)
    assert office.client.post(f"{base}/invalidate", data=hidden).status_code == 409


@pytest.mark.row("M097")
def test_one_guardian_is_notified_as_often_as_wanted(office: Browser, sqlite_world: World) -> None:
    """In the guide's words; a used code's letter goes without the code."""
    mine = sqlite_world.of[sqlite_world.a]
    base = f"/couples/{link_of(sqlite_world, 'father')}"
    assert "Voulez-vous notifier le responsable par E-Mail ou par Lettre ?" in office.get(base)
    for _time in range(2):
        assert 'http-equiv="refresh"' in act(office, base, "notify", mode="paper")
        run_jobs()
    number = codes_of(sqlite_world, guardian_id=mine["father"])[0]
    assert (number.state, number.notified_on, number.notified_mode) == ("notified", clock.today(), "paper")
    hidden = hidden_of(office.get(base))
    job = re.search(r"job=(\d+)", office.client.post(f"{base}/notify", data=hidden | {"mode": "paper"}).location)
    run_jobs()
    assert ("Pensez à enregistrer le fichier .pdf généré si nécessaire car la personne sera considérée comme notifiée."
            in office.get(f"{base}?job={job[1]}"))  # fmt: skip
    refused = office.client.post(f"{base}/notify", data=hidden | {"mode": "email"})
    assert refused.status_code == 409  # the father has no e-mail


@pytest.mark.row("M099", "M100")
def test_the_account_behind_is_shown_and_reset_by_a_link(office: Browser, sqlite_world: World) -> None:
    """Even after its code was invalidated; nobody at school ever knows a password."""
    mine = sqlite_world.of[sqlite_world.a]
    base = f"/couples/{link_of(sqlite_world, 'father')}"
    assert "Réinitialiser" not in office.get(base)
    give_account(sqlite_world, guardian_id=mine["father"])
    act(office, base, "new")
    page = office.get(base)
    assert "maude.berge" in page and "maude@example.org" in page and "Validé" in page
    assert "maude@example.org" in act(office, base, "reset")
    with system_scope("reads the order"):
        orders = session.execute(select(ReplicationCommand.kind, ReplicationCommand.payload)).all()
    assert ("reset", {"account_id": 7}) in [tuple(order) for order in orders]


@pytest.mark.row("M099", "M100")
def test_a_provisional_account_cannot_be_reset(office: Browser, sqlite_world: World) -> None:
    base = f"/couples/{link_of(sqlite_world, 'father')}"
    give_account(sqlite_world, "provisional", guardian_id=sqlite_world.of[sqlite_world.a]["father"])
    page = office.get(base)
    assert "Provisoire" in page and "Réinitialiser" not in page
    hidden = hidden_of(page)
    assert office.client.post(f"{base}/reset", data=hidden).status_code == 409


@pytest.mark.row("M101")
def test_pupils_always_have_a_code_and_it_cannot_be_invalidated(office: Browser, sqlite_world: World) -> None:
    assert len(codes_of(sqlite_world, PupilCode)) == 3
    child = sqlite_world.of[sqlite_world.a]["pupils"][0]
    assert "Invalider" not in office.get(f"/pupil-codes/{child}")
    act(office, f"/pupil-codes/{child}", "new")
    assert [code.state for code in codes_of(sqlite_world, PupilCode, pupil_id=child)] == ["created", "invalidated"]
    with school_scope(sqlite_world.a):
        assert ensure_codes(actor=SYSTEM) == 0


@pytest.mark.row("M102")
def test_the_paper_run_of_pupils_has_one_pdf_and_no_address(
    office: Browser, sqlite_world: World, tmp_path: Path
) -> None:
    mine = sqlite_world.of[sqlite_world.a]
    page = office.get(f"/pupil-codes/notify/?population=division-{mine['divisions'][0]}")
    assert "Date de notification" not in page and "Notifié le" not in page
    assert "considéré comme notifié" in page
    sent = hidden_of(page)
    assert office.client.post("/pupil-codes/notify/run", data=sent).status_code == 302
    run_jobs()
    [pdf] = tmp_path.rglob("*codes-eleves.pdf")
    text = " ".join(sheet.extract_text() for sheet in PdfReader(pdf).pages)
    assert "allée des Érables" not in text and text.count("Classe") >= 2
    dates = {code.pupil_id: code.notified_on for code in codes_of(sqlite_world, PupilCode)}
    assert [dates[pupil] for pupil in mine["pupils"]] == [clock.today(), clock.today(), None]
    everyone = office.get("/pupil-codes/notify/?show=all")
    assert clock.today().strftime("%d/%m/%Y") in everyone


@pytest.mark.row("M103", "M104")
def test_the_list_of_pupils_filters_refusals_which_leave_the_code_alone(office: Browser, sqlite_world: World) -> None:
    child = sqlite_world.of[sqlite_world.a]["pupils"][0]
    act(office, f"/pupil-codes/{child}", "refuse")
    assert [code.state for code in codes_of(sqlite_world, PupilCode, pupil_id=child)] == ["created"]
    assert codes_of(sqlite_world, PupilRefusal)[0].pupil_id == child
    assert office.get("/pupil-codes/?refused=yes").count("Gérer les codes") == 1
    assert office.get("/pupil-codes/?refused=no").count("Gérer les codes") == 2
    rows = list(office.sheet("/pupil-codes/export.xlsx?refused=yes").iter_rows(values_only=True))
    assert rows[0][:4] == ("Élève", "Division", "Né(e) le", "A refusé l'accès") and len(rows) == 2
    act(office, f"/pupil-codes/{child}", "allow")
    assert office.get("/pupil-codes/?refused=yes").count("Gérer les codes") == 0


@pytest.mark.row("M105")
def test_a_pupils_letter_is_printed_as_often_as_wanted(office: Browser, sqlite_world: World) -> None:
    child = sqlite_world.of[sqlite_world.a]["pupils"][0]
    for _time in range(2):
        act(office, f"/pupil-codes/{child}", "notify")
        run_jobs()
    [code] = codes_of(sqlite_world, PupilCode, pupil_id=child)
    assert (code.state, code.notified_on) == ("notified", clock.today())


@pytest.mark.row("M106")
def test_a_reset_prints_a_slip_for_one_sign_in_shown_once(office: Browser, sqlite_world: World) -> None:
    """Instead of the guide's password of 8 digits."""
    child = sqlite_world.of[sqlite_world.a]["pupils"][0]
    base = f"/pupil-codes/{child}"
    assert "Réinitialiser" not in office.get(base)
    give_account(sqlite_world, pupil_id=child)
    page = act(office, base, "slip")
    slip = re.search(r'class="code figure">([^<]+)<', page)
    assert slip and re.fullmatch(r"[0-9A-Z]{4} [0-9A-Z]{4}", slip[1])
    assert slip[1] not in office.get(base)
    with system_scope("reads the order"):
        [order] = session.scalars(select(ReplicationCommand).where(ReplicationCommand.kind == "slip"))
        assert slip[1].replace(" ", "") not in str(order.payload)
        assert order.payload["until"] > (clock.now() + timedelta(days=2)).isoformat()


def test_another_schools_couple_does_not_exist(admin_app: Flask, office: Browser, sqlite_world: World) -> None:
    stranger = sign_in(admin_app, "secretary", school_id=sqlite_world.b)
    assert stranger.client.get(f"/couples/{link_of(sqlite_world, 'mother')}").status_code == 404
    code = codes_of(sqlite_world, ActivationCode)[0]
    assert "Gérer les codes" not in stranger.get(f"/couples/?q={code.hint}&population=all")
