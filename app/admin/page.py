"""What every admin page needs around its content: context, the school a form was drawn for. The menu is `menu.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from flask import Flask, render_template, request
from flask_babel import gettext as _

from app.admin.menu import admin_menu, search_box
from app.core.errors import Conflict
from app.core.scope import current_scope
from app.core.ui import install_ui
from app.security.access import public


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
    app.jinja_env.globals.update(admin_menu=admin_menu, search_box=search_box, drawn_for=drawn_for)
