"""The counter of a parts shop: requests as they arrive, and the quote for each."""

from collections.abc import Mapping
from typing import Any, get_args

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.answers import audit_refusal
from app.core.errors import Invalid, Refused
from app.core.forms import read, values_of
from app.core.one_time import REPEATABLE
from app.core.render import fragment, is_partial, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.marketplace import counter, fitting, orders, purchases, quote_form, quoting
from app.domains.marketplace.counter import Tab
from app.domains.marketplace.live import bids_topic, market_topic
from app.domains.marketplace.models import CONDITIONS, PartsOrder, ShopQuote
from app.domains.marketplace.said import decline_reasons, part_condition

AnyRequest = Request[Any, Any, Any]
SELL = needs("sell:parts")


@get("/market", opt=SELL)
async def board_page(
    request: AnyRequest,
    show: FromQuery[str] = "new",
    make: FromQuery[str] = "",
    by: FromQuery[str] = "expiry",
) -> Response[Any]:
    async with begin(request) as (db, me):
        tab: Tab = show if show in get_args(Tab) else "new"  # type: ignore[assignment]
        place = await counter.place_of(db, me)
        return page(
            request,
            me,
            "marketplace/seller_board.html",
            place=place,
            board=await counter.board(db, me, tab, make=make, by=by),
            show=tab,
            make=make,
            by=by if by == "distance" else "expiry",
            now=clock.now(),
            most=counter.MOST_SHOWN,
            topics=[market_topic(place.center.id)],
        )


