"""A buyer's order as the offers arrive: comparing, looking further, giving more time, deciding."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.answers import audit_refusal
from app.core.errors import Forbidden, Refused
from app.core.forms import read
from app.core.render import fragment, page, part, see_other
from app.core.shared_reads import read_once
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _, ngettext
from app.domains.marketplace import (
    accepting,
    asking,
    choosing,
    comparing,
    drafting,
    matching,
    orders,
    talking,
)
from app.domains.marketplace.comparing import Wanted
from app.domains.marketplace.live import order_topic
from app.domains.marketplace.models import ASKING, PartsOrder, PartsOrderLine, Purchase
from app.domains.marketplace.purchases import must_buy
from app.domains.marketplace.said import how_far

AnyRequest = Request[Any, Any, Any]
BUYS = needs("order:parts", "parts_market")


async def find(db: AsyncSession, me: Viewer, code: str) -> PartsOrder:
    """The buyer's order; at a workplace only for those who order parts there."""
    if me.tenant_id is not None and not me.can("request:parts"):
        raise Forbidden("request:parts")
    return await orders.find(db, me, code)


@get("/parts/orders/{code:str}", opt=BUYS)
async def order_page(
    request: AnyRequest,
    code: FromPath[str],
    sort: FromQuery[str] = "best",
    complete: FromQuery[bool] = False,
    fits: FromQuery[bool] = False,
    new: FromQuery[bool] = False,
) -> Response[Any]:
    async with begin(request) as (db, me):
        order = await find(db, me, code)
        if order.status == "draft":
            return see_other(request, f"/parts/orders/{order.code}/{order.step}")
        return await _order(request, db, me, order, Wanted(sort, complete, fits, new))


async def _order(
    request: AnyRequest, db: AsyncSession, me: Viewer, order: PartsOrder, wanted: Wanted, *, refused: str = ""
) -> Response[Any]:
    """The whole page; with `refused`, below the words of what was not done."""
    shown = await shown_of(request, db, me, order, wanted)
    topics = [order_topic(order.id), *talking.topics_of(order, shown["sellers"].values())]
    status = 409 if refused else 200
    return page(request, me, "marketplace/order.html", status=status, topics=topics, refused=refused, **shown)


@get("/parts/orders/{code:str}/offers", opt=BUYS)
async def offers_region(
    request: AnyRequest,
    code: FromPath[str],
    sort: FromQuery[str] = "best",
    complete: FromQuery[bool] = False,
    fits: FromQuery[bool] = False,
    new: FromQuery[bool] = False,
) -> Response[Any]:
    async with begin(request) as (db, me):
        order, wanted = await find(db, me, code), Wanted(sort, complete, fits, new)
        shown = await shown_of(request, db, me, order, wanted, is_rung=True)
        return fragment(request, me, "marketplace/_order.html", **shown)


async def shown_of(
    request: AnyRequest,
    db: AsyncSession,
    me: Viewer,
    order: PartsOrder,
    wanted: Wanted,
    *,
    is_rung: bool = False,
) -> dict[str, Any]:
    """What the page of an order shows. With `is_rung` the page has heard of something, and so have others that show the
    same: it is read once for all of them, and its offers are drawn once."""

    async def read() -> dict[str, Any]:
        lines = await orders.lines_of(db, order.id)
        purchases = await orders.purchases_of(db, order.id)
        common = {
            "lines": lines,
            "photos": await drafting.photos_of(db, order.id),
            "purchases": purchases,
            "further": matching.next_radius(order.radius_km),
        } | await _offers_of(db, me, order, wanted, lines, purchases)
        if purchases or not order.is_asking(clock.now()):
            return common
        drawn = part(request, me, "marketplace/_open_offers.html", order=order, **common)
        return common | {"open_offers": drawn}

    reader = (me.user_id, me.center_id, me.distance_unit)
    key = ("order", request.state.cursor, order.id, order.version, *reader, wanted)
    return {"order": order, **(await read_once(key, read) if is_rung else await read())}


