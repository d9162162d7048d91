"""Signing in, leaving, changing school, choosing a pass-phrase: pages that need no role."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.views import AuthView
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user, logout_user
from flask_wtf import FlaskForm
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, Length

from app.admin.entering import settle
from app.admin.page import check_drawn_for
from app.core.db import admin_db
from app.core.errors import LivretError, NotFound
from app.core.scope import system_scope
from app.security import invitations
from app.security.access import everyone, public
from app.security.manager import current_actor
from app.security.models import UserSecurity
from app.security.passwords import PassphraseRefused
from app.security.queries import Place, places_of
from app.security.services import set_passphrase
from app.security.signing import WrongSignIn, authenticate, begin_session
from app.security.throttle import TooManyAttempts
from app.security.web import client_address, local_path, throttles


class SignInForm(FlaskForm):
    """Identifier and pass-phrase."""

    username = StringField(_l("Identifier or e-mail"), validators=[DataRequired(), Length(max=254)])
    password = PasswordField(_l("Pass-phrase"), validators=[DataRequired(), Length(max=512)])


class ChooseForm(FlaskForm):
    """A new pass-phrase, typed twice."""

    token = HiddenField()
    passphrase = PasswordField(_l("Pass-phrase"), validators=[DataRequired(), Length(max=512)])
    again = PasswordField(_l("The same once more"), validators=[DataRequired(), Length(max=512)])


class ChangeForm(ChooseForm):
    """The same, with the present one first."""

    old = PasswordField(_l("Present pass-phrase"), validators=[DataRequired(), Length(max=512)])


def open_session(user_id: int) -> None:
    """Begin the signed-in session of a user in this browser."""
    with system_scope("a session begins"):
        person = admin_db.session.get_one(UserSecurity, user_id)
        begin_session(session, person.user, person.epoch)


def wanted_page() -> str:
    """Where somebody wanted to go before signing in, if it is on this host; else the home page."""
    return local_path(request.args.get("next")) or "/"


class SignIn(AuthView):
    """The door. Leaving is a POST: no picture on another site can sign anybody out."""

    route_base = ""
    login_template = "academy/login.html"

    @expose("/login/", methods=["GET", "POST"])
    @public
    def login(self) -> Any:
        """One form; whatever is wrong, the answer is the same."""
        if current_user.is_authenticated:
            return redirect(wanted_page())
        form = SignInForm()
        status = 200
        if form.validate_on_submit():
            try:
                return self._enter(form)
            except (WrongSignIn, TooManyAttempts) as refused:
                flash(refused.sentence(), "danger")
                status = refused.status
        return self.render_template(self.login_template, form=form, title=_("Sign in")), status

    def _enter(self, form: SignInForm) -> Any:
        user = authenticate(form.username.data or "", form.password.data or "", client_address())
        if user is None:
            raise WrongSignIn
        open_session(user.id)
        return redirect(wanted_page())

    @expose("/leave", methods=["POST"])
    @everyone
    def leave(self) -> Any:
        """Sign out: the session is gone from the server (SECURITY_TRAPS 10)."""
        session.sign_out()  # type: ignore[attr-defined]
        logout_user()
        session.clear()
        flash(_("You have left the application."), "success")
        return redirect(url_for("SignIn.login"))

    @expose("/logout/", methods=["POST"])
    @everyone
    def logout(self) -> Any:
        """FAB's name for it."""
        return self.leave()

    @expose("/forgotten", methods=["GET", "POST"])
    @public
    def forgotten(self) -> Any:
        """Ask for a link by mail; the answer never says whether the person is known."""
        if request.method == "POST":
            identifier = request.form.get("username", "").strip().casefold()[:254]
            throttles().count("link address", client_address())
            throttles().count("mail account", identifier)
            invitations.send_recovery(identifier)
            flash(_("If this person is known, a link was sent to their mailbox. It is good for 72 hours."), "success")
            return redirect(url_for("SignIn.login"))
        return self.render_template("academy/forgotten.html", title=_("Pass-phrase forgotten"))


class ChangeSchool(BaseView):
    """Where one may work, and going there (M001)."""

    route_base = "/change-school"
    default_view = "index"

    @expose("/", methods=["GET"])
    @everyone
    def index(self) -> Any:
        """The places granted to this person today."""
        places = places_of(admin_db.session(), current_user.id)
        return self.render_template("academy/change_school.html", title=_("Change school"), places=places,
                                    crumbs=[(_("Change school"), None)], here=g.standing)  # fmt: skip

    @expose("/<string:kind>/<int:pk>", methods=["POST"])
    @everyone
    def enter(self, kind: str, pk: int) -> Any:
        """Go to work there."""
        place = next((p for p in places_of(admin_db.session(), current_user.id) if (p.kind, p.id) == (kind, pk)), None)
        if place is None and kind == "school":
            place = Place("school", pk)  # an academy administrator enters any school of the academy
        if place is None or settle(place) is None:
            raise NotFound("Vous n'avez pas de rôle dans cet établissement.")
        return redirect("/")


class Invitation(BaseView):
    """Where an invitation's link leads. What opens it stands in the fragment: no server log ever holds it."""

    route_base = "/invitation"
    default_view = "index"

    @expose("/", methods=["GET", "POST"])
    @public
    def index(self) -> Any:
        """Choose a pass-phrase and be signed in."""
        form = ChooseForm()
        status = 200
        if form.validate_on_submit():
            throttles().count("link address", client_address())
            try:
                return self._accept(form)
            except LivretError as refused:
                flash(refused.sentence(), "danger")
                status = refused.status
        return self.render_template("academy/invitation.html", form=form, title=_("Choose a pass-phrase")), status

    def _accept(self, form: ChooseForm) -> Any:
        check_same(form)
        token = (form.token.data or "").strip().rpartition("jeton=")[2]
        user_id = invitations.accept(token, form.passphrase.data or "")
        open_session(user_id)
        flash(_("Your pass-phrase is stored."), "success")
        return redirect("/")


class OwnPassphrase(BaseView):
    """Changing one's own pass-phrase, with the present one; every other session ends."""

    route_base = "/passphrase"
    default_view = "index"

    @expose("/", methods=["GET", "POST"])
    @everyone
    def index(self) -> Any:
        """The form."""
        form = ChangeForm()
        status = 200
        if form.validate_on_submit():
            try:
                return self._change(form)
            except LivretError as refused:
                flash(refused.sentence(), "danger")
                status = refused.status
        return self.render_template("academy/passphrase.html", form=form, title=_("Change my pass-phrase"),
                                    crumbs=[(_("Change my pass-phrase"), None)]), status  # fmt: skip

    def _change(self, form: ChangeForm) -> Any:
        check_drawn_for()
        user_id, place = current_user.id, session.get("place")
        throttles().count("sign-in account", current_user.username)
        check_same(form)
        set_passphrase(user_id, old=form.old.data or "", new=form.passphrase.data or "", actor=current_actor())
        throttles().clear("sign-in account", current_user.username)
        open_session(user_id)
        if place:
            session["place"] = place
        flash(_("Your pass-phrase is changed. You were signed out everywhere else."), "success")
        return redirect("/")


def check_same(form: ChooseForm) -> None:
    """Both fields must hold the same."""
    if form.passphrase.data != form.again.data:
        raise PassphraseRefused("Les deux saisies ne sont pas identiques.")
