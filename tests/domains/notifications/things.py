"""Things that happen to Dana, for the tests of what she is told."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from app.core.db import new_id, transaction
from app.domains.booking.events import AppointmentConfirmed, AppointmentEvent
from app.domains.booking.models import Appointment, BookedService
from app.domains.booking.telling import tell
from app.domains.estimates.models import Estimate
from app.domains.notifications.models import Mail, Notification
from app.domains.services.models import Service
from app.domains.workshop.models import RepairOrder
from tests.cast import CAR, CAST, HARBOR, HARBOR_BAYS, HARBOR_CENTER
from tests.domains.estimates.desk import order_with_jobs, sent

TUESDAY_TEN = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
"""Ten o'clock on the wall of Harbor Lane (New York)."""


async def appointment(
    kind: type[AppointmentEvent] | None = AppointmentConfirmed,
    *,
    starts_at: datetime = TUESDAY_TEN,
    created_at: datetime | None = None,
    status: str = "confirmed",
    customer_account: bool = True,
    bay_id: UUID | None = HARBOR_BAYS[0],
) -> UUID:
    """An appointment of Dana's, and the event that tells of it."""
    me = CAST.customer
    async with transaction(user=me.user_id, tenant=HARBOR) as db:
        made = Appointment(
            id=new_id(),
            tenant_id=HARBOR,
            center_id=HARBOR_CENTER,
            customer_id=me.customer_id,
            user_id=me.user_id if customer_account else None,
            vehicle_id=CAR,
            bay_id=bay_id,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            status=status,
            **({"created_at": created_at} if created_at else {}),
        )
        service = Service(
            tenant_id=HARBOR,
            code=f"oil-{made.id}",
            name="Oil & filter <change>",
            duration_minutes=60,
            price_minor=8900,
            currency="USD",
        )
        db.add_all([made, service])
        await db.flush()
        db.add(
            BookedService(
                tenant_id=HARBOR,
                appointment_id=made.id,
                service_id=service.id,
                name=service.name,
                duration_minutes=60,
                price_minor=8900,
                currency="USD",
            )
        )
        await db.flush()
        if kind:
            await tell(db, kind, made, by=me.viewer)
        return made.id


async def estimate() -> tuple[Estimate, RepairOrder]:
    """An estimate for Dana, sent."""
    async with transaction() as db:
        order, _jobs = await order_with_jobs(db)
        made, _sheet = await sent(db, order)
        return made, order


async def mails() -> list[Mail]:
    """The mails of Harbor Lane's customers, oldest first."""
    async with transaction(tenant=HARBOR) as db:
        return list(await db.scalars(select(Mail).order_by(Mail.id)))


async def lines_of(user_id: UUID) -> list[Notification]:
    """A person's list, oldest first."""
    async with transaction(user=user_id) as db:
        return list(
            await db.scalars(
                select(Notification).where(Notification.user_id == user_id).order_by(Notification.id)
            )
        )
