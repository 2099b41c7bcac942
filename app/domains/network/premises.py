"""A shop's service centers, their hours and their bays: what the owner sets up."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from babel.numbers import list_currencies
from msgspec import Meta
from sqlalchemy import Select, exists, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, modules
from app.core.errors import Forbidden, Invalid, NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.network.models import Bay, HoursException, RoleAt, ServiceCenter, SystemSetting, Tenant
from app.domains.network.opening import WEEKDAYS, check_week, hours_of, open_spans, stands_open, write_hours
from app.domains.network.setup_events import BayChanged, CenterChanged, HoursExceptionChanged

SLOT_STEPS = (10, 15, 20, 30, 60)
CAPABILITIES = ("lift", "alignment", "tire", "hv", "diagnostics", "wash", "charger")

Line = Annotated[str, Meta(max_length=200)]
Buffer = Annotated[int, Meta(ge=0, le=240)]


class CenterFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner says about a service center."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    address: Line = ""
    city: Line = ""
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")] = "US"
    phone: Annotated[str, Meta(max_length=40)] = ""
    email: Annotated[str, Meta(max_length=200)] = ""
    zone: str = "America/New_York"
    currency: str = "USD"
    distance_unit: str = "km"
    tax_name: Annotated[str, Meta(max_length=40)] = "Sales tax"
    tax_rate: Decimal = Decimal(0)
    """A share: 0.055 is 5.5 %."""
    labor_rate_minor: Annotated[int, Meta(ge=0, le=100_000_000)] = 0
    working_hours: dict[str, list[list[str]]] = {}
    slot_minutes: int = 30
    notice_minutes: Annotated[int, Meta(ge=0, le=20160)] = 60
    horizon_days: Annotated[int, Meta(ge=1, le=365)] = 60
    cancel_hours: Annotated[int, Meta(ge=0, le=720)] = 24
    confirm_by_hand: bool = False
    invoice_series: Annotated[str, Meta(pattern=r"^[A-Z0-9]{0,8}$")] = ""
    is_active: bool = True


class BayFacts(msgspec.Struct, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    capabilities: list[str] = []
    buffer_before_minutes: Buffer = 0
    buffer_after_minutes: Buffer = 0
    position: Annotated[int, Meta(ge=0, le=999)] = 0
    is_active: bool = True


@lru_cache(maxsize=1)
def zones() -> frozenset[str]:
    return frozenset(zone for zone in clock.zones() if "/" in zone and not zone.startswith("Etc/"))


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    return frozenset(list_currencies())


async def centers_of(db: AsyncSession, me: Viewer) -> Sequence[ServiceCenter]:
    """The centers of the viewer's business that they may set up."""
    query = select(ServiceCenter).where(ServiceCenter.tenant_id == me.tenant_id)
    found = await db.scalars(query.order_by(func.lower(ServiceCenter.name)))
    return [one for one in found if me.can_at("manage:center", tenant_id=one.tenant_id, center_id=one.id)]


async def find_center(db: AsyncSession, me: Viewer, center_id: UUID) -> ServiceCenter:
    """A center of the viewer's business, for its set-up. Raises NotFound, and Forbidden for a center of the
    same business at which the viewer is nobody's superior."""
    center = await db.scalar(
        select(ServiceCenter).where(ServiceCenter.tenant_id == me.tenant_id, ServiceCenter.id == center_id)
    )
    if center is None:
        raise NotFound
    may = me.can_at("manage:center", tenant_id=center.tenant_id, center_id=center.id)
    if center.id != me.center_id and not may:
        raise Forbidden("manage:center")
    return center


async def open_center(db: AsyncSession, facts: CenterFacts, *, by: Viewer) -> ServiceCenter:
    """A new center of the actor's business; its owner works there from the first day. Raises Invalid, and Refused for
    a business that sells parts: it has one place."""
    await _refuse_second_parts_shop(db, by)
    center = ServiceCenter(tenant_id=by.tenant_id, slug=await _free_slug(db, facts.name))
    _set(center, facts)
    db.add(center)
    await db.flush()
    owned = [one for one in by.held if one.role == "owner" and one.tenant_id == by.tenant_id]
    if any(one.center_id is not None for one in owned):
        db.add(RoleAt(user_id=by.user_id, tenant_id=by.tenant_id, service_center_id=center.id, role="owner"))
    await _tell_center(db, center, by)
    return center


async def _refuse_second_parts_shop(db: AsyncSession, by: Viewer) -> None:
    kept = select(ServiceCenter.id).join(Tenant, Tenant.id == ServiceCenter.tenant_id)
    if await db.scalar(kept.where(Tenant.id == by.tenant_id, Tenant.kind == "parts").limit(1)):
        raise Refused(
            _("A parts shop has one place. For another place, sell from there as a business of its own.")
        )


