"""One test for each known trap of Flask-AppBuilder that applies (docs/SECURITY_TRAPS.md, 1 to 20)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from app.core.db import admin_db
from app.core.scope import school_scope, system_scope
from app.core.uow import unit_of_work
from app.schools.models import DivisionStaff
from app.schools.people import Enrolment, Pupil
from app.security import roles
from app.security.models import Throttle
from app.security.services import update_user
from tests.factories import make_pupil
from tests.security.conftest import PASSPHRASE, Campus, add_person

FORM = {"last_name": "NOUVEL", "first_name": "Alix", "birth_date": "2014-02-03", "sex": "F"}


def count(model: Any, school_id: int) -> int:
    """Rows of a school, read afresh."""
    admin_db.session.remove()
    with school_scope(school_id):
        return admin_db.session.scalar(select(func.count()).select_from(model)) or 0


def test_1_other_schools_rows_are_out_of_reach(campus: Campus) -> None:
    """By number on every page that takes one, and through actions (the matrix walks all of them)."""
    foreign = campus.world.of[campus.world.b]["pupils"][0]
    visitor = campus.client(roles.HEAD)
    for path in ("show", "edit", "delete"):
        assert visitor.get(f"/pupil/{path}/{foreign}").status_code == 404
    assert visitor.post(f"/pupil/delete/{foreign}", "/passphrase/").status_code == 404
    assert count(Pupil, campus.world.b) == 3


@pytest.mark.parametrize("query", ["_flt_0_school=2", "_flt_0_school_id=2", "school_id=2", "school=2"])
def test_2_no_address_moves_a_row_to_another_school(campus: Campus, query: str) -> None:
    """The school comes from the scope: neither the address nor a form field sets it."""
    visitor = campus.client(roles.HEAD)
    before = count(Pupil, campus.world.a), count(Pupil, campus.world.b)
    answer = visitor.post(f"/pupil/add?{query}", "/pupil/add", school_id=str(campus.world.b), school="2", **FORM)
    assert answer.status_code == 302, answer.text[:500]
    assert (count(Pupil, campus.world.a), count(Pupil, campus.world.b)) == (before[0] + 1, before[1])


def test_2_a_form_naming_a_foreign_division_is_refused(campus: Campus) -> None:
    """And the enrolment stays where it is."""
    world = campus.world
    with school_scope(world.a):
        enrolment = admin_db.session.scalars(select(Enrolment)).first()
        assert enrolment is not None
        number, division = enrolment.id, enrolment.division_id
    admin_db.session.remove()
    visitor = campus.client(roles.HEAD)
    page = f"/enrolment/edit/{number}"
    values = {"division": str(world.of[world.b]["divisions"][0])}
    visitor.post(page, page, **values)
    with system_scope("test"):
        stored = admin_db.session.get_one(Enrolment, number)
        assert (stored.school_id, stored.division_id) == (world.a, division)


def test_4_selects_offer_ones_own_school_only(campus: Campus) -> None:
    """Search and add forms never list another school's classes or people."""
    world = campus.world
    with school_scope(world.b), unit_of_work() as session:
        from app.schools.models import School

        make_pupil(session.get_one(School, world.b), last_name="ETRANGER")
    visitor = campus.client(roles.HEAD)
    for path in ("/enrolment/list/", "/enrolment/add", "/pupil/list/", "/guardian-link/list/", "/assignment/add"):
        text = visitor.get(path).text
        assert "ETRANGER" not in text
        offered = re.search(r'<select id="[^"]*division".*?</select>', text, re.S)
        for division in world.of[world.b]["divisions"]:
            assert offered is None or f'value="{division}"' not in offered[0]


@pytest.mark.parametrize("column", ["digest", "school_id", "source_id", "usage_name", "enrolments.id"])
def test_5_no_oracle_on_hidden_columns(campus: Campus, column: str) -> None:
    """A filter or an order the screen does not offer is ignored: the list is what it is without it."""
    visitor = campus.client(roles.HEAD)
    whole = _rows(visitor.get("/pupil/list/").text)
    for query in (f"_flt_0_{column}=K", f"_flt_3_{column}=1", f"_oc_PupilView={column}&_od_PupilView=asc"):
        answer = visitor.get(f"/pupil/list/?{query}")
        assert answer.status_code == 200 and _rows(answer.text) == whole


