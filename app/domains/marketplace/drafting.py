"""Writing a parts order: a draft that is kept after every step, on whatever device it is gone on with."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, files
from app.core.db import new_id, take_turn
from app.core.errors import Forbidden, Invalid, Refused
from app.core.files import Kept
from app.core.locating import Place, place_at
from app.core.places import currency_of
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage, workshop
from app.domains.garage import Vehicle
from app.domains.marketplace import asking, for_job, orders
from app.domains.marketplace.models import (
    ASKING,
    PartsOrder,
    PartsOrderDelivery,
    PartsOrderLine,
    PartsOrderPhoto,
)
from app.domains.network.models import ServiceCenter
from app.domains.workshop.models import Job, RepairOrder
from app.gateways import places

STEPS = ("vehicle", "delivery", "parts", "review")
MOST_DRAFTS = 30
MOST_PHOTOS = 4
"""For one part."""
MOST_PIECES = 999
FURTHEST = timedelta(days=365)
"""Nobody needs a part later than in a year."""

FACTS = ("vin", "make", "model", "year", "engine", "fuel", "trim", "body")

Text = Annotated[str, msgspec.Meta(max_length=500)]


class PartWanted(msgspec.Struct, kw_only=True):
    """One part as the buyer describes it; `line_id` of the row it changes, None for a new one."""

    line_id: UUID | None = None
    name: Annotated[str, msgspec.Meta(max_length=120)] = ""
    part_number: Annotated[str, msgspec.Meta(max_length=60)] = ""
    quantity: Decimal = Decimal(1)
    note: Text = ""
    oem_only: bool = False
    photos: Sequence[Kept] = ()
    without: Sequence[UUID] = ()
    """Photos to take away again."""
    job_line_id: UUID | None = None


class Recipient(msgspec.Struct, kw_only=True):
    """Who takes the parts, and where exactly: a seller reads it once they have sold."""

    name: Annotated[str, msgspec.Meta(max_length=120)] = ""
    phone: Annotated[str, msgspec.Meta(max_length=40)] = ""
    address: Annotated[str, msgspec.Meta(max_length=300)] = ""
    note: Annotated[str, msgspec.Meta(max_length=300)] = ""


class Terms(msgspec.Struct, kw_only=True):
    """How the shops are asked."""

    needed_by: date | None = None
    priority: Literal["normal", "urgent"] = "normal"
    bidding: Literal["sealed", "open"] = "sealed"
    note: Annotated[str, msgspec.Meta(max_length=1000)] = ""


Photos = Mapping[UUID, Sequence[tuple[PartsOrderPhoto, File]]]
"""Line -> its photos, each with its file."""


def must_ask(me: Viewer) -> None:
    """Whoever stands in a business asks for it, if they may. Raises Forbidden."""
    if me.is_staff and not me.can("request:parts"):
        raise Forbidden("request:parts")


async def begin(db: AsyncSession, *, by: Viewer) -> PartsOrder:
    """An empty draft that knows where the parts went the last time, or where the workshop is."""
    must_ask(by)
    mine = select(func.count()).where(orders.bought_by(by), PartsOrder.status == "draft")
    if (await db.scalar(mine) or 0) >= MOST_DRAFTS:
        raise Refused(
            _("You have %(number)s drafts. Go on with one of them, or remove some first.", number=MOST_DRAFTS)
        )
    order = PartsOrder(
        id=new_id(),
        code=orders.new_code(),
        user_id=None if by.is_staff else by.user_id,
        buyer_tenant_id=by.tenant_id,
        buyer_center_id=by.center_id,
        raised_by_id=by.user_id,
        raised_by_name=by.name,
        zone=by.zone,
    )
    db.add(order)
    await db.flush()
    await _where_to(db, order, by)
    return order


async def _where_to(db: AsyncSession, order: PartsOrder, by: Viewer) -> None:
    """As the last time; a workshop's first order goes to its own address."""
    last = await db.scalar(
        select(PartsOrder)
        .where(orders.bought_by(by), PartsOrder.id != order.id, PartsOrder.latitude.is_not(None))
        .order_by(PartsOrder.created_at.desc())
        .limit(1)
    )
    if last is not None:
        await _copy_delivery(db, last, order)
    elif order.buyer_center_id is not None:
        await _to_workshop(db, order, await db.get_one(ServiceCenter, order.buyer_center_id))
    else:
        await _put_recipient(db, order, Recipient(name=by.name))


