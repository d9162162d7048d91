"""« Gérer son compte »: each change has its page, works without scripts, and asks who is there (M120)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.core.db import portal_db
from app.portal import accounts, children
from app.portal.accounts import ChangeRefused
from app.portal.forms import (
    AddressForm,
    ChangeForm,
    ChangeQuestionsForm,
    IdentifierForm,
    LinesForm,
    PassphraseForm,
    plain,
)
from app.portal.messages import question_choices, wait_message
from app.portal.pages import common
from app.portal.pages.told import spread
from app.portal.policy import account_allows_digits
from app.portal.queries import identity
from app.portal.signup import SignUpRefused
from app.security.throttle import TooManyAttempts

bp = Blueprint("managing", __name__)
Change = Callable[[Any, dict[str, Any]], None]


@bp.get("/compte/enfant")
@common.signed_in
def child() -> ResponseReturnValue:
    """The form of one more child."""
    form = LinesForm()
    form.show_lines(1)
    return _child_page(form)


@bp.post("/compte/enfant")
@common.signed_in
def attach() -> ResponseReturnValue:
    """Attach children; « add a child » only adds a line."""
    form = LinesForm(request.form)
    form.show_lines(1)
    if "add" in request.form:
        form.show_lines(len(form.lines.entries) + 1)
        return _child_page(form)
    try:
        lines = form.children()
    except SignUpRefused as refused:
        return _child_page(form, spread(form, refused.faults)), 422
    try:
        children.attach_children(_account(), lines, visitor=common.visitor(), portal_url=common.settings().portal_url)
    except SignUpRefused as refused:
        return _child_page(form, spread(form, refused.faults, form.positions())), 422
    except TooManyAttempts as error:
        return _child_page(form, [("lines", wait_message(error))]), 429
    flash(_("The child is attached to your account."), "success")
    return redirect(url_for("home.account"))


def _child_page(form: LinesForm, told: list[tuple[str, str]] | None = None) -> str:
    kind = identity(_account()).kind
    return render_template("attach.html", form=form, told=told or [], parent=kind != "pupil")


@bp.route("/compte/code/<int:code>/detacher", methods=["GET", "POST"])
@common.signed_in
def detach(code: int) -> ResponseReturnValue:
    """Take a child off the account, after a question."""
    held = children.held_code(_account(), code)

    def change(form: ChangeForm, known: dict[str, Any]) -> None:
        children.detach_child(_account(), code, proof=_secret(form.proof), **known)
        flash(_("The child is detached from your account."), "success")

    return _changed(ChangeForm, "detach.html", change, held=held)


@bp.route("/compte/identifiant", methods=["GET", "POST"])
@common.signed_in
def identifier() -> ResponseReturnValue:
    """Another identifier."""

    def change(form: IdentifierForm, known: dict[str, Any]) -> None:
        accounts.change_identifier(_account(), plain(form.identifier), proof=_secret(form.proof), **known)
        flash(_("Your new identifier is stored."), "success")

    return _changed(IdentifierForm, "identifier.html", change)


@bp.route("/compte/phrase", methods=["GET", "POST"])
@common.signed_in
def passphrase() -> ResponseReturnValue:
    """Another pass-phrase: the session goes on here, and ends elsewhere."""

    def change(form: PassphraseForm, known: dict[str, Any]) -> None:
        account = _account()
        epoch = accounts.change_passphrase(account, _secret(form.passphrase), proof=_secret(form.proof), **known)
        session.sign_in(account, epoch)  # type: ignore[attr-defined]
        flash(_("Your new pass-phrase is stored. Every other device is signed out."), "success")

    return _changed(PassphraseForm, "passphrase.html", change)


@bp.route("/compte/questions", methods=["GET", "POST"])
@common.signed_in
def questions() -> ResponseReturnValue:
    """Other questions (M117)."""

    def change(form: ChangeQuestionsForm, known: dict[str, Any]) -> None:
        accounts.change_questions(_account(), form.asked(), proof=_secret(form.proof), **known)
        flash(_("Your questions are stored."), "success")

    return _changed(ChangeQuestionsForm, "questions.html", change)


@bp.route("/compte/adresse", methods=["GET", "POST"])
@common.signed_in
def address() -> ResponseReturnValue:
    """Another e-mail address, once a link was followed there."""

    def change(form: AddressForm, known: dict[str, Any]) -> None:
        sent = accounts.ask_new_address(_account(), plain(form.email), proof=_secret(form.proof), **known)
        told = _("A link was sent to %(address)s. Your address changes once you have opened it, within 24 hours.",
                 address=sent)  # fmt: skip
        flash(told, "info")

    return _changed(AddressForm, "address.html", change)


def _changed(kind: type[Any], template: str, change: Change, **shown: Any) -> ResponseReturnValue:
    """Show the form; when sent, do the change or say what must be corrected."""
    form = kind(request.form)
    if isinstance(form, ChangeQuestionsForm):
        form.offer(question_choices())
    status, told = 200, []
    if request.method == "POST":
        try:
            if faults := form.faults():
                raise ChangeRefused(faults)
            change(form, {"visitor": common.visitor(), "portal_url": common.settings().portal_url})
            return redirect(url_for("home.account"))
        except ChangeRefused as refused:
            status, told = 422, spread(form, refused.faults)
        except TooManyAttempts as error:
            form.proof.errors = [wait_message(error)]
            status, told = 429, [(form.proof.id, wait_message(error))]
    digits = kind is PassphraseForm and account_allows_digits(portal_db.session(), _account())
    return render_template(template, form=form, told=told, identity=identity(_account()), digits=digits,
                           **shown), status  # fmt: skip


@bp.post("/compte/deconnexion")
@common.signed_in
def everywhere() -> ResponseReturnValue:
    """Sign out on every device, this one too."""
    accounts.sign_out_everywhere(_account())
    session.sign_out()  # type: ignore[attr-defined]
    return redirect(url_for("entry.sign_in", partout="1"))


@bp.get("/nouvelle-adresse/<token>")
def address_link(token: str) -> ResponseReturnValue:
    """What the link of the mail does. A button follows it, not the visit: mail filters open links by themselves."""
    _count_link()
    email = accounts.address_link(token)
    return render_template("new_address.html", email=email, done=False), 200 if email else 404


@bp.post("/nouvelle-adresse/<token>")
def follow_address_link(token: str) -> ResponseReturnValue:
    """The new address is proved."""
    _count_link()
    email = accounts.address_link(token)
    done = accounts.follow_address_link(token, portal_url=common.settings().portal_url)
    return render_template("new_address.html", email=email if done else None, done=done), 200 if done else 404


def _count_link() -> None:
    asks = common.visitor()
    asks.limits.count("link address", asks.address)


def _account() -> int:
    return common.account_id() or 0


def _secret(field: Any) -> str:
    return (field.data or "")[:1000]
