"""Mail bodies: the same facts as the paper, as text and as HTML. Pure templates, made in the caller's process."""

from __future__ import annotations

from dataclasses import dataclass

from .templates import ROOT, fill
from .types import (
    BookletAvailableMail,
    ConfirmAccountMail,
    GuardianCodeMail,
    GuardianContinuityMail,
    InvitationMail,
    Mail,
    ResetPassphraseMail,
    TeacherReminderMail,
)

FOLDERS = {
    GuardianCodeMail: "guardian_code",
    GuardianContinuityMail: "guardian_continuity",
    ConfirmAccountMail: "confirm_account",
    ResetPassphraseMail: "reset_passphrase",
    InvitationMail: "invitation",
    BookletAvailableMail: "booklet_available",
    TeacherReminderMail: "teacher_reminder",
}


@dataclass(frozen=True, slots=True)
class MailBody:
    """What a mailer needs besides addresses. The subject is one line, whatever the facts hold."""

    subject: str
    text: str
    html: str


def render_mail(mail: Mail, locale: str = "fr") -> MailBody:
    """Subject, text and HTML of a mail, in French where the reader's language has no templates of its own."""
    folder = FOLDERS[type(mail)]
    mark = f".{locale}" if (ROOT / folder / f"subject.{locale}.txt").is_file() else ""
    return MailBody(
        subject=" ".join(fill(f"{folder}/subject{mark}.txt", mail=mail).split()),
        text=_tidy(fill(f"{folder}/email{mark}.txt", mail=mail)),
        html=fill(f"{folder}/email{mark}.html", mail=mail),
    )


def _tidy(text: str) -> str:
    """No run of blank lines where a template left something out."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"
