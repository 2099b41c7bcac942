"""Money that needs a person, of whatever cards are taken for: refunds that the provider refused or the payer's bank sent
back, and payments of which the provider tells another sum than was asked for. For whoever looks after the network."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core import clock
from app.domains.billing.kinds import KINDS, PaymentKind
from app.domains.billing.models import LIVE_PAYMENT
from app.domains.billing.settling import QUESTIONED
from app.domains.network.models import Tenant

KEPT = timedelta(days=180)
MOST = 200


class Stuck(msgspec.Struct, frozen=True):
    business: str
    label: str
    """The invoice's number, or the order's."""
    why: str
    """refused, returned, questioned."""
    amount_minor: int
    currency: str
    since: datetime
    said: str
    """In the provider's words."""


async def stuck(db: AsyncSession) -> list[Stuck]:
    """The newest first: a line for each payment, gone once a later refund of it has arrived or nothing of it is left. The
    transaction is the network's."""
    found = [one for kind in KINDS for one in [*await _refunds(db, kind), *await _questioned(db, kind)]]
    return sorted(found, key=lambda one: one.since, reverse=True)


async def _refunds(db: AsyncSession, kind: PaymentKind) -> list[Stuck]:
    refund, payment, later = kind.refund, kind.payment, aliased(kind.refund)
    arrived = exists().where(
        later.payment_id == refund.payment_id, later.status == "done", later.created_at > refund.created_at
    )
    rows = await db.execute(
        select(refund, payment, Tenant.name)
        .join(payment, payment.id == refund.payment_id)
        .join(Tenant, Tenant.id == payment.tenant_id)
        .where(
            refund.status.in_(("failed", "returned")),
            refund.created_at > clock.now() - KEPT,
            payment.status.not_in(("refunded", "lost")),
            ~arrived,
        )
        .ext(distinct_on(refund.payment_id))
        .order_by(refund.payment_id, refund.created_at.desc())
        .limit(MOST)
    )
    found = rows.all()
    labels = await _labels(db, kind, [one for _refund, one, _name in found])
    return [
        Stuck(
            name, labels[payment.id], "returned" if refund.status == "returned" else "refused", refund.amount_minor,
            payment.currency, refund.decided_at or refund.created_at, refund.failure,
        )
        for refund, payment, name in found
    ]  # fmt: skip


async def _questioned(db: AsyncSession, kind: PaymentKind) -> list[Stuck]:
    payment = kind.payment
    rows = await db.execute(
        select(payment, Tenant.name)
        .join(Tenant, Tenant.id == payment.tenant_id)
        .where(payment.status.in_(LIVE_PAYMENT), payment.failure.startswith(QUESTIONED))
        .order_by(payment.id.desc())
        .limit(MOST)
    )
    found = rows.all()
    labels = await _labels(db, kind, [one for one, _name in found])
    return [
        Stuck(
            name, labels[one.id], "questioned", one.amount_minor, one.currency, one.created_at, one.failure
        )
        for one, name in found
    ]  # fmt: skip


async def _labels(db: AsyncSession, kind: PaymentKind, payments: list[Any]) -> dict[UUID, str]:
    return {key: one.label for key, one in (await kind.subjects(db, payments)).items()}
