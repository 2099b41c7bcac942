"""What the driver and the workshop write to each other about a visit."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.limits import limited
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.domains import messaging
from app.domains.booking import appointments
from app.domains.booking.appointments import Visit
from app.domains.customers.models import Customer
from app.domains.messaging.api import ThreadOut, out

AnyRequest = Request[Any, Any, Any]
TALKS = needs("chat:appointment")
WRITES = TALKS | limited(messaging.MESSAGES)


async def subject_of(db: AsyncSession, visit: Visit) -> messaging.Subject | None:
    """What a visit's conversation is about; None where there is nobody to write to: no account, or no booking yet."""
    appointment = visit.appointment
    if appointment.user_id is None or appointment.status in ("held", "expired"):
        return None
    customer = await db.get_one(Customer, appointment.customer_id)
    page = f"/appointments/{appointment.id}"
    return messaging.Subject(
        kind="appointment",
        id=appointment.id,
        tenant_id=appointment.tenant_id,
        center_id=appointment.center_id,
        user_id=appointment.user_id,
        title=visit.title,
        business_url=page,
        other_url=page,
        business_name=visit.center.name,
        other_name=customer.name,
        zone=visit.center.zone,
    )


def _of(appointment_id: UUID) -> messaging.Find:
    async def find(db: AsyncSession, me: Viewer) -> messaging.Subject:
        subject = await subject_of(db, await appointments.find(db, me, appointment_id))
        if subject is None:
            raise NotFound
        return subject

    return find


@get("/appointments/{appointment_id:uuid}/messages", opt=TALKS)
async def conversation(
    request: AnyRequest,
    appointment_id: FromPath[UUID],
    before: FromQuery[int | None] = None,
    since: FromQuery[int | None] = None,
) -> Response[Any]:
    return await messaging.show(request, _of(appointment_id), before=before, since=since)


@post("/appointments/{appointment_id:uuid}/messages", opt=WRITES)
async def send(request: AnyRequest, appointment_id: FromPath[UUID]) -> Response[Any]:
    return await messaging.take(request, _of(appointment_id))


@post("/chat/appointments/{appointment_id:uuid}/thread", opt=TALKS, status_code=200)
async def begin_thread(request: AnyRequest, appointment_id: FromPath[UUID]) -> ThreadOut:
    """The conversation about a visit, begun if there is none; its messages are under /chat/threads."""
    async with begin(request) as (db, me):
        thread = await messaging.open_thread(db, await _of(appointment_id)(db, me), by=me)
        return out(thread, me, (await messaging.unread_for(db, me)).get(thread.id, 0))


router = Router("/", route_handlers=[conversation, send])
api = Router("/", route_handlers=[begin_thread], tags=["chat"])
