"""What the pages of both applications share: the templates in `app/templates/ui` and the files in `app/static`."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from flask import Flask, current_app, has_request_context, request
from jinja2 import ChoiceLoader, FileSystemLoader

APP = Path(__file__).resolve().parent.parent
STATIC = APP / "static"


@cache
def _mark(filename: str) -> str:
    """A short hash of the file, so that browsers may keep it for long and still see a new one at once."""
    return sha256((STATIC / filename).read_bytes()).hexdigest()[:10]


def asset(filename: str) -> str:
    """Address of a file of `app/static`, changing with its content. A page of 50 rows asks 200 times."""
    root = request.script_root if has_request_context() else ""
    return f"{root}{current_app.static_url_path}/{filename}?v={_mark(filename)}"


def install_ui(app: Flask) -> None:
    """Let an application's templates import `ui/*.html` and call `asset()`. Its static folder must be `app/static`."""
    own = app.jinja_loader
    app.jinja_loader = ChoiceLoader([*([own] if own else []), FileSystemLoader(APP / "templates")])
    app.jinja_env.globals["asset"] = asset
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
