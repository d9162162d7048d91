"""« Erreurs signalées par les familles » on their record card (M141): a list to work through."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access import card_errors
from app.admin.handmade import HandmadePage, actor, asked_page, school_id
from app.admin.page import check_drawn_for

PAGE = 50


class CardErrorsPage(HandmadePage):
    """Those that wait, then those that are done."""

    route_base = "/card-errors"
    default_view = "index"
    class_permission_name = "card_error"
    needs_school = True
    title = _l("Errors reported by families")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The list."""
        school_id()
        handled = request.args.get("state") == "done"
        waiting, done = card_errors.count_errors()
        pages = asked_page(PAGE, done if handled else waiting)
        rows = card_errors.card_errors(handled=handled, limit=PAGE, offset=pages.page * PAGE)
        return self.draw("codes/card_errors.html", rows=rows, pages=pages, handled=handled, waiting=waiting, done=done)

    @expose("/<int:pk>/handle", methods=["POST"])
    @has_access
    @permission_name("edit")
    def handle(self, pk: int) -> Any:
        """[Traité]: the school's records are corrected."""
        return self._set(pk, True, _("The report is marked as handled."))

    @expose("/<int:pk>/reopen", methods=["POST"])
    @has_access
    @permission_name("edit")
    def reopen(self, pk: int) -> Any:
        """[À reprendre]."""
        return self._set(pk, False, _("The report is back among those to handle."))

    def _set(self, pk: int, handled: bool, told: str) -> Any:
        check_drawn_for()
        school_id()
        card_errors.set_handled(pk, handled, actor=actor())
        flash(told, "success")
        return redirect(url_for("CardErrorsPage.index", state=None if handled else "done"))
