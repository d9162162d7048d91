"""« Fin de période »: where each class stands, closing and reopening entry, reminding whoever has something left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.form_values import day_of, id_of
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.booklets.closing import close_from, end_reopening, reopen, reopenings
from app.booklets.desk import ClassLine, Term, by_person, class_lines, left, period_label, teachers_of_the_year
from app.booklets.editing import Choices, edit_choices
from app.booklets.reminding import Late, late, with_reminders
from app.booklets.selection import read_term
from app.core.errors import BadInput
from app.exchange.spreadsheets import SheetColumn
from app.jobs import services as jobs

SORTS: dict[str, Callable[[ClassLine], Any]] = {
    "class": lambda line: line.division, "level": lambda line: line.level, "drafts": lambda line: -line.drafts,
    "complete": lambda line: -line.complete, "locked": lambda line: -line.locked,
    "edited": lambda line: -line.edited, "closes": lambda line: line.closes_on or date.max,
}  # fmt: skip


class PeriodDeskPage(HandmadePage):
    """A line for each class, then one for each teacher with something left."""

    route_base = "/end-of-period"
    default_view = "index"
    class_permission_name = "period_desk"
    category = "booklets"
    needs_school = True
    title = _l("End of period")

    @expose("/")
    @has_access
    @permission_name("show")
    def index(self) -> str:
        """The desk of one period."""
        choices, term = _asked()
        lines = class_lines(term)
        sort = request.args.get("sort", "")
        found = left(term)
        return self.draw(
            "booklets/period_desk.html", choices=choices, term=term, sort=sort if sort in SORTS else "class",
            lines=sorted(lines, key=SORTS.get(sort, SORTS["class"])), sums=_sums(lines),
            people=with_reminders(by_person(found), term), nobodys=[one for one in found if not one.staff],
            reopenings=reopenings(term), teachers=teachers_of_the_year() if self.may("edit") else [],
        )  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("show")
    def export(self) -> Any:
        """What is left, teacher by teacher, as a spreadsheet (C04)."""
        _choices, term = _asked()
        columns = [SheetColumn(str(title)) for title in (_("Teacher"), _("Class"), _("Left to fill in"))]
        columns += [SheetColumn(str(_("Booklets")), "number"), SheetColumn(str(_("E-mail")))]
        found = left(term)
        rows = [(p.name, one.division, str(one.label), one.booklets, p.email or "")
                for p in by_person(found) for one in p.left]  # fmt: skip
        rows += [("", one.division, str(one.label), one.booklets, "") for one in found if not one.staff]
        return self.sheet("fin-de-periode", str(self.title), columns, rows)

    @expose("/close", methods=["POST"])
    @has_access
    @permission_name("edit")
    def close(self) -> Any:
        """The last day of entry for the ticked classes; none = until they are locked."""
        check_drawn_for()
        term = read_term(request.form.get("period", ""))
        day = day_of(request.form.get("closes_on", ""))
        done = close_from(_ids("division"), term, day, actor=actor())
        if day is None:
            told = ngettext("No last day any more for %(num)d class.", "No last day any more for %(num)d classes.",
                            done)  # fmt: skip
        else:
            told = ngettext("The last day is set for %(num)d class.", "The last day is set for %(num)d classes.", done)
        flash(told, "success")
        return self._back(term)

    @expose("/reopen", methods=["POST"])
    @has_access
    @permission_name("edit")
    def reopen(self) -> Any:
        """Let one teacher go on in the ticked classes until a day."""
        check_drawn_for()
        term = read_term(request.form.get("period", ""))
        until = day_of(request.form.get("until", ""))
        if until is None:
            raise BadInput("Dites jusqu'à quel jour la saisie est rouverte.")
        done = reopen(_ids("division"), term, id_of(request.form.get("staff", "")), until, actor=actor())
        flash(ngettext("Entry is open again in %(num)d class.", "Entry is open again in %(num)d classes.", done),
              "success")  # fmt: skip
        return self._back(term)

    @expose("/reopening/<int:pk>/end", methods=["POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: int) -> Any:
        """Take a reopening back."""
        check_drawn_for()
        end_reopening(pk, actor=actor())
        flash(_("The reopening is taken back."), "success")
        return self._back(read_term(request.form.get("period", "")))

    @expose("/remind")
    @has_access
    @permission_name("notify")
    def preview(self) -> Any:
        """What each ticked teacher would be told, before anything is sent."""
        _choices, term = _asked()
        ticked = _late(term, _ids("staff"))
        if not ticked:
            flash(_("Tick at least one teacher who has something left to fill in."), "warning")
            return self._back(term)
        own = ((_("Remind teachers"), None),)
        return self.draw("booklets/remind.html", title=_("Remind teachers"), crumbs=own, term=term,
                         period=period_label(term), people=ticked,
                         twice=[one for one in ticked if one.reminded_today and one.person.email],
                         reached=[one for one in ticked if one.person.email])  # fmt: skip

    @expose("/remind", methods=["POST"])
    @has_access
    @permission_name("notify")
    def remind(self) -> Any:
        """Start the mails."""
        check_drawn_for()
        position, count = read_term(request.form.get("period", ""))
        params = {"position": position, "period_count": count, "staff": _ids("staff"), "again": "again" in request.form}
        job = jobs.submit("booklets.remind", school_id(), params, actor(), str(_("Remind teachers")))
        return self.to_job(job.id)

    def _back(self, term: Term) -> Any:
        return redirect(url_for("PeriodDeskPage.index", period=f"{term[0]}/{term[1]}"))


def _asked() -> tuple[Choices, Term]:
    school_id()
    choices = edit_choices()
    asked = request.args.get("period", "")
    return choices, read_term(asked) if asked else choices.present


def _late(term: Term, staff_ids: list[int]) -> list[Late]:
    return [one for one in late(term) if one.person.staff_id in staff_ids]


def _ids(name: str) -> list[int]:
    return [id_of(value) for value in request.values.getlist(name)]


def _sums(lines: list[ClassLine]) -> ClassLine:
    figures = [sum(getattr(line, name) for line in lines) for name in ("drafts", "complete", "locked", "edited")]
    return ClassLine(0, "", "", figures[0], figures[1], figures[2], figures[3], None)
