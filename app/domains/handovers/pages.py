"""A car changes hands in the browser: what the seller does, and the page a handover's link leads to."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.errors import Invalid, NotFound
from app.core.forms import Amount, minor_of, read, values_of
from app.core.limits import limited
from app.core.money import plain, to_major
from app.core.permissions import PUBLIC
from app.core.places import currency_options
from app.core.render import page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import garage
from app.domains.accounts import entering, guarding
from app.domains.garage import Ownership, Sale
from app.domains.handovers import offering, owning, taking
from app.domains.handovers.offering import Offered
from app.domains.logbook import units
from app.domains.logbook.usual import usual_currency

AnyRequest = Request[Any, Any, Any]
Values = dict[str, Any]
MANAGE = needs("manage:own_vehicles")
OF_CAR = "/garage/{vehicle_id:uuid}/handover"
ON_PAGE = {"page": "/garage/{vehicle_id}/handover"}


class SaleForm(msgspec.Struct):
    sold_on: date
    bought: Amount | None = None
    sold: Amount | None = None
    currency: str = ""

    def sale(self) -> Sale:
        """As it is kept. Raises Invalid."""
        currency = self.currency or "USD"
        return Sale(
            sold_on=self.sold_on,
            bought_minor=None if self.bought is None else minor_of(self.bought, currency, "bought"),
            sold_minor=None if self.sold is None else minor_of(self.sold, currency, "sold"),
            currency=self.currency,
        )


@get(OF_CAR, opt=MANAGE)
async def handover_page(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    return await _page(request, vehicle_id)


async def _page(
    request: AnyRequest, vehicle_id: UUID, values: Values | None = None, wrong: Invalid | None = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find_own(db, me, vehicle_id)
        claim = await _claim(db, me, car)
        made = await offering.of_car(db, car, by=me)
        now, usual = clock.now(), await usual_currency(db, me, car)
        return page(
            request, me, "handovers/of_car.html", status=422 if wrong else 200, car=car, claim=claim,
            offers=[one for one in made if one.is_open(now)],
            taken=[one for one in made if one.accepted_at and claim.sold_on],
            along=await offering.goes_along(db, car),
            owned=await owning.owned(db, car, claim),
            per_distance=units.per_distance,
            shared=len(await garage.members(db, [car])) > 1,
            values=_of_sale(claim, usual, clock.today(me.zone)) | (values or {}),
            currencies=currency_options(claim.currency or usual),
            errors=wrong.errors if wrong else {},
        )  # fmt: skip


async def _claim(db: AsyncSession, me: Viewer, car: garage.Vehicle) -> Ownership:
    claim = await garage.ownership(db, me, car)
    if claim is None:
        raise NotFound
    return claim


def _of_sale(claim: Ownership, usual: str, today: date) -> Values:
    currency = claim.currency or usual

    def typed(minor: int | None) -> str:
        return "" if minor is None else plain(to_major(minor, currency))

    return {
        "sold_on": claim.sold_on or today,
        "bought": typed(claim.bought_minor),
        "sold": typed(claim.sold_minor),
        "currency": currency,
    }


@post(OF_CAR, opt=MANAGE, status_code=303)
async def offer(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(Offered, form)
        async with begin(request) as (db, me):
            car = await garage.find_own(db, me, vehicle_id)
            before = [one for one in await offering.of_car(db, car, by=me) if one.is_open(clock.now())]
            await offering.offer(db, car, given, by=me)
            said = _("%(email)s gets a mail with a link.", email=given.email)
            if before:
                said += " " + _("The link before, to %(email)s, no longer works.", email=before[0].email)
            return see_other(request, _at(vehicle_id), flash=said)
    except Invalid as wrong:
        return await _page(request, vehicle_id, values_of(form), wrong)


@post(OF_CAR + "/{car_handover_id:uuid}/withdrawal", opt=MANAGE | ON_PAGE, status_code=303)
async def withdraw(
    request: AnyRequest, vehicle_id: FromPath[UUID], car_handover_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await garage.find_own(db, me, vehicle_id)
        await offering.withdraw(db, car, car_handover_id, by=me)
        return see_other(request, _at(vehicle_id), flash=_("Withdrawn: the link no longer works."))


@post("/garage/{vehicle_id:uuid}/sale", opt=MANAGE | ON_PAGE, status_code=303)
async def sell(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(SaleForm, form).sale()
        async with begin(request) as (db, me):
            car = await garage.find_own(db, me, vehicle_id)
            await garage.sell(db, car, await _claim(db, me, car), given, by=me)
            return see_other(
                request, _at(vehicle_id), flash=_("Noted: the car is sold. Its history stays with you.")
            )
    except Invalid as wrong:
        return await _page(request, vehicle_id, values_of(form), wrong)


def _at(vehicle_id: UUID) -> str:
    return f"/garage/{vehicle_id}/handover"


@get("/handover/{token:str}", opt=needs(PUBLIC))
async def offered_page(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        return await _offered(request, db, me, token)


async def _offered(
    request: AnyRequest, db: AsyncSession, me: Viewer, token: str, wrong: Invalid | None = None
) -> Response[Any]:
    offer = await taking.opened(db, token)
    return page(
        request, me, "handovers/offered.html", status=422 if wrong else 200, token=token, offer=offer,
        along=await taking.comes_along(db, offer, by=me), has_account=await taking.has_account(db, offer),
        errors=wrong.errors if wrong else {},
    )  # fmt: skip


@post("/handover/{token:str}", opt=needs(PUBLIC) | limited(guarding.LINKS), status_code=303)
async def accept(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """With the account one is signed in to, or a new one for the address it was mailed to."""
    try:
        form = await request.form()
        async with begin(request) as (db, me):
            offer = await taking.opened(db, token)
            user_id, cookies = await entering.invited_account(db, form, email=offer.email, by=me)
            car_id = await taking.accept(db, offer, token, by=me, user_id=user_id)
            return see_other(
                request, f"/garage/{car_id}", cookies=cookies,
                flash=_("The car and its history are in your garage. Please add its plate."),
            )  # fmt: skip
    except Invalid as wrong:
        async with begin(request) as (db, me):
            return await _offered(request, db, me, token, wrong)


router = Router("/", route_handlers=[handover_page, offer, withdraw, sell, offered_page, accept])
