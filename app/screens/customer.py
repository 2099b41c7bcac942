"""The visits of a customer, for their page: a region it asks for."""

from typing import Any

from litestar import Request, Response, Router, get
from litestar.params import FromPath
from sqlalchemy import select

from app.core.render import fragment
from app.core.visit import begin, needs
from app.domains import customers, workshop
from app.domains.garage import Vehicle
from app.domains.workshop.models import RepairOrder

MOST = 30


@get("/customers/{number:int}/orders", opt=needs("read:customers"))
async def orders_of_customer(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[Any]:
    async with begin(request) as (db, me):
        customer = await customers.find_by_number(db, me, number)
        rows = await db.execute(
            select(RepairOrder, Vehicle)
            .join(Vehicle, Vehicle.id == RepairOrder.vehicle_id)
            .where(workshop.visible_to(me), RepairOrder.customer_id == customer.id)
            .order_by(RepairOrder.received_at.desc())
            .limit(MOST)
        )
        return fragment(
            request, me, "screens/customer/_orders.html", visits=rows.all(), stages=workshop.stage_words()
        )


router = Router("/", route_handlers=[orders_of_customer])
