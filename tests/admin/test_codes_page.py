"""What the address and the forms of the code pages may say."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.datastructures import MultiDict

from app.access.queries import Selection
from app.admin.codes import selection_from
from app.core.errors import BadInput
from app.core.scope import school_scope
from app.core.uow import unit_of_work
from app.schools.people import GuardianLink
from tests.admin.conftest import sign_in
from tests.factories import World


def test_a_population_is_all_a_programme_or_a_division() -> None:
    assert selection_from(MultiDict()) == Selection()
    assert selection_from(MultiDict({"population": "division-12"})) == Selection("division", 12)


@pytest.mark.parametrize("typed", ["division", "division-", "division-²", f"division-{2**31}", "division--1", "mef-1"])
def test_anything_else_is_a_mistake_and_no_crash(typed: str) -> None:
    with pytest.raises(BadInput):
        selection_from(MultiDict({"population": typed}))


def test_links_that_wait_to_be_certified_are_told_of(admin_app: Flask, sqlite_world: World) -> None:
    person = sign_in(admin_app, "head", school_id=sqlite_world.a)
    assert "ONDE" not in person.client.get("/codes/create/").text
    with school_scope(sqlite_world.a), unit_of_work() as session:
        session.execute(update(GuardianLink).values(certified=False))
    page = person.client.get("/codes/create/").text
    assert "ONDE" in page and "/codes/certify/" in page
    secretary = sign_in(admin_app, "secretary", school_id=sqlite_world.a).get("/codes/create/")
    assert "/guardian-link/list/" in secretary and "/codes/certify/" not in secretary
