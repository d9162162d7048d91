"""The way in and out: sign-in with its two first-visit paths (M113), language, help, health."""

from __future__ import annotations

from flask import Blueprint, jsonify, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import text

from app.core.db import portal_db
from app.portal.messages import wait_message
from app.portal.pages import common
from app.portal.policy import mixed_digits, sign_in_page
from app.portal.signin import SignedIn, SignInRefused
from app.portal.signin import sign_in as check_in
from app.security.throttle import TooManyAttempts

bp = Blueprint("entry", __name__)


@bp.get("/connexion")
def sign_in() -> ResponseReturnValue:
    """Sign-in page; whoever is signed in already goes home."""
    if common.account_id() is not None:
        return redirect(url_for("home.home"))
    return _page("", None)


@bp.post("/connexion")
def sign_in_post() -> ResponseReturnValue:
    """Check identifier and pass-phrase; a provisional account is shown how to confirm its address."""
    identifier = request.form.get("identifier", "").strip()[:300]
    try:
        who = check_in(identifier, request.form.get("passphrase", "")[:1000], visitor=common.visitor())
    except SignInRefused:
        return _refused(identifier, _("The identifier or the pass-phrase is not right."), 401)
    except TooManyAttempts as error:
        return _refused(identifier, wait_message(error), 429)
    return _welcome(who)


def _refused(identifier: str, fault: str, status: int) -> ResponseReturnValue:
    return _page(identifier, fault), status


def _page(identifier: str, fault: str | None) -> str:
    chosen = sign_in_page()
    keys = mixed_digits() if chosen.keypad else []
    return render_template("sign_in.html", identifier=identifier, fault=fault, chosen=chosen, keys=keys)


def _welcome(who: SignedIn) -> ResponseReturnValue:
    if not who.confirmed:
        session.sign_out()  # type: ignore[attr-defined]
        session[common.PENDING] = who.account_id
        return redirect(url_for("signup.to_confirm"))
    session.sign_in(who.account_id, who.epoch)  # type: ignore[attr-defined]
    answer = redirect(url_for("managing.passphrase" if who.weak else "home.home"))
    if common.LOCALE_COOKIE not in request.cookies:
        _remember(answer, who.locale)
    return answer


@bp.post("/deconnexion")
def sign_out() -> ResponseReturnValue:
    """End the session. A POST, so that no link or image can do it."""
    session.sign_out()  # type: ignore[attr-defined]
    return redirect(url_for("entry.sign_in"))


@bp.get("/langue/<code>")
def language(code: str) -> ResponseReturnValue:
    """Choose the language; remembered for a year on this device."""
    answer = redirect(common.own_path(request.args.get("suite")))
    if code in common.settings().locales:
        _remember(answer, code)
    return answer


def _remember(answer: ResponseReturnValue, code: str) -> None:
    make_response(answer).set_cookie(
        common.LOCALE_COOKIE, code, max_age=common.LOCALE_SECONDS, path="/", httponly=True, samesite="Lax",
        secure=common.settings().secure_cookies,
    )  # fmt: skip


@bp.get("/aide")
def help_page() -> ResponseReturnValue:
    """What families ask most."""
    return render_template("help.html")


@bp.get("/accessibilite")
def accessibility() -> ResponseReturnValue:
    """The accessibility statement that every page's footer leads to (M013)."""
    return render_template("accessibility.html")


@bp.get("/healthz")
def health() -> ResponseReturnValue:
    """For whoever watches the portal: its database answers."""
    portal_db.session.execute(text("SELECT 1"))
    return jsonify(status="ok")
