"""The running admin application and a browser on it, as fixtures; the browser itself is that of the journeys."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.serving import make_server

from tests.journeys.browser import chromium as started
from tests.journeys.browser import visitor


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve an application on a free loopback port; yields its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def live_admin(admin_app: Flask) -> Iterator[str]:
    """The address of the admin application over the test's own databases."""
    with serving(admin_app) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    with started() as browser:
        yield browser


@pytest.fixture
def signed_in(chromium: Browser, live_admin: str) -> Iterator[Callable[[str, str], Page]]:
    """`signed_in(name, passphrase)` is the page of somebody who came through the door; a script's error fails."""
    errors: list[str] = []
    with ExitStack() as stack:
        def enter(name: str, passphrase: str) -> Page:
            page = stack.enter_context(visitor(chromium, live_admin))
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto("/login/")
            page.fill("#username", name)
            page.fill("#password", passphrase)
            page.click("main form button")
            page.wait_for_url("/")
            return page

        yield enter
    assert errors == []


def fits(page: Page) -> bool:
    """Whether nothing is wider than the screen (scrolling regions apart)."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
