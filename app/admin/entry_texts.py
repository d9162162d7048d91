"""Collective entry of what is about the whole booklet: pathways (M037, M038), school life, overall comments."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.admin.entry_elements import tell_written
from app.admin.entry_page import EntryPage
from app.admin.handmade import actor
from app.admin.page import check_drawn_for
from app.booklets.choices import Chosen
from app.booklets.class_booklets import class_booklets
from app.booklets.class_pathways import (
    PathwaysChanged,
    class_pathways,
    pathways_of_school,
    pupil_pathways,
    write_class_pathways,
)
from app.booklets.models.content import COMMENT_LENGTH
from app.booklets.rights import Target, Term, Writer
from app.core.errors import BadInput
from app.curriculum.lists import complements
from app.curriculum.reference import BASE_COMPONENTS, MASTERY


def term_of(chosen: Chosen) -> Term:
    """The class and period chosen."""
    assert chosen.division is not None and chosen.period is not None
    return chosen.division.id, chosen.period.position, chosen.period.count


def refusal_of(writer: Writer, chosen: Chosen, kind: str, field: str) -> str | None:
    """Why the page is only to be read."""
    return writer.refusal(Target(kind, field, term_of(chosen))) if chosen.ready else None


class PathwaysPage(EntryPage):
    """« Saisie collective des parcours éducatifs »: the texts of the class, then of a pupil where they differ."""

    route_base = "/entry/pathways"
    title = _l("Collective entry of educational pathways")
    items = "none"

    @expose("/")
    @has_access
    @permission_name("fill")
    def index(self) -> str:
        """What is entered; with `edit` the fields of the class, with `pupil` those of one booklet."""
        return self._page()

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("fill")
    def save(self) -> Any:
        """Store the class's texts."""
        check_drawn_for()
        _writer, chosen = self.chosen()
        if not chosen.ready:
            return self.home()
        texts = {code: request.form[code] for code in pathways_of_school() if code in request.form}
        bases = {code: request.form.get(f"base:{code}") for code in texts}
        try:
            tell_written(write_class_pathways(term_of(chosen), texts, bases, actor=actor()))
        except BadInput as error:
            return self._page(texts=texts, problem=error.sentence())
        except PathwaysChanged as changed:
            return self._page(texts=texts, theirs=changed.now, problem=changed.sentence())
        return self.home()

    @expose("/cells", methods=["POST"])
    @has_access
    @permission_name("fill")
    def cells(self) -> Any:
        """Store one pupil's own texts."""
        check_drawn_for()
        outcomes, typed = self.save_form()
        return self._page(outcomes=outcomes, typed=typed) if outcomes else self.home(pupil=request.args.get("pupil"))

    def _page(self, *, texts: dict[str, str] | None = None, theirs: Any = None, problem: str = "", **data: Any) -> str:
        writer, chosen = self.chosen()
        refusal = refusal_of(writer, chosen, "pathway", "PAR_CIT")
        stored = class_pathways(term_of(chosen)) if chosen.ready else {}
        pupils = pupil_pathways(term_of(chosen)) if chosen.ready else []
        pupil = next((p for p in pupils if str(p.booklet_id) == request.args.get("pupil")), None)
        editing = texts is not None or (bool(request.args.get("edit")) and not refusal)
        return self.draw_entry(
            "entry/pathways.html", writer, chosen, refusal=refusal, pathways=pathways_of_school(), stored=stored,
            texts=texts or stored, theirs=theirs or {}, problem=problem, editing=editing, pupils=pupils, pupil=pupil,
            limit=COMMENT_LENGTH, **data)  # fmt: skip


class BookletsPage(EntryPage):
    """What the pages with one row for each booklet of the class share. `field` says who may write."""

    items = "none"
    template = ""
    field = ""

    def page(self, **data: Any) -> str:
        """Draw the class in the period chosen."""
        writer, chosen = self.chosen()
        rows = class_booklets(chosen.where) if chosen.ready else []
        return self.draw_entry(self.template, writer, chosen, rows=rows,
                               refusal=refusal_of(writer, chosen, "booklet", self.field), **data)  # fmt: skip

    def store(self) -> Any:
        """Save the form; drawn again with what could not be saved, else back to the page."""
        check_drawn_for()
        outcomes, typed = self.save_form()
        return self.page(outcomes=outcomes, typed=typed) if outcomes else self.home()


class LifePage(BookletsPage):
    """« Vie scolaire »: half-days of absence, lateness and a comment. Whoever reads booklets opens it; direction, CPE,
    secretary and class teacher write."""

    route_base = "/entry/life"
    title = _l("School life")
    template = "entry/life.html"
    field = "lateness"

    @expose("/")
    @has_access
    @permission_name("show")
    def index(self) -> str:
        """The grid of the class."""
        return self.page()

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("show")
    def save(self) -> Any:
        """Save what was typed; each cell says who may write there."""
        return self.store()

    def page(self, **data: Any) -> str:
        """With the limit of the comment."""
        return super().page(**{"limit": COMMENT_LENGTH} | data)


class OverallPage(BookletsPage):
    """« Appréciations générales »; at the end of a cycle the synthesis and the eight components of the base."""

    route_base = "/entry/overall"
    title = _l("Overall comments")
    template = "entry/overall.html"
    field = "overall_comment"
    cycles = True

    @expose("/")
    @has_access
    @permission_name("fill")
    def index(self) -> str:
        """A text for each pupil."""
        return self.page()

    @expose("/save", methods=["POST"])
    @has_access
    @permission_name("fill")
    def save(self) -> Any:
        """Save what was typed."""
        return self.store()

    def page(self, **data: Any) -> str:
        """With what the end of a cycle offers."""
        return super().page(components=BASE_COMPONENTS, mastery=MASTERY, complements=complements(), **data)
