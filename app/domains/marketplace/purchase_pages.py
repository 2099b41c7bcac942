"""The buyer's part of a purchase: paying, saying that it is there, calling it off, sending it back."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta

from app.core.errors import Invalid
from app.core.forms import read
from app.core.render import fragment, is_partial, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import workshop
from app.domains.billing import checkout
from app.domains.marketplace import deal_paying, for_job, fulfilling, order_pages, purchases
from app.domains.marketplace.comparing import Wanted
from app.domains.marketplace.for_job import JobParts
from app.domains.marketplace.live import order_topic
from app.domains.marketplace.purchases import must_buy

AnyRequest = Request[Any, Any, Any]
BUYS = needs("order:parts") | {"page": "/parts/purchases/{purchase_id}"}


@get("/parts/purchases/{purchase_id:uuid}", opt=needs("order:parts"))
async def purchase_page(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    """It stands on the page of its order."""
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_bought(db, me, purchase_id)
        return see_other(request, f"/parts/orders/{order.code}#purchase-{purchase.id}")


@get("/parts/purchases/{purchase_id:uuid}/payment", opt=needs("order:parts"))
async def came_back(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    """Back from the provider's page. What became of it the provider says, not the address."""
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_bought(db, me, purchase_id)
    await deal_paying.look(purchase)
    return see_other(request, f"/parts/orders/{order.code}")


@post("/parts/purchases/{purchase_id:uuid}/payment", opt=BUYS)
async def pay(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    """On to the provider's page. Pressed twice, it is the same page."""
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_bought(db, me, purchase_id)
        must_buy(me)
        payment = await deal_paying.begin(db, purchase, by=me)
        see_other(request, f"/parts/orders/{order.code}")
    return see_other(request, await checkout.open_page(deal_paying.whose(payment)))


@post("/parts/purchases/{purchase_id:uuid}/receipt", opt=BUYS)
async def receive(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_bought(db, me, purchase_id)
        await fulfilling.deliver(db, purchase, by=me)
        return see_other(request, f"/parts/orders/{order.code}", flash=_("Good. The shop is told."))


class ReasonForm(msgspec.Struct):
    reason: Annotated[str, Meta(max_length=300)] = ""


@post("/parts/purchases/{purchase_id:uuid}/cancellation", opt=BUYS)
async def cancel(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    form = read(ReasonForm, await request.form())
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_bought(db, me, purchase_id)
        must_buy(me)
        is_over = await fulfilling.cancel(db, purchase, reason=form.reason, by=me)
        said = _("Cancelled. Nothing is taken.") if is_over else _("The shop is asked, and answers here.")
        return see_other(request, f"/parts/orders/{order.code}", flash=said)


@post("/parts/purchases/{purchase_id:uuid}/return", opt=BUYS)
async def send_back(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    sent = await request.form()
    try:
        form = read(ReasonForm, sent)
        async with begin(request) as (db, me):
            order, purchase = await purchases.find_bought(db, me, purchase_id)
            must_buy(me)
            await fulfilling.ask_return(db, purchase, reason=form.reason, by=me)
            said = _("The shop is asked, and answers here.")
            return see_other(request, f"/parts/orders/{order.code}", flash=said)
    except Invalid as wrong:
        return await _again(request, purchase_id, dict(wrong.errors), dict(sent))


async def _again(
    request: AnyRequest, purchase_id: UUID, wrong: dict[str, str], sent: dict[str, Any]
) -> Response[Any]:
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_bought(db, me, purchase_id)
        shown = await order_pages.shown_of(request, db, me, order, Wanted())
        return page(
            request, me, "marketplace/order.html", status=422, topics=[order_topic(order.id)],
            errors=wrong, wrong_at=purchase.id, sent=sent, **shown,
        )  # fmt: skip


FOR_JOBS = needs("request:parts")


@get("/parts/jobs/{job_id:uuid}", opt=FOR_JOBS)
async def parts_of_job(request: AnyRequest, job_id: FromPath[UUID]) -> Response[Any]:
    """Where the parts of a job stand; for htmx the section of its pages."""
    async with begin(request) as (db, me):
        job, _visit = await workshop.find_job(db, me, job_id)
        found = await for_job.parts_of(db, me, [job])
        return _where_parts_stand(request, me, found, (job.title, f"/jobs/{job.id}"))


@get("/orders/{number:int}/parts", opt=FOR_JOBS)
async def parts_of_visit(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    """The same of all jobs of a repair order."""
    async with begin(request) as (db, me):
        visit = await workshop.find(db, me, number)
        found = await for_job.parts_of(db, me, await workshop.jobs_of(db, visit))
        return _where_parts_stand(request, me, found, (visit.label, f"/orders/{visit.number}"), titled=True)


def _where_parts_stand(
    request: AnyRequest, me: Viewer, found: list[JobParts], back: tuple[str, str], *, titled: bool = False
) -> Response[Any]:
    if is_partial(request):
        return fragment(request, me, "marketplace/_job_parts.html", found=found, titled=titled)
    return page(request, me, "marketplace/job_parts.html", found=found, titled=titled, back=back)


router = Router(
    "/",
    route_handlers=[
        purchase_page,
        came_back,
        pay,
        receive,
        cancel,
        send_back,
        parts_of_job,
        parts_of_visit,
    ],
)
