"""What is missing in booklets, by the conditions of the workflow themselves (M042): one booklet or a whole list."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import class_mapper, joinedload, subqueryload

from app.booklets.models import Attainment, Booklet
from app.core.db import admin_db
from app.workflow import catalogue, engine
from app.workflow.registry import Unmet


def with_content(*where: ColumnElement[bool]) -> list[Booklet]:
    """Booklets in the order of a class, with what their completeness depends on; five statements and no more."""
    class_mapper(Booklet)  # the collections below are made with the mappers
    lines = subqueryload(Booklet.attainments)  # type: ignore[attr-defined]
    statement = (
        select(Booklet)
        .where(*where)
        .options(lines.joinedload(Attainment.item), lines.subqueryload(Attainment.elements),  # type: ignore[attr-defined]
                 subqueryload(Booklet.masteries), subqueryload(Booklet.faults),  # type: ignore[attr-defined]
                 joinedload(Booklet.division))
        .order_by(Booklet.division_label, Booklet.last_name, Booklet.first_name, Booklet.id)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return list(admin_db.session.scalars(statement).unique())


def missing(booklet: Booklet) -> list[Unmet]:
    """Exactly what stands between a booklet and its lock, each with the record it is about and who can mend it."""
    return engine.unmet_conditions(booklet, catalogue.ready("booklet").transition("lock").requires)


def missing_in(booklets: Sequence[Booklet]) -> dict[int, list[Unmet]]:
    """The same for a list loaded by `with_content`."""
    return {booklet.id: [] if booklet.is_sealed else missing(booklet) for booklet in booklets}
