"""The services a shop offers for booking: what each takes, costs and needs."""

from collections.abc import Iterable, Sequence
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid, NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.crew import SKILLS
from app.domains.network.models import ServiceCenter, Tenant
from app.domains.network.premises import CAPABILITIES
from app.domains.services.events import ServiceChanged
from app.domains.services.models import Service

CATEGORIES = (
    "general",
    "oil",
    "brakes",
    "tires",
    "engine",
    "diagnostics",
    "battery",
    "motor",
    "charging",
    "hv",
)
FUELS = ("gasoline", "diesel", "hybrid", "plug_in_hybrid", "electric", "other")
"""What cars run on, as their VIN says it."""
BURNS = frozenset({"gasoline", "diesel"})
"""Fuels of cars that have no high voltage."""

LONGEST = 1440

Minutes = Annotated[int, Meta(ge=0, le=480)]


class ServiceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the shop says about a service."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    duration_minutes: Annotated[int, Meta(ge=5, le=LONGEST)]
    price_minor: Annotated[int, Meta(ge=0, le=100_000_000)]
    code: Annotated[str, Meta(max_length=40, pattern=r"^[a-z0-9-]*$")] = ""
    description: Annotated[str, Meta(max_length=2000)] = ""
    category: str = "general"
    buffer_before_minutes: Minutes = 0
    buffer_after_minutes: Minutes = 0
    skill: str = "general"
    bay_capability: str = ""
    canned_job_code: str = ""
    fuels: Annotated[list[str], Meta(max_length=len(FUELS))] = []
    """Which cars it is for, by what they run on; none named is every car."""
    position: Annotated[int, Meta(ge=0, le=9999)] = 0
    is_active: bool = True


async def offered(db: AsyncSession, tenant_id: UUID, fuel: str = "") -> list[Service]:
    """What can be booked at a shop now, for a car that runs on `fuel` if that is known, in the shop's order. Anyone
    may read it."""
    every = await db.scalars(_of(tenant_id).where(Service.is_active))
    return [service for service in every if service.suits(fuel)]


async def listed(db: AsyncSession, me: Viewer) -> Sequence[Service]:
    """The viewer's shop's whole catalogue, withdrawn services included."""
    return (await db.scalars(_of(me.tenant_id))).all()


async def chosen(db: AsyncSession, tenant_id: UUID, ids: Iterable[UUID]) -> list[Service]:
    """Services by id in the order asked. One that is unknown here or withdrawn is not found."""
    wanted = list(dict.fromkeys(ids))
    found = await db.scalars(
        select(Service).where(Service.tenant_id == tenant_id, Service.is_active, Service.id.in_(wanted))
    )
    by_id = {service.id: service for service in found}
    if len(by_id) != len(wanted):
        raise NotFound
    return [by_id[one] for one in wanted]


async def find(db: AsyncSession, me: Viewer, service_id: UUID) -> Service:
    service = await db.scalar(
        select(Service).where(Service.tenant_id == me.tenant_id, Service.id == service_id)
    )
    if service is None:
        raise NotFound
    return service


async def add(db: AsyncSession, facts: ServiceFacts, *, by: Viewer) -> Service:
    """Put a service into the catalogue of the actor's shop, priced in the shop's currency."""
    _check(facts)
    paid_in = await currency(db, by)
    service = Service(
        tenant_id=by.tenant_id,
        currency=paid_in,
        **(msgspec.structs.asdict(facts) | {"code": facts.code or code_from(facts.name)}),
    )
    db.add(service)
    await _flush(db)
    await _tell(db, service, by)
    return service


async def change(db: AsyncSession, service: Service, facts: ServiceFacts, *, by: Viewer) -> Service:
    """Appointments keep the price and length they were booked with."""
    _check(facts)
    for name, value in msgspec.structs.asdict(facts).items():
        setattr(service, name, value)
    service.code = facts.code or code_from(facts.name)
    await _flush(db)
    await _tell(db, service, by)
    return service


def code_from(name: str) -> str:
    """ "Oil & filter change" is oil-filter-change."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split()
    return "-".join(words)[:40].strip("-") or "service"


def _of(tenant_id: UUID | None) -> Select[Service]:
    return (
        select(Service)
        .where(Service.tenant_id == tenant_id)
        .order_by(Service.position, func.lower(Service.name))
    )


def _check(facts: ServiceFacts) -> None:
    wrong = {
        "category": facts.category not in CATEGORIES,
        "skill": facts.skill not in SKILLS,
        "bay_capability": facts.bay_capability not in ("", *CAPABILITIES),
        "fuels": not set(facts.fuels) <= set(FUELS),
    }
    if any(wrong.values()):
        raise Invalid({field: _("Choose one of the list.") for field, is_wrong in wrong.items() if is_wrong})


async def currency(db: AsyncSession, by: Viewer) -> str:
    """What the actor's shop is paid in: its center's currency, or the business's."""
    if by.center_id is not None:
        found = await db.scalar(select(ServiceCenter.currency).where(ServiceCenter.id == by.center_id))
    else:
        found = await db.scalar(select(Tenant.currency).where(Tenant.id == by.tenant_id))
    if found is None:
        raise NotFound
    return found


async def _flush(db: AsyncSession) -> None:
    try:
        await db.flush()
    except IntegrityError as error:
        if "uq_services_tenant_id_code" not in str(error):
            raise
        raise Invalid({"code": _("Another service has this code.")}) from error


async def _tell(db: AsyncSession, service: Service, by: Viewer) -> None:
    event = ServiceChanged(
        service_id=service.id,
        code=service.code,
        price_minor=service.price_minor,
        is_active=service.is_active,
    )
    await record(db, event, by=by, subject=service.id)