@get("/market/requests/{code:str}", opt=SELL)
async def request_page(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        order, quote = await orders.find_quote(db, me, code)
        await quoting.note_seen(db, quote)
        return page(
            request, me, "marketplace/seller_request.html", **await _shown(db, me, order, quote, typed={})
        )


async def _shown(
    db: AsyncSession,
    me: Viewer,
    order: PartsOrder,
    quote: ShopQuote,
    *,
    typed: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The request's page as it stands now, with what was typed in it."""
    place = await counter.place_of(db, me)
    everything = await orders.lines_of(db, order.id)
    sale = await counter.sale_of(db, quote)
    lines = [line for line in everything if line.is_open]
    offered = await counter.offered_lines(db, quote)
    stored = quote_form.filled(order, quote, lines, offered, place.shop, place.terms)
    is_typed = "lines.0.condition" in typed or "lines.0.missing" in typed
    values = dict(typed) if is_typed and quote_form.is_about(typed, lines) else stored
    topics = [market_topic(quote.center_id)]
    if order.bidding == "open":
        topics.append(
            bids_topic(order.id)
        )  # what others offer changes the best total; sealed, nobody learns of it
    return {
        "place": place,
        "order": order,
        "quote": quote,
        "everything": everything,
        "lines": lines,
        "photos": await counter.photos_of(db, [order.id]),
        "offered": offered,
        "values": values,
        "typed": typed,
        "fits": await _fits(db, order, lines, values, me),
        "sum": quote_form.summed(values, lines, order.currency),
        "best": counter.best_of(order, quote),
        "may_offer": counter.may_offer(order, quote),
        "revisions": await counter.revisions_of(db, quote),
        "sale": sale,
        "sold": {line.order_line_id for line in await purchases.lines_of(db, sale)} if sale else set(),
        "conditions": [(one, part_condition(one).capitalize()) for one in CONDITIONS],
        "reasons": decline_reasons(),
        "errors": dict(errors or {}),
        "now": clock.now(),
        "topics": topics,
    }


async def _fits(
    db: AsyncSession, order: PartsOrder, lines: list[Any], values: Mapping[str, str], me: Viewer
) -> dict[int, Any]:
    """Place of the line -> the verdict on the number that stands there."""
    numbers = {index: quote_form.part_of(values, index) for index in range(len(lines))}
    asked = {
        index: (
            fitting.part_number(
                said["part_number"][:60], said.get("number_kind", ""), said.get("brand", "")[:60]
            ),
            lines[index].part_number,
        )
        for index, said in numbers.items()
        if str(said.get("part_number", "")).strip()
    }
    assert me.tenant_id is not None
    found = await fitting.verdicts(db, order, list(asked.values()), tenant_id=me.tenant_id)
    return dict(zip(asked, found, strict=True))


async def _again(
    request: AnyRequest, code: str, errors: Mapping[str, str], *, refused: Refused | None = None
) -> Response[Any]:
    """The page once more, read afresh, with what was typed and what is wrong with it."""
    typed = values_of(await request.form())
    async with begin(request) as (db, me):
        order, quote = await orders.find_quote(db, me, code)
        shown = await _shown(db, me, order, quote, typed=typed, errors=errors)
        answer = page(
            request,
            me,
            "marketplace/seller_request.html",
            status=refused.status if refused else 422,
            **shown,
        )
    answer.background = audit_refusal(request, refused)
    return answer


@get("/market/requests/{code:str}/fit", opt=SELL)
async def fit_of_number(request: AnyRequest, code: FromPath[str], line: FromQuery[int] = 0) -> Response[str]:
    """Whether the number that is being typed fits the car."""
    async with begin(request) as (db, me):
        order, _quote = await orders.find_quote(db, me, code)
        lines = await orders.open_lines_of(db, order.id)
        fits = await _fits(db, order, lines, dict(request.query_params.items()), me)
        return fragment(request, me, "marketplace/_seller_fit.html", index=line, fit=fits.get(line))


@post("/market/requests/{code:str}/sum", opt=SELL | REPEATABLE, status_code=200)
async def sum_while_typing(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """What the quote would come to if it were sent as typed. Stores nothing; without htmx it is the page again."""
    typed = values_of(await request.form())
    async with begin(request) as (db, me):
        order, quote = await orders.find_quote(db, me, code)
        shown = await _shown(db, me, order, quote, typed=typed)
        if is_partial(request):
            return fragment(request, me, "marketplace/_seller_sum.html", **shown)
        return page(request, me, "marketplace/seller_request.html", **shown)


@post("/market/requests/{code:str}/offer", opt=SELL, status_code=303)
async def send_offer(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    form = values_of(await request.form())
    try:
        async with begin(request) as (db, me):
            order, quote = await orders.find_quote(db, me, code)
            lines = await orders.open_lines_of(db, order.id)
            wanted, version = quote_form.read_offer(form, lines, order.currency)
            is_first = not quote.revision
            await quoting.offer(db, order, quote, wanted, version=version, by=me)
            flash = _("Your offer is with the buyer.") if is_first else _("Your new offer is with the buyer.")
            return see_other(request, "/market", flash=flash)
    except Invalid as wrong:
        return await _again(request, code, wrong.errors)
    except Refused as no:
        return await _again(request, code, {"": no.words}, refused=no)


@post("/market/requests/{code:str}/refusal", opt=SELL, status_code=303)
async def send_refusal(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    try:
        form = read(quote_form.ReasonForm, await request.form())
        async with begin(request) as (db, me):
            order, quote = await orders.find_quote(db, me, code)
            why = form.reason or form.why
            await quoting.decline(db, order, quote, reason=why, version=form.version, by=me)
            return see_other(request, "/market", flash=_("Declined. It stands under Past."))
    except Invalid as wrong:
        return await _again(request, code, wrong.errors)
    except Refused as no:
        return await _again(request, code, {"": no.words}, refused=no)


@post("/market/requests/{code:str}/withdrawal", opt=SELL, status_code=303)
async def take_back(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    try:
        form = read(quote_form.ReasonForm, await request.form())
        async with begin(request) as (db, me):
            order, quote = await orders.find_quote(db, me, code)
            await quoting.withdraw(db, order, quote, reason=form.reason, version=form.version, by=me)
            return see_other(request, "/market", flash=_("Your offer is taken back."))
    except Invalid as wrong:
        return await _again(request, code, wrong.errors)
    except Refused as no:
        return await _again(request, code, {"": no.words}, refused=no)


router = Router(
    "/",
    route_handlers=[
        board_page,
        request_page,
        fit_of_number,
        sum_while_typing,
        send_offer,
        send_refusal,
        take_back,
    ],
)
