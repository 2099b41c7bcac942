"""The people of a center: skills, the week's shifts, absences."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.render import page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.network import certificates, crew, inviting, premises
from app.domains.network.certificates import CertificateFacts
from app.domains.network.crew import CrewFacts
from app.domains.network.joining import roles_of
from app.domains.network.models import ServiceCenter
from app.domains.network.opening import read_week, write_hours
from app.domains.network.said import hours_saved

AnyRequest = Request[Any, Any, Any]
RUNS = needs("manage:staff")


class MemberForm(msgspec.Struct):
    name: Annotated[str, Meta(max_length=120)]
    title: Annotated[str, Meta(max_length=120)] = ""
    skills: list[str] = []
    is_technician: bool = False
    is_active: bool = False


class RolesForm(msgspec.Struct):
    roles: list[str] = []


class AbsenceForm(msgspec.Struct):
    starts_at: datetime
    ends_at: datetime
    reason: Annotated[str, Meta(max_length=200)] = ""


class CertificateForm(msgspec.Struct):
    certificate: Annotated[str, Meta(max_length=120)]
    number: Annotated[str, Meta(max_length=60)] = ""
    issued_by: Annotated[str, Meta(max_length=120)] = ""
    valid_until: date | None = None


@get("/settings/centers/{center_id:uuid}/people", opt=RUNS)
async def people_page(request: AnyRequest, center_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        return await people_of(request, db, me, center)


async def people_of(
    request: AnyRequest, db: AsyncSession, me: Viewer, center: ServiceCenter, wrong: Invalid | None = None
) -> Response[Any]:
    people = await crew.crew_of(db, center)
    held = await certificates.of_people(db, people)
    return page(
        request, me, "network/people_of_center.html", status=422 if wrong else 200, center=center, people=people,
        roles=await crew.roles_by_person(db, center), all_roles=await roles_of(db, center.tenant_id),
        expired={who: [one for one in theirs if certificates.has_expired(one, center)] for who, theirs in held.items()},
        invitations=await inviting.open_invitations(db, center),
        typed=values_of(await request.form()) if wrong else {}, errors=wrong.errors if wrong else {},
    )  # fmt: skip


@get("/settings/centers/{center_id:uuid}/people/{staff_id:uuid}", opt=RUNS)
async def member_page(
    request: AnyRequest, center_id: FromPath[UUID], staff_id: FromPath[UUID]
) -> Response[Any]:
    return await _show(request, center_id, staff_id)


async def _show(
    request: AnyRequest, center_id: UUID, staff_id: UUID, wrong: Invalid | None = None
) -> Response[Any]:
    typed = values_of(await request.form()) if wrong else {}
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        member = await crew.member(db, center, staff_id)
        week = {day: write_hours(intervals) for day, intervals in member.week.items()}
        return page(
            request, me, "network/member.html", status=422 if wrong else 200, center=center, member=member,
            home=await db.get_one(ServiceCenter, member.profile.center_id), week=week, typed=typed, skills=crew.SKILLS, errors=wrong.errors if wrong else {},
            roles=await crew.roles_at(db, member.profile, center), all_roles=await roles_of(db, center.tenant_id),
            certificates=[
                (one, certificates.has_expired(one, center))
                for one in (await certificates.of_people(db, [member.profile]))[staff_id]
            ],
        )  # fmt: skip


@post("/settings/centers/{center_id:uuid}/people/{staff_id:uuid}", opt=RUNS, status_code=303)
async def change_member(
    request: AnyRequest, center_id: FromPath[UUID], staff_id: FromPath[UUID]
) -> Response[Any]:
    try:
        facts = CrewFacts(**msgspec.structs.asdict(read(MemberForm, await request.form())))
        async with begin(request) as (db, me):
            center = await premises.find_center(db, me, center_id)
            member = await crew.member_at_home(db, center, staff_id)
            if member.profile.is_active and not facts.is_active:
                needs_fresh_proof(me)  # lets somebody go
            await crew.change_member(db, member.profile, facts, by=me)
            return see_other(request, _url(center_id, staff_id), flash=_("Saved."))
    except Invalid as wrong:
        return await _show(request, center_id, staff_id, wrong)


@post("/settings/centers/{center_id:uuid}/people/{staff_id:uuid}/roles", opt=RUNS, status_code=303)
async def change_roles(
    request: AnyRequest, center_id: FromPath[UUID], staff_id: FromPath[UUID]
) -> Response[Any]:
    try:
        chosen = read(RolesForm, await request.form())
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            center = await premises.find_center(db, me, center_id)
            member = await crew.member(db, center, staff_id)
            await crew.change_roles(db, member.profile, center, set(chosen.roles), by=me)
            after = _url(center_id, staff_id) if chosen.roles else f"/settings/centers/{center_id}/people"
            return see_other(request, after, flash=_("Saved."))
    except Invalid as wrong:
        return await _show(request, center_id, staff_id, wrong)


@post("/settings/centers/{center_id:uuid}/people/{staff_id:uuid}/shifts", opt=RUNS, status_code=303)
async def set_shifts(
    request: AnyRequest, center_id: FromPath[UUID], staff_id: FromPath[UUID]
) -> Response[Any]:
    try:
        week = read_week(values_of(await request.form()))
        async with begin(request) as (db, me):
            center = await premises.find_center(db, me, center_id)
            member = await crew.member_at_home(db, center, staff_id)
            await crew.set_week(db, member.profile, week, by=me)
            return see_other(request, _url(center_id, staff_id), flash=hours_saved(week))
    except Invalid as wrong:
        return await _show(request, center_id, staff_id, wrong)


@post("/settings/centers/{center_id:uuid}/people/{staff_id:uuid}/absences", opt=RUNS, status_code=303)
async def add_absence(
    request: AnyRequest, center_id: FromPath[UUID], staff_id: FromPath[UUID]
) -> Response[Any]:
    try:
        form = read(AbsenceForm, await request.form())
        async with begin(request) as (db, me):
            center = await premises.find_center(db, me, center_id)
            member = await crew.member_at_home(db, center, staff_id)
            await crew.add_absence(
                db, member.profile, _local(form.starts_at, center.zone), _local(form.ends_at, center.zone),
                by=me, reason=form.reason,
            )  # fmt: skip
            return see_other(request, _url(center_id, staff_id), flash=_("Noted."))
    except Invalid as wrong:
        return await _show(request, center_id, staff_id, wrong)


@post(
    "/settings/centers/{center_id:uuid}/people/{staff_id:uuid}/absences/{absence_id:uuid}/removal",
    opt=RUNS,
    status_code=303,
)
async def end_absence(
    request: AnyRequest, center_id: FromPath[UUID], staff_id: FromPath[UUID], absence_id: FromPath[UUID]
) -> Response[Any]:
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        member = await crew.member_at_home(db, center, staff_id)
        await crew.end_absence(db, member.profile, absence_id, by=me)
        return see_other(request, _url(center_id, staff_id), flash=_("Removed."))


@post("/settings/centers/{center_id:uuid}/people/{staff_id:uuid}/certificates", opt=RUNS, status_code=303)
async def add_certificate(
    request: AnyRequest, center_id: FromPath[UUID], staff_id: FromPath[UUID]
) -> Response[Any]:
    try:
        form = msgspec.structs.asdict(read(CertificateForm, await request.form()))
        facts = CertificateFacts(name=form.pop("certificate"), **form)
        async with begin(request) as (db, me):
            center = await premises.find_center(db, me, center_id)
            member = await crew.member_at_home(db, center, staff_id)
            await certificates.add(db, member.profile, facts, by=me)
            return see_other(request, _url(center_id, staff_id), flash=_("Noted."))
    except Invalid as wrong:
        return await _show(request, center_id, staff_id, wrong)


@post(
    "/settings/centers/{center_id:uuid}/people/{staff_id:uuid}/certificates/{staff_certificate_id:uuid}/removal",
    opt=RUNS,
    status_code=303,
)
async def remove_certificate(
    request: AnyRequest,
    center_id: FromPath[UUID],
    staff_id: FromPath[UUID],
    staff_certificate_id: FromPath[UUID],
) -> Response[Any]:
    async with begin(request) as (db, me):
        center = await premises.find_center(db, me, center_id)
        member = await crew.member_at_home(db, center, staff_id)
        await certificates.remove(db, member.profile, staff_certificate_id, by=me)
        return see_other(request, _url(center_id, staff_id), flash=_("Removed."))


def _local(moment: datetime, zone: str) -> datetime:
    """A time typed without an offset is the center's."""
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))


def _url(center_id: UUID, staff_id: UUID) -> str:
    return f"/settings/centers/{center_id}/people/{staff_id}"


router = Router(
    "/",
    route_handlers=[
        people_page,
        member_page,
        change_member,
        change_roles,
        set_shifts,
        add_absence,
        end_absence,
        add_certificate,
        remove_certificate,
    ],
)
