"""Mail bodies: the same facts as the paper, as text and as HTML. Pure templates, made in the caller's process."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from .adapt.desk import mail_body
from .adapt.texts import text_for
from .templates import ROOT, fill
from .types import (
    AccountChangedMail,
    BookletAvailableMail,
    ConfirmAccountMail,
    ContactMail,
    ForgottenIdentifierMail,
    GuardianCodeMail,
    GuardianContinuityMail,
    InvitationMail,
    Mail,
    NewAddressMail,
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
    AccountChangedMail: "account_changed",
    NewAddressMail: "new_address",
    ForgottenIdentifierMail: "forgotten_identifier",
    ContactMail: "contact_message",
}


@dataclass(frozen=True, slots=True)
class MailBody:
    """What a mailer needs besides addresses. The subject is one line, whatever the facts hold."""

    subject: str
    text: str
    html: str


def render_mail(mail: Mail, locale: str = "fr", own: str | None = None) -> MailBody:
    """Subject, text and HTML of a mail, in French where the reader's language has no templates of its own. `own` are
    the academy's words for its body, drawn in the bounded process; raises `WordingRefused` when they do not hold."""
    folder = FOLDERS[type(mail)]
    mark = f".{locale}" if (ROOT / folder / f"subject.{locale}.txt").is_file() else ""
    html, text = _bodies(folder, mail, own)
    return MailBody(
        subject=" ".join(fill(f"{folder}/subject{mark}.txt", mail=mail).split()),
        text=_tidy(fill(f"{folder}/email{mark}.txt", mail=mail, body=text)),
        html=fill(f"{folder}/email{mark}.html", mail=mail, body=html),
    )


def _bodies(folder: str, mail: Mail, own: str | None) -> tuple[str, str]:
    """The part that an academy may reword, as HTML and as text; nothing for the mails that have none."""
    if not (ROOT / folder / "email_body.html").is_file():
        return "", ""
    if own is not None and (known := text_for(mail)) is not None:
        html, text = mail_body(known, own, mail)
    else:
        html, text = (fill(f"{folder}/email_body.{kind}", mail=mail) for kind in ("html", "txt"))
    return Markup(html), text.rstrip()  # noqa: S704 - escaped by the template, or by what cleaned it


def _tidy(text: str) -> str:
    """No run of blank lines where a template left something out."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        if line.strip() or (lines and lines[-1]):
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"
