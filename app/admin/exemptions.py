"""« Disciplines non évaluées »: the head says, for a class and a period, that a subject is not assessed, and why."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.entry_lines import REASONS
from app.admin.entry_page import EntryPage
from app.admin.form_values import id_of
from app.admin.handmade import actor, in_school
from app.admin.page import check_drawn_for
from app.booklets.cells import REASON_LENGTH
from app.booklets.exemptions import exempt, taught_items, undo_exemption
from app.core.errors import BadInput


class ExemptionsPage(EntryPage):
    """The subjects of a class in one period, with what is waiting in each."""

    route_base = "/not-assessed"
    class_permission_name = "period_desk"
    title = _l("Subjects not assessed")
    items = "none"
    menu_cond = staticmethod(in_school)

    @expose("/")
    @has_access
    @permission_name("show")
    def index(self) -> str:
        """The list."""
        return self._page()

    def _page(self, problem: str | None = None) -> str:
        writer, chosen = self.chosen()
        rows = []
        if chosen.division and chosen.period:
            rows = taught_items(chosen.division.id, chosen.period.position, chosen.period.count)
        return self.draw_entry("entry/not_assessed.html", writer, chosen, rows=rows, problem=problem, reasons=REASONS,
                               limit=REASON_LENGTH, may_edit=self.may("edit"))  # fmt: skip

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("edit")
    def save(self) -> Any:
        """Mark a subject, or take it back."""
        check_drawn_for()
        _writer, chosen = self.chosen()
        if not (chosen.division and chosen.period):
            raise BadInput("Choisissez une classe et une période.")
        term = (chosen.division.id, chosen.period.position, chosen.period.count)
        item = id_of(request.form.get("item", ""))
        try:
            if "undo" in request.form:
                told = ngettext("The subject is assessed again: %(num)d booklet follows.",
                                "The subject is assessed again: %(num)d booklets follow.",
                                undo_exemption(*term, item, actor=actor()))  # fmt: skip
            else:
                count = exempt(*term, item, request.form.get("reason", ""), actor=actor())
                told = ngettext("Marked not assessed on %(num)d booklet.", "Marked not assessed on %(num)d booklets.",
                                count)  # fmt: skip
        except BadInput as error:
            return self._page(error.sentence()), error.status
        flash(told, "success")
        return self.home()