async def _to_workshop(db: AsyncSession, order: PartsOrder, center: ServiceCenter) -> None:
    """The town is looked up; where several are called so, the step asks which one it is."""
    address = ", ".join(filter(None, (center.address, center.city)))
    await _put_recipient(db, order, Recipient(name=center.name, phone=center.phone, address=address))
    town = re.sub(r"\b\d[\d-]{3,}\b", "", center.city).strip(" ,")
    order.zone, order.place = center.zone, town
    near = [city for city in places.search_cities(town, country=center.country) if city.zone == center.zone]
    name = town.partition(",")[0].casefold()
    found = [city for city in near if city.name.casefold() == name] or near
    if len(found) == 1 or (found and "," in town):
        _put_place(order, place_at(*found[0].point))


async def hold_draft(db: AsyncSession, order: PartsOrder, version: int | None = None) -> PartsOrder:
    """The order, for changing. Raises Refused when the shops have it already, or when somebody changed it since."""
    order = await orders.hold(db, order.id)
    if order.status != "draft":
        raise out_already()
    if version is not None and version != order.version:
        raise Refused(
            _("This order was changed meanwhile, here or on another device. Please look at it again."),
            audit="parts_order.stale",
        )
    order.version += 1
    return order


def out_already() -> Refused:
    return Refused(
        _("The shops have this order already. Call it off and ask again to change it."),
        audit="parts_order.illegal_move",
    )


async def undone_step(db: AsyncSession, order: PartsOrder) -> str:
    """The first step that is not finished; "review" when nothing is missing."""
    if not order.make:
        return "vehicle"
    to = await orders.delivery_of(db, order.id)
    if order.latitude is None or not order.currency or to is None or not to.address:
        return "delivery"
    return "review" if await orders.lines_of(db, order.id) else "parts"


def after(step: str) -> str:
    return STEPS[min(STEPS.index(step) + 1, len(STEPS) - 1)]


# --- the car ---------------------------------------------------------------------------------------


async def set_vehicle(db: AsyncSession, order: PartsOrder, vehicle: Vehicle) -> None:
    """A car that is known, with what its VIN says beside. The caller has found it for the buyer and holds the draft."""
    facts = {name: getattr(vehicle, name) for name in FACTS}
    order.vehicle_id = vehicle.id
    await _put_car(order, facts)


async def set_car(db: AsyncSession, order: PartsOrder, facts: garage.VehicleFacts) -> None:
    """A car as typed; without a VIN it is no less a car, and one that decodes needs nothing else. Raises Invalid."""
    order.vehicle_id = None
    if facts.vin and not facts.make:
        decoded = (await garage.look_up(facts.vin)).decoded
        facts = msgspec.structs.replace(
            facts,
            make=decoded.make or "",
            model=facts.model or decoded.model or "",
            year=facts.year or decoded.year,
        )
    await _put_car(order, msgspec.structs.asdict(garage.accepted(facts)))


async def _put_car(order: PartsOrder, facts: Mapping[str, Any]) -> None:
    found = await garage.look_up(facts["vin"]) if facts["vin"] else None
    make = garage.make_called(facts["make"])
    decoded = garage.as_form(found)
    if garage.make_called(str(decoded.get("make", ""))) != make:
        decoded = {}  # the person at the car knows better than a VIN that is another car's
    car = {name: facts[name] or decoded.get(name) or "" for name in FACTS} | {"make": make}
    car["name"] = " ".join(str(car[part]) for part in ("year", "make", "model") if car[part])
    car["year"] = car["year"] or None
    order.car, order.make = car, make.casefold()
    order.step = after("vehicle")


# --- where to --------------------------------------------------------------------------------------


