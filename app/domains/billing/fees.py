"""What the platform keeps of a card payment: one fee a currency, set by the network and the same for every shop.

The fee is a share of the payment, rounded half up to whole minor units, and a fixed sum on top; together never more
than the payment. It is reckoned once, when a payment begins, and stays with it whatever is set later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Invalid, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.billing.events import PlatformFeeChanged
from app.domains.billing.ledger import PLATFORM_FEES
from app.domains.billing.models import LedgerEntry, PlatformFee
from app.domains.network.models import ServiceCenter, Tenant

MOST_BASIS_POINTS = 3000
"""30 %: more is a slip of the finger."""
MOST_FIXED = 100_000
"""Minor units."""


def fee_of(amount: int, basis_points: int, fixed_minor: int) -> int:
    """The fee of a payment, in its minor units: the share rounded half up, the fixed sum on top, and at most all
    of it."""
    return min((amount * basis_points + 5000) // 10_000 + fixed_minor, amount)


async def current(db: AsyncSession, currency: str) -> PlatformFee:
    """The fee that holds for payments of a currency from now on. Anyone may ask."""
    found = await db.scalar(
        select(PlatformFee)
        .where(PlatformFee.currency == currency)
        .order_by(PlatformFee.version.desc())
        .limit(1)
    )
    return found or _none(currency)


def _none(currency: str) -> PlatformFee:
    return PlatformFee(currency=currency, version=0, basis_points=0, fixed_minor=0, set_by="")


async def due(db: AsyncSession, amount: int, currency: str) -> int:
    """What a payment that begins now costs the shop."""
    fee = await current(db, currency)
    return fee_of(amount, fee.basis_points, fee.fixed_minor)


async def in_force(db: AsyncSession) -> Sequence[PlatformFee]:
    """One fee for each currency that a workshop bills in, or that ever had a fee."""
    used = set(await db.scalars(select(ServiceCenter.currency).distinct()))
    newest = await db.scalars(
        select(PlatformFee)
        .order_by(PlatformFee.currency, PlatformFee.version.desc())
        .ext(distinct_on(PlatformFee.currency))
    )
    known = {fee.currency: fee for fee in newest}
    return [known.get(currency) or _none(currency) for currency in sorted(used | known.keys())]


async def of_shop(db: AsyncSession, me: Viewer) -> Sequence[PlatformFee]:
    """What applies to the viewer's business: a fee for each currency its workshops bill in."""
    used = await db.scalars(
        select(ServiceCenter.currency).where(ServiceCenter.tenant_id == me.tenant_id).distinct()
    )
    return [await current(db, currency) for currency in sorted(used)]


async def set_fee(
    db: AsyncSession, currency: str, *, basis_points: int, fixed_minor: int, seen: int, by: Viewer
) -> PlatformFee:
    """Set the fee of a currency, for payments that begin from now on. `seen` is the version the actor looked at.

    Raises Invalid, and Refused (409) when it was changed since. What is the same already is no change.
    """
    wrong = {}
    if not 0 <= basis_points <= MOST_BASIS_POINTS:
        wrong["percent"] = _("Between 0 and %(most)s %%, please.", most=MOST_BASIS_POINTS // 100)
    if not 0 <= fixed_minor <= MOST_FIXED:
        wrong["fixed"] = _("This is too much, or less than nothing.")
    if currency not in {fee.currency for fee in await in_force(db)}:
        wrong["currency"] = _("No workshop bills in this currency.")
    if wrong:
        raise Invalid(wrong)
    # One writer a currency at a time: versions follow one another, and a stale form is noticed.
    await db.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"platform fee:{currency}"}
    )
    now = await current(db, currency)
    if (now.basis_points, now.fixed_minor) == (basis_points, fixed_minor):
        return now
    if now.version != seen:
        raise Refused(
            _("%(name)s changed this fee meanwhile. Please look at it again.", name=now.set_by),
            data={"version": now.version},
            audit="platform_fee.stale",
        )
    fee = PlatformFee(
        id=new_id(), currency=currency, version=now.version + 1, basis_points=basis_points,
        fixed_minor=fixed_minor, set_by_id=by.user_id, set_by=by.name,
    )  # fmt: skip
    db.add(fee)
    await db.flush()
    changed = PlatformFeeChanged(
        currency=currency, basis_points=basis_points, fixed_minor=fixed_minor, version=fee.version
    )
    await record(db, changed, by=by, subject=fee.id)
    return fee


async def history(db: AsyncSession, *, limit: int = 50) -> Sequence[PlatformFee]:
    """Every fee that was set, newest first."""
    found = await db.scalars(select(PlatformFee).order_by(PlatformFee.id.desc()).limit(limit))
    return found.all()


@dataclass(frozen=True, slots=True)
class Earned:
    """What the platform kept of one shop's payments in one month (of UTC), less what it gave back."""

    month: datetime
    shop: str
    currency: str
    amount_minor: int


async def earned(db: AsyncSession) -> Sequence[Earned]:
    """This month and the twelve before it by shop, newest first, for the network: the shops' books say it."""
    now = clock.now()
    since = datetime(now.year - 1, now.month, 1, tzinfo=UTC)
    month = func.date_trunc("month", LedgerEntry.created_at, "UTC").label("month")
    total = func.sum(LedgerEntry.amount_minor)
    rows = await db.execute(
        select(month, Tenant.name, LedgerEntry.currency, total)
        .join(Tenant, Tenant.id == LedgerEntry.tenant_id)
        .where(LedgerEntry.account == PLATFORM_FEES, LedgerEntry.created_at >= since)
        .group_by(month, Tenant.id, Tenant.name, LedgerEntry.currency)
        .order_by(month.desc(), Tenant.name, LedgerEntry.currency)
    )
    return [Earned(at, shop, currency, int(amount)) for at, shop, currency, amount in rows]
