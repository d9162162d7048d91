"""What every journey has: a real mail server and a browser, one for the file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.browser import chromium
from tests.smtp import Mailbox, smtp_server


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    """What the SMTP server received."""
    with smtp_server() as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the file."""
    with chromium() as started:
        yield started
