"""A real SMTP server on loopback for tests: accepts, or answers what a test tells it to."""

from __future__ import annotations

import asyncio
import email
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from tests.servers import free_port


@dataclass
class Received:
    """One accepted mail."""

    sender: str
    recipients: list[str]
    message: EmailMessage
    content: bytes

    def header(self, name: str) -> str:
        """A header as a mail program shows it."""
        return str(make_header(decode_header(email.message_from_bytes(self.content)[name])))


@dataclass
class Mailbox:
    """What the server received, and what it answers: `answers` maps an address to the lines still to be said to it
    (then it is accepted); `at_data` is said instead of accepting the content."""

    received: list[Received] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    at_data: list[str] = field(default_factory=list)
    hang_up: bool = False
    seconds: float = 0.0  # how slow the server is
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        """The address for LIVRET_MAIL."""
        return f"smtp://127.0.0.1:{self.port}"

    def to(self, address: str) -> list[EmailMessage]:
        """What one address received, oldest first; « @ » is everybody."""
        return [mail.message for mail in self.received if any(address in to for to in mail.recipients)]

    def wait_for(self, address: str, *, count: int = 1, seconds: float = 60) -> EmailMessage:
        """The newest message to `address`, once there are `count`. Raises `TimeoutError`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if len(found := self.to(address)) >= count:
                return found[-1]
            time.sleep(0.2)
        raise TimeoutError(f"no mail to {address} after {seconds} s")

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.answers.get(address):
            return self.answers[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self.at_data:
            return self.at_data.pop(0)
        message = email.message_from_bytes(envelope.content, policy=default)
        self.received.append(Received(envelope.mail_from, list(envelope.rcpt_tos), message, envelope.content))
        if self.hang_up:  # accepted, but the client never hears it
            self.hang_up = False
            server.transport.abort()
        return "250 accepted"


@contextmanager
def smtp_server() -> Iterator[Mailbox]:
    """Run a server for the length of the block."""
    mailbox = Mailbox(port=free_port())
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
