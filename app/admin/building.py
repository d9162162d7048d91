"""From an entry of `screens.py` to a view class; an entry that names what does not exist stops the start."""

from __future__ import annotations

from typing import Any

from flask_appbuilder.models.sqla.interface import SQLAInterface
from sqlalchemy import inspect

from app.admin.columns import Columns, label
from app.admin.declaration import Screen
from app.admin.filters import criteria
from app.admin.generated import FAB_ROUTES, LivretView, key_column
from app.core.db import admin_db


def check_screen(screen: Screen) -> None:
    """Stop the start when an entry names what does not exist; nobody finds it out on a page."""
    columns = Columns(screen)
    for name in (*screen.list_columns, *screen.sortable, *(n.lstrip("-") for n in screen.base_order)):
        columns[name]
    criteria(screen, {}, with_options=False)
    for name in (*screen.list_columns, *(f for g in (*screen.shown, *screen.edited) for f in g.fields)):
        label(screen, name)


def build_view(screen: Screen) -> type[LivretView]:
    """The view class of one declaration. Its routes are the screen's verbs, its actions' and its mixin's own."""
    check_screen(screen)
    own = screen.mixin or object
    routes = {name for name in dir(own) if hasattr(getattr(own, name), "_urls")}
    acts = any(hasattr(getattr(own, name), "_action") for name in dir(own))
    bases = (screen.mixin, LivretView) if screen.mixin else (LivretView,)
    mapper: Any = inspect(screen.model)
    real = set(mapper.columns.keys())
    columns = {
        "datamodel": SQLAInterface(screen.model, admin_db.session),
        "search_columns": [c for c in screen.search_columns if c in real] or [_first(screen.model)],
        "list_columns": [*screen.list_columns],
        "order_columns": [*screen.sortable],
        "show_columns": [f for g in screen.shown for f in g.fields],
        "add_columns": [_first(screen.model)],  # our own forms; FAB only needs something it can name
        "edit_columns": [_first(screen.model)],
        "label_columns": {name: name for name in [*screen.list_columns, *real]},
    }
    include = (set(screen.verbs) & FAB_ROUTES) | routes | ({"action", "action_post"} if acts else set())
    return type(
        screen.name,
        bases,
        columns
        | {
            "screen": screen,
            "route_base": screen.route,
            "class_permission_name": screen.resource,
            "include_route_methods": include,
            "list_title": screen.words.many,
            "__doc__": f"Generated from the `{screen.resource}` line of screens.py.",
        },
    )


def _first(model: type) -> str:
    return str(key_column(model).key)
