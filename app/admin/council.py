"""« Conseil de classe »: one pupil on the screen, lines to read, the overall comment typed live, the class beside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.entry_page import tell
from app.admin.entry_texts import BookletsPage, refusal_of
from app.admin.handmade import actor
from app.admin.page import check_drawn_for
from app.booklets.cells import Cell
from app.booklets.class_booklets import ClassBooklet, class_booklets
from app.booklets.entry import Change, save_cells
from app.booklets.facts import facts_of
from app.curriculum.reference import BASE_COMPONENTS, MASTERY, OBJECTIVES


class CouncilPage(BookletsPage):
    """Whoever reads the class's booklets follows the council here; class teacher and direction write."""

    route_base = "/council"
    title = _l("Class council")
    template = "entry/council.html"
    field = "overall_comment"
    cycles = True

    @expose("/")
    @has_access
    @permission_name("show")
    def index(self) -> str:
        """The pupil that `pupil` names, else the first of the class."""
        return self.page()

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("fill")
    def save(self) -> Any:
        """Save the pupil's overall comment; without a script, the next pupil follows when the button says so."""
        check_drawn_for()
        outcomes, typed = self.save_form()
        following = request.form.get("then") or request.args.get("pupil")
        return self.page(outcomes=outcomes, typed=typed) if outcomes else self.home(pupil=following)

    @expose("/date", methods=["POST"])
    @has_access
    @permission_name("fill")
    def date(self) -> Any:
        """The day of the council, on every open booklet of the class."""
        check_drawn_for()
        _writer, chosen = self.chosen()
        rows = [row for row in class_booklets(chosen.where) if not row.sealed] if chosen.ready else []
        day = request.form.get("council_on", "")
        outcomes = save_cells([Change(Cell("booklet", row.id, "council_on"), day, row.values["council_on"])
                               for row in rows], actor=actor())  # fmt: skip
        refused = next((outcome.message for outcome in outcomes if not outcome.kept), "")
        if refused:
            flash(refused, "danger")
        elif outcomes:
            flash(_("The date of the council is on the booklets of the class."), "success")
        else:
            tell(())
        return self.home(pupil=request.args.get("pupil"))

    def page(self, **data: Any) -> str:
        """One pupil with the neighbours that buttons and keys lead to."""
        writer, chosen = self.chosen()
        rows = class_booklets(chosen.where) if chosen.ready else []
        at = _asked(rows)
        pupil = rows[at] if rows else None
        facts = facts_of([pupil.id])[pupil.id] if pupil else None
        return self.draw_entry(
            self.template, writer, chosen, rows=rows, pupil=pupil, at=at, facts=facts,
            before=rows[at - 1] if at else None, after=rows[at + 1] if at + 1 < len(rows) else None,
            council_on=next((row.values["council_on"] for row in rows if row.values["council_on"]), ""),
            refusal=refusal_of(writer, chosen, "booklet", self.field), objectives=OBJECTIVES,
            components=BASE_COMPONENTS, mastery=MASTERY, **data)  # fmt: skip


def _asked(rows: Sequence[ClassBooklet]) -> int:
    asked = request.args.get("pupil", "")
    return next((at for at, row in enumerate(rows) if str(row.id) == asked), 0)