def _rows(text: str) -> list[str]:
    return re.findall(r"/pupil/show/(\d+)", text)


def test_6_related_rows_need_their_own_permission(campus: Campus) -> None:
    """A teacher may see a pupil, not the guardians below."""
    pupil = campus.world.of[campus.world.a]["pupils"][0]
    assert "PARENT" in campus.client(roles.HEAD).get(f"/pupil/show/{pupil}").text
    answer = campus.client(roles.TEACHER).get(f"/pupil/show/{pupil}")
    assert answer.status_code == 200 and "PARENT" not in answer.text


def test_7_no_route_serves_files_by_name(campus: Campus) -> None:
    """FAB's `/download/<name>` is not there."""
    visitor = campus.client(roles.HEAD)
    assert visitor.get("/pupil/download/config.py").status_code == 404
    assert not [rule for rule in campus.app.url_map.iter_rules() if "download" in rule.endpoint]


def test_8_an_unprotected_view_still_asks_to_sign_in(campus: Campus) -> None:
    """`@expose` without `@has_access` is public in FAB; here a page must say it is."""
    from app.security.access import is_public

    assert not is_public(campus.app, "PupilView.list")
    public = {name for name in campus.app.view_functions if is_public(campus.app, name) and "static" not in name}
    assert public == {"healthz", "LocaleView.index", "SignIn.login", "SignIn.forgotten", "Invitation.index",
                      "accessibility", "HelpPage.index", "HelpPage.show", "HelpPage.about"}


def test_8_an_unknown_action_is_no_crash(campus: Campus) -> None:
    """Anonymous GET of an unknown action is 500 in stock FAB."""
    for visitor in (campus.client(), campus.client(roles.HEAD)):
        assert visitor.get("/pupil/action/nothing/1").status_code in (302, 403, 404, 405)


def test_9_attempts_are_limited_and_the_api_has_no_door(campus: Campus) -> None:
    """Five wrong, then wait, even with the right one; the counters are in the database; no login API."""
    visitor = campus.client()
    for _ in range(5):
        assert visitor.sign_in("head@example.org", "wrong wrong wrong").status_code == 401
    answer = visitor.sign_in("head@example.org")
    assert answer.status_code == 429 and "Réessayez dans" in answer.text
    assert count_throttles() > 0
    assert not [rule.rule for rule in campus.app.url_map.iter_rules() if rule.rule.startswith("/api")]


def count_throttles() -> int:
    admin_db.session.remove()
    return admin_db.session.scalar(select(func.count()).select_from(Throttle)) or 0


def test_10_a_copied_session_dies_with_it(campus: Campus) -> None:
    """Leaving, a new pass-phrase, and a closed account each end it on the server; leaving is a POST."""
    visitor, thief = campus.client(roles.HEAD), campus.client()
    thief.client.set_cookie("livret_admin", visitor.cookie)
    assert thief.get("/pupil/list/").status_code == 200
    assert visitor.get("/logout/").status_code == visitor.get("/leave").status_code == 405
    visitor.post("/leave", "/passphrase/")
    assert thief.get("/pupil/list/").headers["Location"].startswith("/login/")


def test_10_the_present_pass_phrase_is_asked(campus: Campus) -> None:
    """Whoever finds an open browser cannot take the account; a change signs out everywhere else."""
    visitor, elsewhere = campus.client(roles.HEAD), campus.client(roles.HEAD)
    new = {"passphrase": "nuage vert parapluie", "again": "nuage vert parapluie"}
    assert visitor.post("/passphrase/", "/passphrase/", old="not the one I have", **new).status_code == 422
    assert elsewhere.get("/pupil/list/").status_code == 200
    assert visitor.post("/passphrase/", "/passphrase/", old=PASSPHRASE, **new).status_code == 302
    assert visitor.get("/pupil/list/").status_code == 200
    assert elsewhere.get("/pupil/list/").status_code == 302
    assert campus.client().sign_in("head@example.org").status_code == 401


