"""Inviting people, and the page an invitation's link leads to."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import read
from app.core.limits import limited
from app.core.permissions import PUBLIC
from app.core.render import page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.accounts import entering, guarding, signing_in
from app.domains.network import inviting, premises
from app.domains.network.crew_pages import people_of
from app.domains.network.inviting import InvitationFacts

AnyRequest = Request[Any, Any, Any]
RUNS = needs("manage:staff")
ON_PEOPLE = {"page": "/settings/centers/{center_id}/people"}


@post("/settings/centers/{center_id:uuid}/invitations", opt=RUNS | ON_PEOPLE, status_code=303)
async def invite(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    try:
        facts = read(InvitationFacts, await request.form())
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            center = await premises.find_center(db, me, center_id)
            await inviting.invite(db, center, facts, by=me)
            return see_other(
                request, _people(center_id), flash=_("%(name)s gets a mail with a link.", name=facts.name)
            )
    except Invalid as wrong:
        async with begin(request) as (db, me):
            center = await premises.find_center(db, me, center_id)
            return await people_of(request, db, me, center, wrong)


@post(
    "/settings/centers/{center_id:uuid}/invitations/{invitation_id:uuid}/mail",
    opt=RUNS | ON_PEOPLE,
    status_code=303,
)
async def mail_again(
    request: AnyRequest, center_id: FromPath[UUID], invitation_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        await inviting.mail_again(db, await inviting.find(db, center, invitation_id), by=me)
        return see_other(request, _people(center_id), flash=_("A new mail is on its way."))


@post(
    "/settings/centers/{center_id:uuid}/invitations/{invitation_id:uuid}/withdrawal",
    opt=RUNS,
    status_code=303,
)
async def withdraw(
    request: AnyRequest, center_id: FromPath[UUID], invitation_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        await inviting.withdraw(db, await inviting.find(db, center, invitation_id), by=me)
        return see_other(request, _people(center_id), flash=_("Withdrawn: the link no longer works."))


def _people(center_id: UUID) -> str:
    return f"/settings/centers/{center_id}/people"


@get("/join/{token:str}", opt=needs(PUBLIC))
async def invitation_page(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        return await _show(request, db, me, token)


async def _show(
    request: AnyRequest, db: AsyncSession, me: Viewer, token: str, wrong: Invalid | None = None
) -> Response[Any]:
    invitation, center = await inviting.opened(db, token)
    return page(
        request, me, "network/invitation.html", status=422 if wrong else 200, token=token,
        invitation=invitation, center=center, has_account=await inviting.has_account(db, invitation),
        errors=wrong.errors if wrong else {},
    )  # fmt: skip


@post("/join/{token:str}", opt=needs(PUBLIC) | limited(guarding.LINKS), status_code=303)
async def accept(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    """With the account one is signed in to, or a new one for the address that was invited."""
    try:
        form = await request.form()
        async with begin(request) as (db, me):
            invitation, center = await inviting.opened(db, token)
            user_id, cookies = await entering.invited_account(
                db, form, email=invitation.email, by=me, center_id=center.id
            )
            if me.user_id is None:  # read anew as who is there now
                invitation, center = await inviting.opened(db, token)
            await inviting.accept(db, invitation, center, user_id=user_id, by=me)
            if me.user_id:
                await signing_in.work_at(db, center_id=center.id, by=me)
            flash = _("Welcome to %(name)s.", name=center.name)
            return see_other(request, "/home", cookies=cookies, flash=flash)
    except Invalid as wrong:
        async with begin(request) as (db, me):
            return await _show(request, db, me, token, wrong)


router = Router("/", route_handlers=[invite, mail_again, withdraw, invitation_page, accept])
