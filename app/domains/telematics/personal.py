"""What of their cars' reports is in their driver's copy."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.personal import Declared, Records
from app.core.words import _
from app.domains.garage.models import Ownership
from app.domains.telematics.models import TelematicsReport, TroubleCode


def records(person: UUID) -> Sequence[Records]:
    return [
        Records(
            "telematics", _("What your cars reported of themselves."), ("telematics_reports",),
            {
                "car_id": (TelematicsReport.vehicle_id, _("which car")),
                "at": (TelematicsReport.at, _("when it was measured")),
                "report": (TelematicsReport.payload, _("the report as it came")),
                "received_at": (TelematicsReport.created_at, _("when it came")),
            },
            lambda rows: rows.select_from(TelematicsReport)
            .where(TelematicsReport.user_id == person)
            .order_by(TelematicsReport.at),
        ),
        Records(
            "trouble_codes", _("The trouble codes your cars showed."), ("trouble_codes",),
            {
                "car_id": (TroubleCode.vehicle_id, _("which car")),
                "code": (TroubleCode.code, _("the code")),
                "first_at": (TroubleCode.first_at, _("since when it was shown")),
                "last_at": (TroubleCode.last_at, _("when it was last reported")),
                "cleared_at": (TroubleCode.cleared_at, _("since when it is shown no more")),
            },
            lambda rows: rows.select_from(TroubleCode)
            .join(Ownership, Ownership.vehicle_id == TroubleCode.vehicle_id)
            .where(Ownership.user_id == person, TroubleCode.created_at >= Ownership.since)
            .order_by(TroubleCode.first_at),
        ),
    ]  # fmt: skip


async def erase(db: AsyncSession, person: UUID) -> None:
    """Their reports go. What codes a car has shown stays with the car."""
    await db.execute(delete(TelematicsReport).where(TelematicsReport.user_id == person))


DECLARED = Declared(records, erase=erase)