def test_10_a_closed_account_is_out_at_once(campus: Campus) -> None:
    """The next request of an open session asks to sign in, and that is refused."""
    visitor = campus.client(roles.HEAD)
    from app.core.actor import SYSTEM

    with system_scope("test"):
        update_user(campus.people[roles.HEAD], actor=SYSTEM, first_name="A", last_name="B", email="head@example.org",
                    active=False)
    admin_db.session.remove()
    assert visitor.get("/pupil/list/").headers["Location"].startswith("/login/")
    assert visitor.sign_in("head@example.org").status_code == 401


def test_11_every_post_needs_its_token(campus: Campus) -> None:
    """Sign-in included; a token of another session does not do; neither does a foreign origin."""
    visitor, other = campus.client(roles.HEAD), campus.client(roles.CPE)
    assert campus.client().client.post("/login/", data={"username": "head@example.org"}).status_code == 400
    own, foreign = visitor.hidden("/pupil/add"), other.hidden("/passphrase/")
    before = count(Pupil, campus.world.a)
    post = visitor.client.post
    assert post("/pupil/add", data=FORM | {"drawn_for": own["drawn_for"]}).status_code == 400
    assert post("/pupil/add", data=FORM | own | {"csrf_token": foreign["csrf_token"]}).status_code == 400
    assert post("/pupil/add", data=FORM | own, headers={"Origin": "https://evil.example"}).status_code == 400
    assert count(Pupil, campus.world.a) == before
    assert post("/pupil/add", data=FORM | own, headers={"Origin": "http://localhost"}).status_code == 302


def test_11_nothing_is_deleted_by_a_link(campus: Campus) -> None:
    """GET asks, POST acts."""
    assert campus.client(roles.HEAD).get("/assignment/delete/1").status_code == 200
    assert count(DivisionStaff, campus.world.a) == 2


def test_12_no_fab_security_screens(campus: Campus) -> None:
    """Whoever may edit users or roles there is Admin: they are not registered at all."""
    endpoints = " ".join(campus.app.view_functions)
    for name in ("UserDBModelView", "RoleModelView", "PermissionModelView", "ResetPasswordView", "RegisterUser",
                 "UserInfoEditView", "SecurityApi", "MenuApi"):
        assert name not in endpoints
    visitor = campus.client(roles.ACADEMY_ADMIN)
    assert visitor.get("/users/list/").status_code == visitor.get("/roles/list/").status_code == 404


def test_13_a_refused_row_shows_no_sql(campus: Campus) -> None:
    """The database's own words tell values and columns."""
    visitor = campus.client(roles.HEAD)
    with school_scope(campus.world.a):
        from app.schools.models import Division

        division = admin_db.session.scalars(select(Division)).first()
        assert division is not None
        year = division.school_year_id
    admin_db.session.remove()
    answer = visitor.post("/division/add", "/division/add", code="6A", label="6A", school_year=str(year))
    assert answer.status_code == 200
    assert not re.search(r"INSERT|UNIQUE|IntegrityError|sqlalche|division\.school", answer.text)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "localhost@evil.example",
                                  "127.0.0.1.nip.io"])  # fmt: skip
def test_16_only_our_hosts_are_answered(campus: Campus, host: str) -> None:
    """`url_for(_external=True)` and redirects would trust the header."""
    assert campus.app.test_client().get("/login/", headers={"Host": host}).status_code == 400


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "///evil.example", "javascript:alert(1)",
                                    "/\\evil.example", "https:evil.example", "/\t/evil.example"])  # fmt: skip
def test_16_signing_in_never_leads_elsewhere(campus: Campus, target: str) -> None:
    """`next` stays on this host."""
    visitor = campus.client()
    fields = visitor.hidden("/login/") | {"username": "head@example.org", "password": PASSPHRASE}
    answer = visitor.client.post("/login/", query_string={"next": target}, data=fields)
    assert answer.status_code == 302
    there = urlsplit(answer.headers["Location"])
    assert (there.scheme, there.netloc) == ("", "") and not there.path.startswith(("//", "/\\"))


