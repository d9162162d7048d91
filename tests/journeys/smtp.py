"""A real SMTP server on loopback that keeps what it receives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers import free_port


class Mailbox:
    """The messages received, in order. `refuse` answers 550 to some addresses; `seconds` is how slow the server is."""

    def __init__(self, seconds: float = 0.0, refuse: Callable[[str], bool] = lambda address: False) -> None:
        self.seconds, self.refuse = seconds, refuse
        self._lock = threading.Lock()
        self._received: list[EmailMessage] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        """Accept or refuse one address."""
        if self.refuse(address):
            return "550 5.1.1 adresse inconnue"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep one message."""
        time.sleep(self.seconds)
        message = message_from_bytes(envelope.content, policy=policy.default)
        with self._lock:
            self._received.append(message)  # type: ignore[arg-type]
        return "250 OK"

    @property
    def messages(self) -> list[EmailMessage]:
        """Everything received so far."""
        with self._lock:
            return list(self._received)

    def to(self, address: str) -> list[EmailMessage]:
        """What one address received."""
        return [m for m in self.messages if address in str(m["To"])]

    def wait_for(self, address: str, seconds: float = 60, count: int = 1) -> EmailMessage:
        """The newest message to `address`, once there are `count`. Raises `TimeoutError`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if len(found := self.to(address)) >= count:
                return found[-1]
            time.sleep(0.2)
        raise TimeoutError(f"no mail to {address} after {seconds} s")


@contextmanager
def smtp_server(mailbox: Mailbox) -> Iterator[str]:
    """Serve `mailbox`; yields the address for LIVRET_MAIL."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()
