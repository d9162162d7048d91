"""What the address and the forms of the code pages may say."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from app.access.queries import Selection
from app.admin.codes import selection_from
from app.core.errors import BadInput


def test_a_population_is_all_a_programme_or_a_division() -> None:
    assert selection_from(MultiDict()) == Selection()
    assert selection_from(MultiDict({"population": "division-12"})) == Selection("division", 12)


@pytest.mark.parametrize("typed", ["division", "division-", "division-²", f"division-{2**31}", "division--1", "mef-1"])
def test_anything_else_is_a_mistake_and_no_crash(typed: str) -> None:
    with pytest.raises(BadInput):
        selection_from(MultiDict({"population": typed}))
