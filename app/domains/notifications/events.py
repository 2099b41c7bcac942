"""What happens to notifications and mails."""

from datetime import date, datetime
from uuid import UUID

from app.core.events import Event


class NotificationSent(Event, frozen=True, kw_only=True):
    """A line was added to a person's list."""

    notification_id: UUID
    user_id: UUID


class NotificationsRead(Event, frozen=True, kw_only=True):
    """A person read some of their list, on one device: the others follow."""

    user_id: UUID


class PushAddressed(Event, frozen=True, kw_only=True):
    """Something is to be told on one of a person's devices."""

    subscription_id: UUID
    notification_id: UUID | None
    """None: the person tries whether it arrives."""


class MailWritten(Event, frozen=True, kw_only=True):
    """A mail waits to be sent."""

    mail_id: UUID


class ReminderDue(Event, frozen=True, kw_only=True):
    """An appointment is near."""

    appointment_id: UUID
    center_id: UUID
    starts_at: datetime
    days: int = 1
    """How many days are left."""


class ServiceFallsDue(Event, frozen=True, kw_only=True):
    """A car's next service is near, and no visit is planned."""

    vehicle_id: UUID
    center_id: UUID
    customer_id: UUID
    due_on: date


class PackageRunsOut(Event, frozen=True, kw_only=True):
    """A service package ends soon, and the next one is not sold."""

    package_id: UUID
    name: str
    ends_on: date


class MailWordsChanged(Event, frozen=True, kw_only=True):
    """A shop words a mail to its customers otherwise from now on."""

    business_id: UUID
    mail: str
    language: str
    version: int
