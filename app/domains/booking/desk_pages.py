"""The desk's day: who comes when, into which bay, to whom; assign, accept, call missed."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get, post
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.forms import read
from app.core.legible import within_reach
from app.core.render import fragment, page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.booking import appointments, changing, holding
from app.domains.booking.live import day_topic
from app.domains.network import crew, premises

AnyRequest = Request[Any, Any, Any]
READS = needs("read:all_appointments")
RUNS = needs("manage:appointments")
ORDERS = ("time", "bay", "technician")


async def show_day(
    request: AnyRequest, db: AsyncSession, me: Viewer, day: date | None, by: str
) -> Response[Any]:
    shown = await _day(db, me, day, by)
    return page(request, me, "booking/day.html", topics=[day_topic(shown["center"].id)], **shown)


@get("/appointments/day", opt=READS)
async def day_region(request: AnyRequest, day: date | None = None, by: str = "time") -> Response[Any]:
    async with begin(request) as (db, me):
        return fragment(request, me, "booking/_day.html", **await _day(db, me, day, by))


async def _day(db: AsyncSession, me: Viewer, day: date | None, by: str) -> dict[str, Any]:
    center = await premises.working_center(db, me)
    day = within_reach(day or clock.today(center.zone))
    by = by if by in ORDERS else "time"
    entries = await appointments.of_day(db, me, center, day)
    return {
        "center": center,
        "day": day,
        "by": by,
        "is_today": day == clock.today(center.zone),
        "before": day - timedelta(days=1),
        "after": day + timedelta(days=1),
        "groups": _grouped(entries, by),
        "requests": await appointments.requests(db, center),
        "count": len(entries),
        "bays": [bay for bay in await premises.bays_of(db, center) if bay.is_active],
        "technicians": [one for one in await crew.crew_of(db, center) if crew.is_planned_at(one, center)],
    }


@get("/appointments/requests", opt=READS)
async def requests_region(request: AnyRequest) -> Response[Any]:
    """For the board: how many visits wait for the shop's word."""
    async with begin(request) as (db, me):
        waiting = await appointments.requests(db, await premises.working_center(db, me))
        return fragment(request, me, "booking/_requests.html", requests=waiting)


def _grouped(entries: list[appointments.Entry], by: str) -> list[tuple[str, list[appointments.Entry]]]:
    if by == "time":
        return [("", entries)] if entries else []
    groups: dict[str, list[appointments.Entry]] = {}
    for entry in entries:
        resource = entry.bay if by == "bay" else entry.technician
        groups.setdefault(resource.name if resource else "–", []).append(entry)
    return sorted(groups.items())


class AssignForm(msgspec.Struct):
    bay: UUID | None = None
    technician: UUID | None = None


@post("/appointments/{appointment_id:uuid}/assignment", opt=RUNS)
async def assign(request: AnyRequest, appointment_id: UUID) -> Response[Any]:
    given = read(AssignForm, await request.form())
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id, for_update=True)
        await changing.assign(db, visit, by=me, bay_id=given.bay, technician_id=given.technician)
        return see_other(request, day_of(visit), flash=_("Assigned."))


@post("/appointments/{appointment_id:uuid}/acceptance", opt=RUNS)
async def accept(request: AnyRequest, appointment_id: UUID) -> Response[Any]:
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id, for_update=True)
        await holding.accept(db, visit.appointment, by=me)
        return see_other(request, day_of(visit), flash=_("Confirmed."))


@post("/appointments/{appointment_id:uuid}/no-show", opt=RUNS)
async def no_show(request: AnyRequest, appointment_id: UUID) -> Response[Any]:
    async with begin(request) as (db, me):
        visit = await appointments.find(db, me, appointment_id, for_update=True)
        await changing.miss(db, visit, by=me)
        return see_other(request, day_of(visit), flash=_("Noted: the customer did not come."))


def day_of(visit: appointments.Visit) -> str:
    """The desk's day that holds a visit."""
    day = visit.appointment.starts_at.astimezone(ZoneInfo(visit.center.zone)).date()
    return f"/appointments?day={day}"


router = Router("/", route_handlers=[day_region, requests_region, assign, accept, no_show])
