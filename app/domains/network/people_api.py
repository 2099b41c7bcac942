"""The people of a business as JSON: list, invite, change, let go. Nobody is ever deleted."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.viewer import Viewer
from app.core.visit import begin, needs, needs_fresh_proof
from app.domains.network import crew, inviting, premises
from app.domains.network.crew import CrewFacts
from app.domains.network.inviting import InvitationFacts
from app.domains.network.models import ServiceCenter, StaffProfile

AnyRequest = Request[Any, Any, Any]
RUNS = needs("manage:staff")


class StaffIn(InvitationFacts, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to invite to work here."""


class StaffChange(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    title: Annotated[str, Meta(max_length=120)] = ""
    skills: list[str] = []
    is_technician: bool = False
    is_active: bool = True
    roles: list[str]


class StaffOut(msgspec.Struct):
    id: UUID
    """The person's."""
    email: str
    name: str
    title: str
    skills: list[str]
    is_technician: bool
    is_active: bool
    roles: list[str]
    service_center_id: UUID


class InvitationOut(msgspec.Struct):
    id: UUID
    email: str
    name: str
    role: str
    service_center_id: UUID


@get("/admin/users", opt=RUNS)
async def list_people(request: AnyRequest) -> list[StaffOut]:
    """Everybody who works, or has worked, at the center one works at."""
    async with begin(request) as (db, me):
        center = await premises.working_center(db, me)
        addresses = await crew.addresses(db)
        return [
            await _said(db, center, one, addresses.get(one.user_id, ""))
            for one in await crew.crew_of(db, center)
        ]


@post("/admin/users", opt=RUNS, status_code=202)
async def invite(request: AnyRequest, data: JSONBody[StaffIn]) -> InvitationOut:
    """The person gets a mail and makes an account of their own: nobody chooses a password for another."""
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        center = await premises.working_center(db, me)
        made = await inviting.invite(db, center, data, by=me)
        return InvitationOut(made.id, made.email, made.name, made.role, center.id)


@put("/admin/users/{user_id:uuid}", opt=RUNS)
async def change(request: AnyRequest, user_id: FromPath[UUID], data: JSONBody[StaffChange]) -> StaffOut:
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        center, profile = await _found(db, me, user_id)
        facts = msgspec.structs.asdict(data)
        roles = set(facts.pop("roles"))
        await crew.change_roles(db, profile, center, roles, by=me)
        await crew.change_member(db, profile, CrewFacts(**facts), by=me)
        return await _said(db, center, profile, (await crew.addresses(db)).get(user_id, ""))


@delete("/admin/users/{user_id:uuid}", opt=RUNS)
async def let_go(request: AnyRequest, user_id: FromPath[UUID]) -> None:
    """Ends every session and token of the person at once; their work stays on record."""
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        _center, profile = await _found(db, me, user_id)
        await crew.let_go(db, profile, by=me)


async def _found(db: AsyncSession, me: Viewer, user_id: UUID) -> tuple[ServiceCenter, StaffProfile]:
    center = await premises.working_center(db, me)
    return center, await crew.member_called(db, center, user_id)


async def _said(db: AsyncSession, center: ServiceCenter, one: StaffProfile, email: str) -> StaffOut:
    return StaffOut(
        id=one.user_id, email=email, name=one.name, title=one.title, skills=one.skills,
        is_technician=one.is_technician, is_active=one.is_active, service_center_id=center.id,
        roles=sorted(await crew.roles_at(db, one, center)),
    )  # fmt: skip


router = Router("/", route_handlers=[list_people, invite, change, let_go], tags=["network"])
