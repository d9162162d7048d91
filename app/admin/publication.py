"""« Publication des bilans » (C03, C06): from which day families read, telling them, who has not read yet."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.admin.form_values import day_of, id_of
from app.admin.handmade import HandmadePage, actor, asked_page, school_id
from app.admin.page import check_drawn_for
from app.booklets.announcing import Asked, NobodyToTell, messages
from app.booklets.editing import edit_choices
from app.booklets.publishing import publications, publish_from, readers
from app.booklets.selection import Picked, read_term
from app.core.db import admin_db
from app.exchange.spreadsheets import SheetColumn
from app.jobs import services as jobs
from app.replication.publication import open_services

PAGE_SIZE = 50


class PublicationPage(HandmadePage):
    """A line for each class in the period chosen."""

    route_base = "/booklet-publication"
    default_view = "index"
    class_permission_name = "booklet_publication"
    category = "booklets"
    needs_school = True
    title = _l("Publication of booklets")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """What is edited, readable, told and read, class by class."""
        school_id()
        choices = edit_choices()
        position, count = _term(request.args.get("period"), choices.present)
        closed = "booklets" not in open_services(admin_db.session())
        return self.draw("booklets/publication.html", choices=choices, position=position, count=count, closed=closed,
                         classes=publications(position, count), plan=_plan(position, count))  # fmt: skip

    @expose("/set", methods=["POST"])
    @has_access
    @permission_name("edit")
    def store(self) -> Any:
        """The day for the ticked classes; none = as soon as they are edited."""
        check_drawn_for()
        position, count = _term(request.form.get("period"))
        ids = [id_of(value) for value in request.form.getlist("division")]
        done = publish_from(ids, position, count, day_of(request.form.get("publish_on", "")), actor=actor())
        flash(ngettext("The day is set for %(num)d class.", "The day is set for %(num)d classes.", done), "success")
        return self.home(period=f"{position}/{count}")

    @expose("/tell", methods=["POST"])
    @has_access
    @permission_name("edit")
    def tell(self) -> Any:
        """Start telling families of what they can read and do not know (C03)."""
        check_drawn_for()
        position, count = _term(request.form.get("period"))
        params = {"position": position, "period_count": count}
        job = jobs.submit("booklets.announce", school_id(), params, actor(), str(_("Tell families of booklets")))
        return self.to_job(job.id)

    @expose("/unread")
    @has_access
    @permission_name("list")
    def unread(self) -> str:
        """Guardians who have not read a booklet they may read."""
        school_id()
        picked = _picked()
        found = readers(picked)
        pages = asked_page(PAGE_SIZE, len(found))
        shown = found[pages.page * PAGE_SIZE:(pages.page + 1) * PAGE_SIZE]
        return self.draw("booklets/unread.html", title=_("Booklets not read yet"), readers=shown, pages=pages,
                         crumbs=((_("Booklets not read yet"), None),), picked=picked)  # fmt: skip

    @expose("/unread.xlsx")
    @has_access
    @permission_name("list")
    def export(self) -> Any:
        """The same as a spreadsheet, to telephone from (C04)."""
        school_id()
        columns = [SheetColumn(str(title)) for title in (_("Class"), _("Pupil"), _("Guardian"), _("E-mail"),
                                                         _("Mobile phone"), _("Has an account"), _("Informed by"))]
        rows = ((r.division, r.pupil, r.guardian.shown_name, r.guardian.email or "", r.guardian.phone_mobile or "",
                 str(_("Yes") if r.account else _("No")), r.told or "") for r in readers(_picked()))  # fmt: skip
        return self.sheet("bilans-non-lus", str(_("Booklets not read yet")), columns, rows)


def _plan(position: int, count: int) -> dict[str, int]:
    """How many guardians would be told, by mode."""
    try:
        found = messages(Asked(position, count))
    except NobodyToTell:
        found = []
    modes = [message.mode or "none" for message in found]
    return {mode: modes.count(mode) for mode in ("email", "paper", "none")}


def _picked() -> Picked:
    position, count = _term(request.args.get("period"), (1, 3))
    division = request.args.get("division", "")
    return Picked(position, count, id_of(division) if division else None)


def _term(text: str | None, present: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    return read_term(text) if text else present
