"""What of handovers is in the seller's copy."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.handovers.models import Handover


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "car_handovers", _("To whom you offered the history of a car."), ("car_handovers",),
            {
                "car_id": (Handover.vehicle_id, _("which car")),
                "email": (Handover.email, _("the address it was mailed to")),
                "with_fills": (Handover.with_fills, _("whether fuel and charging went along")),
                "with_costs": (Handover.with_costs, _("whether costs went along")),
                "with_notes": (Handover.with_notes, _("whether notes went along")),
                "offered_at": (Handover.created_at, _("when")),
                "accepted_at": (Handover.accepted_at, _("when it was taken")),
                "withdrawn_at": (Handover.withdrawn_at, _("when you withdrew it")),
            },
            lambda rows: rows.select_from(Handover)
            .where(Handover.user_id == person)
            .order_by(Handover.created_at),
        ),
    ]  # fmt: skip


async def erase(db: AsyncSession, person: UUID) -> None:
    """Open links open nothing any more. What was taken is the next owner's, and names nobody."""
    await db.execute(delete(Handover).where(Handover.user_id == person))


DECLARED = Declared(records, erase=erase)
