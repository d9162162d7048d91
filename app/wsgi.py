"""What gunicorn calls in each web process: `app.wsgi:admin()` and `app.wsgi:portal()`."""

from __future__ import annotations

from flask import Flask

import config
from app import create_admin, create_portal


def admin() -> Flask:
    """The admin application with the settings of this process's environment."""
    return create_admin(config.load())


def portal() -> Flask:
    """The portal, started with an environment that names nothing of the admin's (see `app/commands/serve.py`)."""
    return create_portal(config.load())
