"""What the holder of an account may change in it."""

from __future__ import annotations

from app.core.db import portal_db
from app.core.errors import NotFound
from app.core.uow import unit_of_work
from app.portal.models import Account


def choose_language(account_id: int, locale: str) -> None:
    """The language of the mails to come."""
    with unit_of_work(portal_db) as session:
        account = session.get(Account, account_id)
        if account is None:
            raise NotFound()
        account.locale = locale