async def change_center(
    db: AsyncSession, center: ServiceCenter, facts: CenterFacts, *, by: Viewer
) -> ServiceCenter:
    """Appointments that stand keep their time; new bookings follow the new hours. Raises Invalid."""
    if facts.currency != center.currency:
        await refuse_new_currency(db, center.currency, center.tenant_id, center.id, key="currency")
    _set(center, facts)
    await db.flush()
    await _tell_center(db, center, by)
    return center


async def set_hours(
    db: AsyncSession, center: ServiceCenter, week: dict[str, list[list[str]]], *, by: Viewer
) -> None:
    """The usual week, as `opening.read_week` reads it."""
    center.working_hours = check_week(week)
    await db.flush()
    await _tell_center(db, center, by)


async def hours_today(db: AsyncSession, center: ServiceCenter) -> str:
    """Today's hours as the reader tells the time, "8:00 AM–5:30 PM"; empty when it is closed."""
    others = _hours_by_day(await exceptions_of(db, center))
    return write_hours(hours_of(clock.today(center.zone), center.working_hours, others))


async def open_stretches(
    db: AsyncSession, center: ServiceCenter, *, days: int = 14
) -> list[tuple[datetime, datetime]]:
    """When the center is open from today on, as instants in order. Yesterday's night shift may still be going on."""
    today = clock.today(center.zone)
    others = _hours_by_day(await exceptions_of(db, center, with_yesterday=True))
    ahead = [today + timedelta(days=n) for n in range(-1, days)]
    return open_spans(ahead, center.working_hours, others, center.zone)


async def is_open_at(db: AsyncSession, center: ServiceCenter, moment: datetime) -> bool:
    """Whether the center is open at a moment from today on, by its usual week and its days with other hours."""
    day = moment.astimezone(ZoneInfo(center.zone)).date()
    others = _hours_by_day(await exceptions_of(db, center, with_yesterday=True))
    spans = open_spans((day - timedelta(days=1), day), center.working_hours, others, center.zone)
    return any(opens <= moment < closes for opens, closes in spans)


class Hours(msgspec.Struct, frozen=True):
    """When a workshop is open, as anybody may know it."""

    is_open: bool
    changes_at: datetime | None
    """When it closes or opens next; None when that is more than a week away."""
    today: str
    """As the reader tells the time, "8:00 AM–5:30 PM"; empty when it is closed today."""
    week: dict[str, str]
    """The usual week by its days; empty is closed."""
    others: Sequence[HoursException]
    """Days with other hours, from today on, for as long as people book ahead."""


async def hours_for_anyone(db: AsyncSession, center: ServiceCenter) -> Hours:
    """The opening hours, and how they stand at this moment in the center's own zone."""
    today = clock.today(center.zone)
    last = today + timedelta(days=max(7, center.horizon_days))
    found = [one for one in await exceptions_of(db, center, with_yesterday=True) if one.day <= last]
    others = _hours_by_day(found)
    is_open, changes_at = stands_open(center.working_hours, others, center.zone, clock.now())
    return Hours(
        is_open=is_open,
        changes_at=changes_at,
        today=write_hours(hours_of(today, center.working_hours, others)),
        week={day: write_hours(center.working_hours.get(day, ())) for day in WEEKDAYS},
        others=[one for one in found if one.day >= today],
    )


async def exceptions_of(
    db: AsyncSession, center: ServiceCenter, *, with_yesterday: bool = False
) -> Sequence[HoursException]:
    """Days with other hours, from today on, or from yesterday, whose night may not be over."""
    query = select(HoursException).where(
        HoursException.tenant_id == center.tenant_id,
        HoursException.center_id == center.id,
        HoursException.day >= clock.today(center.zone) - timedelta(days=with_yesterday),
    )
    return (await db.scalars(query.order_by(HoursException.day))).all()


def _hours_by_day(found: Iterable[HoursException]) -> dict[date, Sequence[Sequence[str]]]:
    return {one.day: one.intervals.get("open", ()) for one in found}


async def set_exception(
    db: AsyncSession,
    center: ServiceCenter,
    day: date,
    intervals: list[list[str]],
    *,
    by: Viewer,
    note: str = "",
) -> HoursException:
    """Other hours on one day; no intervals means closed. A second word about a day replaces the first."""
    exception = await _exception(db, center, day)
    if exception is None:
        exception = HoursException(tenant_id=center.tenant_id, center_id=center.id, day=day)
        db.add(exception)
    exception.intervals = {"open": intervals}
    exception.note = note[:200]
    await db.flush()
    await _tell_day(db, center, day, by)
    return exception


