"""Making a passport, taking its link back, and following one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Literal
from uuid import UUID

import segno
from sqlalchemy import exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, sealing
from app.core.db import act_as, new_id
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.security import hash_token, new_token
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import garage
from app.domains.garage.models import Ownership, Vehicle
from app.domains.logbook import Entry
from app.domains.passports import gathering, keys
from app.domains.passports.checking import Checked, check
from app.domains.passports.document import (
    FORMAT,
    About,
    Document,
    b64,
    canonical,
    compact,
    digest,
    hashes_of,
    signed_bytes,
    summary_of,
)  # fmt: skip
from app.domains.passports.events import PassportMade, PassportRevoked
from app.domains.passports.models import LINK_SEAL, Passport
from app.settings import settings

Days = Literal[7, 30, 90, 365]
MOST = 20
"""Links of one car that are open at once."""


async def make(db: AsyncSession, vehicle: Vehicle, *, days: Days, by: Viewer) -> Passport:
    """Sign what the car's history says now, and make a link to it. Raises Refused."""
    if by.user_id is None:
        raise NotFound
    claim = await garage.ownership(db, by, vehicle)
    if claim is None or claim.sold_on is not None:
        raise Refused(_("This car is sold: its passport is for its new owner to make."))
    if len([one for one in await of_car(db, vehicle, by=by) if is_open(one)]) >= MOST:
        raise Refused(_("This car has many open links. Take one back first."))
    document, token = await sign(db, vehicle, by=by), new_token()
    passport = Passport(
        id=new_id(), user_id=by.user_id, vehicle_id=vehicle.id, token_hash=hash_token(token),
        token_sealed=sealing.seal(LINK_SEAL, token), document=canonical(document),
        expires_at=clock.now() + timedelta(days=days),
    )  # fmt: skip
    db.add(passport)
    await db.flush()
    event = PassportMade(passport_id=passport.id, vehicle_id=vehicle.id)
    await record(db, event, by=by, person=by.user_id, subject=vehicle.id)
    return passport


async def sign(db: AsyncSession, vehicle: Vehicle, *, by: Viewer) -> Document:
    """The signed document of a car as it is now."""
    name, key = keys.present()
    made_at = clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    about = About(FORMAT, settings().base_url, name, made_at)
    car = gathering.car_of(vehicle)
    readings = await gathering.readings_of(db, vehicle, by=by)
    entries = await gathering.work_on(db, vehicle, by=by)
    hashes = hashes_of(about, car, readings, entries)
    unsigned = Document(about, car, readings, entries, hashes, digest(hashes), "")
    signature = b64(key.sign(signed_bytes(summary_of(unsigned))))
    return Document(about, car, readings, entries, hashes, unsigned.root, signature)


async def of_car(db: AsyncSession, vehicle: Vehicle, *, by: Viewer) -> Sequence[Passport]:
    """The passports the viewer made of a car, the newest first."""
    mine = select(Passport).where(Passport.vehicle_id == vehicle.id, Passport.user_id == by.user_id)
    return (await db.scalars(mine.order_by(Passport.id.desc()).limit(50))).all()


def is_open(passport: Passport) -> bool:
    return passport.revoked_at is None and passport.expires_at > clock.now()


async def find(db: AsyncSession, vehicle: Vehicle, passport_id: UUID, *, by: Viewer) -> Passport:
    passport = await db.scalar(
        select(Passport).where(
            Passport.id == passport_id, Passport.vehicle_id == vehicle.id, Passport.user_id == by.user_id
        )
    )
    if passport is None:
        raise NotFound
    return passport


async def revoke(db: AsyncSession, passport: Passport, *, by: Viewer) -> None:
    """Shut a link for good. Doing it again changes nothing."""
    if passport.revoked_at is None:
        passport.revoked_at = clock.now()
        event = PassportRevoked(passport_id=passport.id, vehicle_id=passport.vehicle_id)
        await record(db, event, by=by, person=by.user_id, subject=passport.vehicle_id)


def link_of(passport: Passport) -> str:
    """The link; empty when it was sealed with a key that is gone."""
    try:
        return f"{settings().base_url}/passport/{sealing.unseal(LINK_SEAL, passport.token_sealed)}"
    except ValueError:
        return ""


def drawn(link: str, document: Document) -> str:
    """The QR code with the link and the signed summary, as the address of an image. What stands behind the # stays in the
    scanner's hands: a browser does not send it."""
    code = segno.make(f"{link}#{compact(document)}", error="l", micro=False)
    return code.svg_data_uri(scale=4, border=4, light="#fff", dark="#000")


@dataclass(frozen=True, slots=True)
class Shown:
    """A passport as whoever holds its link sees it."""

    checked: Checked
    document: str
    later: int
    """Entries that were added to the history since."""


async def follow(db: AsyncSession, token: str, *, by: Viewer) -> Shown:
    """What a link shows. Raises NotFound, or Refused (410) when its time is over, it was taken back, or the car is not its
    maker's any more."""
    found = (
        await db.execute(text("SELECT * FROM passport_by_hash(:hash)"), {"hash": hash_token(token)})
    ).first()
    if found is None:
        raise NotFound
    await act_as(db, user=found.user_id)
    passport = await db.get_one(Passport, found.passport_id)
    is_theirs = await db.scalar(
        select(
            exists().where(
                Ownership.vehicle_id == passport.vehicle_id,
                Ownership.user_id == passport.user_id,
                Ownership.until.is_(None),
                Ownership.sold_on.is_(None),
            )
        )
    )
    if not is_open(passport) or not is_theirs:
        raise Refused(
            _("This passport is not shown any more. Ask whoever gave you the link for a new one."), status=410
        )
    vehicle = await db.get_one(Vehicle, passport.vehicle_id)
    later = await db.scalar(
        select(func.count()).where(gathering.goes_in(vehicle), Entry.created_at > passport.created_at)
    )
    await act_as(db, user=by.user_id, tenant=by.tenant_id)
    return Shown(check(passport.document.encode(), keys.ours()), passport.document, later or 0)
