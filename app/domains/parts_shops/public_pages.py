"""/parts-shops: what anybody may know of the shops that sell parts."""

from datetime import timedelta
from typing import Any

from litestar import Request, Response, Router, get
from litestar.params import FromPath, FromQuery

from app.core.errors import Invalid
from app.core.limits import Limit, limited
from app.core.locating import Place, read_place
from app.core.permissions import PUBLIC
from app.core.render import page
from app.core.visit import begin, needs
from app.domains.network.branding import brand_of
from app.domains.network.premises import hours_for_anyone
from app.domains.parts_shops import around

AnyRequest = Request[Any, Any, Any]
LOOKS = Limit("parts shops", times=600, within=timedelta(minutes=1))
READ = needs(PUBLIC) | limited(LOOKS)


@get("/parts-shops", opt=READ)
async def shops_page(request: AnyRequest, make: FromQuery[str] = "") -> Response[Any]:
    near, wrong = await _near(request)
    async with begin(request) as (db, me):
        return page(
            request, me, "parts_shops/shops.html", status=422 if wrong.errors else 200, make=make[:40].strip().casefold(),
            near=near, values=wrong.values or dict(request.query_params), errors=wrong.errors,
            shops=await around.search(db, make=make[:40].strip(), near=near),
        )  # fmt: skip


async def _near(request: AnyRequest) -> tuple[Place | None, Invalid]:
    """Where the reader is, if they say so; of a town that may be several, the choices."""
    try:
        return await read_place(request.query_params, required=False), Invalid({})
    except Invalid as wrong:
        return None, wrong


@get("/parts-shops/{slug:str}", opt=READ)
async def shop_page(request: AnyRequest, slug: FromPath[str]) -> Response[Any]:
    near, _wrong = await _near(request)
    async with begin(request) as (db, me):
        shop, center = await around.shop_called(db, slug)
        return page(
            request, me, "parts_shops/shop.html", shop=shop, center=center, shop_brand=await brand_of(db, center.tenant_id),
            hours=await hours_for_anyone(db, center), distance_km=around.distance(shop, near),
        )  # fmt: skip


router = Router("/", route_handlers=[shops_page, shop_page])