async def drop_exception(db: AsyncSession, center: ServiceCenter, day: date, *, by: Viewer) -> None:
    """Back to the usual hours."""
    exception = await _exception(db, center, day)
    if exception is None:
        raise NotFound
    await db.delete(exception)
    await _tell_day(db, center, day, by)


async def bays_of(db: AsyncSession, center: ServiceCenter) -> Sequence[Bay]:
    query = select(Bay).where(Bay.tenant_id == center.tenant_id, Bay.center_id == center.id)
    return (await db.scalars(query.order_by(Bay.position, func.lower(Bay.name)))).all()


async def find_bay(db: AsyncSession, center: ServiceCenter, bay_id: UUID) -> Bay:
    bay = await db.scalar(
        select(Bay).where(Bay.tenant_id == center.tenant_id, Bay.center_id == center.id, Bay.id == bay_id)
    )
    if bay is None:
        raise NotFound
    return bay


async def add_bay(db: AsyncSession, center: ServiceCenter, facts: BayFacts, *, by: Viewer) -> Bay:
    bay = Bay(tenant_id=center.tenant_id, center_id=center.id)
    db.add(bay)
    return await _write_bay(db, bay, facts, by)


async def change_bay(db: AsyncSession, bay: Bay, facts: BayFacts, *, by: Viewer) -> Bay:
    return await _write_bay(db, bay, facts, by)


async def _write_bay(db: AsyncSession, bay: Bay, facts: BayFacts, by: Viewer) -> Bay:
    if set(facts.capabilities) - set(CAPABILITIES):
        raise Invalid({"capabilities": _("Choose from the list.")})
    await _refuse_namesake(db, bay, facts.name)
    for name, value in msgspec.structs.asdict(facts).items():
        setattr(bay, name, value)
    await db.flush()
    event = BayChanged(center_id=bay.center_id, bay_id=bay.id, is_active=bay.is_active)
    await record(db, event, by=by, tenant=bay.tenant_id, subject=bay.center_id)
    return bay


async def _refuse_namesake(db: AsyncSession, bay: Bay, name: str) -> None:
    """Two rows of the board with one name would send cars to the wrong lift."""
    namesake = select(Bay.id).where(
        Bay.tenant_id == bay.tenant_id,
        Bay.center_id == bay.center_id,
        func.lower(Bay.name) == name.strip().lower(),
        Bay.is_active,
    )
    with db.no_autoflush:  # the new bay is not ready to be written yet
        found = (await db.scalars(namesake)).all()
        if set(found) - {bay.id}:
            raise Invalid({"name": _("There is a bay of this name here already.")})


async def currencies_on_paper(db: AsyncSession, tenant_id: UUID, center_id: UUID | None = None) -> set[str]:
    """In which currencies prices stand on estimates, orders and invoices. For the actor's own business."""
    asked = {"business": tenant_id, "center": center_id}
    return set(await db.scalars(text("SELECT currencies_on_paper(:business, :center)"), asked))


async def refuse_new_currency(
    db: AsyncSession, old: str, tenant_id: UUID, center_id: UUID | None = None, *, key: str
) -> None:
    """Raise Invalid when prices stand on paper in the old currency: the figures would stay and mean something else,
    a year's takings would not add up, and what is owed could not be paid."""
    if old in await currencies_on_paper(db, tenant_id, center_id):
        raise Invalid(
            {
                key: _(
                    "There are prices in %(currency)s on estimates, orders or invoices already, so it must stay. "
                    "For another currency open another workshop.",
                    currency=old,
                )
            }
        )


def _set(center: ServiceCenter, facts: CenterFacts) -> None:
    errors: dict[str, str] = {}
    if facts.zone not in zones():
        errors["zone"] = _("There is no time zone of that name.")
    if facts.currency not in currencies():
        errors["currency"] = _("There is no currency of that code.")
    if facts.distance_unit not in ("km", "mi"):
        errors["distance_unit"] = _("Choose kilometers or miles.")
    if facts.slot_minutes not in SLOT_STEPS:
        errors["slot_minutes"] = _("Choose one of the list.")
    if not (facts.tax_rate.is_finite() and 0 <= facts.tax_rate < 1):
        errors["tax_rate"] = _("A tax rate lies between 0 and 100 %.")
    elif facts.tax_rate != round(facts.tax_rate, 6):
        errors["tax_rate"] = _("At most four decimals of a percent, please: 8.875")
    if facts.invoice_series == "CN":
        errors["invoice_series"] = _("CN stands before credit notes. Please choose other letters.")
    if errors:
        raise Invalid(errors)
    hours = check_week(facts.working_hours)
    fields: dict[str, Any] = msgspec.structs.asdict(facts) | {"working_hours": hours}
    for name, value in fields.items():
        setattr(center, name, value)


