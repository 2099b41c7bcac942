"""The certificates of the people of a center, and which of them no longer hold."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import NotFound
from app.core.events import record
from app.core.viewer import Viewer
from app.domains.network.models import ServiceCenter, StaffCertificate, StaffProfile
from app.domains.network.setup_events import CertificateAdded, CertificateRemoved


class CertificateFacts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=120)]
    number: Annotated[str, Meta(max_length=60)] = ""
    issued_by: Annotated[str, Meta(max_length=120)] = ""
    valid_until: date | None = None


def has_expired(certificate: StaffCertificate, center: ServiceCenter) -> bool:
    """Whether its last day is over on the center's clock."""
    return certificate.valid_until is not None and certificate.valid_until < clock.today(center.zone)


async def of_people(db: AsyncSession, people: Sequence[StaffProfile]) -> dict[UUID, list[StaffCertificate]]:
    """The certificates of each of some people of one business; what ends first, first."""
    found: dict[UUID, list[StaffCertificate]] = {one.id: [] for one in people}
    query = select(StaffCertificate).where(
        StaffCertificate.tenant_id.in_({one.tenant_id for one in people}),
        StaffCertificate.staff_id.in_(found),
    )
    query = query.order_by(StaffCertificate.valid_until.nulls_last(), StaffCertificate.name)
    for certificate in await db.scalars(query):
        found[certificate.staff_id].append(certificate)
    return found


async def add(
    db: AsyncSession, profile: StaffProfile, facts: CertificateFacts, *, by: Viewer
) -> StaffCertificate:
    """Write a certificate down. One that has expired already may be: the page then says so."""
    certificate = StaffCertificate(
        id=new_id(), tenant_id=profile.tenant_id, staff_id=profile.id, **msgspec.structs.asdict(facts)
    )
    db.add(certificate)
    await db.flush()
    event = CertificateAdded(certificate_id=certificate.id, staff_id=profile.id)
    await record(db, event, by=by, tenant=profile.tenant_id, person=profile.user_id, subject=profile.id)
    return certificate


async def remove(db: AsyncSession, profile: StaffProfile, certificate_id: UUID, *, by: Viewer) -> None:
    """Take a certificate away that was replaced or written down wrongly. Raises NotFound."""
    certificate = await db.scalar(
        select(StaffCertificate).where(
            StaffCertificate.tenant_id == profile.tenant_id,
            StaffCertificate.staff_id == profile.id,
            StaffCertificate.id == certificate_id,
        )
    )
    if certificate is None:
        raise NotFound
    await db.delete(certificate)
    event = CertificateRemoved(certificate_id=certificate_id, staff_id=profile.id)
    await record(db, event, by=by, tenant=profile.tenant_id, person=profile.user_id, subject=profile.id)
