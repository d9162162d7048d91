"""Entry of marks: the tests of a class or group in a subject and a period, and the marks of one test (M126–M128)."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.entry_page import BASE, entry_context, save_form, tell
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.core.clock import today
from app.core.db import admin_db
from app.core.errors import BadInput
from app.online.choices import closed_sentence
from app.online.gradebook import average_of, forecasts, lines_of, paper_seen, papers_of
from app.online.mark_entry import fill_test, mark_cell
from app.online.marking import Marker, MarksChosen, choose_marks, marker_of
from app.online.paper_entry import add_paper, change_paper, remove_paper
from app.online.papers import SPECIALS, TITLE_LENGTH, TestPaper
from app.online.queries import is_open
from app.schools.period_queries import current_year

REMEMBERED = ("set", "period", "item")
FIELDS = ("title", "taken_on", "out_of", "coefficient", "publish", "publish_on")


def chosen_marks(marker: Marker) -> MarksChosen:
    """The address first, else what this person last chose."""
    kept = session.get("marks", {})
    asked = {name: request.values.get(name) or kept.get(name, "") for name in REMEMBERED}
    found = choose_marks(marker, asked)
    now = {name: str(value) for name, value in found.address.items()}
    if now != kept:
        session["marks"] = now
    return found


class MarksPage(HandmadePage):
    """A teacher finds the classes, groups and subjects that are theirs; the direction all of them."""

    route_base = "/marks"
    default_view = "index"
    class_permission_name = "mark"
    title = _l("Entry of marks")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("edit")
    def index(self) -> str:
        """The tests of what is chosen, and a form for a new one."""
        return self._list()

    @expose("/add", methods=["POST"])
    @has_access
    @permission_name("edit")
    def add(self) -> Any:
        """A new test; its marks follow."""
        check_drawn_for()
        school_id()
        chosen = chosen_marks(marker_of(actor()))
        if not chosen.ready:
            return self.home()
        try:
            paper = add_paper(chosen, request.form, actor=actor())
        except BadInput as error:
            return self._list(error.sentence()), error.status
        flash(_("The test is added. Enter its marks below."), "success")
        return redirect(url_for("MarksPage.show", pk=paper.id))

    def _list(self, problem: str | None = None) -> str:
        school_id()
        chosen = chosen_marks(marker_of(actor()))
        papers = papers_of(chosen) if chosen.ready else []
        typed = request.form if problem else {"taken_on": today(), "out_of": "20", "coefficient": "1",
                                              "publish_on": today()}  # fmt: skip
        return self.draw("marks/index.html", chosen=chosen, papers=papers, problem=problem, typed=typed,
                         **self._facts())  # fmt: skip

    def _facts(self) -> dict[str, Any]:
        return {"year": current_year(admin_db.session()), "limit": TITLE_LENGTH,
                "closed": None if is_open("marks") else closed_sentence("marks")}  # fmt: skip

    @expose("/<int:pk>")
    @has_access
    @permission_name("edit")
    def show(self, pk: int) -> str:
        """One test: its marks, its settings, when families see it."""
        return self._paper(pk)

    @expose("/<int:pk>/save", methods=["POST"])
    @has_access
    @permission_name("edit")
    def save(self, pk: int) -> Any:
        """Without a script: save the marks that changed; drawn again with those that could not be saved."""
        check_drawn_for()
        self._seen(pk)
        outcomes, typed = save_form()
        return self._paper(pk, outcomes=outcomes, typed=typed) if outcomes else self._to(pk)

    @expose("/<int:pk>/fill", methods=["POST"])
    @has_access
    @permission_name("edit")
    def fill(self, pk: int) -> Any:
        """Without a script: one value for all the pupils of the page, or for those who have none."""
        check_drawn_for()
        self._seen(pk)
        value, prefix = request.form.get("fill", ""), f"{BASE}mark-{pk}-"
        bases = {int(name.removeprefix(prefix)): base for name, base in request.form.items()
                 if name.startswith(prefix) and name.removeprefix(prefix).isdecimal()}  # fmt: skip
        outcomes = fill_test(pk, value, bases, actor=actor(), only_empty=request.form.get("only_empty") == "1")
        tell(outcomes)
        left = [outcome for outcome in outcomes if not outcome.kept]
        return self._paper(pk, outcomes=left, typed={o.cell.name: value for o in left}) if left else self._to(pk)

    @expose("/<int:pk>/store", methods=["POST"])
    @has_access
    @permission_name("edit")
    def store(self, pk: int) -> Any:
        """The test's name, date, scale, coefficient and publication."""
        check_drawn_for()
        self._seen(pk)
        try:
            changed = change_paper(pk, request.form, actor=actor())
        except BadInput as error:
            admin_db.session.rollback()
            return self._paper(pk, problem=error.sentence()), error.status
        flash(_("Changes saved.") if changed else _("Nothing had changed."), "success" if changed else "info")
        return self._to(pk)

    @expose("/<int:pk>/delete", methods=["POST"])
    @has_access
    @permission_name("edit")
    def delete(self, pk: int) -> Any:
        """Asks first; the test goes with its marks."""
        check_drawn_for()
        paper = self._seen(pk)
        if not request.form.get("confirmed"):
            question = _("Delete the test “%(title)s” and all its marks?", title=paper.title)
            return self.draw("setup/confirm.html", question=question, lines=[], kept=[], action=_("Delete"))
        remove_paper(pk, actor=actor())
        flash(_("The test and its marks are deleted."), "success")
        return self.home()

    def _seen(self, pk: int) -> TestPaper:
        school_id()
        return paper_seen(marker_of(actor()), pk)

    def _to(self, pk: int) -> Any:
        return redirect(url_for("MarksPage.show", pk=pk))

    def _paper(self, pk: int, *, problem: str | None = None, outcomes: Any = (), typed: Any = None) -> str:
        paper = self._seen(pk)
        lines = lines_of(paper)
        names = {line.pupil_id: mark_cell(pk, line.pupil_id).name for line in lines}
        form = request.form if problem else {
            "title": paper.title, "taken_on": paper.taken_on, "out_of": paper.out_of, "coefficient": paper.coefficient,
            "publish": paper.publish_on, "publish_on": paper.publish_on or today()}  # fmt: skip
        return self.draw(
            "marks/show.html", title=paper.title, crumbs=((paper.title, None),), paper=paper, lines=lines, names=names,
            settings=form, problem=problem, forecasts=forecasts(paper), specials=SPECIALS,
            average=average_of(lines) or "–", **self._facts(),
            **entry_context(outcomes, typed),
        )  # fmt: skip
