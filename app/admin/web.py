"""Assembles the admin application: settings, protection, one transaction mode per request, screens, errors."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, request
from flask_appbuilder import AppBuilder
from werkzeug.routing import IntegerConverter

from app.core.crypto import keyring
from app.core.db import admin_db, reset_writing, set_writing
from app.core.scope import set_scope
from config import ROOT, Config

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class RowNumber(IntegerConverter):
    """An id in an address, as a column can hold it: a longer number is nobody's row, not an error of the database."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **({"max": 2**31 - 1} | options))


def build(app: Flask, config: Config) -> None:
    """Everything between an empty Flask application and the admin one."""
    from app.admin import pages
    from app.admin.errors import register_errors
    from app.admin.screens import register_screens
    from app.security.manager import LivretSecurityManager
    from app.security.models import Throttle, WebSession
    from app.security.queries import user_epoch
    from app.security.web import protect

    _configure(app, config)
    app.url_map.converters["int"] = RowNumber
    _one_session_per_request(app)
    protect(app, config, db=admin_db, sessions=WebSession, throttles=Throttle, epoch_of=user_epoch,
            cookie="livret_admin", hosts=config.admin_hosts)  # fmt: skip
    with app.app_context():
        appbuilder = AppBuilder(
            app,
            admin_db.session,
            base_template="admin/base.html",
            security_manager_class=LivretSecurityManager,
            indexview=pages.Home,
        )
        register_screens(appbuilder)
        pages.register(appbuilder)
    register_errors(app)


def _configure(app: Flask, config: Config) -> None:
    app.config.update(
        LIVRET=config,
        SECRET_KEY=keyring().current("session")[1],
        APP_NAME="Livret scolaire",
        MAX_CONTENT_LENGTH=64 * 1024 * 1024,
        BABEL_DEFAULT_LOCALE="fr",
        BABEL_DEFAULT_TIMEZONE="Europe/Paris",
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "translations"),
        LANGUAGES={"fr": {"flag": "fr", "name": "Français"}, "en": {"flag": "gb", "name": "English"}},
        # Schema, roles and permissions are written by run.py, never by a web process.
        FAB_CREATE_DB=False,
        FAB_UPDATE_PERMS=False,
        FAB_ADD_SECURITY_VIEWS=False,
        FAB_ADD_SECURITY_API=False,
        FAB_API_SWAGGER_UI=False,
        FAB_ADD_OPENAPI_VIEWS=False,
        FAB_ADD_MENU_API=False,
        FAB_SAFE_REDIRECT_HOSTS=list(config.admin_hosts),
    )


def _one_session_per_request(app: Flask) -> None:
    """Requests that may write take SQLite's write lock at once; every request ends with a clean session."""

    @app.before_request
    def begin() -> None:
        g.writing = set_writing(request.method not in SAFE_METHODS)

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        admin_db.session.remove()
        set_scope(None)
        token: Any = g.pop("writing", None)
        if token is not None:
            reset_writing(token)
