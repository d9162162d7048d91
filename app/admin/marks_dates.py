"""« Consultation des TS Notes » (M066–M070): the type of publication, and the due dates of each programme and class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.core import clock
from app.core.db import admin_db
from app.core.errors import BadInput, Conflict, LivretError
from app.online.choices import PUBLICATIONS, DatesWouldGo, closed_sentence, set_publication
from app.online.due_dates import add_due_date, read_due, remove_due_date, with_date
from app.online.forecast import mark_forecast
from app.online.queries import Pair, is_open, pairs
from app.online.settings import settings_of_school
from app.schools.period_dates import shown
from app.schools.period_queries import current_year


class MarksDatesPage(HandmadePage):
    """Everything is greyed while the service of marks is closed; what was set stays (M071)."""

    route_base = "/online-settings/marks"
    default_view = "index"
    class_permission_name = "online_setting"
    title = _l("Publication of marks")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("show")
    def index(self) -> str:
        """The type, the pairs with their dates, and when a test of today would be shown."""
        return self._page()

    @expose("/store", methods=["POST"])
    @has_access
    @permission_name("edit")
    def store(self) -> Any:
        """« Valider » the type; the loss of the dates is asked about first (M070)."""
        check_drawn_for()
        school_id()
        wanted = request.form.get("publication", "")
        try:
            set_publication(wanted, confirmed=bool(request.form.get("confirmed")), actor=actor())
        except DatesWouldGo as question:
            return self.draw("setup/confirm.html", question=question.message, lines=[],
                             kept=[("publication", wanted)], action=_("Continue"))  # fmt: skip
        except (BadInput, Conflict) as error:
            return self._page(error.sentence()), error.status
        flash(_("Changes saved."), "success")
        return self.home()

    @expose("/add", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def add(self) -> Any:
        """A day, then one, several or all pairs (M069)."""
        school_id()
        return self._dates(_("Add a due date"), add_due_date, lambda _text: pairs(), _added)

    @expose("/remove", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def remove(self) -> Any:
        """A day, then the pairs that have it (M069)."""
        school_id()
        return self._dates(_("Remove a due date"), remove_due_date, _having, _removed)

    def _dates(self, title: str, change: Callable[..., tuple[date, int]], offered: Callable[[str], Sequence[Pair]],
               told: Callable[[int, str], str]) -> Any:  # fmt: skip
        problem: LivretError | None = None
        text, keys = request.values.get("day", ""), request.form.getlist("pair")
        found: Sequence[Pair] = ()
        try:
            if request.method == "POST":
                check_drawn_for()
                day, count = change(text, keys, actor=actor())
                flash(told(count, shown(day)), "success")
                return self.home()
            found = offered(text)
        except (BadInput, Conflict) as error:
            problem = error
        if problem and request.method == "POST":
            found = _still(offered, text)
        page = self.draw("online/due_date.html", title=title, crumbs=((title, None),), day=text, pairs=found,
                         ticked=keys, problem=problem and problem.sentence(), adding=change is add_due_date,
                         dates=sorted({day for pair in pairs() for day in pair.due_dates}),
                         year=current_year(admin_db.session()))  # fmt: skip
        return (page, problem.status) if problem else page

    def _page(self, problem: str | None = None) -> str:
        school_id()
        chosen, today = settings_of_school(), clock.today()
        rows = [(pair, mark_forecast(today, chosen.marks_publication, pair.due_dates)) for pair in pairs()]
        return self.draw("online/marks.html", chosen=chosen, publications=PUBLICATIONS, rows=rows, problem=problem,
                         open=is_open("marks"), closed=closed_sentence("marks"), today=today,
                         continuous=mark_forecast(today, "continuous", ()))  # fmt: skip


def _having(text: str) -> Sequence[Pair]:
    return with_date(read_due(text)) if text else ()


def _still(offered: Callable[[str], Sequence[Pair]], text: str) -> Sequence[Pair]:
    """The pairs to tick again after a refusal; none when the day itself was wrong."""
    try:
        return offered(text)
    except BadInput:
        return ()


def _added(count: int, day: str) -> str:
    return ngettext("%(day)s is a due date of %(num)d pair.", "%(day)s is a due date of %(num)d pairs.", count, day=day)


def _removed(count: int, day: str) -> str:
    return ngettext("%(day)s is no longer a due date of %(num)d pair.",
                    "%(day)s is no longer a due date of %(num)d pairs.", count, day=day)  # fmt: skip
