"""The recalls of one's own car, and what one says of them."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.forms import read
from app.core.render import Piece, is_partial, page, see_other
from app.core.visit import begin, needs
from app.domains import garage
from app.domains.recalls import standing
from app.domains.recalls.standing import Answer

AnyRequest = Request[Any, Any, Any]
RECALLS = "/garage/{vehicle_id:uuid}/recalls"


class AnswerForm(msgspec.Struct):
    campaign: Annotated[str, Meta(max_length=20)]
    answer: Answer = ""


@get(RECALLS, opt=needs("read:own_vehicles"))
async def recalls_page(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """Whole as a page; as a region of the car's page only what nothing was said of."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        shown = await on_car(db, car)
        if is_partial(request):
            return shown.answer(request, me)
        return page(request, me, "recalls/of_car.html", **shown.context)


async def on_car(db: AsyncSession, car: garage.Vehicle) -> Piece:
    """The region of a car's page: what nothing was said of yet."""
    return Piece("recalls/_of_car.html", {"car": car, "campaigns": await standing.of_car(db, car)})


@post(RECALLS, opt=needs("manage:own_vehicles"))
async def answer_recall(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = read(AnswerForm, await request.form())
    async with begin(request) as (db, me):
        car = await garage.find_driven(db, me, vehicle_id)
        await standing.answer(db, car, form.campaign, form.answer, by=me)
        return see_other(request, f"/garage/{car.id}/recalls")


router = Router("/", route_handlers=[recalls_page, answer_recall])
