"""How mails leave: by SMTP over one connection for a batch, or as .eml files in a folder (the demo). Flask-Mail builds
the messages and holds the connection; what it leaves out is here: certificates checked, time limits, fixed Message-ID.
"""

from __future__ import annotations

import smtplib
import ssl
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.policy import SMTP, compat32
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from flask import Flask
from flask_mail import Connection, Mail, Message

SMTP_SECONDS = 30


class MailUnreachable(Exception):
    """The server cannot be used at all now; nothing was sent. Its words are the message."""


class Refused(Exception):
    """The server refused this mail for good (5xx)."""


class Delayed(Exception):
    """The server asks to try this mail again later (4xx)."""


class Doubtful(Exception):
    """The mail was handed over and no answer came: it may have gone."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a transport needs of a mail."""

    message_id: str
    to_name: str
    to_address: str
    subject: str
    text: str
    html: str | None = None
    reply_to: str | None = None


class Line(Protocol):
    """An open way out."""

    def send(self, mail: Envelope) -> None:
        """Send one mail; raises `Refused`, `Delayed`, `Doubtful` or `MailUnreachable`."""


class Transport(Protocol):
    """Where mails go."""

    def connect(self) -> AbstractContextManager[Line]:
        """Open a line for a batch; raises `MailUnreachable`."""


def transport_for(url: str, sender: str) -> Transport:
    """The transport of `LIVRET_MAIL`: smtp://[user:password@]host:port[?tls=starttls|ssl] or file:///folder."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FileTransport(Path(unquote(parts.path)), sender)
    if parts.scheme != "smtp" or not parts.hostname:
        raise ValueError(f"LIVRET_MAIL={parts.scheme}:… : attendu smtp://hôte:port ou file:///dossier")
    tls = parse_qs(parts.query).get("tls", [""])[0]
    return SmtpTransport(sender, {
        "MAIL_SERVER": parts.hostname,
        "MAIL_PORT": parts.port or (465 if tls == "ssl" else 25),
        "MAIL_USERNAME": unquote(parts.username) if parts.username else None,
        "MAIL_PASSWORD": unquote(parts.password) if parts.password else None,
        "MAIL_USE_TLS": tls in ("starttls", "1", "yes"),
        "MAIL_USE_SSL": tls == "ssl",
    })


# What holds names or words is folded by `header`; the rest is ASCII, and parsing it again costs most of a campaign.
AS_IS = compat32.clone(linesep="\r\n", max_line_length=None)


def header(name: str, value: str | Address) -> str:
    """The value of a header as it travels: encoded words, folded lines."""
    folded = SMTP.header_factory(name, value).fold(policy=SMTP)
    return str(folded).removeprefix(f"{name}:").strip()


@lru_cache(maxsize=64)
def subject_header(subject: str) -> str:
    """`header` of a subject: a campaign has one for all."""
    return header("Subject", subject)


class _Letter(Message):
    """Flask-Mail's message with its headers written by `email`: Flask-Mail joins names and addresses as strings, and
    a comma or a bracket in a name then makes a second recipient."""

    headers: dict[str, str]

    def as_bytes(self) -> bytes:
        """The message as it is sent."""
        built = self._message()
        built.policy = AS_IS
        for name, value in self.headers.items():
            del built[name]
            built[name] = value
        return bytes(built.as_bytes())


class _FlaskMailTransport:
    """A Flask-Mail of its own, so that worker, commands and tests need no web application to send."""

    def __init__(self, sender: str, settings: dict[str, Any]) -> None:
        self.sender = _sender(sender)
        self.sender_header = header("From", self.sender)
        self.app = Flask("livret.mail")
        self.app.config.update(settings)
        self.mail = Mail(self.app)

    def message(self, mail: Envelope) -> Message:
        """The message of a mail; the envelope gets bare addresses."""
        to = Address(display_name=mail.to_name, addr_spec=mail.to_address)
        message = _Letter(
            subject=mail.subject, sender=self.sender.addr_spec, recipients=[to.addr_spec], body=mail.text,
            html=mail.html, reply_to=mail.reply_to,
            # Answering machines stay silent towards a mail that says it is automatic (RFC 3834).
            extra_headers={"Auto-Submitted": "auto-generated"})
        message.headers = {
            "From": self.sender_header, "To": header("To", to), "Subject": subject_header(mail.subject)}
        message.msgId = mail.message_id
        return message


def _sender(text: str) -> Address:
    """« Name <address> » as people write it in a setting: a comma in the name needs no quotes."""
    name, _, address = text.rpartition("<")
    try:
        return Address(display_name=name.strip().strip('"'), addr_spec=address.strip().removesuffix(">"))
    except (HeaderParseError, IndexError, ValueError) as error:
        raise ValueError(f"LIVRET_MAIL_SENDER={text!r} : attendu « Nom <adresse> »") from error


class SmtpTransport(_FlaskMailTransport):
    """Mails by SMTP, one connection for a batch."""

    @contextmanager
    def connect(self) -> Iterator[Line]:
        """Open the connection of a batch."""
        line = _SmtpLine(self)
        line.open()
        try:
            yield line
        finally:
            line.close()


class _WatchedSmtp:
    """Notes when a message's content is on its way: a line that falls then leaves a doubt."""

    in_data = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.in_data = True
        answer = super().data(msg)  # type: ignore[misc]
        self.in_data = False
        return answer  # type: ignore[no-any-return]


