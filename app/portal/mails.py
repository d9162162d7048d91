"""The mails of the portal, from `letters/`, in the language of the account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from letters.mail import MailBody, render_mail
from letters.types import ConfirmAccountMail, ResetPassphraseMail


def confirmation_mail(
    *, name: str, schools: Sequence[str], link: str, until: date, portal_url: str, locale: str
) -> MailBody:
    """The link that confirms the address (M118). The pass-phrase is in no mail."""
    facts = ConfirmAccountMail(
        name=name, school_names=tuple(schools), confirm_url=link, expires_on=until, portal_url=portal_url
    )
    return render_mail(facts, locale)


def reset_mail(*, name: str, link: str, until: datetime, portal_url: str, locale: str) -> MailBody:
    """The link by which a new pass-phrase is chosen (M100, M122)."""
    facts = ResetPassphraseMail(name=name, reset_url=link, expires_on=until.date(), expires_at=f"{until:%H:%M}",
                                portal_url=portal_url)  # fmt: skip
    return render_mail(facts, locale)
