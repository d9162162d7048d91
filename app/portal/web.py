"""Assembles the portal: settings, protection, the scope of the signed-in account, pages, errors."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, jsonify, make_response, render_template, request, session
from flask_babel import Babel, format_date, format_decimal, get_locale, get_translations
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy import ColumnElement, select
from werkzeug.exceptions import HTTPException

from app.core.db import portal_db
from app.core.errors import LivretError
from app.core.scope import Scope, set_scope
from app.core.ui import install_ui
from app.portal.messages import SERVICE_ICONS, SERVICE_PAGES, service_label, wait_message
from app.portal.models import Account, PortalSession, PortalThrottle
from app.security.throttle import TooManyAttempts
from app.security.web import FormExpired, protect
from config import ROOT, Config

TRANSLATIONS = ROOT / "translations"
log = logging.getLogger(__name__)
RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
LANGUAGE_NAMES = {"fr": "Français", "en": "English"}


def build(app: Flask, config: Config) -> None:
    """Everything between an empty Flask application and the portal."""
    from app.portal.pages import common

    app.config.update(
        LIVRET=config,
        MAX_CONTENT_LENGTH=64 * 1024,  # forms only, nothing is uploaded
        BABEL_DEFAULT_LOCALE="fr",
        BABEL_DEFAULT_TIMEZONE="Europe/Paris",
        # Words of the shared templates first, then our own, which win.
        BABEL_TRANSLATION_DIRECTORIES=f"{TRANSLATIONS};{TRANSLATIONS}",
        BABEL_DOMAIN="messages;portal",
    )
    Babel(app, locale_selector=common.choose_locale)
    install_ui(app)
    protect(app, config, db=portal_db, sessions=PortalSession, throttles=PortalThrottle, epoch_of=_epoch_of,
            cookie="livret_portail", hosts=config.portal_hosts)  # fmt: skip
    _scope_every_request(app)
    for page in _pages():
        app.register_blueprint(page.bp)
    app.context_processor(_words)
    app.add_template_filter(_long_date, "long_date")
    app.add_template_filter(_month, "month")
    app.add_template_filter(_short_day, "short_day")
    app.add_template_filter(_two_decimals, "two_decimals")
    app.add_template_filter(_plain_number, "plain_number")
    app.add_template_filter(_day, "day")
    register_errors(app)


def _pages() -> tuple[Any, ...]:
    """Every page of the portal, imported when it is built."""
    from app.portal.pages import (
        about,
        absences,
        booklets,
        entry,
        home,
        keys,
        managing,
        marks,
        recovery,
        signup,
        words,
    )

    return (entry, signup, home, managing, words, booklets, marks, absences, keys, recovery, about)


def _epoch_of(owner: ColumnElement[Any]) -> ColumnElement[int]:
    """Only a confirmed account has sessions: closing it ends them, like raising its epoch."""
    alive = select(Account.epoch).where(Account.id == owner, Account.state == "confirmed")
    return alive.scalar_subquery()


def _scope_every_request(app: Flask) -> None:
    """The gate shows the account its own rows and nothing else; without an account it shows nothing."""

    @app.before_request
    def begin() -> None:
        owner = session.owner_id  # type: ignore[attr-defined]
        set_scope(Scope("account", owner) if owner is not None else None)

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        portal_db.session.remove()
        set_scope(None)


def _words() -> dict[str, Any]:
    """What every template may say or ask. The language is looked up once, not at each word."""
    from app.portal.pages.about import TITLES, help_address

    locale = get_locale()
    language = locale.language if locale else "fr"
    catalogue = get_translations()

    def say(message: str, **blanks: Any) -> Markup:
        return Markup(catalogue.ugettext(message)) % blanks  # noqa: S704 - our own words, blanks are escaped

    def count(one: str, many: str, num: int, **blanks: Any) -> Markup:
        return Markup(catalogue.ungettext(one, many, num)) % ({"num": num} | blanks)  # noqa: S704

    return {
        "_": say,
        "ngettext": count,
        "language": language,
        "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
        "languages": LANGUAGE_NAMES,
        "service_label": service_label,
        "service_icons": SERVICE_ICONS,
        "service_pages": SERVICE_PAGES,
        "signed_in": session.owner_id is not None,  # type: ignore[attr-defined]
        "help_address": help_address(),
        "about_pages": TITLES,
        "here": request.path if request.method == "GET" else "/",
    }


def _long_date(day: Any) -> str:
    return format_date(day, "long")


def _month(day: Any) -> str:
    """« novembre 2026 »."""
    return format_date(day, "MMMM yyyy")


def _short_day(day: Any) -> str:
    """« lun. 23/11/2026 », in the reader's order of day and month."""
    locale = get_locale()
    return format_date(day, "EEE dd/MM/yyyy" if locale is None or locale.language == "fr" else "EEE d MMM yyyy")


def _two_decimals(number: Any) -> str:
    """« 12,50 » (M126), as the reader's language writes it."""
    return format_decimal(number, "0.00")


def _plain_number(number: Any) -> str:
    """« 0,5 »."""
    return format_decimal(number, "0.##")


def _day(day: Any) -> str:
    """« 05/10/2026 »."""
    locale = get_locale()
    return format_date(day, "dd/MM/yyyy" if locale is None or locale.language == "fr" else "d MMM yyyy")


def register_errors(app: Flask) -> None:
    """Every refusal and every failure: one page, what happened and what to do."""

    @app.errorhandler(TooManyAttempts)
    def throttled(error: TooManyAttempts) -> Response:
        answer = _stop(429, _("Please wait"), wait_message(error))
        answer.headers["Retry-After"] = str(error.wait)
        return answer

    @app.errorhandler(FormExpired)
    def expired(_error: FormExpired) -> Response:
        text = _("This form is no longer valid: nothing was saved. Go back, refresh the page and try again.")
        return _stop(400, _("This form has expired"), text)

    @app.errorhandler(LivretError)
    def refused(error: LivretError) -> Response:
        if error.status == 404:
            return _missing()
        return _stop(error.status, _("This is not possible"), error.sentence())

    @app.errorhandler(HTTPException)
    def http(error: HTTPException) -> Any:
        if error.code is None or error.code < 400:
            return error
        if error.code in (404, 405):
            return _missing()
        return _stop(error.code, _("This is not possible"), _("What was sent cannot be read. Go back and try again."))

    @app.errorhandler(Exception)
    def failed(error: Exception) -> Response:
        if app.testing:
            raise error
        log.exception("unexpected error on %s", request.endpoint)  # never the path: it may carry a token
        return _stop(500, _("Something went wrong on our side"), _("Nothing was changed. Try again in a moment."))


def _missing() -> Response:
    return _stop(404, _("This page does not exist"), _("The address may be mistyped, or the page is not yours."))


def _stop(status: int, title: str, text: str) -> Response:
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return make_response(jsonify(error=title, hint=text), status)
    return make_response(render_template("stop.html", title=title, text=text), status)
