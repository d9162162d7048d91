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
from app.booklets import editing
from app.booklets.edit_wish import EditWish
from app.booklets.models import BookletEdition
from app.booklets.selection import Picked
from app.core.errors import BadInput

MOST_NAMED = 5000


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
                         choices=choices, population=_population(wish.picked), period=period)  # fmt: skip

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
    ids = tuple(dict.fromkeys(_number(value) for value in values.getlist("ids")[:MOST_NAMED]))
    picked = Picked(ids=ids) if ids else Picked(*_term(values.get("period"), present), *_narrowed(values))
    return EditWish(picked, copies=values.get("copies") or "pupil", only_changed=bool(values.get("only_changed")),
                    draft=bool(values.get("draft")))  # fmt: skip


def _narrowed(values: Any) -> tuple[int | None, int | None]:
    """Class and level: « level-4 », « division-12 », or the argument of that name; neither for the whole school."""
    kind, _dash, number = values.get("population", "").partition("-")
    division, level = (values.get(name) or (number if kind == name else "") for name in ("division", "level"))
    return (_number(division) if division else None), (_number(level) if level else None)


def _term(text: str | None, present: tuple[int, int] | None) -> tuple[int, int]:
    """« 2-3 » (or 2/3) is the second period of three, « 0-0 » the end of a cycle."""
    if not text and present is not None:
        return present
    position, _dash, count = (text or "").replace("/", "-").partition("-")
    return _number(position), _number(count)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text[:20]) < 2**31):
        raise BadInput("Ce choix de bilans n'est pas reconnu.", hint="Rechargez la page et recommencez.")
    return int(text)


def _population(picked: Picked) -> str:
    if picked.division_id is not None:
        return f"division-{picked.division_id}"
    return "school" if picked.level_id is None else f"level-{picked.level_id}"