async def set_delivery(db: AsyncSession, order: PartsOrder, place: Place, to: Recipient) -> None:
    """Where the parts go. All shops read the town; the exact address stays with the buyer until one has sold. Raises
    Invalid."""
    errors = {}
    if not to.name.strip():
        errors["name"] = _("Please say who takes the parts.")
    if not to.address.strip():
        errors["address"] = _("Please write the street and the number.")
    if not currency_of(place.country):
        errors["place"] = _("We do not know this country's currency. Please choose a town.")
    if errors:
        raise Invalid(errors)
    _put_place(order, place)
    await _put_recipient(db, order, to)
    order.step = after("delivery")


def _put_place(order: PartsOrder, place: Place) -> None:
    """The town by its name, and the point to about a kilometre: a shop that was only asked learns no more."""
    order.latitude, order.longitude = round(place.latitude, 2), round(place.longitude, 2)
    city = places.nearest_city(place.latitude, place.longitude)
    order.place = place_at(place.latitude, place.longitude).label
    order.country, order.currency = place.country, currency_of(place.country)
    order.zone = (city.zone if city else "") or order.zone


async def _put_recipient(db: AsyncSession, order: PartsOrder, to: Recipient) -> None:
    kept = await orders.delivery_of(db, order.id)
    if kept is None:
        kept = PartsOrderDelivery(
            order_id=order.id, user_id=order.user_id, buyer_tenant_id=order.buyer_tenant_id
        )
        db.add(kept)
    kept.name, kept.phone = to.name.strip(), to.phone.strip()
    kept.address, kept.note = to.address.strip(), to.note.strip()
    await db.flush()


async def _copy_delivery(db: AsyncSession, old: PartsOrder, order: PartsOrder) -> None:
    for name in ("place", "latitude", "longitude", "country", "currency", "zone"):
        setattr(order, name, getattr(old, name))
    kept = await orders.delivery_of(db, old.id)
    if kept is not None:
        to = Recipient(name=kept.name, phone=kept.phone, address=kept.address, note=kept.note)
        await _put_recipient(db, order, to)


# --- which parts -----------------------------------------------------------------------------------


async def set_parts(db: AsyncSession, order: PartsOrder, wanted: Sequence[PartWanted], *, by: Viewer) -> None:
    """The rows as they are to be: those that are not named go. Raises Invalid, by the number of the row: "name-0"."""
    if not wanted:
        raise Invalid({"parts": _("Say which parts you need.")})
    if len(wanted) > asking.MOST_LINES:
        raise Invalid({"parts": _("At most %(number)s parts in one order.", number=asking.MOST_LINES)})
    stored = {line.id: line for line in await orders.lines_of(db, order.id)}
    photos = await photos_of(db, order.id)
    if errors := _wrong_parts(wanted, photos):
        raise Invalid(errors)
    kept = {one.line_id: set(one.without) for one in wanted}
    gone = [
        (photo, file)
        for line_id, there in photos.items()
        for photo, file in there
        if line_id not in kept or photo.id in kept[line_id]
    ]
    await _forget(db, gone, by=by)
    await db.execute(
        delete(PartsOrderLine).where(
            PartsOrderLine.order_id == order.id, PartsOrderLine.id.not_in([one for one in kept if one])
        )
    )
    position = max((line.position for line in stored.values()), default=-1)
    for one in wanted:
        known = stored.get(one.line_id) if one.line_id else None
        if known is None:
            position += 1
        await _put_part(db, order, known, one, position, by=by)
    order.step = after("parts")


async def add_part(db: AsyncSession, order: PartsOrder, wanted: PartWanted, *, by: Viewer) -> None:
    """A part of a draft that has none yet; the steps before the parts are still to be gone through."""
    await _put_part(db, order, None, wanted, 0, by=by)


async def _put_part(
    db: AsyncSession,
    order: PartsOrder,
    known: PartsOrderLine | None,
    one: PartWanted,
    position: int,
    *,
    by: Viewer,
) -> PartsOrderLine:
    if known is None:
        known = PartsOrderLine(id=new_id(), order_id=order.id, position=position, job_line_id=one.job_line_id)
        db.add(known)
    known.name = one.name.strip() or one.part_number.strip()
    known.part_number, known.note = one.part_number.strip(), one.note.strip()
    known.quantity, known.oem_only = one.quantity, one.oem_only
    await db.flush()
    await _add_photos(db, known, one.photos, by=by)
    return known


