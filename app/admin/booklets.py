"""« Saisie individuelle et recherche de bilans » (M040): a class with its states, what is missing, acts on several."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, session, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.columns import States
from app.admin.handmade import HandmadePage, actor, asked_page, school_id
from app.admin.page import check_drawn_for
from app.booklets.choices import Chosen, choose
from app.booklets.locking import LOCK, Outcome, lock, unlock
from app.booklets.missing import missing_in, with_content
from app.booklets.models import Booklet
from app.booklets.queries import Search, count, page_of
from app.booklets.rights import Writer, writer_of
from app.booklets.selection import Picked
from app.booklets.settings import booklet_settings
from app.core.errors import BadInput
from app.exchange.spreadsheets import SheetColumn

PAGE_SIZE = 50
MOST_NAMED = 10  # refused booklets named on screen; the list shows the others


class BookletsPage(HandmadePage):
    """The booklets of a class, or those a name finds."""

    route_base = "/booklets"
    default_view = "index"
    class_permission_name = "booklet"
    category = "booklets"
    needs_school = True
    title = _l("Individual entry and search of booklets")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The list, a page at a time."""
        writer, chosen, search = self._asked()
        if search is None:
            return self.draw("booklets/index.html", chosen=chosen, search=None, booklets=[], states=States("booklet"))
        where = search.where(writer)
        pages = asked_page(PAGE_SIZE, count(where))
        booklets = with_content(Booklet.id.in_(page_of(where, pages.page * PAGE_SIZE, PAGE_SIZE)))
        return self.draw(
            "booklets/index.html", chosen=chosen, search=search, booklets=booklets, pages=pages,
            lacking=missing_in(booklets), states=States("booklet"), may_lock=_may_lock(writer),
        )  # fmt: skip

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """The list as filtered (C04), with what is missing in each."""
        writer, _chosen, search = self._asked()
        booklets = with_content(search.where(writer)) if search else []
        lacking = missing_in(booklets)
        columns = [SheetColumn(str(title)) for title in (_("Class"), _("Last name"), _("First name"), _("State"))]
        columns += [SheetColumn(_("Missing"), "number"), SheetColumn(_("Details"), width=80)]
        states = States("booklet")
        rows = ((b.division_label or "", b.last_name, b.first_name, str(states[b.state]), len(lacking[b.id]),
                 " ".join(unmet.message for unmet in lacking[b.id])) for b in booklets)  # fmt: skip
        return self.sheet("bilans", str(self.title), columns, rows)

    @expose("/lock", methods=["POST"])
    @has_access
    @permission_name("fill")
    def lock(self) -> Any:
        """Lock the ticked booklets, or the one named; who may is the service's business (M044, M045)."""
        check_drawn_for()
        outcome = lock(_ticked(), actor=actor())
        _tell(outcome, ngettext("%(num)d booklet is locked.", "%(num)d booklets are locked.", outcome.done))
        return _back()

    @expose("/unlock", methods=["POST"])
    @has_access
    @permission_name("unlock")
    def unlock(self) -> Any:
        """Unlock them, for a reason (M048)."""
        check_drawn_for()
        outcome = unlock(_ticked(), actor=actor(), reason=request.form.get("reason", ""))
        _tell(outcome, ngettext("%(num)d booklet is unlocked.", "%(num)d booklets are unlocked.", outcome.done))
        return _back()

    @expose("/edit", methods=["POST"])
    @has_access
    @permission_name("edit_pdf")
    def edit(self) -> Any:
        """To the page that issues the ticked booklets (M047)."""
        check_drawn_for()
        return redirect(url_for("BookletEditPage.index", ids=list(_ticked().ids)))

    def _asked(self) -> tuple[Writer, Chosen, Search | None]:
        school_id()
        writer = writer_of(actor())
        kept = session.get("entry", {})
        asked = {name: request.args.get(name) or kept.get(name, "") for name in ("division", "period")}
        chosen = choose(writer, asked, items="none", cycles=True)
        if chosen.division is None or chosen.period is None:
            return writer, chosen, None
        session["entry"] = kept | {"division": str(chosen.division.id), "period": chosen.period.key}
        state = request.args.get("state", "")
        return writer, chosen, Search(chosen.period.position, chosen.period.count, chosen.division.id,
                                      state if state in States("booklet") else "",
                                      request.args.get("name", "").strip()[:100])  # fmt: skip


def _may_lock(writer: Writer) -> bool:
    """Whether the person locks something here: the head, or class teachers where the head allows it."""
    if LOCK in writer.permissions:
        return True
    return booklet_settings().teachers_lock and bool(writer.assigned if writer.ecole else writer.led)


def _ticked() -> Picked:
    ids = [value for value in request.form.getlist("rowid") if value.isascii() and value.isdigit() and len(value) < 10]
    if not ids:
        raise BadInput("Aucun bilan n'est coché.", hint="Cochez au moins un bilan, puis recommencez.")
    return Picked(ids=tuple(map(int, ids)))


def _tell(outcome: Outcome, done: str) -> None:
    if outcome.done:
        flash(done, "success")
    for refused in outcome.refused[:MOST_NAMED]:
        reasons = " ".join(unmet.message for unmet in refused.reasons)
        flash(_("%(pupil)s: not locked. %(reasons)s", pupil=refused.pupil, reasons=reasons), "warning")
    if not outcome.done and not outcome.refused:
        flash(_("Nothing had changed."), "info")


def _back() -> Any:
    """To the page the act was asked from: the list as it was, or the booklet."""
    booklet = request.form.get("booklet", "")
    if booklet.isascii() and booklet.isdigit() and len(booklet) < 10:
        return redirect(url_for("BookletPage.show", pk=int(booklet)))
    names = ("division", "period", "state", "name")
    kept: dict[str, Any] = {name: request.form[name] for name in names if request.form.get(name)}
    return redirect(url_for("BookletsPage.index", **kept))
