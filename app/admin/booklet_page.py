"""One booklet (M041–M043): front and back, what is missing, its history; what one may write is written in place."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from app.admin.booklets import BookletsPage
from app.admin.columns import States
from app.admin.entry_page import changes_from, script_words, tell
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.admin.trail import ACTS
from app.booklets.cells import OVERALL_LENGTH, SCALE_FIELDS, SYNTHESIS_LENGTH, shown
from app.booklets.entry import save_cells
from app.booklets.facts import facts_of
from app.booklets.locking import may_lock
from app.booklets.missing import missing
from app.booklets.models import Attainment, AttainmentElement, Booklet
from app.booklets.models.content import COMMENT_LENGTH
from app.booklets.phrases import own_phrases
from app.booklets.queries import editions_of, neighbours, past, readable
from app.booklets.rights import Target, Writer, writer_of
from app.core.db import admin_db
from app.curriculum.models import TeachingItem
from app.curriculum.reference import MASTERY, OBJECTIVES, PATHWAYS

SIDES = ("recto", "verso", "history")
FIELDS: dict[str, Any] = {
    "comment": _l("Comment"), "positioning": _l("Positioning"), "average": _l("Average"), "letter": _l("Letter"),
    "not_assessed": _l("Not assessed"), "followed": _l("Taken by the pupil"), "elements": _l("Programme elements"),
    "overall_comment": _l("Overall comment"), "council_on": _l("Date of the class council"),
    "absences_justified": _l("Half-days of justified absence"), "lateness": _l("Late arrivals"),
    "absences_unjustified": _l("Half-days of unjustified absence"), "life_comment": _l("School life"),
    "group": _l("Group of an EPI or an AP"),
} | dict(PATHWAYS)  # fmt: skip
LIFE = ("absences_justified", "absences_unjustified", "lateness")


class BookletPage(HandmadePage):
    """A page of the list of booklets: it has no entry of its own in the menu."""

    route_base = "/booklet"
    default_view = "show"
    class_permission_name = "booklet"
    category = "booklets"
    title = BookletsPage.title
    shows = Booklet

    @expose("/<int:pk>")
    @has_access
    @permission_name("show")
    def show(self, pk: int) -> str:
        """The side asked for: recto, verso or history."""
        return self._draw(pk)

    @expose("/<int:pk>/save", methods=["POST"])
    @has_access
    @permission_name("fill")
    def save(self, pk: int) -> Any:
        """Without a script: every cell of the page at once; who may write which is the entry service's business."""
        check_drawn_for()
        readable(pk, writer_of(actor()))
        outcomes = save_cells(changes_from(request.form), actor=actor())
        tell(outcomes)
        left = [outcome for outcome in outcomes if not outcome.kept]
        if left:
            typed = {o.cell.name: request.form.get(o.cell.name, "") for o in left}
            return self._draw(pk, outcomes={o.cell.name: o for o in left}, typed=typed)
        return redirect(url_for("BookletPage.show", pk=pk, side=request.args.get("side", SIDES[0])))

    def own_address(self) -> str:
        """The list."""
        return url_for("BookletsPage.index")

    def _draw(self, pk: int, **form: Any) -> str:
        school_id()
        writer = writer_of(actor())
        booklet = readable(pk, writer)
        asked = request.args.get("side", SIDES[0])
        side = asked if asked in SIDES else SIDES[0]
        crumbs = ((_("Booklet of %(name)s", name=booklet.shown_name), None),)
        data: dict[str, Any] = {"outcomes": {}, "typed": {}} | form
        return self.draw(
            "booklets/show.html", title=_("Booklet of %(name)s", name=booklet.shown_name),
            crumbs=(*self._list_crumb(booklet), *crumbs), booklet=booklet, side=side, lacking=_lacking(booklet),
            around=neighbours(booklet, writer), states=States("booklet"), may_lock=may_lock(actor(), booklet),
            user=actor().user_id, words=script_words(), shown=shown,
            own_phrases=partial(own_phrases, actor()), **data, **_SIDE_FACTS[side](booklet, writer),
        )  # fmt: skip

    def _list_crumb(self, booklet: Booklet) -> tuple[Any, ...]:
        """Back to the class and the period the booklet is of."""
        if booklet.division_id is None:
            return ()
        here = url_for("BookletsPage.index", division=booklet.division_id,
                       period=f"{booklet.position}-{booklet.period_count}")  # fmt: skip
        return ((f"{booklet.division_label}, {booklet.period_label}", here),)


def _lacking(booklet: Booklet) -> list[Any]:
    return [] if booklet.is_sealed else missing(booklet)


def _term(booklet: Booklet) -> tuple[int | None, int, int]:
    return booklet.division_id, booklet.position, booklet.period_count


def _recto(booklet: Booklet, writer: Writer) -> dict[str, Any]:
    """The lines in the order they are printed, each with whether the person writes there."""
    lines = admin_db.session.scalars(
        select(Attainment)
        .join(TeachingItem, TeachingItem.id == Attainment.item_id)
        .where(Attainment.booklet_id == booklet.id)
        .options(joinedload(Attainment.item),
                 selectinload(Attainment.elements).joinedload(AttainmentElement.element))  # type: ignore[attr-defined]
        .order_by(TeachingItem.position, TeachingItem.id)
    ).unique().all()  # fmt: skip
    own = {line.id: not booklet.is_sealed and writer.may(
        Target("line", "comment", _term(booklet), line.item_id, line.area_id)) for line in lines}  # fmt: skip
    return {"lines": lines, "own": own, "field": SCALE_FIELDS[booklet.scale], "objectives": OBJECTIVES,
            "limit": COMMENT_LENGTH, "may_save": any(own.values())}  # fmt: skip


def _verso(booklet: Booklet, writer: Writer) -> dict[str, Any]:
    """What stands on the second page, and which of it the person writes."""
    def may(kind: str, field: str) -> bool:
        return not booklet.is_sealed and writer.may(Target(kind, field, _term(booklet)))

    own = {name: may("booklet", name) for name in ("overall_comment", "council_on", "life_comment", *LIFE)}
    own["pathway"] = may("pathway", "text")
    codes = [code for code in PATHWAYS if booklet.model == "college" or code != "PAR_AVN"]
    written = {pathway.code: pathway.text for pathway in booklet.pathways}  # type: ignore[attr-defined]
    return {"facts": facts_of([booklet.id])[booklet.id], "own": own, "pathways": [(c, PATHWAYS[c], written.get(c, ""))
            for c in codes] if booklet.model != "cycle" else [], "life": [(name, FIELDS[name]) for name in LIFE],
            "overall_limit": SYNTHESIS_LENGTH if booklet.model == "cycle" else OVERALL_LENGTH,
            "limit": COMMENT_LENGTH, "mastery": MASTERY, "may_save": any(own.values())}  # fmt: skip


def _history(booklet: Booklet, _writer: Writer) -> dict[str, Any]:
    """Every change and every edition (M043)."""
    return {"acts": past(booklet), "editions": editions_of(booklet), "fields": FIELDS, "others": ACTS,
            "may_save": False}


_SIDE_FACTS = {"recto": _recto, "verso": _verso, "history": _history}
