"""Debian's Chromium, driven by Playwright; every page visited can be judged by axe-core."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
SHOTS = os.environ.get("LIVRET_SCREENSHOTS")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, or a skip that says what is missing (a failure with CI=true)."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("chromium is not installed: run.py test installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


@contextmanager
def visitor(browser: Browser, base: str, *, phone: bool = False) -> Iterator[Page]:
    """Somebody with a browser of their own; a page that asks another host for anything fails the test."""
    context = browser.new_context(base_url=base, viewport=PHONE if phone else DESK, locale="fr-FR",
                                  accept_downloads=True)  # fmt: skip
    page = context.new_page()
    page.set_default_timeout(20_000)
    strangers: list[str] = []
    page.on("request", lambda r: None if r.url.startswith((base, "data:", "blob:")) else strangers.append(r.url))
    refused: list[str] = []
    page.on("console", lambda m: refused.append(m.text) if "Content Security Policy" in m.text else None)
    yield page
    context.close()
    assert not strangers, strangers
    assert not refused, refused


SIZES = {"bureau": DESK, "telephone": PHONE}


def judge(page: Page, name: str, *labels: str) -> None:
    """No axe-core violation on the page as it is, on a desk and on a phone (or on those of `labels` only); a picture of
    each when asked for."""
    before = page.viewport_size
    for label, size in SIZES.items():
        if labels and label not in labels:
            continue
        page.set_viewport_size(size)  # type: ignore[arg-type]
        found: Any = Axe().run(page)
        told = [(v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in found.response["violations"]]
        assert not told, (name, label, told)
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=f"{SHOTS}/{name}-{label}.png", full_page=True)
    page.set_viewport_size(before)  # type: ignore[arg-type]
