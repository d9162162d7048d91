"""First visit: the forms (M114), the confirmation link (M118)."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from app.portal import confirmation
from app.portal import signup as service
from app.portal.activation import Holder
from app.portal.confirmation import Link
from app.portal.forms import LINES_SHOWN, SignUpForm
from app.portal.messages import question_choices, wait_message
from app.portal.pages import common
from app.portal.pages.told import spread
from app.portal.policy import sign_in_page
from app.portal.signup import SignUpRefused
from app.security.throttle import TooManyAttempts

bp = Blueprint("signup", __name__)
HOLDERS: dict[str, Holder] = {"parent": "guardian", "eleve": "pupil"}


@bp.get("/activer", defaults={"path": "parent"})
@bp.get("/activer/<path>")
def form(path: str) -> ResponseReturnValue:
    """The empty form: three lines for a guardian, one for a pupil. Codes come in the fragment, read by the page."""
    holder = _holder(path)
    blank = SignUpForm()
    blank.show_lines(LINES_SHOWN if holder == "guardian" else 1)
    return _page(holder, blank)


@bp.post("/activer", defaults={"path": "parent"})
@bp.post("/activer/<path>")
def create(path: str) -> ResponseReturnValue:
    """Make the account, or show what must be corrected; « add a child » only adds a line."""
    holder = _holder(path)
    sent = SignUpForm(request.form)
    sent.show_lines(1)
    if "add" in request.form and holder == "guardian":
        sent.show_lines(len(sent.lines.entries) + 1)
        return _page(holder, sent)
    try:
        new = sent.read(holder, str(get_locale()))
    except SignUpRefused as refused:
        return _page(holder, sent, spread(sent, refused.faults)), 422
    try:
        service.create_account(new, visitor=common.visitor(), portal_url=common.settings().portal_url)
    except SignUpRefused as refused:
        return _page(holder, sent, spread(sent, refused.faults, sent.positions())), 422
    except TooManyAttempts as error:
        return _page(holder, sent, [("lines", wait_message(error))]), 429
    return redirect(url_for("signup.created", guichet=None if new.email else 1))


def _holder(path: str) -> Holder:
    return HOLDERS.get(path) or abort(404)


def _page(holder: Holder, form: SignUpForm, told: list[tuple[str, str]] | None = None) -> str:
    form.offer(question_choices())
    return render_template("sign_up.html", holder=holder, form=form, told=told or [], keypad=sign_in_page().keypad)


@bp.get("/compte-cree")
def created() -> ResponseReturnValue:
    """« Votre compte a bien été créé. Vous recevrez prochainement un mail de confirmation… » (M118)."""
    return render_template("created.html")


@bp.get("/confirmation/<token>")
def link(token: str) -> ResponseReturnValue:
    """What the link of the mail does. Mail filters open links by themselves, so a button follows it, not the visit."""
    _count_link()
    state, _account = confirmation.look_at(token)
    return render_template("confirm.html", state=state, token=token), 404 if state is Link.UNKNOWN else 200


@bp.post("/confirmation/<token>")
def follow(token: str) -> ResponseReturnValue:
    """Confirm the account."""
    _count_link()
    state = confirmation.confirm(token)
    return render_template("confirm.html", state=state, token=token, just_done=state is Link.CONFIRMED)


@bp.post("/confirmation/<token>/renvoyer")
def renew(token: str) -> ResponseReturnValue:
    """The link has expired: send another to the same address."""
    _count_link()
    state, account = confirmation.look_at(token)
    if state is not Link.EXPIRED or account is None:
        return render_template("confirm.html", state=state, token=token)
    return _send(account)


def _count_link() -> None:
    asks = common.visitor()
    asks.limits.count("link address", asks.address)


@bp.get("/a-confirmer")
def to_confirm() -> ResponseReturnValue:
    """The right pass-phrase, but an address not confirmed yet: no data before that."""
    if common.PENDING not in session:
        return redirect(url_for("entry.sign_in"))
    return render_template("to_confirm.html", sent=False)


@bp.post("/a-confirmer")
def resend() -> ResponseReturnValue:
    """Send the link again to whoever has just signed in with a provisional account."""
    if common.PENDING not in session:
        return redirect(url_for("entry.sign_in"))
    return _send(session[common.PENDING])


def _send(account: int) -> ResponseReturnValue:
    if not confirmation.send_again(account, visitor=common.visitor(), portal_url=common.settings().portal_url):
        return redirect(url_for("entry.sign_in"))
    return render_template("to_confirm.html", sent=True)
