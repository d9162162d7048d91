"""Help for every screen (M142): one short text for each page, in French, from `app/admin/help/*.yaml`.

A page's entry bears the name of its view: the frame's « Aide » finds it by the present request. A file that names
anything else than `title`, `purpose`, `steps`, `notes` and `see` stops the start.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from flask import abort, current_app, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.admin.menu import admin_menu
from app.admin.rules import authority_of
from app.core.db import admin_db
from app.core.scope import current_scope
from app.schools.models import Authority
from app.security.access import public

FOLDER = Path(__file__).parent / "help"
ABOUT = {
    "news": _l("What's new"),
    "practical": _l("Practical information"),
    "legal": _l("Legal notice"),
    "credits": _l("Credits"),
    "contact": _l("Contact us"),
}


@dataclass(frozen=True, slots=True)
class HelpText:
    """The help of one page: what it is for, how to go about it, what is good to know, which pages are near."""

    purpose: str
    title: str = ""
    steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    see: tuple[str, ...] = ()


@cache
def help_texts() -> dict[str, HelpText]:
    """Every help text by the name of its view."""
    found: dict[str, HelpText] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for name, said in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            if name in found:
                raise ValueError(f"{path.name}: {name} is already explained")
            lists = {key: tuple(said[key]) for key in ("steps", "notes", "see") if key in said}
            found[name] = HelpText(**(said | lists))
    return found


def page_name(endpoint: str | None) -> str:
    """« PupilView » for `PupilView.list`: a view has one help text, whatever its pages."""
    return (endpoint or "").partition(".")[0]


def help_address() -> str:
    """Where « Aide » leads from the present page; to the table of contents when nothing is said of it."""
    name = page_name(request.endpoint)
    return url_for("HelpPage.show", name=name) if name in help_texts() else url_for("HelpPage.index")


def title_of(name: str) -> str:
    """What a page is called: as its entry says, else as the page itself does."""
    said = help_texts()[name].title
    return said or str(_titles().get(name, name))


def _titles() -> dict[str, Any]:
    views = current_app.extensions["appbuilder"].baseviews
    return {view.blueprint.name: getattr(view, "title", "") or view.screen.words.many
            for view in views if view.blueprint is not None and (hasattr(view, "title") or hasattr(view, "screen"))}


class HelpPage(BaseView):
    """The help of a page, the table of contents, and what every site tells of itself. Open to whoever comes by: the
    sign-in page has help too."""

    route_base = "/help"
    default_view = "index"

    @expose("/")
    @public
    def index(self) -> str:
        """The pages of one's own menu, then everything that is about the application."""
        by_address = {url_for(rule.endpoint): page_name(rule.endpoint) for rule in _openings()}
        menu = [(category.label, [(entry.label, by_address[entry.href]) for entry in category.entries
                                  if by_address.get(entry.href) in help_texts()])
                for category in admin_menu()]  # fmt: skip
        return self._draw("help/index.html", _("Help"), menu=menu, about=ABOUT)

    @expose("/page/<name>")
    @public
    def show(self, name: str) -> str:
        """The help of one page."""
        text = help_texts().get(name) or abort(404)
        near = [(other, title_of(other)) for other in text.see]
        return self._draw("help/show.html", title_of(name), text=text, near=near)

    @expose("/<any(news, practical, legal, credits, contact):page>")
    @public
    def about(self, page: str) -> str:
        """What's new, practical information, legal notice, credits, contact."""
        scope = current_scope()
        own = select(Authority).where(Authority.id == authority_of(scope)) if scope is not None else None
        authority = admin_db.session.scalar(own) if own is not None else None
        return self._draw(f"help/{page}.html", ABOUT[page], authority=authority)

    def _draw(self, template: str, title: Any, **data: Any) -> str:
        crumbs = [(_("Help"), url_for("HelpPage.index")), (title, None)]
        if title == _("Help"):
            crumbs = [(title, None)]
        return self.render_template(template, title=title, crumbs=crumbs, **data)


def _openings() -> Iterable[Any]:
    """The addresses that need no argument."""
    return (rule for rule in current_app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ()))