async def _add_photos(db: AsyncSession, line: PartsOrderLine, sent: Sequence[Kept], *, by: Viewer) -> None:
    for photo in sent:
        file = await files.keep(db, photo, by=by, owner=None if by.is_staff else by.user_id)
        db.add(PartsOrderPhoto(order_id=line.order_id, line_id=line.id, file_id=file.id))
    await db.flush()


async def keep_photos(db: AsyncSession, order: PartsOrder, one: PartWanted, *, by: Viewer) -> UUID | None:
    """The photos of a part that cannot be kept yet as it was typed: a browser does not send them again. A part that is new
    is begun with what can be kept of it. Gives its line; None where there is nothing to keep them with, or no room."""
    lines = await orders.lines_of(db, order.id)
    known = next((line for line in lines if line.id == one.line_id), None)
    if known is None:
        if not (one.name.strip() or one.part_number.strip()) or len(lines) >= asking.MOST_LINES:
            return None
        position = max((line.position for line in lines), default=-1) + 1
        return (await _put_part(db, order, None, one, position, by=by)).id
    there = (await photos_of(db, order.id)).get(known.id, [])
    if len(there) + len(one.photos) > MOST_PHOTOS:
        return None
    await _add_photos(db, known, one.photos, by=by)
    return known.id


async def clear_parts(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> None:
    """The last row was taken away."""
    photos = await photos_of(db, order.id)
    await _forget(db, [pair for there in photos.values() for pair in there], by=by)
    await db.execute(delete(PartsOrderLine).where(PartsOrderLine.order_id == order.id))


def _wrong_parts(wanted: Sequence[PartWanted], photos: Photos) -> dict[str, str]:
    errors = {}
    for number, one in enumerate(wanted):
        if not (one.name.strip() or one.part_number.strip()):
            errors[f"name-{number}"] = _("Write what it is called, or its number.")
        if not 0 < one.quantity <= MOST_PIECES:
            errors[f"quantity-{number}"] = _("Between 1 and %(most)s, please.", most=MOST_PIECES)
        there = photos.get(one.line_id, ()) if one.line_id else ()
        if sum(photo.id not in one.without for photo, _file in there) + len(one.photos) > MOST_PHOTOS:
            errors[f"photos-{number}"] = too_many_photos()
    return errors


def too_many_photos() -> str:
    return _("Up to %(most)s photos of one part, please.", most=MOST_PHOTOS)


async def _forget(db: AsyncSession, pairs: Sequence[tuple[PartsOrderPhoto, File]], *, by: Viewer) -> None:
    """Before the rows are changed: what was changed by then would be kept with the event of a file that is gone. A file
    stays that an order which was asked about again shows too."""
    for photo, _file in pairs:
        await db.delete(photo)
    await db.flush()
    for _photo, file in pairs:
        shown = select(PartsOrderPhoto.id).where(PartsOrderPhoto.file_id == file.id).limit(1)
        if not await db.scalar(shown):
            await files.forget(db, file, by=by)


async def photos_of(db: AsyncSession, order_id: UUID) -> dict[UUID, list[tuple[PartsOrderPhoto, File]]]:
    """Line -> its photos, the first that was sent first."""
    rows = await db.execute(
        select(PartsOrderPhoto, File)
        .join(File, File.id == PartsOrderPhoto.file_id)
        .where(PartsOrderPhoto.order_id == order_id)
        .order_by(PartsOrderPhoto.id)
    )
    found: dict[UUID, list[tuple[PartsOrderPhoto, File]]] = {}
    for photo, file in rows:
        found.setdefault(photo.line_id, []).append((photo, file))
    return found


# --- how the shops are asked, and the end ------------------------------------------------------------


async def set_terms(db: AsyncSession, order: PartsOrder, terms: Terms) -> None:
    """Raises Invalid."""
    today = clock.today(order.zone)
    if terms.needed_by and not today <= terms.needed_by <= today + FURTHEST:
        raise Invalid(
            {
                "needed_by": _("This day has been.")
                if terms.needed_by < today
                else _("This day is too far ahead.")
            }
        )
    order.needed_by, order.priority = terms.needed_by, terms.priority
    order.bidding, order.note = terms.bidding, terms.note.strip()
    order.step = "review"


async def remove(db: AsyncSession, order: PartsOrder, *, by: Viewer) -> None:
    """Throw a draft away. Raises Refused for what the shops have seen."""
    order = await hold_draft(db, order)
    await clear_parts(db, order, by=by)
    await db.execute(delete(PartsOrderDelivery).where(PartsOrderDelivery.order_id == order.id))
    await db.delete(order)
    await db.flush()


async def ask_again(db: AsyncSession, old: PartsOrder, *, by: Viewer) -> PartsOrder:
    """A new draft like an order that came to its end; where parts were bought, of those the buyer did without, and that
    also while the rest is still on its way. Raises Refused while the shops are still answering for all of it."""
    lines = await orders.lines_of(db, old.id)
    given_up = [line for line in lines if line.given_up]
    if old.status == "draft" or (old.status in ASKING and not given_up):
        raise Refused(_("This order is still open. Call it off first, or go on with it."))
    order = await begin(db, by=by)
    for name in ("job_id", "vehicle_id", "make", "car", "priority", "note", "bidding"):
        setattr(order, name, getattr(old, name))
    await _copy_delivery(db, old, order)
    photos = await photos_of(db, old.id)
    for position, line in enumerate(given_up or lines):
        copy = PartsOrderLine(id=new_id(), order_id=order.id, position=position)
        for name in ("name", "part_number", "quantity", "note", "oem_only", "job_line_id"):
            setattr(copy, name, getattr(line, name))
        db.add(copy)
        await db.flush()
        for photo, _file in photos.get(line.id, ()):
            db.add(PartsOrderPhoto(order_id=order.id, line_id=copy.id, file_id=photo.file_id))
    order.step = await undone_step(db, order)
    return order


async def done_without(db: AsyncSession, mine: Sequence[PartsOrder]) -> set[UUID]:
    """Those of the orders of which the buyer gave a part up."""
    found = await db.scalars(
        select(PartsOrderLine.order_id)
        .distinct()
        .where(PartsOrderLine.order_id.in_([one.id for one in mine]), PartsOrderLine.given_up)
    )
    return set(found)


async def begin_for_job(db: AsyncSession, job: Job, visit: RepairOrder, *, by: Viewer) -> PartsOrder:
    """A draft for a workshop's job: its car, its part lines, sent to the workshop. One that is there already is gone on
    with, whoever of the workshop began it. Raises Refused."""
    if not visit.is_open:
        raise Refused(_("This order is closed. Open it again first."))
    known = [one for one in await orders.mine(db, by, job_id=job.id) if one.status == "draft"]
    if known:
        return known[0]
    order = await begin(db, by=by)
    order.job_id = job.id
    await set_vehicle(db, order, await garage.find(db, by, visit.vehicle_id))
    lines = (await workshop.lines_of(db, [job]))[job.id]
    wanted = [
        PartWanted(
            name=line.description[:120], part_number=line.part_number[:60], quantity=line.quantity,
            job_line_id=line.id,
        )
        for line in lines
        if line.kind == "part" and line.quantity > 0
    ]  # fmt: skip
    if wanted:
        await set_parts(db, order, wanted[: asking.MOST_LINES], by=by)
    order.step = await undone_step(db, order)
    return order


async def submit(db: AsyncSession, order: PartsOrder, *, by: Viewer, anyway: bool = False) -> PartsOrder:
    """Ask the shops. Raises Invalid by step for what is missing, and unless it is to be so `anyway`, for parts of a job
    that another request names already; Refused for what they have already."""
    must_ask(by)
    undone = await undone_step(db, order)
    if order.status == "draft" and undone != "review":
        words = {
            "vehicle": _("Say which car it is for."),
            "delivery": _("Say where the parts go."),
            "parts": _("Say which parts you need."),
        }
        raise Invalid({undone: words[undone]})
    if order.status == "draft" and order.job_id:
        await take_turn(db, f"parts of job {order.job_id}")
        if not anyway and (known := await for_job.asked_already(db, order)):
            raise Invalid({"anyway": " ".join(one.words for one in known)})
    return await asking.submit(db, order, by=by)
