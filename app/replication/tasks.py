"""What the scheduler asks for: the nightly (or more frequent) replication, and revocations every few seconds."""

from __future__ import annotations

from celery import shared_task

from app.core.db import portal_db
from app.jobs.mail import add_outbox
from app.portal.confirmation import lapse_expired
from app.portal.models import PortalMail
from app.portal.recovery import answer_requests
from app.replication.events import read_events
from app.replication.faults import Faults
from app.replication.orders import send_orders
from app.replication.services import replicate
from config import load

# The worker sends the portal's mails too: the portal process knows no mail server.
add_outbox(portal_db, PortalMail)


@shared_task(name="replication.run", alone=True)
def run() -> None:
    """At the hour or the rhythm of LIVRET_REPLICATE (M111). Accounts nobody confirmed lapse first (M118)."""
    lapse_expired()
    replicate()


@shared_task(name="replication.commands", alone=True)
def commands() -> None:
    """Every few seconds, whatever the schedule of replications: orders go out, what families did comes back, and what
    they forgot is answered (M122)."""
    faults = Faults()
    for what, work in (("orders to the portal", send_orders), ("events of the portal", read_events),
                       ("accounts that nobody confirmed", lapse_expired), ("what families forgot", answer_families)):
        with faults.aside(what):
            work()
    faults.raise_all()


def answer_families() -> int:
    """Mails to who forgot an identifier or a pass-phrase; how many asked."""
    return answer_requests(load().portal_url)