def test_17_one_answer_for_unknown_wrong_closed_and_not_yet(campus: Campus) -> None:
    """The same words, the same status, the same work (test_passwords counts the hashing)."""
    from app.core.actor import SYSTEM

    closed, waiting = add_person(campus.world, "closed"), add_person(campus.world, "waiting")
    with system_scope("test"), unit_of_work() as session:
        update_user(closed, actor=SYSTEM, first_name="A", last_name="B", email="closed@example.org", active=False)
        from flask_appbuilder.security.sqla.models import User

        session.get_one(User, waiting).password = None
    admin_db.session.remove()
    answers = set()
    for name, phrase in (("nobody", PASSPHRASE), ("head", "wrong wrong wrong"), ("closed", PASSPHRASE),
                         ("waiting", PASSPHRASE), ("waiting", "None")):
        answer = campus.client().sign_in(f"{name}@example.org", phrase)
        words = re.findall(r'role="alert">.*?<div>(.*?)</div>', answer.text, re.S)
        answers.add((answer.status_code, tuple(words)))
    assert answers == {(401, ("Identifiant ou phrase de passe incorrects.",))}


@pytest.mark.parametrize("query", ["psize_PupilView=100000", "page_PupilView=x", "page_PupilView=-4",
                                   "page_PupilView=99999999999999999999", "psize_PupilView=x"])  # fmt: skip
def test_18_page_numbers_are_clamped(campus: Campus, query: str) -> None:
    """Neither a five-megabyte page nor a crash."""
    with school_scope(campus.world.a), unit_of_work() as session:
        from app.schools.models import School

        school = session.get_one(School, campus.world.a)
        for _ in range(250):
            make_pupil(school)
    answer = campus.client(roles.HEAD).get(f"/pupil/list/?{query}")
    assert answer.status_code == 200 and len(set(_rows(answer.text))) <= 200


@pytest.mark.parametrize("address", ["/jobs/{}", "/jobs/{}/status", "/jobs/file/{}", "/notification/letter/{}.pdf",
                                     "/pupil/show/{}"])  # fmt: skip
def test_18_a_number_no_column_holds_is_nobodys_row(campus: Campus, address: str) -> None:
    """Both databases would answer with an error."""
    assert campus.client(roles.HEAD).get(address.format(10**20)).status_code == 404


def test_20_every_answer_carries_its_headers(campus: Campus) -> None:
    """Nothing kept by browsers or proxies, no frame, no foreign script, no guessing of types."""
    visitor = campus.client(roles.HEAD)
    nonces = set()
    for path in ("/", "/pupil/list/", "/nothing-here", "/person/1", "/pupil/export.xlsx"):
        headers = visitor.get(path).headers
        assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        nonces.add(re.findall(r"'nonce-([^']+)'", policy)[0])
    assert len(nonces) == 5


@pytest.mark.row("M001")
def test_a_form_drawn_for_another_school_is_refused(campus: Campus) -> None:
    """Somebody changed school in another tab: nothing is written, and the page says why (DESIGN §6)."""
    from app.core.actor import SYSTEM
    from app.security.services import grant

    with system_scope("test"):
        grant(campus.people[roles.HEAD], roles.HEAD, actor=SYSTEM, school_id=campus.world.b)
    admin_db.session.remove()
    visitor = campus.client(roles.HEAD)
    assert visitor.get("/pupil/list/").headers["Location"].startswith("/change-school")
    assert visitor.post(f"/change-school/school/{campus.world.a}", "/change-school/").status_code == 302
    stale = visitor.hidden("/pupil/add")
    visitor.post(f"/change-school/school/{campus.world.b}", "/change-school/")
    before = count(Pupil, campus.world.a), count(Pupil, campus.world.b)
    answer = visitor.client.post("/pupil/add", data=FORM | stale)
    assert answer.status_code == 409 and "autre établissement" in answer.text
    assert (count(Pupil, campus.world.a), count(Pupil, campus.world.b)) == before


@pytest.mark.row("M001")
def test_the_header_says_who_and_where(campus: Campus) -> None:
    """Name, role, UAI - school, year; leave, and change school when there is one to change to."""
    text = campus.client(roles.CLASS_TEACHER).get("/").text
    for words in ("Alix Class_Teacher", "Professeur principal", "- Collège Essai 1", "2026-2027", 'action="/leave"'):
        assert words in text
    assert "/change-school" not in text
    academy = campus.client(roles.ACADEMY_ADMIN)
    assert "Académie de Montrevel" in academy.get("/").text
    academy.post(f"/change-school/school/{campus.world.a}", "/schools/")
    assert "/change-school" in academy.get("/").text
