"""What people were told is in their copy, word for word. The links in mails are blank: a copy must open nothing."""

from collections.abc import Sequence
from uuid import UUID

from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.notifications.models import Mail, Notification


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "notifications", _("What was put on your list."), ("notifications",),
            {
                "at": (Notification.created_at, _("when")),
                "title": (Notification.title, _("what it said")),
                "message": (Notification.message, _("the rest of it")),
                "page": (Notification.url, _("the page it leads to")),
                "is_read": (Notification.is_read, _("whether you have read it")),
            },
            lambda rows: rows.where(Notification.user_id == person).order_by(Notification.created_at),
        ),
        Records(
            "mails", _("Mails that were written to you."), ("mails",),
            {
                "written_at": (Mail.created_at, _("when it was written")),
                "sent_at": (Mail.sent_at, _("when it was sent")),
                "to": (Mail.recipient, _("the address it went to")),
                "subject": (Mail.subject, _("its subject")),
                "text": (Mail.text, _("what it said")),
            },
            lambda rows: rows.where(Mail.user_id == person).order_by(Mail.created_at),
        ),
    ]  # fmt: skip


DECLARED = Declared(records)
