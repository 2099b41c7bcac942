"""What a car needs next, in the browser: the page, the region of the car's page, and what is answered."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.forms import read
from app.core.render import Piece, is_partial, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import garage
from app.domains.accounts import own_account
from app.domains.garage import Vehicle
from app.domains.network.premises import open_centers
from app.domains.recommendations import answering, intervals, standing, wear

AnyRequest = Request[Any, Any, Any]
HERE = "/garage/{vehicle_id:uuid}/recommendations"


class AnswerForm(msgspec.Struct):
    about: Annotated[str, Meta(min_length=1, max_length=40)]
    answer: Literal["accepted", "remind", "not_needed", ""] = ""


@get(HERE, opt=needs("read:own_vehicles"))
async def recommendations_page(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    """Whole as a page; as a region of the car's page what presses most."""
    async with begin(request) as (db, me):
        car = await garage.find_readable(db, me, vehicle_id)
        if is_partial(request):
            return (await on_car(db, me, car)).answer(request, me)
        found = await standing.of_car(db, car, me)
        role = await garage.role_of(db, me, car)
        return page(
            request, me, "recommendations/of_car.html", car=car, found=found, may_answer=role in ("owner", "driver"),
            wears=[task for task in wear.WEARS if task in intervals.tasks_of(car.fuel)] if car.fuel in wear.DRIVES else [],
            models=await wear.models_for(db, car.fuel),
        )  # fmt: skip


async def on_car(db: AsyncSession, me: Viewer, car: Vehicle) -> Piece:
    """The region of a car's page: what presses most."""
    now = (await standing.of_car(db, car, me)).now
    shown = {"car": car, "count": len(now), "now": now[: standing.SHORT]}
    return Piece("recommendations/_of_car.html", shown)


@post(HERE, opt=needs("manage:own_vehicles"))
async def answer_recommendation(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = read(AnswerForm, await request.form())
    here = f"/garage/{vehicle_id}/recommendations"
    async with begin(request) as (db, me):
        car = await garage.find_driven(db, me, vehicle_id)
        if form.answer == "remind":
            await answering.remind(db, car, form.about, by=me)
            return see_other(request, here, flash=_("You will be reminded."))
        await answering.answer(db, car, form.about, form.answer, by=me)
        if form.answer == "accepted":
            return see_other(request, await booking_address(db, me, car, form.about))
        if form.answer == "not_needed":
            return see_other(
                request, here, flash=_("Put aside until the interval is over again; you find it below.")
            )
        return see_other(request, f"{here}#about-{form.about}")


async def booking_address(db: AsyncSession, me: Viewer, car: Vehicle, about: str) -> str:
    """Where a visit for a suggestion is booked: at the workshop the driver prefers, else where one is chosen."""
    wished = urlencode({"vehicle": str(car.id), "wish": about})
    preferred = (await own_account(db, me)).preferred_center_id
    slug = next((one.slug for one in await open_centers(db) if one.id == preferred), "")
    return f"/book/{slug}/services?{wished}" if slug else f"/book?{wished}"


router = Router("/", route_handlers=[recommendations_page, answer_recommendation])