async def _offers_of(
    db: AsyncSession,
    me: Viewer,
    order: PartsOrder,
    wanted: Wanted,
    lines: list[PartsOrderLine],
    purchases: list[Purchase],
) -> dict[str, Any]:
    is_open = order.status in ASKING
    sellers = await orders.quotes_of(db, order.id)
    offers = await comparing.offers(db, order, wanted, among=sellers, lines=lines) if is_open else []
    return {
        "wanted": wanted,
        "offers": offers,
        "hidden": order.offer_count - len(offers) if is_open else 0,
        "bought": await orders.lines_of_purchases(db, purchases),
        "sellers": {quote.id: quote for quote in sellers},
        "talks": await talking.links_of(db, me, order, sellers),
        "open_lines": [line for line in lines if line.is_open],
    }


@post("/parts/orders/{code:str}/radius", opt=BUYS)
async def look_further(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        order = await find(db, me, code)
        more = await asking.widen(db, order, by=me)
        said = (
            ngettext("%(num)d more shop was asked.", "%(num)d more shops were asked.", more)
            if more
            else _("No further shop within %(far)s.", far=how_far(order.radius_km * 1000, me.distance_unit))
        )
        return see_other(request, f"/parts/orders/{order.code}", flash=said)


@post("/parts/orders/{code:str}/time", opt=BUYS)
async def give_time(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        order = await find(db, me, code)
        await asking.extend(db, order, by=me)
        return see_other(request, f"/parts/orders/{order.code}", flash=_("The shops have more time."))


@post("/parts/orders/{code:str}/repetition", opt=BUYS)
async def ask_again(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        order = await asking.ask_again(db, await find(db, me, code), by=me)
        said = ngettext("%(num)d shop is asked.", "%(num)d shops are asked.", order.asked_count)
        return see_other(request, f"/parts/orders/{order.code}", flash=said)


@post("/parts/orders/{code:str}/rest", opt=BUYS)
async def do_without(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        order = await find(db, me, code)
        await asking.do_without(db, order, by=me)
        return see_other(
            request, f"/parts/orders/{order.code}", flash=_("You do without the rest. The shops are told.")
        )


class ReasonForm(msgspec.Struct):
    reason: Annotated[str, Meta(max_length=300)] = ""


@post("/parts/orders/{code:str}/cancellation", opt=BUYS)
async def call_off(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    given = read(ReasonForm, await request.form())
    async with begin(request) as (db, me):
        order = await find(db, me, code)
        await asking.cancel(db, order, reason=given.reason, by=me)
        return see_other(request, "/parts", flash=_("The request is called off. The shops are told."))


@get("/parts/orders/{code:str}/acceptance", opt=BUYS)
async def acceptance_page(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """What would be bought of whom, before it is: `offer` for a whole one, or `line.<id>` for each part."""
    return await _acceptance(request, code, request.query_params)


async def _acceptance(
    request: AnyRequest, code: str, given: Mapping[str, Any], late: Refused | None = None
) -> Response[Any]:
    """What was picked as it stands now, below the words of why it was not accepted. Where it stands no longer, or the
    order is decided, the order itself."""
    async with begin(request) as (db, me):
        order = await find(db, me, code)
        must_buy(me)
        if order.status == "draft":
            return see_other(request, f"/parts/orders/{order.code}/{order.step}")
        try:
            accepting.check_open(order)
            picked = await choosing.with_terms(db, await choosing.picked(db, order, given))
        except Refused as gone:
            answer = await _order(request, db, me, order, Wanted(), refused=(late or gone).words)
        else:
            answer = page(
                request, me, "marketplace/acceptance.html", status=409 if late else 200, order=order, picked=picked,
                refused=late.words if late else "",
            )  # fmt: skip
    answer.background = audit_refusal(request, late)
    return answer


@post("/parts/orders/{code:str}/acceptance", opt=BUYS)
async def accept(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    form = await request.form()
    choice, seen = choosing.read_choice(form)
    try:
        async with begin(request) as (db, me):
            order = await find(db, me, code)
            bought = await accepting.accept(db, order, choice, seen, by=me)
            said = ngettext("Accepted. The shop is told.", "Accepted. %(num)d shops are told.", len(bought))
            return see_other(request, f"/parts/orders/{order.code}", flash=said)
    except Refused as late:
        if late.status != 409:
            raise
        return await _acceptance(request, code, form, late)


router = Router(
    "/",
    route_handlers=[
        order_page,
        offers_region,
        look_further,
        give_time,
        ask_again,
        do_without,
        call_off,
        acceptance_page,
        accept,
    ],
)
