"""What one is told about on a device and by mail: by these words a person chooses, and by these terms a message is worth
sending."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from app.core.words import N_
from app.gateways.push import Urgency


@dataclass(frozen=True, slots=True)
class Topic:
    label: str
    hint: str
    ttl: timedelta
    """How long a message waits for a device that is off; later it would be news of yesterday."""
    urgency: Urgency = "normal"
    replaces: bool = True
    """A later message about the same thing takes the place of an earlier one."""


TOPICS: Final = {
    "appointment": Topic(
        N_("Visits"), N_("Confirmed, moved, cancelled, and a reminder before."), timedelta(days=1)
    ),
    "quote": Topic(
        N_("Estimates and quotes"), N_("Something waits for a decision."), timedelta(hours=8), "high"
    ),
    "order": Topic(
        N_("Work and orders"), N_("How the work on a car or an order goes on."), timedelta(days=1)
    ),
    "payment": Topic(N_("Payments"), N_("Invoices, payments, money back."), timedelta(days=3)),
    "message": Topic(
        N_("Messages"), N_("Somebody has written to you."), timedelta(days=3), "high", replaces=False
    ),
    "maintenance": Topic(N_("Service due"), N_("A car's next service is near."), timedelta(days=7), "low"),
    "system": Topic(
        N_("Everything else"), N_("Your account, your data, the site."), timedelta(days=1), replaces=False
    ),
}

MAIL_TOPICS: Final = {
    "maintenance": (N_("Reminders"), N_("A service, a paper or a package of your car that runs out.")),
    "message": (N_("Messages"), N_("Somebody has written to you.")),
}
"""What one may do without by mail. All other mails belong to something one has booked, bought or asked for, or keep
one's account safe."""

_MAIL_OF = {
    "maintenance_reminder": "maintenance",
    "package_renewal": "maintenance",
    "reminder_due": "maintenance",
    "document_expires": "maintenance",
    "message": "message",
    "message_waiting": "message",
}

_OF_TYPE = {"estimate": "quote", "work": "order", "parts": "order"}


def topic_of_mail(template: str) -> str:
    """Which of `MAIL_TOPICS` a mail belongs to; "" for one that always comes."""
    return _MAIL_OF.get(template, "")


def topic_of(type_: str) -> str:
    """Which of `TOPICS` a notification of that type belongs to."""
    name = _OF_TYPE.get(type_, type_)
    return name if name in TOPICS else "system"
