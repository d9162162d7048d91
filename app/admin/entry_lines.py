"""Collective entry of one subject or area of a class: the grid of achievements (M035, M036) and the comments."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.admin.entry_page import EntryPage, tell
from app.admin.handmade import actor
from app.admin.page import check_drawn_for
from app.booklets.cells import REASON_LENGTH, Cell
from app.booklets.choices import Chosen
from app.booklets.class_lines import class_lines, grids_of
from app.booklets.entry import Change, save_cells
from app.booklets.models.content import COMMENT_LENGTH
from app.booklets.rights import Target, Writer

# What is most often the reason; another one is typed.
REASONS = ("Absent une grande partie de la période", "Dispensé", "Arrivé en cours de période",
           "Professeur non remplacé")  # fmt: skip


class LinesPage(EntryPage):
    """What both pages share."""

    template = ""

    @expose("/")
    @has_access
    @permission_name("fill")
    def index(self) -> str:
        """The class in the period and subject chosen."""
        return self.page()

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("fill")
    def save(self) -> Any:
        """Save the form; drawn again with what could not be saved, else back to the page."""
        check_drawn_for()
        outcomes, typed = self.save_form()
        return self.page(outcomes=outcomes, typed=typed) if outcomes else self.home()

    def page(self, **data: Any) -> str:
        """Draw what is chosen."""
        writer, chosen = self.chosen()
        lines = class_lines(chosen) if chosen.item else []
        return self.draw_entry(self.template, writer, chosen, lines=lines, grids=grids_of(lines),
                               refusal=_refusal(writer, chosen), reasons=REASONS, limit=COMMENT_LENGTH,
                               reason_limit=REASON_LENGTH, **data)  # fmt: skip


class AchievementsPage(LinesPage):
    """« Saisie collective des acquis scolaires »."""

    route_base = "/entry/achievements"
    title = _l("Collective entry of achievements")
    template = "entry/achievements.html"

    @expose("/fill", methods=["POST"])
    @has_access
    @permission_name("fill")
    def fill(self) -> Any:
        """Without a script: one value for the whole class as the page showed it (M036), corrections come after."""
        check_drawn_for()
        value, only_empty = request.form.get("fill", ""), request.form.get("only_empty") == "1"
        cells = {Cell.named(name.removeprefix("base:")): base for name, base in request.form.items()
                 if name.startswith("base:")}  # fmt: skip
        changes = [Change(cell, value, base) for cell, base in cells.items() if not (only_empty and base)]
        outcomes = save_cells(changes, actor=actor())
        tell(outcomes)
        left = [outcome for outcome in outcomes if not outcome.kept]
        return self.page(outcomes=left, typed={o.cell.name: value for o in left}) if left else self.home()


class CommentsPage(LinesPage):
    """« Appréciations »: the teacher's main work, a text for each pupil. On sub-areas there is none."""

    route_base = "/entry/comments"
    title = _l("Comments")
    template = "entry/comments.html"
    items = "areas"


def _refusal(writer: Writer, chosen: Chosen) -> str | None:
    """Why the page is only to be read."""
    if not chosen.item or not chosen.division or not chosen.period:
        return None
    term = (chosen.division.id, chosen.period.position, chosen.period.count)
    return writer.refusal(Target("line", "comment", term, chosen.item.id, chosen.item.area_id))
