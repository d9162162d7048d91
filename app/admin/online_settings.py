"""« Paramétrage » of the online services (M063–M067, M072–M074): what families read, and from which day."""

from __future__ import annotations

from typing import Any

from flask import flash, request
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.form_values import id_of
from app.admin.handmade import HandmadePage, actor, school_id
from app.admin.page import check_drawn_for
from app.core import clock
from app.core.errors import BadInput, Conflict, LivretError
from app.online import choices
from app.online.forecast import competence_forecast, mark_forecast, setting_forecast
from app.online.queries import contact_emails, ents, is_open, known_emails, pairs
from app.online.settings import settings_of_school
from app.online.welcome import LIMIT, welcome_html
from app.replication.schedule import usable_from


class OnlineSettingsPage(HandmadePage):
    """The settings with what they are now; each has its form."""

    route_base = "/online-settings"
    default_view = "index"
    class_permission_name = "online_setting"
    title = _l("Settings of the online services")
    needs_school = True

    @expose("/")
    @has_access
    @permission_name("show")
    def index(self) -> str:
        """Every setting, and from which day families see it."""
        school_id()
        chosen, today = settings_of_school(), clock.today()
        dates = [day for pair in pairs() for day in pair.due_dates]
        opened = {code: is_open(code) for code in ("marks", "absences", "competences")}
        return self.draw("online/settings.html", chosen=chosen, emails=contact_emails(chosen),
                         welcome=welcome_html(chosen.welcome), letters=choices.LETTER_TYPES,
                         publications=choices.PUBLICATIONS, opened=opened,
                         closed=choices.closed_sentence, soon=setting_forecast(usable_from()),
                         mark=mark_forecast(today, chosen.marks_publication, dates),
                         competence=competence_forecast(today, chosen.lpc_delay))  # fmt: skip

    # ---- message d'accueil -------------------------------------------------------------------------------------

    @expose("/welcome", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def welcome(self) -> Any:
        """The message, its counter, its link tool and its preview (M063, M064)."""
        return self._one("welcome", _("Welcome message"), lambda form: choices.set_welcome(
            form.get("welcome", ""), actor=actor()), limit=LIMIT, html=welcome_html)  # fmt: skip

    @expose("/welcome/preview", methods=["POST"])
    @has_access
    @permission_name("edit")
    def preview(self) -> str:
        """What families would read of a message being typed."""
        return str(welcome_html(request.form.get("welcome", "")[: 4 * LIMIT]))

    # ---- courriers, LPC, contact -------------------------------------------------------------------------------

    @expose("/letter", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def letter(self) -> Any:
        """The type of letter and its ENT (M065)."""
        return self._one("letter", _("Notification letters"), lambda form: choices.set_letter(
            form.get("letter_type", ""), id_of(form["ent"]) if form.get("ent") else None, actor=actor()),
            types=choices.LETTER_TYPES, ents=ents())  # fmt: skip

    @expose("/competences", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def competences(self) -> Any:
        """The delay between entry and publication (M073)."""
        return self._one("competences", _("Publication of the competency record"), lambda form: choices.set_lpc_delay(
            form.get("lpc_delay", ""), actor=actor()), open=is_open("competences"), shortest=choices.SHORTEST,
            longest=choices.LONGEST, closed=choices.closed_sentence("competences"),
            told=competence_forecast(clock.today(), settings_of_school().lpc_delay))  # fmt: skip

    @expose("/contact", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def contact(self) -> Any:
        """The contact link and its mailboxes (M074)."""
        return self._one("contact", _("School contact link"), lambda form: choices.set_contact(
            form.get("active", ""), form.getlist("email"), actor=actor()), known=known_emails())  # fmt: skip

    def _one(self, name: str, title: str, store: Any, **data: Any) -> Any:
        """The form of one setting: shown, stored, or shown again as it was sent with what is wrong."""
        school_id()
        problem: LivretError | None = None
        if request.method == "POST":
            check_drawn_for()
            try:
                store(request.form)
                flash(_("Changes saved."), "success")
                return self.home()
            except (BadInput, Conflict) as error:
                problem = error
        page = self.draw(f"online/{name}.html", title=title, crumbs=((title, None),), chosen=settings_of_school(),
                         sent=request.form if problem else None, problem=problem and problem.sentence(),
                         soon=setting_forecast(usable_from()), **data)  # fmt: skip
        return (page, problem.status) if problem else page
