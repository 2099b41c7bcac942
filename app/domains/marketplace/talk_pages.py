"""The addresses of what a buyer and a shop write to each other."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.limits import limited
from app.core.render import fragment, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.domains import messaging
from app.domains.marketplace import orders, talking
from app.domains.marketplace.order_pages import find
from app.domains.messaging.api import ThreadOut, out

AnyRequest = Request[Any, Any, Any]
BUYS = needs("order:parts")
SELLS = needs("sell:parts")
OFTEN = limited(messaging.MESSAGES)


def _as_buyer(code: str, quote_id: UUID) -> messaging.Find:
    async def found(db: AsyncSession, me: Viewer) -> messaging.Subject:
        return await talking.with_shop(db, await find(db, me, code), quote_id)

    return found


def _as_shop(code: str) -> messaging.Find:
    async def found(db: AsyncSession, me: Viewer) -> messaging.Subject:
        return await talking.with_buyer(db, me, code)

    return found


@get("/parts/orders/{code:str}/offers/{shop_quote_id:uuid}", opt=BUYS)
async def offer_page(
    request: AnyRequest, code: FromPath[str], shop_quote_id: FromPath[UUID]
) -> Response[Any]:
    """An offer stands among the others."""
    async with begin(request) as (db, me):
        order = await find(db, me, code)
        if shop_quote_id not in {quote.id for quote in await orders.quotes_of(db, order.id)}:
            raise NotFound
        return see_other(request, f"/parts/orders/{order.code}")


@get("/parts/orders/{code:str}/offers/{shop_quote_id:uuid}/messages", opt=BUYS)
async def shop_conversation(
    request: AnyRequest,
    code: FromPath[str],
    shop_quote_id: FromPath[UUID],
    before: FromQuery[int | None] = None,
    since: FromQuery[int | None] = None,
) -> Response[Any]:
    return await messaging.show(request, _as_buyer(code, shop_quote_id), before=before, since=since)


@post("/parts/orders/{code:str}/offers/{shop_quote_id:uuid}/messages", opt=BUYS | OFTEN)
async def write_to_shop(
    request: AnyRequest, code: FromPath[str], shop_quote_id: FromPath[UUID]
) -> Response[Any]:
    return await messaging.take(request, _as_buyer(code, shop_quote_id))


@get("/market/requests/{code:str}/messages", opt=SELLS)
async def buyer_conversation(
    request: AnyRequest,
    code: FromPath[str],
    before: FromQuery[int | None] = None,
    since: FromQuery[int | None] = None,
) -> Response[Any]:
    return await messaging.show(request, _as_shop(code), before=before, since=since)


@post("/market/requests/{code:str}/messages", opt=SELLS | OFTEN)
async def write_to_buyer(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    return await messaging.take(request, _as_shop(code))


@get("/market/requests/{code:str}/messages/link", opt=SELLS)
async def talk_link(request: AnyRequest, code: FromPath[str]) -> Response[Any]:
    """The way to the conversation, for the request's page: it fetches it again when something is written."""
    async with begin(request) as (db, me):
        order, quote = await orders.find_quote(db, me, code)
        link = await talking.link_to_buyer(db, me, order, quote)
        return fragment(request, me, "marketplace/_talk_link.html", link=link)


@post("/chat/shop-quotes/{shop_quote_id:uuid}/thread", opt=needs("chat:appointment"), status_code=200)
async def begin_thread(request: AnyRequest, shop_quote_id: FromPath[UUID]) -> ThreadOut:
    """What a buyer and a shop write to each other about a request, begun if there is none; its messages are under
    /chat/threads. Before its first offer it is for the shop to begin."""
    async with begin(request) as (db, me):
        subject = await talking.of_quote(db, me, shop_quote_id)
        thread = await messaging.open_thread(db, subject, by=me)
        return out(thread, me, (await messaging.unread_for(db, me)).get(thread.id, 0))


router = Router(
    "/",
    route_handlers=[
        offer_page,
        shop_conversation,
        write_to_shop,
        buyer_conversation,
        write_to_buyer,
        talk_link,
    ],
)
api = Router("/", route_handlers=[begin_thread], tags=["chat"])
