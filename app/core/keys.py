"""Composite keys `(school_id, x_id)`: the database itself refuses a row that points into another school (DESIGN §6)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import relationship


def school_unique() -> UniqueConstraint:
    """What lets other tables point at (school_id, id) of this one."""
    return UniqueConstraint("school_id", "id")


def school_fk(column: str, target: str, *, ondelete: str = "RESTRICT") -> ForeignKeyConstraint:
    """`(school_id, column)` must exist in `target`. A NULL `column` is left alone, as usual."""
    return ForeignKeyConstraint(["school_id", column], [f"{target}.school_id", f"{target}.id"], ondelete=ondelete)


def school_relation(owner: str, column: str, target: str, **options: Any) -> Any:
    """A relationship that copies the id column only, so that no form can move the row to another school."""
    return relationship(
        target,
        primaryjoin=f"and_({target}.id == foreign({owner}.{column}), {target}.school_id == {owner}.school_id)",
        **options,
    )
