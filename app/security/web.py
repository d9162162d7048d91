"""What protects every page of both applications: `protect` is called once by each factory."""

from __future__ import annotations

import base64
import secrets
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import SecurityError
from werkzeug.middleware.proxy_fix import ProxyFix

from app.core.crypto import keyring
from app.core.db import Database
from app.core.errors import LivretError
from app.security.sessions import Lifetime, ServerSessions
from app.security.throttle import Throttles

HSTS = "max-age=31536000"
ASSETS = ("/assets/", "/static/")


class FormExpired(LivretError):
    """The anti-forgery token is missing or belongs to another session."""

    code = "form_expired"

    def __init__(self) -> None:
        super().__init__(
            "Ce formulaire n'est plus valable : rien n'a été enregistré.",
            hint="Revenez à la page précédente, actualisez-la, puis recommencez.",
        )


class Forgery(CSRFProtect):
    """flask-wtf's protection, with our words."""

    def _error_response(self, reason: str) -> None:
        raise FormExpired


def protect(
    app: Flask,
    config: Any,
    *,
    db: Database,
    sessions: type[Any],
    throttles: type[Any],
    epoch_of: Any,
    cookie: str,
    hosts: tuple[str, ...],
    lifetime: Lifetime | None = None,
) -> None:
    """Server-side sessions, anti-forgery tokens on every form, allowed hosts, headers, counters of attempts.

    `sessions` and `throttles` are the application's own tables, `epoch_of` the expression of an owner's epoch.
    """
    current, *older = keyring().ids("session")
    app.config.update(
        SECRET_KEY=_text_key(current),
        SECRET_KEY_FALLBACKS=[_text_key(key_id) for key_id in older],
        TRUSTED_HOSTS=list(hosts),
        WTF_CSRF_TIME_LIMIT=None,  # a token lives as long as its session
        WTF_CSRF_ENABLED=True,
    )
    if config.proxies:  # only the visitor's address is theirs to say: host and scheme are our own settings
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.proxies, x_proto=0, x_host=0)  # type: ignore[method-assign]
    app.session_interface = ServerSessions(
        db, sessions, cookie=cookie, epoch_of=epoch_of, secure=config.secure_cookies, lifetime=lifetime
    )
    app.extensions["livret_throttles"] = Throttles(db, throttles)
    Forgery(app)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.register_error_handler(SecurityError, _unknown_host)
    app.before_request(_refuse_foreign_origin)
    app.after_request(_add_headers)


def _text_key(key_id: str) -> str:
    return base64.b64encode(keyring().get("session", key_id)).decode()


def throttles() -> Throttles:
    """The counters of the present application."""
    found: Throttles = current_app.extensions["livret_throttles"]
    return found


def client_address() -> str:
    """Where the request comes from; behind a proxy, what the proxy's middleware made of it."""
    return request.remote_addr or "unknown"


def local_path(target: str | None) -> str | None:
    """A path of this site that an address asked to go on to; None for anything that may lead elsewhere. Browsers read
    « \\ » as « / » and drop tabs and line ends: « /\\elsewhere » and « /<tab>/elsewhere » are other sites."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")) or not target.isprintable():
        return None
    return target


def csp_nonce() -> str:
    """The number that lets this answer's own scripts run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def content_security_policy() -> str:
    """Nothing but our own files; scripts may also carry the nonce."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{csp_nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        )
    )


def _refuse_foreign_origin() -> None:
    """A request that writes and says it comes from another site is refused, token or not (SECURITY_TRAPS 11)."""
    origin = request.headers.get("Origin")
    if request.method in ("GET", "HEAD", "OPTIONS") or not origin:
        return
    if origin == "null" or urlsplit(origin).netloc != request.host:
        raise FormExpired


def _unknown_host(_error: Exception) -> tuple[str, int, dict[str, str]]:
    """A request for a host that is not ours: no page can be drawn, for no address of it may be trusted."""
    return "Adresse inconnue de ce serveur.\n", 400, {"Content-Type": "text/plain; charset=utf-8"}


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_security_policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if request.path.startswith(ASSETS):
        if "v" in request.args:  # the address changes with the file's content
            headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers["Cache-Control"] = "no-store"
    if current_app.session_interface.secure:  # type: ignore[attr-defined]
        headers["Strict-Transport-Security"] = HSTS
    return response
