"""Actions on one row or many. FAB's handlers run on GET, ignore the scope, trip on unknown names (traps 1, 8, 11)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, redirect
from flask_appbuilder.actions import action
from sqlalchemy import select

from app.admin.building import build_view
from app.admin.declaration import Screen
from app.admin.words import PROGRAMME
from app.core.db import admin_db
from app.core.scope import system_scope
from app.core.uow import unit_of_work
from app.schools.models import Programme, School
from tests.admin.conftest import Browser, sign_in
from tests.factories import World, make_programme

SEEN: list[str] = []


class Deeds:
    """Two actions: one that asks first, one for a permission a head does not hold."""

    @action("edit", "Relire", "Relire ces formations ?", multiple=True, single=True)
    def read_again(self, items: Any) -> Any:
        """Remember what it was given."""
        items = items if isinstance(items, list) else [items]
        SEEN.extend(sorted(item.label for item in items))
        return redirect(self.list_url())  # type: ignore[attr-defined]

    @action("forbidden", "Interdit", multiple=True, single=True)
    def not_for_you(self, items: Any) -> Any:
        """Nobody holds `can_forbidden`."""
        raise AssertionError("ran without its permission")


@pytest.fixture
def toy(admin_app: Flask, sqlite_world: World) -> Browser:
    """A head before a screen of programmes with actions; school a has three, school b one."""
    screen = Screen(Programme, "ToyView", "programme", PROGRAMME, list_columns=("label",), search_columns=("label",),
                    base_order=("label",), mixin=Deeds)  # fmt: skip
    view = build_view(screen)
    view.route_base = "/toy"
    with admin_app.app_context():
        admin_app.appbuilder.add_view_no_menu(view)  # type: ignore[attr-defined]
    with system_scope("programmes"), unit_of_work():
        school = admin_db.session.get_one(School, sqlite_world.a)
        make_programme(school, "2", "AAA"), make_programme(school, "3", "BBB")
    SEEN.clear()
    return sign_in(admin_app, "head", school_id=sqlite_world.a)


def key(label: str, school: int) -> int:
    """A programme's id."""
    with system_scope("the test's programme"):
        found = admin_db.session.scalars(select(Programme.id).filter_by(label=label, school_id=school)).one()
    admin_db.session.rollback()
    return found


def test_ticked_rows_after_a_question(toy: Browser, sqlite_world: World) -> None:
    """Without scripts the question has a page of its own; then the action runs, on the ticked rows."""
    pk = key("AAA", sqlite_world.a)
    answer = toy.send("/toy/action_post", page="/toy/list/", action="edit", rowid=pk)
    assert answer.status_code == 200 and "Relire ces formations ?" in answer.text and SEEN == []
    assert f'name="rowid" value="{pk}"' in answer.text
    answer = toy.send("/toy/action_post", page="/toy/list/", action="edit", rowid=pk, confirmed=1)
    assert answer.status_code == 302 and SEEN == ["AAA"]


def test_the_whole_list_means_the_result_of_the_search(toy: Browser) -> None:
    """FAB's « select all » takes the page; ours takes what the search found, on all its pages."""
    toy.send("/toy/action_post?_flt_0_label=bbb", page="/toy/list/", action="edit", everything=1, confirmed=1)
    assert SEEN == ["BBB"]
    toy.send("/toy/action_post", page="/toy/list/", action="edit", everything=1, confirmed=1)
    assert SEEN == ["BBB", "6EME", "AAA", "BBB"]


def test_another_school_s_rows_are_left_out(toy: Browser, sqlite_world: World) -> None:
    """A foreign key in a forged form reaches nothing, nor an error that would tell it exists."""
    foreign = key("6EME", sqlite_world.b)
    answer = toy.send("/toy/action_post", page="/toy/list/", action="edit", rowid=foreign, confirmed=1)
    assert answer.status_code == 302 and SEEN == []
    assert toy.send(f"/toy/action/edit/{foreign}", page="/toy/list/", confirmed=1).status_code == 404


def test_nothing_runs_on_get_nor_without_its_permission(toy: Browser, sqlite_world: World) -> None:
    """405 on GET, 403 without the permission, 404 for what does not exist."""
    pk = key("AAA", sqlite_world.a)
    assert toy.client.get(f"/toy/action/edit/{pk}").status_code in (404, 405)
    assert toy.client.get("/toy/action_post").status_code in (404, 405)
    for name, status in (("forbidden", 403), ("nothing", 404), ("", 404)):
        assert toy.send("/toy/action_post", page="/toy/list/", action=name, rowid=pk).status_code == status
    assert toy.send(f"/toy/action/forbidden/{pk}", page="/toy/list/").status_code == 403
    assert "Interdit" not in toy.get("/toy/list/") and "Relire" in toy.get("/toy/list/")


def test_an_entry_that_names_nothing_stops_the_start() -> None:
    """A column that does not exist is found when the application starts, not by somebody on a page."""
    for wrong in ({"list_columns": ("lable",)}, {"list_columns": ("label",), "search_columns": ("school.secret",)},
                  {"list_columns": ("label",), "base_order": ("-nothing",)}):  # fmt: skip
        with pytest.raises(LookupError):
            build_view(Screen(Programme, "WrongView", "wrong", PROGRAMME, **wrong))  # type: ignore[arg-type]
