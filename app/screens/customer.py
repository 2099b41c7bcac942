"""The visits of a customer, for their page: a region it asks for."""

from typing import Any

from litestar import Request, Response, Router, get
from litestar.params import FromPath

from app.core.render import fragment, is_partial, page
from app.core.visit import begin, needs
from app.domains import customers, workshop


@get("/customers/{number:int}/orders", opt=needs("read:customers"))
async def orders_of_customer(request: Request[Any, Any, Any], number: FromPath[int]) -> Response[Any]:
    """A region of the customer's page; a page by itself where no script fetches it."""
    async with begin(request) as (db, me):
        customer = await customers.find_by_number(db, me, number)
        visits = await workshop.of_customer(db, me, customer)
        context: dict[str, Any] = {"customer": customer, "visits": visits, "stages": workshop.stage_words()}
        if is_partial(request):
            return fragment(request, me, "screens/customer/_orders.html", **context)
        return page(request, me, "screens/customer/orders.html", **context)


router = Router("/", route_handlers=[orders_of_customer])
