"""Ratings: the buyer's word, the shop's answer, and what everybody reads."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post, put
from litestar.params import FromPath
from msgspec import Meta

from app.core import clock
from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.render import page, see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.marketplace import counter, purchases, rating, scoring
from app.domains.parts_shops.models import PartsShop
from app.domains.parts_shops.public_pages import READ

AnyRequest = Request[Any, Any, Any]
BUYS = needs("order:parts")
SELLS = needs("sell:parts")


class RatingForm(msgspec.Struct):
    rating: int = 0
    words: str = ""


@get("/parts/purchases/{purchase_id:uuid}/rating", opt=BUYS)
async def rating_page(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    return await _rating(request, purchase_id)


async def _rating(request: AnyRequest, purchase_id: UUID, wrong: Invalid | None = None) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (db, me):
        order, purchase = await purchases.find_bought(db, me, purchase_id)
        return page(
            request, me, "marketplace/rating.html", status=422 if wrong else 200, order=order, purchase=purchase,
            shop=await db.get_one(PartsShop, purchase.shop_id), values=typed,
            errors=wrong.errors if wrong else {}, may_rate=rating.may_rate(purchase, clock.now()),
        )  # fmt: skip


@post("/parts/purchases/{purchase_id:uuid}/rating", opt=BUYS)
async def rate(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    try:
        form = read(RatingForm, await request.form())
        async with begin(request) as (db, me):
            order, _purchase = await purchases.find_bought(db, me, purchase_id)
            await rating.rate(db, purchase_id, form.rating, form.words, by=me)
            said = _("Thank you. Others who look for parts read it.")
            return see_other(request, f"/parts/orders/{order.code}", flash=said)
    except Invalid as wrong:
        return await _rating(request, purchase_id, wrong)


@get("/market/ratings", opt=SELLS)
async def ratings_page(request: AnyRequest) -> Response[Any]:
    return await _ratings(request)


async def _ratings(
    request: AnyRequest, wrong: Invalid | None = None, about: UUID | None = None
) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (db, me):
        return page(
            request, me, "marketplace/ratings.html", status=422 if wrong else 200, about=about, values=typed,
            shop=(await counter.place_of(db, me)).shop, waiting=await rating.to_make_good(db, me), latest=await rating.latest(db, me),
            errors=wrong.errors if wrong else {},
        )  # fmt: skip


class ReplyForm(msgspec.Struct):
    reply: str = ""


@post("/market/ratings/{purchase_id:uuid}", opt=SELLS)
async def answer(request: AnyRequest, purchase_id: FromPath[UUID]) -> Response[Any]:
    try:
        form = read(ReplyForm, await request.form())
        async with begin(request) as (db, me):
            await rating.answer(db, purchase_id, form.reply, by=me)
            return see_other(
                request, "/market/ratings", flash=_("The buyer is told, and everybody can read it.")
            )
    except Invalid as wrong:
        return await _ratings(request, wrong, purchase_id)


@get("/parts-shops/{parts_shop_id:uuid}/ratings", opt=READ)
async def ratings_of_shop(request: AnyRequest, parts_shop_id: FromPath[UUID]) -> Response[Any]:
    """A page of its own; a shop's page takes `#shop-score` of it."""
    async with begin(request) as (db, me):
        return page(
            request, me, "marketplace/shop_score.html", standing=await scoring.standing_of(db, parts_shop_id)
        )


class RatingIn(msgspec.Struct, forbid_unknown_fields=True):
    rating: Annotated[int, Meta(ge=1, le=5)]
    words: Annotated[str, Meta(max_length=rating.LONGEST)] = ""


class RatingOut(msgspec.Struct):
    purchase_id: UUID
    rating: int
    words: str
    reply: str


@put("/parts-purchases/{purchase_id:uuid}/rating", opt=BUYS)
async def put_rating(request: AnyRequest, purchase_id: FromPath[UUID], data: RatingIn) -> RatingOut:
    """Changeable for 14 days. 409 before the parts are there, and after that."""
    async with begin(request) as (db, me):
        rated = await rating.rate(db, purchase_id, data.rating, data.words, by=me)
        return RatingOut(rated.id, data.rating, rated.rating_words, rated.rating_reply)


router = Router("/", route_handlers=[rating_page, rate, ratings_page, answer, ratings_of_shop])
api = Router("/", route_handlers=[put_rating], tags=["parts"])
