"""The desk of what comes back on paper: one code after the other, typed or scanned, and the day's list to sign."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.access import returns
from app.access.returns import Entry
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.core import clock
from app.core.errors import BadInput, LivretError
from app.exchange.spreadsheets import SheetColumn

KINDS = {
    "guardian": _l("The guardian refuses access"),
    "pupil": _l("Refused for the pupil"),
    "message": _l("Letter or e-mail that came back"),
}


class ReturnsPage(HandmadePage):
    """Slips and letters that came back."""

    route_base = "/codes/returns"
    default_view = "index"
    class_permission_name = "guardian_code"
    needs_school = True
    title = _l("Slips and letters that came back")

    @expose("/")
    @has_access
    @permission_name("refuse")
    def index(self) -> str:
        """The box, and what was entered today."""
        school_id()
        return self._page()

    def _page(self, problem: str | None = None, last: Entry | None = None, typed: str = "") -> str:
        today = clock.today()
        return self.draw("codes/returns.html", taken=returns.entries(today), kinds=KINDS, day=today, problem=problem,
                         last=last, typed=typed, paris=clock.PARIS)  # fmt: skip

    @expose("/take", methods=["POST"])
    @has_access
    @permission_name("refuse")
    def take(self) -> str:
        """Enter one code; the page comes back at once, ready for the next, with whom it was about."""
        check_drawn_for()
        school_id()
        typed = request.form.get("code", "").strip()[:40]
        try:
            return self._page(last=returns.take(typed, actor=actor()))
        except LivretError as error:  # a pile goes on: the misread one is said and the box waits for the next
            return self._page(problem=error.sentence(), typed=typed)

    @expose("/undo", methods=["POST"])
    @has_access
    @permission_name("refuse")
    def undo(self) -> Any:
        """Take back an entry of today."""
        check_drawn_for()
        school_id()
        kind, number = request.form.get("kind", ""), request.form.get("id", "")
        if kind not in KINDS or not (number.isascii() and number.isdigit() and len(number) < 10):
            raise BadInput("Cette saisie n'est pas reconnue.", hint="Rechargez la page.")
        returns.undo(kind, int(number), actor=actor())
        flash(_("The entry is taken back."), "success")
        return self.home()

    @expose("/day")
    @has_access
    @permission_name("refuse")
    def day(self) -> str:
        """The list of a day, to print and sign."""
        school_id()
        day = _day(request.args.get("day"))
        return self.draw("codes/returns_day.html", title=_("Daily list"), crumbs=((_("Daily list"), None),), day=day,
                         taken=list(reversed(returns.entries(day))), kinds=KINDS, paris=clock.PARIS)  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """The list of a day as a spreadsheet (C04)."""
        school_id()
        columns = [SheetColumn(_("Entered on"), "moment"), SheetColumn(_("What"), width=36),
                   SheetColumn(_("Guardian"), width=36), SheetColumn(_("Pupil"), width=36),
                   SheetColumn(_("Entered by"))]  # fmt: skip
        lines = returns.entries(_day(request.args.get("day")))
        cells = ((one.at, str(KINDS[one.kind]), one.guardian, one.pupil, one.by) for one in reversed(lines))
        return self.sheet(str(_("Slips and letters that came back")), _("Daily list"), columns, cells)


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(text) if text else clock.today()
    except ValueError as error:
        raise BadInput("Ce jour n'existe pas.", hint="Choisissez une date dans le calendrier.") from error
