"""Entry of absences by the CPE: the half-days of a class, added, then noted, filed and told legitimate (M129, M130)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import flash, request, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.entry_page import entry_context, save_form
from app.admin.form_values import id_of
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import BadInput
from app.online.absence_entry import TICKS, add_half_days, classes, half_days, pupils_in, remove_half_day
from app.online.absences import HALVES, REASON_LENGTH
from app.online.choices import closed_sentence
from app.online.queries import is_open
from app.schools.period_dates import read_day
from app.schools.period_queries import current_year

WEEK = timedelta(days=6)
TYPED = ("pupil", "from", "from_half", "to", "to_half", "reason")


class AbsencesPage(HandmadePage):
    """One class, one week at a time or any other stretch of days."""

    route_base = "/absences"
    default_view = "index"
    class_permission_name = "absence"
    title = _l("Entry of absences")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("edit")
    def index(self) -> str:
        """The half-days of the class, and a form for new ones."""
        return self._page()

    @expose("/add", methods=["POST"])
    @has_access
    @permission_name("edit")
    def add(self) -> Any:
        """From a day to another, for one pupil."""
        check_drawn_for()
        school_id()
        typed = {name: request.form.get(name, "") for name in TYPED}
        try:
            count = add_half_days(id_of(typed["pupil"]), (typed["from"], typed["from_half"]),
                                  (typed["to"], typed["to_half"]), reason=typed["reason"], actor=actor())  # fmt: skip
        except BadInput as error:
            admin_db.session.rollback()
            return self._page(error.sentence(), new=typed), error.status
        flash(ngettext("%(num)d half-day was added.", "%(num)d half-days were added.", count) if count
              else _("These half-days were known already."), "success" if count else "info")  # fmt: skip
        return self._back()

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("edit")
    def save(self) -> Any:
        """Without a script: save the ticks and reasons that changed."""
        check_drawn_for()
        school_id()
        outcomes, typed = save_form()
        return self._page(outcomes=outcomes, typed=typed) if outcomes else self._back()

    @expose("/<int:pk>/delete", methods=["POST"])
    @has_access
    @permission_name("edit")
    def delete(self, pk: int) -> Any:
        """One entered by mistake."""
        check_drawn_for()
        school_id()
        remove_half_day(pk, actor=actor())
        flash(_("The half-day is deleted."), "success")
        return self._back()

    def _back(self) -> Any:
        division, first, last = self._chosen()
        return self.home(division=division, **{"from_day": first.isoformat(), "to_day": last.isoformat()})

    def _chosen(self) -> tuple[int | None, date, date]:
        """Class and days: of the address, else those last chosen, else the first class and the present week."""
        kept = session.get("absences", {})
        asked = {name: request.args.get(name) or kept.get(name, "") for name in ("division", "from_day", "to_day")}
        known = classes()
        division = next((id for id, _label in known if str(id) == asked["division"]), known[0][0] if known else None)
        first, last = _days(asked["from_day"], asked["to_day"])
        session["absences"] = {"division": str(division or ""), "from_day": first.isoformat(),
                               "to_day": last.isoformat()}  # fmt: skip
        return division, first, last

    def _page(self, problem: str | None = None, *, new: Any = None, outcomes: Any = (), typed: Any = None) -> str:
        school_id()
        division, first, last = self._chosen()
        year = current_year(admin_db.session())
        lines = half_days(division, first, last) if division else []
        day = min(max(today(), year.starts_on), year.ends_on)
        return self.draw(
            "absences/index.html", classes=classes(), division=division, first=first, last=last, lines=lines,
            pupils=pupils_in(division) if division else [], halves=HALVES, ticks=TICKS, limit=REASON_LENGTH,
            year=year, problem=problem, new=new or {"from": day.isoformat(), "from_half": "am", "to_half": "pm"},
            earlier=_week(division, first - timedelta(days=7)), later=_week(division, first + timedelta(days=7)),
            closed=None if is_open("absences") else closed_sentence("absences"), **entry_context(outcomes, typed),
        )  # fmt: skip


def _week(division: int | None, start: date) -> str:
    """The address of the seven days from one."""
    return url_for("AbsencesPage.index", division=division, from_day=start.isoformat(),
                   to_day=(start + WEEK).isoformat())  # fmt: skip


def _days(first: str, last: str) -> tuple[date, date]:
    """Two days in order, a year apart at most; the present week when they are none."""
    monday = today() - timedelta(days=today().weekday())
    try:
        begin, end = read_day(first), read_day(last)
    except BadInput:
        return monday, monday + WEEK
    return (begin, end) if begin <= end <= begin + timedelta(days=366) else (begin, begin + WEEK)
