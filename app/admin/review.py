"""« Relecture »: what the check before locking found in the texts of a class (M039), to correct or to set aside."""

from __future__ import annotations

from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import select

from app.admin.entry_page import EntryPage
from app.admin.handmade import actor, in_school
from app.admin.page import check_drawn_for
from app.booklets.checks import CHECKS, REASON_LENGTH, Warning, restore, waive, warnings_for
from app.booklets.choices import Chosen
from app.booklets.models import Booklet
from app.core.db import admin_db
from app.core.errors import BadInput
from app.exchange.spreadsheets import SheetColumn

# Where a text is written: kind of place → page.
PAGES_OF = {"line": "CommentsPage", "overall": "OverallPage", "life": "LifePage", "pathway": "PathwaysPage"}


class ReviewPage(EntryPage):
    """The warnings of a class in one period. They never stand against a lock."""

    route_base = "/review"
    title = _l("Proofreading")
    items = "none"
    cycles = True
    menu_cond = staticmethod(in_school)

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The list, by pupil."""
        return self._page()

    def _page(self, problem: str | None = None) -> str:
        writer, chosen = self.chosen()
        rows = [(warning, link_to(warning)) for warning in _asked(chosen)]
        return self.draw_entry("entry/review.html", writer, chosen, rows=rows, checks=CHECKS, problem=problem,
                               check=request.values.get("check", ""), everything=request.values.get("all") == "1",
                               limit=REASON_LENGTH, may_waive=writer.can("fill") or writer.can("lock"))  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """The list as a spreadsheet (C04)."""
        _writer, chosen = self.chosen()
        columns = [SheetColumn(_("Pupil"), width=30), SheetColumn(_("Class")), SheetColumn(_("Text"), width=30),
                   SheetColumn(_("Warning"), width=30), SheetColumn(_("What to look at"), width=60),
                   SheetColumn(_("Extract"), width=60), SheetColumn(_("Set aside by")),
                   SheetColumn(_("Reason"), width=30)]  # fmt: skip
        rows = ((w.pupil, w.division, w.place.where, w.label, w.message, w.excerpt, w.waived.by if w.waived else "",
                 w.waived.reason if w.waived else "") for w in _asked(chosen))  # fmt: skip
        return self.sheet(str(_("Proofreading")), str(_("Proofreading")), columns, rows)

    @expose("/waive", methods=["POST"])
    @has_access
    @permission_name("fill")
    def waive(self) -> Any:
        """Set the ticked warnings aside, with one reason."""
        check_drawn_for()
        try:
            count = waive(request.form.getlist("rowid"), request.form.get("reason", ""), actor=actor())
        except BadInput as error:
            return self._page(error.sentence()), error.status
        flash(ngettext("%(num)d warning is set aside.", "%(num)d warnings are set aside.", count), "success")
        return redirect(url_for("ReviewPage.index", check=request.form.get("check") or None))


    @expose("/restore", methods=["POST"])
    @has_access
    @permission_name("fill")
    def restore(self) -> Any:
        """Point out again what was set aside."""
        check_drawn_for()
        count = restore(request.form.getlist("rowid"), actor=actor())
        flash(ngettext("%(num)d warning is pointed out again.", "%(num)d warnings are pointed out again.", count),
              "success")  # fmt: skip
        return redirect(url_for("ReviewPage.index", check=request.form.get("check") or None, all="1"))


def _asked(chosen: Chosen) -> list[Warning]:
    """The warnings of the class chosen, one kind or all; those set aside too when the address asks for them."""
    if not chosen.ready:
        return []
    ids = list(admin_db.session.scalars(
        select(Booklet.id).where(chosen.where).order_by(Booklet.last_name, Booklet.first_name, Booklet.id)))
    found = warnings_for(ids, waived=request.values.get("all") == "1")
    check = request.values.get("check", "")
    return [w for key in ids for w in found.get(key, ()) if check in ("", w.check)]


def link_to(warning: Warning) -> str | None:
    """The page and the field of the text."""
    place, (division, position, count) = warning.place, warning.term
    if place.kind in ("ap", "epi"):
        page = "SupportPage" if place.kind == "ap" else "ProjectsPage"
        anchor = place.name if place.personal else "comment"
        return url_for(f"{page}.show", pk=place.target, _anchor=anchor)
    endpoint = f"{PAGES_OF[place.kind]}.index"
    if endpoint not in current_app.view_functions:
        return None
    item = place.target or None
    return url_for(endpoint, division=division, period=f"{position}-{count}", item=item, _anchor=place.name)
