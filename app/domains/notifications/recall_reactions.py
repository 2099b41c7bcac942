"""The owner of a car is told that new recalls name its make, model and year: one line, however many there are."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.events import Heard
from app.core.words import _, ngettext, speaking
from app.domains import recalls
from app.domains.garage.models import Ownership, Vehicle
from app.domains.notifications import recipients
from app.domains.notifications.telling import Line, list_for
from app.domains.recalls.events import RecallsFound


async def tell_recalls(db: AsyncSession, heard: Heard[RecallsFound]) -> None:
    """Reaction: unless the car has left the garage meanwhile, or everything was answered already."""
    if heard.user_id is None:
        return
    to = await recipients.person(db, heard.user_id, tenant_id=None)
    if to is None or to.user_id is None:
        return
    car = await db.scalar(
        select(Vehicle)
        .join(Ownership, Ownership.vehicle_id == Vehicle.id)
        .where(
            Vehicle.id == heard.event.vehicle_id,
            Ownership.user_id == to.user_id,
            Ownership.until.is_(None),
            Ownership.archived_at.is_(None),
        )
    )
    if car is None:
        return
    new = set(heard.event.campaigns)
    count = sum(one.number in new and not one.answer for one in await recalls.of_car(db, car))
    if not count:
        return
    with speaking(to.locale):
        title = ngettext("A recall may concern your car", "%(num)d recalls may concern your car", count)
        message = _("%(car)s: whether this very car is affected its maker says by its VIN.", car=car.name)
    line = Line("maintenance", title, message, f"/garage/{car.id}/recalls", car.id)
    await list_for(db, heard, to.user_id, line, tenant_id=None)
