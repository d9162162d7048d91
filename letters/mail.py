"""Mail bodies: the same facts as the paper, as text and as HTML. Pure templates, made in the caller's process."""

from __future__ import annotations

from dataclasses import dataclass

from .templates import fill
from .types import ConfirmAccountMail, GuardianCodeMail, InvitationMail, Mail

FOLDERS = {
    GuardianCodeMail: "guardian_code",
    ConfirmAccountMail: "confirm_account",
    InvitationMail: "invitation",
}


@dataclass(frozen=True, slots=True)
class MailBody:
    """What a mailer needs besides addresses. The subject is one line, whatever the facts hold."""

    subject: str
    text: str
    html: str


def render_mail(mail: Mail) -> MailBody:
    """Subject, text and HTML of a mail."""
    folder = FOLDERS[type(mail)]
    return MailBody(
        subject=" ".join(fill(f"{folder}/subject.txt", mail=mail).split()),
        text=_tidy(fill(f"{folder}/email.txt", mail=mail)),
        html=fill(f"{folder}/email.html", mail=mail),
    )


def _tidy(text: str) -> str:
    """No run of blank lines where a template left something out."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"
