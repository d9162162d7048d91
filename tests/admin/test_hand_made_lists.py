"""The lists of the hand-made pages as spreadsheets, narrowed as on screen (C04)."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from markupsafe import escape

from app.access.planning import NO_SERVICE
from app.access.queries import Selection
from app.access.services import create_codes
from app.core.actor import SYSTEM
from app.core.scope import school_scope
from app.online.services import move_services
from tests.admin.conftest import sign_in
from tests.factories import World


@pytest.mark.row("C04", "M079", "M085")
def test_couples_and_notifications_export_as_shown(admin_app: Flask, sqlite_world: World) -> None:
    sixth = sqlite_world.of[sqlite_world.a]["divisions"][0]
    with school_scope(sqlite_world.a):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection("division", sixth), actor=SYSTEM)
    head = sign_in(admin_app, "head", school_id=sqlite_world.a)
    without = list(head.sheet("/codes/create/export.xlsx").values)
    assert [row[1] for row in without[1:]] == ["5B"]
    everyone = list(head.sheet(f"/codes/create/export.xlsx?show=all&population=division-{sixth}").values)
    assert [(row[1], row[3]) for row in everyone[1:]] == [("6A", 1), ("6A", 2), ("6A", 1)]
    asked = "/codes/notify/export.xlsx?population=all&only=new&rank=1&mode=email"
    told = list(head.sheet(asked).values)
    assert {row[4] for row in told[1:]} == {"mere@example.org"}
    assert len(list(head.sheet("/jobs/export.xlsx").values)) == 1


@pytest.mark.parametrize("page", ["²", "-1", "x", "99999999999"])
def test_what_is_no_page_number_is_no_fault(admin_app: Flask, sqlite_world: World, page: str) -> None:
    academy = sign_in(admin_app, "academy_admin", authority_id=sqlite_world.authority)
    for path in ("/people/", "/schools/", "/jobs/"):
        academy.get(f"{path}?page={page}")


@pytest.mark.row("M089")
def test_the_desk_warns_that_no_service_is_open_until_one_is(admin_app: Flask, sqlite_world: World) -> None:
    head = sign_in(admin_app, "head", school_id=sqlite_world.a)
    assert str(escape(NO_SERVICE)) in head.get("/codes/notify/")
    with school_scope(sqlite_world.a):
        move_services(["booklets"], "open", actor=SYSTEM)
    assert str(escape(NO_SERVICE)) not in head.get("/codes/notify/")


def test_each_cell_of_a_table_is_labelled_as_its_column(admin_app: Flask, sqlite_world: World) -> None:
    """On a phone the header row is gone and the cell's own label stands for it."""
    with school_scope(sqlite_world.a):
        move_services(["booklets"], "open", actor=SYSTEM)
        create_codes(Selection("division", sqlite_world.of[sqlite_world.a]["divisions"][0]), actor=SYSTEM)
    head = sign_in(admin_app, "head", school_id=sqlite_world.a)
    head.send("/codes/create/run", page="/codes/create/", population="all", scope="selection")
    notify = "/codes/notify/?population=all&only=new&rank=1&mode=email"
    for path in ("/jobs/", "/codes/create/", "/codes/create/?show=all", notify):
        table = re.search(r"<table.*?</table>", head.get(path), re.DOTALL)[0]
        heads = [re.sub(r"<.*?>", "", text) for text in re.findall(r'<th role="columnheader".*?>(.*?)</th>', table)]
        row = table.split('<tr role="row">')[2]
        buttons = row.count('class="actions"')
        assert re.findall(r'data-label="(.*?)"', row) == heads[1 : len(heads) - buttons], path
        assert heads[len(heads) - buttons :] == ["Actions"] * buttons, path
