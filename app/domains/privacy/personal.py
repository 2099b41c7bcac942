"""What the house itself keeps about a person: copies they asked for, and what the log and the trail say of them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import DateTime, Text, case, column, delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import record
from app.core.files import FileForgotten
from app.core.personal import Declared, Records
from app.core.tables import AuditLog, EventRow
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.privacy.models import Consent, Export

_LOOKS = (
    func.looks_at_me()
    .table_valued(column("at", DateTime(timezone=True)), column("what", Text), column("shop", Text))
    .alias("looks")
)
"""Of whoever asks: who looked stands in the shop's trail, which is not theirs to read."""


def records(person: UUID) -> Sequence[Records]:
    by_them = EventRow.actor_id == person
    return [
        Records(
            "copies", _("Copies of your data, like this one."), ("exports",),
            {
                "asked_at": (Export.created_at, _("when you asked for it")),
                "status": (Export.status, _("what became of it")),
                "ready_at": (Export.ready_at, _("when it was ready")),
            },
            lambda rows: rows.where(Export.user_id == person).order_by(Export.created_at),
        ),
        Records(
            "agreements", _("What you agreed to."), ("consents",),
            {
                "at": (Consent.created_at, _("when")),
                "what": (Consent.kind, _("to what")),
                "version": (Consent.version, _("in which version")),
                "given": (Consent.is_given, _("whether you agreed or took it back")),
            },
            lambda rows: rows.where(Consent.user_id == person).order_by(Consent.id),
        ),
        Records(
            "activity", _("What happened to your affairs, as the log has it."), ("events",),
            {
                "at": (EventRow.created_at, _("when")),
                "what": (EventRow.name, _("what happened")),
                "to": (EventRow.entity_type, _("to what kind of thing")),
                "id": (EventRow.entity_id, _("to which")),
                "by_you": (by_them, _("whether you did it")),
                "address": (case((by_them, EventRow.ip), else_=""), _("the network address you came from")),
                "device": (case((by_them, EventRow.user_agent), else_=""), _("the browser you came with")),
            },
            lambda rows: rows.where(EventRow.user_id == person).order_by(EventRow.id),
        ),
        Records(
            "looks_and_refusals", _("What you looked at that is watched over, and what was refused to you."),
            ("audit_logs",),
            {
                "at": (AuditLog.created_at, _("when")),
                "what": (AuditLog.action, _("what it was")),
                "to": (AuditLog.entity_type, _("of what kind of thing")),
                "id": (AuditLog.entity_id, _("of which")),
                "address": (AuditLog.ip, _("the network address you came from")),
                "device": (AuditLog.user_agent, _("the browser you came with")),
            },
            lambda rows: rows.where(AuditLog.user_id == person).order_by(AuditLog.id),
        ),
        Records(
            "looks_at_you", _("When the staff of a workshop opened your customer card or an invoice of yours."),
            ("audit_logs",),
            {
                "at": (_LOOKS.c.at, _("when")),
                "what": (_LOOKS.c.what, _("what they opened")),
                "shop": (_LOOKS.c.shop, _("which business")),
            },
            lambda rows: rows,
        ),
    ]  # fmt: skip


async def erase(db: AsyncSession, person: UUID) -> None:
    """The copies, their bytes after the commit."""
    keys = list(await db.scalars(delete(Export).where(Export.user_id == person).returning(Export.key)))
    if keys:
        await record(db, FileForgotten(keys=keys), by=Viewer.system(), person=person)


DECLARED = Declared(
    records,
    erase=erase,
    left_out={
        "audit_values": "what a shop's rows held before and after, its notes among them; what holds now is in the copy",
        "files": "the photos and documents a person is shown are in the copy themselves; the rows add only sizes",
    },
)
