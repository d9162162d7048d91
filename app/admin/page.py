"""What every admin page needs around its content: context, menu bar, the school a form was drawn for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask, current_app, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.errors import Conflict
from app.core.scope import current_scope
from app.core.ui import install_ui
from app.security.access import public

# The order is fixed, an entry comes with its page (DESIGN §5).
CATEGORIES = {
    "booklets": _l("Booklets"),
    "settings": _l("Settings"),
    "exchange": _l("Data exchange"),
    "online": _l("Online services"),
    "academy": _l("Academy"),
}


class NamedSchool(Protocol):
    """What the header says of a school."""

    uai: str
    name: str


@dataclass(frozen=True, slots=True)
class PageContext:
    """The header of every page (M001). A context processor gives it to templates as `page_context`.

    `person` is None before sign-in: the header is then bare. `authority` stands where the school's name does for
    who works on the whole academy. `direction` is rtl for languages written so.
    """

    person: str | None = None
    role_label: str = ""
    school: NamedSchool | None = None
    school_year: str = ""
    authority: str = ""
    can_change_school: bool = False
    change_school_url: str = "/change-school"
    leave_url: str = "/leave"
    language: str = "fr"
    direction: str = "ltr"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A page of the menu bar."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class MenuCategory:
    """One title of the menu bar with the pages this person may open."""

    label: str
    entries: tuple[MenuEntry, ...]

    @property
    def current(self) -> bool:
        """Whether the present page is under this title."""
        return any(entry.current for entry in self.entries)


def admin_menu() -> list[MenuCategory]:
    """The menu bar for whoever is signed in: FAB's menu, each entry judged by the permission its page asks for."""
    found: dict[str, list[MenuEntry]] = {name: [] for name in CATEGORIES}
    appbuilder: Any = current_app.extensions["appbuilder"]
    for category in appbuilder.menu.get_list():
        title = category_here(category.name)
        found.setdefault(title, []).extend(_entry(item) for item in category.childs if _may_open(item))
    return [MenuCategory(str(CATEGORIES.get(name, name)), tuple(entries)) for name, entries in found.items() if entries]


def category_here(name: str) -> str:
    """Where a page's entry stands: « Académie » is the administrator's; in a school its pages are settings."""
    scope = current_scope()
    return "settings" if name == "academy" and scope is not None and scope.kind == "school" else name


def _may_open(item: Any) -> bool:
    view = item.baseview
    if view is None or not item.should_render():
        return False
    permission = getattr(getattr(view, view.default_view), "_permission_name", None)
    scope = current_scope()
    if getattr(view, "needs_school", False) and (scope is None or scope.kind != "school"):
        return False
    if permission is None:
        return False  # a page without a permission is nobody's menu entry
    appbuilder: Any = current_app.extensions["appbuilder"]
    return bool(appbuilder.sm.has_access(f"can_{permission}", view.class_permission_name))


def _entry(item: Any) -> MenuEntry:
    own = item.baseview.endpoint
    return MenuEntry(str(item.label), item.get_url(), request.blueprint == own)


def drawn_for() -> str:
    """Names the scope a form is drawn in; the form sends it back."""
    scope = current_scope()
    return f"{scope.kind}-{scope.id}" if scope else ""


def check_drawn_for() -> None:
    """Refuse a form that was drawn for another school: somebody changed school in another tab (DESIGN §6). A script
    says it in a header."""
    if (request.form.get("drawn_for") or request.headers.get("X-Drawn-For", "")) != drawn_for():
        raise Conflict(
            "Ce formulaire a été ouvert pour un autre établissement : rien n'a été enregistré.",
            hint="Revenez à l'établissement voulu, puis recommencez.",
        )


def stop_page(status: int, title: Any, text: Any, *, hint: str | None = None) -> tuple[str, int]:
    """A page that says why we stop here, then what to do (403, 404, 409, 500)."""
    return render_template("admin/stop.html", title=title, text=text, hint=hint, status=status), status


@public
def accessibility() -> str:
    """The accessibility statement that every page's footer leads to (M013)."""
    title = _("Accessibility statement")
    return render_template("admin/statement.html", title=title, crumbs=[(title, None)])


def install_frame(app: Flask) -> None:
    """Give templates what `admin/base.html` calls: assets, the menu bar, the scope a form is drawn for."""
    install_ui(app)
    app.add_url_rule("/accessibility", view_func=accessibility)
    app.jinja_env.globals.update(admin_menu=admin_menu, drawn_for=drawn_for)
