"""What a person usually means when they do not say it."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.places import country_of, currency_of
from app.core.viewer import Viewer
from app.domains.garage import Vehicle
from app.domains.logbook.finding import standing_in
from app.domains.logbook.models import Entry


async def usual_currency(db: AsyncSession, me: Viewer, vehicle: Vehicle) -> str:
    """What they chose in their settings, else what they last paid with for this car, else what is paid with where they
    live."""
    if me.currency:
        return me.currency
    last: str | None = await db.scalar(
        select(Entry.currency)
        .where(standing_in(vehicle.id), Entry.currency != "")
        .order_by(Entry.day.desc(), Entry.id.desc())
        .limit(1)
    )
    return last or currency_of(country_of(me.zone)) or "USD"
