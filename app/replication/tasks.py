"""What the scheduler asks for: the nightly (or more frequent) replication, and revocations every few seconds."""

from __future__ import annotations

from celery import shared_task

from app.core.db import portal_db
from app.jobs.mail import add_outbox
from app.portal.confirmation import lapse_expired
from app.portal.models import PortalMail
from app.replication.orders import send_orders
from app.replication.services import replicate

# The worker sends the portal's mails too: the portal process knows no mail server.
add_outbox(portal_db, PortalMail)


@shared_task(name="replication.run", alone=True)
def run() -> None:
    """At the hour or the rhythm of LIVRET_REPLICATE (M111). Accounts nobody confirmed lapse first (M118)."""
    lapse_expired()
    replicate()


@shared_task(name="replication.commands", alone=True)
def commands() -> None:
    """Every few seconds, whatever the schedule of replications."""
    send_orders()