_Smtp = type("_Smtp", (_WatchedSmtp, smtplib.SMTP), {})
_SmtpSsl = type("_SmtpSsl", (_WatchedSmtp, smtplib.SMTP_SSL), {})


class _CheckedConnection(Connection):
    """Flask-Mail's connection with a time limit and with the server's certificate checked."""

    def configure_host(self) -> Any:
        mail, context = self.mail, ssl.create_default_context()
        host: Any
        if mail.use_ssl:
            host = _SmtpSsl(mail.server, mail.port, timeout=SMTP_SECONDS, context=context)
        else:
            host = _Smtp(mail.server, mail.port, timeout=SMTP_SECONDS)
        if mail.use_tls:
            host.starttls(context=context)
        if mail.username and mail.password:
            host.login(mail.username, mail.password)
        return host


class _SmtpLine:
    """One SMTP connection, opened again once when the server closed it between two mails."""

    def __init__(self, transport: SmtpTransport) -> None:
        self.transport = transport
        self.connection = _CheckedConnection(transport.app.extensions["mail"])

    def open(self) -> None:
        try:
            self.connection.__enter__()
        except (OSError, smtplib.SMTPException) as error:
            raise MailUnreachable(words_of(error)) from error

    def close(self) -> None:
        if self.connection.host is not None:
            with suppress(OSError, smtplib.SMTPException):
                self.connection.host.quit()

    def send(self, mail: Envelope) -> None:
        with self.transport.app.app_context():
            self._send(self.transport.message(mail))

    def _send(self, message: Message) -> None:
        try:
            self._hand_over(message)
        except (smtplib.SMTPServerDisconnected, ConnectionError):
            self.close()
            self.open()
            try:
                self._hand_over(message)
            except OSError as error:
                raise MailUnreachable(words_of(error)) from error

    def _hand_over(self, message: Message) -> None:
        host: Any = self.connection.host
        host.in_data = False
        try:
            self.connection.send(message)
        except smtplib.SMTPResponseException as error:
            raise _sort(error, error.smtp_code) from error
        except smtplib.SMTPRecipientsRefused as error:
            code = next(iter(error.recipients.values()))[0]
            raise _sort(error, code) from error
        except smtplib.SMTPNotSupportedError as error:
            raise Refused(words_of(error)) from error
        except OSError as error:
            if host.in_data:
                host.close()
                raise Doubtful(words_of(error)) from error
            raise


def _sort(error: smtplib.SMTPException, code: int) -> Exception:
    """What an answer of the server means for the mail."""
    words = words_of(error)
    if isinstance(error, smtplib.SMTPSenderRefused) and code != 552:
        return MailUnreachable(words)  # our own address or our sign-in is at fault: no recipient is to blame
    return Refused(words) if 500 <= code < 600 else Delayed(words)


def words_of(error: BaseException) -> str:
    """The server's own words, on one line."""
    text: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, text = error.smtp_code, error.smtp_error
    else:
        return str(getattr(error, "strerror", None) or error or type(error).__name__)
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return f"{code} {' '.join(said.split())}"


class FileTransport(_FlaskMailTransport):
    """Mails as .eml files named after their Message-ID: repeating one replaces it."""

    def __init__(self, folder: Path, sender: str) -> None:
        super().__init__(sender, {})
        self.folder = folder

    @contextmanager
    def connect(self) -> Iterator[Line]:
        """Make the folder."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MailUnreachable(words_of(error)) from error
        yield self

    def send(self, mail: Envelope) -> None:
        """Write one file, whole or not at all."""
        name = mail.message_id.strip("<>").partition("@")[0]
        draft = self.folder / f".{name}.{threading.get_ident()}"
        try:
            with self.app.app_context():
                draft.write_bytes(self.message(mail).as_bytes())
            draft.replace(self.folder / f"{name}.eml")
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise MailUnreachable(words_of(error)) from error