def slug_of(name: str) -> str:
    """A name as it stands in an address: small Latin letters, digits and hyphens."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split()
    return "-".join(words)[:48].strip("-") or "center"


def first_free(slug: str, taken: set[str]) -> str:
    """The slug, or the slug with the first number that makes it new."""
    numbered = (f"{slug}-{n}" for n in range(2, len(taken) + 3))
    return next(one for one in (slug, *numbered) if one not in taken)


async def _free_slug(db: AsyncSession, name: str) -> str:
    base = slug_of(name)
    taken = set(await db.scalars(select(ServiceCenter.slug).where(ServiceCenter.slug.like(f"{base}%"))))
    return first_free(base, taken)


async def _exception(db: AsyncSession, center: ServiceCenter, day: date) -> HoursException | None:
    found: HoursException | None = await db.scalar(
        select(HoursException).where(
            HoursException.tenant_id == center.tenant_id,
            HoursException.center_id == center.id,
            HoursException.day == day,
        )
    )
    return found


async def _tell_center(db: AsyncSession, center: ServiceCenter, by: Viewer) -> None:
    event = CenterChanged(center_id=center.id, is_active=center.is_active)
    await record(db, event, by=by, tenant=center.tenant_id, subject=center.id)


async def _tell_day(db: AsyncSession, center: ServiceCenter, day: date, by: Viewer) -> None:
    event = HoursExceptionChanged(center_id=center.id, day=day)
    await record(db, event, by=by, tenant=center.tenant_id, subject=center.id)


async def open_centers(db: AsyncSession) -> Sequence[ServiceCenter]:
    """Every center that takes bookings, of every shop. Anyone may read it."""
    return (await db.scalars(_bookable().order_by(func.lower(ServiceCenter.name)))).all()


async def search_open_centers(
    db: AsyncSession, asked: str, *, most: int
) -> Sequence[tuple[ServiceCenter, str]]:
    """Centers that take bookings, each with its business's name, whose name, business, street or town has every word
    that is asked. Anyone may read it."""
    query = _bookable().add_columns(Tenant.name).order_by(func.lower(ServiceCenter.name)).limit(most)
    said = func.lower(
        func.concat_ws(" ", ServiceCenter.name, Tenant.name, ServiceCenter.address, ServiceCenter.city)
    )
    for word in asked.lower().split()[:8]:
        query = query.where(said.contains(word, autoescape=True))
    return [(center, name) for center, name in await db.execute(query)]


async def center_called(db: AsyncSession, slug: str) -> ServiceCenter:
    """A center that takes bookings, by its address on the site. Anyone may read it."""
    return await _found(db, _bookable().where(ServiceCenter.slug == slug))


async def center_to_visit(db: AsyncSession, slug: str) -> ServiceCenter:
    """A center with a page of its own on the site, whether it can be booked there or only rung up. Anyone may read it."""
    return await _found(db, _open().where(ServiceCenter.slug == slug))


async def open_center_by_id(db: AsyncSession, center_id: UUID) -> ServiceCenter:
    """A center that takes bookings. Anyone may read it."""
    return await _found(db, _bookable().where(ServiceCenter.id == center_id))


async def is_public(db: AsyncSession, center: ServiceCenter) -> bool:
    """Whether anyone may see the center and book there."""
    return await db.scalar(_bookable().where(ServiceCenter.id == center.id)) is not None


def business_of(me: Viewer) -> UUID:
    """The business the viewer works for in this session. Raises Forbidden."""
    if me.tenant_id is None:
        raise Forbidden("manage:center")
    return me.tenant_id


async def clock_center(db: AsyncSession, me: Viewer) -> ServiceCenter | None:
    """The center whose clock the viewer reads."""
    return await db.get(ServiceCenter, me.center_id) if me.center_id else None


async def working_center(db: AsyncSession, me: Viewer) -> ServiceCenter:
    """The center the viewer works at in this session."""
    if me.center_id is None:
        raise Refused(_("Choose the service center you work at first."))
    return await find_center(db, me, me.center_id)


def _bookable() -> Select[ServiceCenter]:
    not_online = exists().where(
        SystemSetting.tenant_id == ServiceCenter.tenant_id,
        SystemSetting.key == f"{modules.PREFIX}online_booking",
        SystemSetting.value == literal(False, JSONB),
    )
    return _open().where(~not_online)


def _open() -> Select[ServiceCenter]:
    return (
        select(ServiceCenter)
        .join(Tenant, Tenant.id == ServiceCenter.tenant_id)
        .where(ServiceCenter.is_active, Tenant.is_active, Tenant.kind == "shop")
    )


async def _found(db: AsyncSession, query: Select[ServiceCenter]) -> ServiceCenter:
    center = await db.scalar(query)
    if center is None:
        raise NotFound
    return center
