"""« Éditer » (M046, M047): which booklets, in how many copies; one edition, one draft as a PDF."""

from __future__ import annotations

import io
from typing import Any

from flask import request, send_file
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.admin.picking import picked_from, population_of
from app.booklets import editing
from app.booklets.edit_wish import EditWish
from app.booklets.models import BookletEdition


class BookletEditPage(HandmadePage):
    """The choice, then the job. `?ids=3&ids=7`, `?division=12&period=2-3`, `?level=4` open it on a choice."""

    route_base = "/booklet-edit"
    default_view = "index"
    class_permission_name = "booklet"
    category = "booklets"
    title = _l("Issue booklets (PDF)")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("edit_pdf")
    def index(self) -> str:
        """What is chosen, how many may be edited, and the choices."""
        school_id()
        choices = editing.edit_choices()
        wish = wish_from(request.args, choices.present)
        chosen, editable = editing.counts(wish)
        period = f"{wish.picked.position}-{wish.picked.period_count}"
        return self.draw("booklets/edit.html", wish=wish, ids=wish.picked.ids, chosen=chosen, editable=editable,
                         choices=choices, population=population_of(wish.picked), period=period)  # fmt: skip

    @expose("/run", methods=["POST"])
    @has_access
    @permission_name("edit_pdf")
    def run(self) -> Any:
        """Start the job; its page has the file and the report."""
        check_drawn_for()
        wish = wish_from(request.form)
        label = str(_("Draft of booklets") if wish.draft else _("Issue booklets (PDF)"))
        return self.to_job(editing.ask(wish, actor=actor(), school_id=school_id(), label=label).id)

    @expose("/<int:pk>/draft.pdf")
    @has_access
    @permission_name("export")
    def draft(self, pk: int) -> Any:
        """One booklet as a draft, whatever its state."""
        school_id()
        return _pdf(*editing.draft_pdf(pk, actor=actor()))


class BookletEditionPage(HandmadePage):
    """The numbered documents themselves."""

    route_base = "/booklet-edition"
    default_view = "file"
    class_permission_name = "booklet_edition"
    category = "booklets"
    title = _l("Editions of booklets")
    shows = BookletEdition

    @expose("/<int:pk>.pdf")
    @has_access
    @permission_name("show")
    def file(self, pk: int) -> Any:
        """One edition, as it was issued."""
        school_id()
        return _pdf(*editing.edition_pdf(pk, actor=actor()))


def _pdf(name: str, content: bytes) -> Any:
    return send_file(io.BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name)


def wish_from(values: Any, present: tuple[int, int] | None = None) -> EditWish:
    """The choice a form or an address names, of the `present` period when it names none. Raises `BadInput`."""
    return EditWish(picked_from(values, present), copies=values.get("copies") or "pupil",
                    only_changed=bool(values.get("only_changed")), draft=bool(values.get("draft")))
