"""Who asks, as the portal's services need to know it: from where, and the counters that slow guessing down."""

from __future__ import annotations

from dataclasses import dataclass

from app.core.actor import Actor
from app.portal.models import Account
from app.security.throttle import Throttles


@dataclass(frozen=True, slots=True)
class Visitor:
    """`address` is where the request comes from; it is counted, never stored in clear."""

    address: str
    limits: Throttles


def holder_of(account: Account) -> Actor:
    """The family member behind an account, as the trail names it: by number, the identifier may change."""
    return Actor("account", account.id, f"compte {account.id}")
