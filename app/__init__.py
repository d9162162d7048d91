"""The two applications. Each factory is a table of contents: what is bound, what protects it, what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from config import Config


def create_admin(config: Config) -> Flask:
    """The admin application: Flask-AppBuilder over the admin database."""
    from app.admin import web
    from app.core.crypto import ADMIN_KEYS, KeyRing, use_keys
    from app.core.db import admin_db
    from app.core.health import add_health
    from app.workflow.catalogue import check_used

    use_keys(KeyRing(config.key_folder("admin"), ADMIN_KEYS))
    admin_db.bind(config.admin_db)
    app = Flask("app.admin", template_folder="templates", static_folder="../static", static_url_path="/assets")
    add_health(app, admin_db)
    web.build(app, config)
    check_used()  # a fault in workflows/ stops the program here, with file and line
    return app


def create_portal(config: Config) -> Flask:
    """The portal: its own process and database; it holds neither the admin's address nor the key that opens codes."""
    from app.core.crypto import PORTAL_KEYS, KeyRing, use_keys
    from app.core.db import portal_db
    from app.core.health import add_health
    from app.portal import web
    from app.workflow.catalogue import check_used

    use_keys(KeyRing(config.key_folder("portal"), PORTAL_KEYS))
    portal_db.bind(config.portal_db)
    app = Flask("app.portal", template_folder="templates", static_folder="../static", static_url_path="/assets")
    add_health(app, portal_db)
    web.build(app, config)
    check_used()  # a fault in workflows/ stops the program here, with file and line
    return app
