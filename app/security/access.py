"""Pages that may be seen without signing in say so themselves; every other page asks (SECURITY_TRAPS 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask

View = TypeVar("View", bound=Callable[..., Any])


def public(view: View) -> View:
    """Mark a page as open to whoever comes by."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def everyone(view: View) -> View:
    """Mark a page as open to whoever is signed in, whatever their roles and with none at all."""
    view.for_everyone = True  # type: ignore[attr-defined]
    return view


NOT_OURS = frozenset({"healthz", "LocaleView.index"})  # the probe, and FAB's change of language


def is_public(app: Flask, endpoint: str | None) -> bool:
    """Whether an endpoint may be reached without signing in. An address that leads nowhere answers 404 to all."""
    if endpoint is None or endpoint in NOT_OURS or endpoint == "static" or endpoint.endswith(".static"):
        return True
    return bool(getattr(app.view_functions.get(endpoint), "is_public", False))


def is_for_everyone(app: Flask, endpoint: str | None) -> bool:
    """Whether an endpoint needs no place and no role, only somebody signed in (or nobody)."""
    view = app.view_functions.get(endpoint or "")
    return is_public(app, endpoint) or bool(getattr(view, "for_everyone", False))
