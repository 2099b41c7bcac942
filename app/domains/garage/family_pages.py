"""Who shares a car, and the page an invitation's link leads to."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.limits import limited
from app.core.permissions import PUBLIC
from app.core.render import page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.accounts import entering, guarding
from app.domains.garage import cars, family, inviting
from app.domains.garage.family import Role
from app.domains.garage.inviting import Asked

AnyRequest = Request[Any, Any, Any]
READ, MANAGE = needs("read:own_vehicles"), needs("manage:own_vehicles")
PEOPLE = "/garage/{vehicle_id:uuid}/people"
ON_PEOPLE = {"page": "/garage/{vehicle_id}/people"}


class InviteForm(Asked, frozen=True, kw_only=True):
    cars: list[UUID] = []


class RoleForm(msgspec.Struct):
    access: Role


@get(PEOPLE, opt=READ)
async def people_page(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    return await _people(request, vehicle_id)


async def _people(
    request: AnyRequest, vehicle_id: UUID, values: dict[str, Any] | None = None, wrong: Invalid | None = None
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await cars.find_readable(db, me, vehicle_id)
        known = await family.members(db, [car])
        return page(
            request, me, "garage/people.html", status=422 if wrong else 200, car=car, members=known,
            is_owner=any(one.user_id == me.user_id and one.role == "owner" for one in known),
            own=await cars.mine(db, me, owned=True), invitations=await inviting.open_invitations(db, me, car),
            values=values or {"cars": [str(vehicle_id)], "access": "driver"}, errors=wrong.errors if wrong else {},
        )  # fmt: skip


@post(PEOPLE, opt=MANAGE, status_code=303)
async def invite(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    form = await request.form()
    try:
        given = read(InviteForm, form)
        async with begin(request) as (db, me):
            await cars.find_own(db, me, vehicle_id)
            chosen = [await cars.find_own(db, me, one) for one in dict.fromkeys(given.cars)]
            await inviting.invite(db, chosen, given, by=me)
            return see_other(
                request, _at(vehicle_id), flash=_("%(email)s gets a mail with a link.", email=given.email)
            )
    except Invalid as wrong:
        return await _people(request, vehicle_id, values_of(form) | {"cars": form.getall("cars", [])}, wrong)


@post(PEOPLE + "/{ownership_id:uuid}/role", opt=MANAGE | ON_PEOPLE, status_code=303)
async def change_role(
    request: AnyRequest, vehicle_id: FromPath[UUID], ownership_id: FromPath[UUID]
) -> Response[Any]:
    form = read(RoleForm, await request.form())
    async with begin(request) as (db, me):
        car = await cars.find_own(db, me, vehicle_id)
        await family.change_role(db, car, ownership_id, form.access, by=me)
        return see_other(request, _at(vehicle_id), flash=_("Saved."))


@post(PEOPLE + "/{ownership_id:uuid}/removal", opt=MANAGE | ON_PEOPLE, status_code=303)
async def remove(
    request: AnyRequest, vehicle_id: FromPath[UUID], ownership_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await cars.find_own(db, me, vehicle_id)
        await family.remove(db, car, ownership_id, by=me)
        return see_other(request, _at(vehicle_id), flash=_("The car is no longer shared with them."))


@post("/garage/{vehicle_id:uuid}/leaving", opt=MANAGE | ON_PEOPLE, status_code=303)
async def leave(request: AnyRequest, vehicle_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        await family.leave(db, await cars.find_readable(db, me, vehicle_id), by=me)
        return see_other(request, "/garage", flash=_("The car is no longer in your garage."))


@post(
    "/garage/{vehicle_id:uuid}/invitations/{car_invitation_id:uuid}/withdrawal",
    opt=MANAGE | ON_PEOPLE,
    status_code=303,
)
async def withdraw(
    request: AnyRequest, vehicle_id: FromPath[UUID], car_invitation_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        car = await cars.find_own(db, me, vehicle_id)
        await inviting.withdraw(db, car, car_invitation_id, by=me)
        return see_other(request, _at(vehicle_id), flash=_("Withdrawn: the link no longer works."))


def _at(vehicle_id: UUID) -> str:
    return f"/garage/{vehicle_id}/people"


@get("/shared/{token:str}", opt=needs(PUBLIC))
async def shared_page(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        return await _shared(request, db, me, token)


async def _shared(
    request: AnyRequest, db: AsyncSession, me: Viewer, token: str, wrong: Invalid | None = None
) -> Response[Any]:
    invitation = await inviting.opened(db, token)
    return page(
        request, me, "garage/shared.html", status=422 if wrong else 200, token=token, invitation=invitation,
        has_account=await inviting.has_account(db, invitation), errors=wrong.errors if wrong else {},
    )  # fmt: skip


@post("/shared/{token:str}", opt=needs(PUBLIC) | limited(guarding.LINKS), status_code=303)
async def accept(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """With the account one is signed in to, or a new one for the address that was invited."""
    try:
        form = await request.form()
        async with begin(request) as (db, me):
            invitation = await inviting.opened(db, token)
            user_id, cookies = await entering.invited_account(db, form, email=invitation.email, by=me)
            shared = await inviting.accept(db, invitation, token, by=me, user_id=user_id)
            where = f"/garage/{shared[0]}" if len(shared) == 1 else "/garage"
            return see_other(request, where, cookies=cookies, flash=_("The car is in your garage."))
    except Invalid as wrong:
        async with begin(request) as (db, me):
            return await _shared(request, db, me, token, wrong)


router = Router(
    "/",
    route_handlers=[people_page, invite, change_role, remove, leave, withdraw, shared_page, accept],
)
