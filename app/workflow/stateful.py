"""What a model with a life of its own inherits: a state that only the engine moves, and its version (DESIGN §4)."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Integer, String, event
from sqlalchemy.orm import Mapped, ORMExecuteState, class_mapper, declared_attr, mapped_column, validates
from sqlalchemy.orm.attributes import set_committed_value

from app.core.db import LivretSession

ENGINE = "livret_workflow"  # execution option that only app.workflow.engine and app.workflow.bulk set


class StateAssigned(RuntimeError):
    """Code tried to write `state` itself. A bug, never a user's mistake."""

    def __init__(self, model: str) -> None:
        super().__init__(f"{model}.state is moved by app.workflow, never assigned")


def initial_state(workflow: str) -> str:
    """The state in which a new object of this workflow begins."""
    from app.workflow.catalogue import definition  # the catalogue reads files: not while models are declared

    return definition(workflow).initial


class Stateful:
    """Mixin for both databases: `class ActivationCode(SchoolScoped, Stateful, AdminBase)`, with
    `__workflow__ = "guardian_code"`, the name of a file in `workflows/`.

    `state` can be read and queried; assigning it raises. `version` grows with every transition, so that a form
    drawn before one is refused after it. A model whose other columns are edited by several people makes it the
    mapper's `version_id_col`; a job, whose progress two processes write, must not.
    """

    __workflow__: ClassVar[str]

    @declared_attr
    def state(cls) -> Mapped[str]:
        return mapped_column(String(20), nullable=False, default=lambda: initial_state(cls.__workflow__))

    version: Mapped[int] = mapped_column(Integer, nullable=False, default=1)

    @validates("state")
    def _refuse_assignment(self, _key: str, _value: Any) -> Any:
        raise StateAssigned(type(self).__name__)


@event.listens_for(Stateful, "init", propagate=True)
def _begin(target: Stateful, _args: Any, _kwargs: Any) -> None:
    class_mapper(type(target))  # the first object of a process may come before the mappers are configured
    set_committed_value(target, "state", initial_state(target.__workflow__))


@event.listens_for(LivretSession, "do_orm_execute")
def _refuse_bulk_assignment(execute: ORMExecuteState) -> None:
    """`update(Model)` of the state, or `insert(Model)` with another than the initial one, is the engine's alone."""
    if not (execute.is_update or execute.is_insert) or execute.execution_options.get(ENGINE):
        return
    mapper = execute.bind_mapper
    if mapper is None or not issubclass(mapper.class_, Stateful):
        return
    if execute.is_update and "state" in _update_names(execute):
        raise StateAssigned(mapper.class_.__name__)
    if execute.is_insert and _inserted_states(execute) - {initial_state(mapper.class_.__workflow__)}:
        raise StateAssigned(mapper.class_.__name__)


def _update_names(execute: ORMExecuteState) -> set[str]:
    statement: Any = execute.statement
    names = {getattr(column, "key", column) for column in statement._values or {}}
    return names.union(*(row.keys() for row in _rows(execute)))


def _inserted_states(execute: ORMExecuteState) -> set[Any]:
    statement: Any = execute.statement
    if "state" in (statement._select_names or ()):
        return {"whatever the select says"}
    multiple = [row for rows in statement._multi_values or () for row in rows]
    found: set[Any] = set()
    for row in [statement._values or {}, *multiple, *_rows(execute)]:
        values = {getattr(column, "key", column): value for column, value in row.items()}
        if "state" in values:
            found.add(getattr(values["state"], "value", values["state"]))
    return found


def _rows(execute: ORMExecuteState) -> list[dict[str, Any]]:
    parameters: Any = execute.parameters or []
    return parameters if isinstance(parameters, list) else [parameters]
