"""Role × route × school: every address, for every role, with its own school's object and with another's (DESIGN §6).

Not signed in → the sign-in page; without the permission → 403 whatever the object; with it but outside the scope →
404. What is expected is derived from `app.security.roles` and the table in `routes.py`, never written here.
"""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.routing import Rule

from app.core.db import admin_db
from app.security import roles
from tests.security.conftest import Campus, Visitor, without_tokens
from tests.security.objects import academy_job, objects, other_academy
from tests.security.routes import ADMIN, EVERYONE, PUBLIC, Route

NOWHERE = 987_654_321
GLOBAL = {"grade_level", "own_level"}  # the same rows for every school
READING = {"GET"}
pytestmark = pytest.mark.row("C01", "C05")


def rules(campus: Campus) -> list[tuple[Rule, str, Route]]:
    """Every address with each of its methods and its class."""
    found = []
    for rule in campus.app.url_map.iter_rules():
        if rule.endpoint.endswith("static"):
            continue  # files: public, and no session is even opened for them
        route = ADMIN[rule.endpoint]
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            found.append((rule, method, route))
    # Reading first, then deleting, going elsewhere last, leaving never: a visitor walks the list with one session.
    return sorted(found, key=lambda f: (f[1] != "GET", _last(f[0].endpoint), f[0].endpoint))


def _last(endpoint: str) -> int:
    return ("delete" in endpoint) + 2 * (endpoint == "ChangeSchool.enter")


def address(campus: Campus, rule: Rule, route: Route, number: int) -> str:
    """The path of a rule with its arguments filled in."""
    values = {name: route.values.get(name, number) for name in rule.arguments}
    return campus.app.url_map.bind("localhost").build(rule.endpoint, values)


def permission_of(route: Route) -> roles.Permission:
    """(`can_list`, `pupil`) of « pupil:list »."""
    resource, _colon, verb = route.access.partition(":")
    return roles.permission(resource, verb)


def test_every_address_is_classified(campus: Campus) -> None:
    """A new page comes with its line in routes.py; a line without page goes."""
    endpoints = {rule.endpoint for rule in campus.app.url_map.iter_rules() if not rule.endpoint.endswith(".static")}
    assert endpoints - set(ADMIN) == set()
    assert {name for name in ADMIN if not name.endswith("static")} - endpoints == set()


def test_pages_ask_for_the_permission_of_their_line(campus: Campus) -> None:
    """The class of an address is what its view really asks for."""
    blueprints = {view.blueprint.name: view for view in campus.app.appbuilder.baseviews}  # type: ignore[attr-defined]
    for endpoint, route in ADMIN.items():
        function = campus.app.view_functions.get(endpoint)
        if route.access == PUBLIC:
            continue
        if route.access == EVERYONE:
            assert getattr(function, "for_everyone", False) or endpoint in ("Home.index", "UtilView.back"), endpoint
            continue
        view = blueprints[endpoint.partition(".")[0]]
        asked = (f"can_{function._permission_name}", view.class_permission_name)  # type: ignore[union-attr]
        assert asked == permission_of(route), endpoint


def test_nobody_gets_the_sign_in_page(campus: Campus) -> None:
    """Whatever the address and the method, even a form without token: sign in first."""
    visitor = campus.client()
    for rule, method, route in rules(campus):
        path = address(campus, rule, route, 1)
        answer = visitor.client.open(path, method=method)
        if route.access == PUBLIC:
            assert "/login/" not in answer.headers.get("Location", "") or method == "POST", path
            assert answer.status_code in (200, 302, 304, 400), (path, answer.status_code)
        else:
            assert answer.status_code == 302, (path, method, answer.status_code)
            assert answer.headers["Location"].startswith("/login/"), path


@pytest.mark.parametrize("role", list(roles.ROLES))
def test_answers_of_a_role(campus: Campus, role: str) -> None:
    """The three answers for one role on every address."""
    kind = roles.ROLES[role]
    elsewhere = other_academy() if kind.level == "academy" else campus.world.b
    own, foreign = objects(campus.world.a), objects(elsewhere)
    if kind.level == "academy":
        own["job_page"] = academy_job()
    admin_db.session.remove()
    may = roles.exercised(roles.shipped(role), place=kind.level, level=kind.level)
    visitor = campus.client(role)
    fields = visitor.hidden("/passphrase/")  # a page everybody has, for its token and place
    wrong = []
    for rule, method, route in rules(campus):
        if rule.endpoint in ("SignIn.leave", "SignIn.logout"):
            continue
        allowed = route.access in (PUBLIC, EVERYONE) or permission_of(route) in may
        for whose, number in _numbers(route, rule, own, foreign):
            path = address(campus, rule, route, number)
            status = _status(visitor, method, path, fields)
            if not _as_expected(status, allowed, whose, route):
                wrong.append(f"{method} {path} ({whose}): {status}, allowed={allowed}")
    assert not wrong, "\n".join(wrong)


def _numbers(route: Route, rule: Rule, own: dict[str, int], foreign: dict[str, int]) -> list[tuple[str, int]]:
    if route.object is None:
        return [("none", 0)]
    found = [("foreign", NOWHERE), ("own", own[route.object])]
    if foreign[route.object] != own[route.object] and route.object not in GLOBAL:
        found.insert(0, ("foreign", foreign[route.object]))
    return found


def _status(visitor: Visitor, method: str, path: str, fields: dict[str, str]) -> int:
    if method == "GET":
        return visitor.get(path).status_code
    return visitor.client.post(path, data=fields).status_code


def _as_expected(status: int, allowed: bool, whose: str, route: Route) -> bool:
    if not allowed:
        return status == 403
    if whose == "foreign":
        return status == 404
    # The page was reached: what it answers to an empty form is its own business, as long as it is an answer.
    return status in (200, 302, 304, 400, 409, 415, 422, 429) or _own_refusal(status, route)


def _own_refusal(status: int, route: Route) -> bool:
    """A page of one's own may still refuse the row for a reason of its own: a letter that was never printed, an AP of
    which one teaches no subject, a booklet of a class that is not one's own, a test of a subject one does not teach."""
    own = ("notification", "artifact", "project_group", "booklet", "test_page")
    return status == 404 and route.object in own


def test_a_refusal_says_nothing_about_the_object(campus: Campus) -> None:
    """Without the permission the answer is the same for one's own, another's and no row at all."""
    own, foreign = objects(campus.world.a), objects(campus.world.b)
    admin_db.session.remove()
    visitor = campus.client(roles.TEACHER)
    texts = [_text(visitor.get(f"/guardian/show/{n}")) for n in (own["guardian"], foreign["guardian"], NOWHERE)]
    assert texts[0] == texts[1] == texts[2]


def _text(answer: Any) -> tuple[int, str]:
    return answer.status_code, without_tokens(answer.text)
