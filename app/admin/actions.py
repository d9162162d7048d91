"""Actions on one row or many, declared with FAB's `@action` on a screen's mixin.

FAB's own handlers run on GET, load rows by key whatever the filters, and answer 500 to an unknown name (traps 1,
8, 11). Here: POST only, permission `can_<name>` first, rows through the gate, confirmation on a page when the
browser runs no script.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, flash, redirect, request
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import inspect, select

from app.admin.columns import name_of
from app.admin.listing import Listing
from app.admin.page import check_drawn_for
from app.core.db import admin_db

NAMED = 10  # rows named on the page that asks for confirmation
CHUNK = 500  # keys in one IN (…)


class ActionsMixin:
    """The two action routes of a generated view."""

    screen: ClassVar[Any]
    actions: dict[str, Any]
    appbuilder: Any
    class_permission_name: str

    def get_action_permission_name(self, name: str) -> str:
        """`can_lock` for the action `lock`, as in roles and workflow files."""
        return f"can_{name}"

    @expose("/action/<string:name>/<int:pk>", methods=["POST"])
    def action(self, name: str, pk: int) -> Any:
        """One row, from its page."""
        return self._act(name, "single", lambda: [pk])

    @expose("/action_post", methods=["POST"])
    def action_post(self) -> Any:
        """The ticked rows of a list, or every row of the list as filtered."""
        return self._act(request.form.get("action", ""), "multiple", self._ticked)

    def visible_actions(self, where: str) -> list[Any]:
        """The actions this person may run from a list (`multiple`) or from a page (`single`)."""
        shown = (action for action in self.actions.values() if getattr(action, where))
        return [action for action in shown if self._may_run(action.name)]

    def _may_run(self, name: str) -> bool:
        permission = self.get_action_permission_name(name)
        return self.appbuilder.sm.has_access(permission, self.class_permission_name)

    def _act(self, name: str, where: str, keys: Any) -> Any:
        if not current_user.is_authenticated:
            return redirect(self.appbuilder.get_url_for_login)
        action = self.actions.get(name)
        if action is None or not getattr(action, where):
            abort(404)
        if not self._may_run(name):
            abort(403)
        check_drawn_for()
        items = self._load(keys())
        if not items and where == "single":
            abort(404)
        if not items:
            flash(_("Tick at least one row first."), "warning")
            return redirect(self.get_redirect())  # type: ignore[attr-defined]
        if action.confirmation and not request.form.get("confirmed"):
            return self._ask(action, items)
        return action.func(items if where == "multiple" else items[0])

    def _ticked(self) -> list[int]:
        if request.form.get("everything"):
            return Listing(self.screen, request.args, with_options=False).every_id()
        return [int(key) for key in request.form.getlist("rowid") if key.isascii() and key.isdigit()]

    def _load(self, keys: Sequence[int]) -> list[Any]:
        model = self.screen.model
        column = getattr(model, inspect(model).primary_key[0].key)
        found: list[Any] = []
        for start in range(0, len(keys), CHUNK):
            chunk = [key for key in keys[start : start + CHUNK] if key < 2**31]
            found += admin_db.session.scalars(select(model).where(column.in_(chunk))).all()
        return found

    def _ask(self, action: Any, items: list[Any]) -> str:
        return self._draw(  # type: ignore[attr-defined, no-any-return]
            "confirm", title=action.text, question=action.confirmation, action=action, count=len(items),
            names=[name_of(self.screen, item) for item in items[:NAMED]],
        )  # fmt: skip
