"""Every screen's list as SQL: each search and each sort, on both kinds of database, without a page."""

from __future__ import annotations

import pytest

from app.admin.declaration import Screen
from app.admin.filters import KINDS
from app.admin.listing import Listing
from app.admin.screens import SCREENS
from app.core.db import admin_db
from app.core.scope import academy_scope, school_scope
from tests.factories import World

VALUES = {"text": "a", "number": "1", "date": "2026-01-31", "moment": "2026-01-31", "tick": "1", "relation": "1"}


def _standing_of_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    from app.admin import rules

    monkeypatch.setattr(rules, "current_standing", lambda: None)  # no request here: nobody is narrowed to classes


def _search_everything(listing: Listing) -> dict[str, str]:
    found = {}
    for criterion in listing.asked:
        for operator in KINDS[criterion.kind]:
            value = criterion.options[0][0] if criterion.kind == "choice" else VALUES[criterion.kind]
            found[criterion.argument(operator)] = value
    return found


@pytest.mark.row("C01")
def test_every_search_and_sort_is_sql(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the form can ask, the database can answer, in a school and in an academy."""
    _standing_of_a_head(monkeypatch)
    for scope in (school_scope(world.a), academy_scope(world.authority)):
        with scope:
            for screen in SCREENS:
                _ask_all(screen)
                admin_db.session.rollback()


def _ask_all(screen: Screen) -> None:
    plain = Listing(screen, {})
    paging = plain.paging()
    assert len(plain.rows(paging)) == min(paging.count, paging.size)
    assert len(list(plain.every_row())) == paging.count == len(plain.every_id())
    everything = Listing(screen, _search_everything(plain))
    everything.rows(everything.paging())
    for name in plain.sortable:
        for direction in ("asc", "desc"):
            sort = Listing(screen, {f"_oc_{screen.name}": name, f"_od_{screen.name}": direction})
            assert {row[0] for row in sort.rows(paging)} <= set(plain.every_id())


def test_lists_stay_in_their_scope(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same list in two schools shares no row; the academy sees both, and whose they are."""
    _standing_of_a_head(monkeypatch)
    pupils = next(screen for screen in SCREENS if screen.name == "PupilView")
    seen = []
    for school in (world.a, world.b):
        with school_scope(school):
            seen.append(set(Listing(pupils, {}).every_id()))
    assert len(seen[0]) == 3 and not seen[0] & seen[1]
    with academy_scope(world.authority):
        both = Listing(pupils, {})
        assert set(both.every_id()) == seen[0] | seen[1]
        assert {row[-1] for row in both.rows(both.paging())} == {"Collège Essai 1", "Collège Essai 2"}


def test_a_search_for_nonsense_finds_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """« abc » is no date and no number: nothing matches, nothing breaks, on PostgreSQL either."""
    _standing_of_a_head(monkeypatch)
    with school_scope(world.a):
        for screen in SCREENS:
            listing = Listing(screen, {})
            for criterion in listing.asked:
                if criterion.kind in ("number", "date", "moment", "relation"):
                    for value in ("abc", "99999999999999999999", "0000-00-00"):
                        odd = Listing(screen, {criterion.argument("equals"): value})
                        assert odd.paging().count == 0


