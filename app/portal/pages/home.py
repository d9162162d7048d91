"""What a signed-in family sees: the home page (M123) and its account."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.core.db import portal_db
from app.portal.accounts import choose_language
from app.portal.messages import question_text
from app.portal.pages import common
from app.portal.policy import account_allows_digits
from app.portal.queries import family, identity, schools_without_service
from app.portal.questions import questions_of

bp = Blueprint("home", __name__)


@bp.get("/")
@common.signed_in
def home() -> ResponseReturnValue:
    """Welcome, the children, the one chosen with the school's header and the services it opened."""
    account = common.account_id() or 0
    found = family()
    child = found.child(_wanted())
    closed = () if found.children else schools_without_service(account)
    return render_template("home.html", family=found, child=child, closed=closed)


def _wanted() -> int | None:
    asked = request.args.get("enfant")
    if asked is None:
        return None
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else abort(404)


@bp.get("/compte")
@common.signed_in
def account() -> ResponseReturnValue:
    """The children attached and the first block of their codes (M120), the language of mails."""
    account = common.account_id() or 0
    asked = [question_text(one.question) for one in questions_of(portal_db.session(), account)]
    digits = account_allows_digits(portal_db.session(), account)
    return render_template("account.html", family=family(), identity=identity(account), questions=asked,
                           digits=digits)  # fmt: skip


@bp.post("/compte/langue")
@common.signed_in
def language() -> ResponseReturnValue:
    """Choose the language of the mails, and of the screens at the same time."""
    code = request.form.get("locale", "")
    if code not in common.settings().locales:
        abort(400)
    choose_language(common.account_id() or 0, code)
    return redirect(url_for("entry.language", code=code, suite=url_for("home.account")))
