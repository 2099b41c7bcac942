"""The people of a business as JSON: list, invite, change, let go. Nobody is ever deleted."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.viewer import Viewer
from app.core.visit import begin, needs, needs_fresh_proof
from app.domains.network import certificates, crew, inviting, premises
from app.domains.network.certificates import CertificateFacts
from app.domains.network.crew import CrewFacts
from app.domains.network.inviting import InvitationFacts
from app.domains.network.models import ServiceCenter, StaffCertificate, StaffProfile

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


class CertificateOut(msgspec.Struct):
    id: UUID
    name: str
    number: str
    issued_by: str
    valid_until: date | None
    has_expired: bool


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
    certificates: list[CertificateOut]


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
        return await _said(db, center, await crew.crew_of(db, center))


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
    """For a person at home at another center the roles alone may change here."""
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        center, profile = await _found(db, me, user_id)
        known = msgspec.structs.asdict(data)
        roles, facts = set(known.pop("roles")), CrewFacts(**known)
        changes = facts != crew.facts_of(profile)
        if changes:
            await crew.refuse_elsewhere(db, profile, center)
        await crew.change_roles(db, profile, center, roles, by=me)
        if changes:
            await crew.change_member(db, profile, facts, by=me)
        return (await _said(db, center, [profile]))[0]


@delete("/admin/users/{user_id:uuid}", opt=RUNS)
async def let_go(request: AnyRequest, user_id: FromPath[UUID]) -> None:
    """Ends every session and token of the person at once; their work stays on record."""
    async with begin(request) as (db, me):
        needs_fresh_proof(me)
        _center, profile = await _found_at_home(db, me, user_id)
        await crew.let_go(db, profile, by=me)


@post("/admin/users/{user_id:uuid}/certificates", opt=RUNS, status_code=201)
async def add_certificate(
    request: AnyRequest, user_id: FromPath[UUID], data: JSONBody[CertificateFacts]
) -> CertificateOut:
    async with begin(request) as (db, me):
        center, profile = await _found_at_home(db, me, user_id)
        return _certificate(await certificates.add(db, profile, data, by=me), center)


@delete("/admin/users/{user_id:uuid}/certificates/{staff_certificate_id:uuid}", opt=RUNS)
async def remove_certificate(
    request: AnyRequest, user_id: FromPath[UUID], staff_certificate_id: FromPath[UUID]
) -> None:
    async with begin(request) as (db, me):
        _center, profile = await _found_at_home(db, me, user_id)
        await certificates.remove(db, profile, staff_certificate_id, by=me)


async def _found(db: AsyncSession, me: Viewer, user_id: UUID) -> tuple[ServiceCenter, StaffProfile]:
    center = await premises.working_center(db, me)
    return center, await crew.member_called(db, center, user_id)


async def _found_at_home(db: AsyncSession, me: Viewer, user_id: UUID) -> tuple[ServiceCenter, StaffProfile]:
    center, profile = await _found(db, me, user_id)
    await crew.refuse_elsewhere(db, profile, center)
    return center, profile


async def _said(db: AsyncSession, center: ServiceCenter, people: Sequence[StaffProfile]) -> list[StaffOut]:
    addresses = await crew.addresses(db)
    held = await certificates.of_people(db, people)
    return [
        StaffOut(
            id=one.user_id, email=addresses.get(one.user_id, ""), name=one.name, title=one.title, skills=one.skills,
            is_technician=one.is_technician, is_active=one.is_active, service_center_id=center.id,
            roles=sorted(await crew.roles_at(db, one, center)),
            certificates=[_certificate(paper, center) for paper in held[one.id]],
        )
        for one in people
    ]  # fmt: skip


def _certificate(one: StaffCertificate, center: ServiceCenter) -> CertificateOut:
    return CertificateOut(
        one.id, one.name, one.number, one.issued_by, one.valid_until, certificates.has_expired(one, center)
    )


router = Router(
    "/",
    route_handlers=[list_people, invite, change, let_go, add_certificate, remove_certificate],
    tags=["network"],
)
