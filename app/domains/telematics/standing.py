"""How a car stands by its last reports."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.garage import Vehicle
from app.domains.telematics.models import TelematicsReport, TroubleCode


async def charge_of(db: AsyncSession, vehicle: Vehicle) -> TelematicsReport | None:
    """The last report that said how full the battery is."""
    return await db.scalar(
        select(TelematicsReport)
        .where(TelematicsReport.vehicle_id == vehicle.id, TelematicsReport.charge_percent.is_not(None))
        .order_by(TelematicsReport.at.desc())
        .limit(1)
    )


async def codes_of(db: AsyncSession, vehicle: Vehicle, *, cleared: bool = False) -> list[TroubleCode]:
    """The trouble codes it shows, the newest first; or the ones it has shown and shows no more."""
    rows = await db.scalars(
        select(TroubleCode)
        .where(
            TroubleCode.vehicle_id == vehicle.id,
            TroubleCode.cleared_at.is_not(None) if cleared else TroubleCode.cleared_at.is_(None),
        )
        .order_by(TroubleCode.first_at.desc(), TroubleCode.code)
        .limit(100)
    )
    return list(rows)


async def reports_of(db: AsyncSession, vehicle: Vehicle, *, most: int = 20) -> list[TelematicsReport]:
    """The last reports as they came."""
    rows = await db.scalars(
        select(TelematicsReport)
        .where(TelematicsReport.vehicle_id == vehicle.id)
        .order_by(TelematicsReport.at.desc())
        .limit(most)
    )
    return list(rows)
