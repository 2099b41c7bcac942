"""Who shares a car: its owners, who drives it, who looks at it. There is always an owner."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import take_turn
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.garage.cars import find_own, find_readable, ownership
from app.domains.garage.events import MemberLeft, MemberRoleChanged
from app.domains.garage.models import Ownership, Vehicle

Role = Literal["owner", "driver", "reader"]


class Member(msgspec.Struct, frozen=True):
    """Somebody in whose garage a car stands; the address is for its owners to read."""

    ownership_id: UUID
    vehicle_id: UUID
    user_id: UUID
    name: str
    email: str
    role: str


async def members(db: AsyncSession, cars: Sequence[Vehicle]) -> list[Member]:
    """Everybody who shares cars of the viewer's garage, the owners first."""
    found = await db.execute(
        text("SELECT ownership_id, vehicle_id, user_id, name, email, role FROM members_of_cars(:cars)"),
        {"cars": [car.id for car in cars]},
    )
    return [Member(*row) for row in found]


async def everybody_of(db: AsyncSession, vehicle: Vehicle) -> list[str]:
    """The names and addresses of all who ever had a car its owner asks for: they are looked for in what is handed on."""
    rows = await db.execute(text("SELECT name, email FROM people_of_car(:car)"), {"car": vehicle.id})
    return [word for row in rows for word in row]


async def owners_of(db: AsyncSession, me: Viewer, cars: Sequence[Vehicle]) -> dict[UUID, str]:
    """By whom each car that is not the viewer's own is shared with them."""
    known = await members(db, cars)
    own = {one.vehicle_id for one in known if one.user_id == me.user_id and one.role == "owner"}
    names: dict[UUID, list[str]] = {}
    for one in known:
        if one.role == "owner" and one.vehicle_id not in own:
            names.setdefault(one.vehicle_id, []).append(one.name)
    return {car: ", ".join(said) for car, said in names.items()}


async def change_role(
    db: AsyncSession, vehicle: Vehicle, ownership_id: UUID, role: Role, *, by: Viewer
) -> None:
    """Raises NotFound, Forbidden; Refused for the last owner."""
    claim = await _turned_to(db, vehicle, ownership_id, by)
    if claim.role == role:
        return
    if claim.role == "owner":
        await _must_leave_an_owner(db, claim)
    # Of two owners who make each other drivers, one was first: whoever it was made of may no more.
    claim.role = role
    await db.flush()
    event = MemberRoleChanged(vehicle_id=vehicle.id, member_id=claim.user_id, role=role)
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)


async def remove(db: AsyncSession, vehicle: Vehicle, ownership_id: UUID, *, by: Viewer) -> None:
    """Share a car with somebody no more. Raises NotFound, Forbidden; Refused for the last owner."""
    await _end(db, await _turned_to(db, vehicle, ownership_id, by), by)


async def leave(db: AsyncSession, vehicle: Vehicle, *, by: Viewer) -> None:
    """Take a shared car out of one's garage for good. Raises NotFound; Refused for the last owner."""
    await take_turn(db, f"family of {vehicle.id}")
    await find_readable(db, by, vehicle.id)
    claim = await ownership(db, by, vehicle)
    if claim is None:
        raise NotFound
    await db.refresh(claim)
    await _end(db, claim, by)


async def hand_down(db: AsyncSession, person: UUID) -> None:
    """Before an account is erased: a car that others drive or look at is not left without an owner. Whoever drives it
    longest has it from then on, and where nobody does, whoever looks at it longest."""
    owned = select(Ownership.vehicle_id).where(
        Ownership.user_id == person, Ownership.until.is_(None), Ownership.role == "owner"
    )
    for vehicle_id in sorted((await db.scalars(owned)).all()):
        await take_turn(db, f"family of {vehicle_id}")
        others = await db.scalars(
            select(Ownership)
            .where(Ownership.vehicle_id == vehicle_id, Ownership.user_id != person, Ownership.until.is_(None))
            .order_by(Ownership.role, Ownership.since, Ownership.id)
        )
        left = others.all()
        if left and all(one.role != "owner" for one in left):
            left[0].role = "owner"
            await db.flush()
            event = MemberRoleChanged(vehicle_id=vehicle_id, member_id=left[0].user_id, role="owner")
            await record(db, event, by=Viewer.system(), person=left[0].user_id, subject=vehicle_id)


async def _turned_to(db: AsyncSession, vehicle: Vehicle, ownership_id: UUID, by: Viewer) -> Ownership:
    await take_turn(db, f"family of {vehicle.id}")
    own = await ownership(db, by, vehicle)
    if own is not None:
        await db.refresh(own)
    await find_own(db, by, vehicle.id)
    claim = await db.scalar(
        select(Ownership)
        .where(
            Ownership.id == ownership_id, Ownership.vehicle_id == vehicle.id, Ownership.until.is_(None)
        )
        .execution_options(populate_existing=True)
    )  # fmt: skip
    if claim is None:
        raise NotFound
    return claim


async def _end(db: AsyncSession, claim: Ownership, by: Viewer) -> None:
    if claim.role == "owner":
        await _must_leave_an_owner(db, claim)
    event = MemberLeft(vehicle_id=claim.vehicle_id, member_id=claim.user_id)
    await record(db, event, by=by, person=by.user_id, subject=claim.vehicle_id)
    claim.until = clock.now()
    await db.flush()


async def _must_leave_an_owner(db: AsyncSession, claim: Ownership) -> None:
    other = await db.scalar(
        select(Ownership.id)
        .where(
            Ownership.vehicle_id == claim.vehicle_id, Ownership.id != claim.id,
            Ownership.role == "owner", Ownership.until.is_(None),
        )
        .limit(1)
    )  # fmt: skip
    if other is None:
        raise Refused(_("A car needs an owner. Make somebody else its owner first."))
