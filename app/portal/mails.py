"""The mails of the portal, from `letters/`, in the language of the account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from letters.mail import MailBody, render_mail
from letters.types import (
    AccountChangedMail,
    ConfirmAccountMail,
    ForgottenIdentifierMail,
    NewAddressMail,
    ResetPassphraseMail,
)


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


def changed_mail(*, name: str, what: str, detail: str | None, at: datetime, portal_url: str, locale: str) -> MailBody:
    """What was changed in an account, and when (M120)."""
    return render_mail(AccountChangedMail(name=name, what=what, detail=detail, changed_on=at.date(),
                                          changed_at=f"{at:%H:%M}", portal_url=portal_url), locale)  # fmt: skip


def address_mail(*, name: str, link: str, until: datetime, portal_url: str, locale: str) -> MailBody:
    """The link that proves a new address (M120)."""
    return render_mail(NewAddressMail(name=name, confirm_url=link, expires_on=until.date(),
                                      expires_at=f"{until:%H:%M}", portal_url=portal_url), locale)  # fmt: skip


def identifiers_mail(*, identifiers: Sequence[str], portal_url: str, locale: str) -> MailBody:
    """The identifiers that belong to an address (M122)."""
    return render_mail(ForgottenIdentifierMail(identifiers=tuple(identifiers), portal_url=portal_url), locale)
