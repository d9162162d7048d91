"""The academy administrator's pages: people, invitations, roles on schools, schools to enter (C05)."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import flash, g, redirect, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.admin.handmade import HandmadePage, actor
from app.admin.listing import whole_number
from app.core.clock import today
from app.core.errors import BadInput, LivretError
from app.security import people, roles, services
from app.security.invitations import invite
from app.security.models import RoleProfile

STATES = {
    "active": (_l("Active"), "ok"),
    "invited": (_l("Invited"), "info"),
    "expired": (_l("Link too old"), "warn"),
    "never": (_l("Not invited yet"), "warn"),
    "closed": (_l("Closed"), "bad"),
}


def day_from(text: str | None, what: str) -> date | None:
    """A day typed in a form, None when left empty."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{what} : indiquez une date, par exemple 2026-09-01.") from None


class PeoplePage(HandmadePage):
    """People of the academy: their account, their invitation, their roles."""

    route_base = "/people"
    default_view = "index"
    class_permission_name = "person"
    category = "academy"
    title = _l("People and roles")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The list, searched by name or e-mail."""
        search, page = request.args.get("search", "")[:100], whole_number(request.args.get("page"))
        rows, total = people.people(search, page)
        return self.draw("academy/people.html", rows=rows, total=total, page=page, size=people.PAGE, search=search,
                         states=STATES)  # fmt: skip

    @expose("/add", methods=["GET", "POST"])
    @has_access
    @permission_name("add")
    def add(self) -> Any:
        """A new person, invited at once unless said otherwise."""
        if request.method == "POST":
            try:
                return self._create()
            except LivretError as refused:
                flash(refused.sentence(), "danger")
        return self.draw("academy/person_form.html", title=_("Add a person"), crumbs=((_("Add a person"), None),),
                         values=request.form, person=None)  # fmt: skip

    def _create(self) -> Any:
        made = services.create_user(
            actor=actor(), authority_id=g.standing.authority_id, first_name=request.form.get("first_name", ""),
            last_name=request.form.get("last_name", ""), email=request.form.get("email", ""),
        )  # fmt: skip
        flash(_("The person is added. Give a role, then send the invitation."), "success")
        return redirect(url_for("PeoplePage.show", pk=made.id))

    @expose("/<int:pk>")
    @has_access
    @permission_name("show")
    def show(self, pk: int) -> str:
        """One person: account, roles past and present, and the form to give one."""
        person, state = people.person(pk)
        return self.draw(
            "academy/person.html", title=person.user.get_full_name(), crumbs=((person.user.get_full_name(), None),),
            person=person, state=STATES[state], grants=people.grants(pk), roles=self._grantable(),
            schools=people.schools()[0], today=today(),
        )  # fmt: skip

    def _grantable(self) -> list[RoleProfile]:
        kinds = roles.ROLES
        return [p for p in people.known_roles() if not (p.key in kinds and kinds[p.key].derived)]

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    @has_access
    @permission_name("edit")
    def edit(self, pk: int) -> Any:
        """Name, e-mail, open or closed."""
        person, _state = people.person(pk)
        if request.method == "POST":
            try:
                services.update_user(
                    pk, actor=actor(), first_name=request.form.get("first_name", ""),
                    last_name=request.form.get("last_name", ""), email=request.form.get("email", ""),
                    active="active" in request.form,
                )  # fmt: skip
                flash(_("The person is changed."), "success")
                return redirect(url_for("PeoplePage.show", pk=pk))
            except LivretError as refused:
                flash(refused.sentence(), "danger")
        name = person.user.get_full_name()
        crumbs = ((name, url_for("PeoplePage.show", pk=pk)), (_("Edit"), None))
        return self.draw("academy/person_form.html", title=_("Edit %(name)s", name=name), crumbs=crumbs, person=person,
                         values=request.form)  # fmt: skip

    @expose("/<int:pk>/invite", methods=["POST"])
    @has_access
    @permission_name("invite")
    def invite(self, pk: int) -> Any:
        """Send a link to choose a pass-phrase; earlier links die."""
        invite(pk, actor=actor())
        flash(_("The invitation is on its way. Its link is good for 72 hours and once."), "success")
        return redirect(url_for("PeoplePage.show", pk=pk))


class GrantsPage(HandmadePage):
    """Roles on schools: who has which, given and ended with dates. A head sees those of the school."""

    route_base = "/role-grants"
    default_view = "index"
    class_permission_name = "role_grant"
    category = "academy"
    title = _l("Who has which role")

    @expose("/")
    @has_access
    @permission_name("list")
    def index(self) -> str:
        """The running grants of this place."""
        return self.draw("academy/grants.html", grants=people.grants(running=True), today=today())

    @expose("/add", methods=["POST"])
    @has_access
    @permission_name("add")
    def add(self) -> Any:
        """Give a role to a person."""
        user_id = _number(request.form.get("user_id"))
        try:
            services.grant(
                user_id, _number(request.form.get("role_id")), actor=actor(), authority_id=g.standing.authority_id,
                school_id=people.school_id_of(request.form.get("uai", "")),
                starts_on=day_from(request.form.get("starts_on"), "Date de début"),
                ends_on=day_from(request.form.get("ends_on"), "Date de fin"),
            )  # fmt: skip
            flash(_("The role is given."), "success")
        except LivretError as refused:
            flash(refused.sentence(), "danger")
        return redirect(url_for("PeoplePage.show", pk=user_id))

    @expose("/<int:pk>/end", methods=["POST"])
    @has_access
    @permission_name("edit")
    def end(self, pk: int) -> Any:
        """End a role: at once, or on a day."""
        ended = services.end_grant(pk, actor=actor(), on=day_from(request.form.get("ends_on"), "Date de fin"))
        flash(_("The role is ended."), "success")
        return redirect(url_for("PeoplePage.show", pk=ended.user_id))


class SchoolsPage(HandmadePage):
    """Every school of the academy, to be entered for reading."""

    route_base = "/schools"
    default_view = "index"
    class_permission_name = "school"
    category = "academy"
    title = _l("Enter a school")

    @expose("/")
    @has_access
    @permission_name("enter")
    def index(self) -> str:
        """The list, searched by name, UAI or town."""
        search, page = request.args.get("search", "")[:100], whole_number(request.args.get("page"))
        rows, total = people.schools(search, page)
        return self.draw("academy/schools.html", rows=rows, total=total, page=page, size=people.PAGE, search=search)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else 0

