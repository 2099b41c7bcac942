"""What the platform keeps of a card payment: one fee a currency for every shop, and another for a business where the
network has set one.

The fee is a share of the payment, rounded half up to whole minor units, and a fixed sum on top; together never more
than the payment. It is reckoned once, when a payment begins, and stays with it whatever is set later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from app.core import clock
from app.core.db import new_id, take_turn
from app.core.errors import Invalid, NotFound, Refused
from app.core.events import record
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.billing.events import BusinessFeeChanged, PlatformFeeChanged
from app.domains.billing.ledger import PLATFORM_FEES
from app.domains.billing.models import BusinessFee, LedgerEntry, PlatformFee
from app.domains.network.models import ServiceCenter, Tenant

MOST_BASIS_POINTS = 3000
"""30 %: more is a slip of the finger."""
MOST_FIXED = 100_000
"""Minor units."""
FURTHEST_AHEAD = timedelta(days=366)
"""How far ahead a business's fee may be set."""


def fee_of(amount: int, basis_points: int, fixed_minor: int) -> int:
    """The fee of a payment, in its minor units: the share rounded half up, the fixed sum on top, and at most all
    of it."""
    return min((amount * basis_points + 5000) // 10_000 + fixed_minor, amount)


async def current(db: AsyncSession, currency: str) -> PlatformFee:
    """The fee for all that holds for payments of a currency from now on. Anyone may ask."""
    found = await db.scalar(
        select(PlatformFee)
        .where(PlatformFee.currency == currency)
        .order_by(PlatformFee.version.desc())
        .limit(1)
    )
    return found or _none(currency)


def _none(currency: str) -> PlatformFee:
    return PlatformFee(currency=currency, version=0, basis_points=0, fixed_minor=0, set_by="")


async def applying(db: AsyncSession, tenant_id: UUID, currency: str) -> PlatformFee | BusinessFee:
    """The fee that holds now for one business: its own, else the one for all. Inside the business, or the network."""
    own = await _own(db, tenant_id, currency, begun=True)
    return await current(db, currency) if own is None or own.is_general else own


async def _own(
    db: AsyncSession, tenant_id: UUID, currency: str, *, begun: bool = False
) -> BusinessFee | None:
    """What was set last for a business, or of what has begun. What was replaced before its day never begins."""
    wanted = select(BusinessFee).where(BusinessFee.tenant_id == tenant_id, BusinessFee.currency == currency)
    if begun:
        later = aliased(BusinessFee)
        replaced = exists().where(
            later.tenant_id == BusinessFee.tenant_id,
            later.currency == BusinessFee.currency,
            later.version > BusinessFee.version,
            later.created_at < BusinessFee.starts_at,
        )
        wanted = wanted.where(BusinessFee.starts_at <= clock.now(), ~replaced)
    found: BusinessFee | None = await db.scalar(wanted.order_by(BusinessFee.version.desc()).limit(1))
    return found


async def due(db: AsyncSession, tenant_id: UUID, amount: int, currency: str) -> int:
    """What a payment that begins now costs the shop."""
    fee = await applying(db, tenant_id, currency)
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


@dataclass(frozen=True, slots=True)
class ShopFee:
    """A business's fee in one of the currencies its workshops bill in."""

    now: PlatformFee | BusinessFee
    general: PlatformFee
    planned: BusinessFee | None
    """Set already, and not begun."""
    version: int
    """Of what was set last for the business; 0 is nothing yet."""

    @property
    def is_own(self) -> bool:
        return isinstance(self.now, BusinessFee)


async def of_shop(db: AsyncSession, tenant_id: UUID) -> Sequence[ShopFee]:
    """What applies to a business: a fee for each currency its workshops bill in."""
    used = await db.scalars(
        select(ServiceCenter.currency).where(ServiceCenter.tenant_id == tenant_id).distinct()
    )
    found = []
    for currency in sorted(used):
        last = await _own(db, tenant_id, currency)
        found.append(
            ShopFee(
                now=await applying(db, tenant_id, currency),
                general=await current(db, currency),
                planned=last if last is not None and last.starts_at > clock.now() else None,
                version=last.version if last else 0,
            )
        )
    return found


async def set_fee(
    db: AsyncSession, currency: str, *, basis_points: int, fixed_minor: int, seen: int, by: Viewer
) -> PlatformFee:
    """Set the fee of a currency, for payments that begin from now on. `seen` is the version the actor looked at.

    Raises Invalid, and Refused (409) when it was changed since. What is the same already is no change.
    """
    wrong = _out_of_bounds(basis_points, fixed_minor)
    if currency not in {fee.currency for fee in await in_force(db)}:
        wrong["currency"] = _("No workshop bills in this currency.")
    if wrong:
        raise Invalid(wrong)
    await take_turn(db, f"platform fee:{currency}")
    now = await current(db, currency)
    if (now.basis_points, now.fixed_minor) == (basis_points, fixed_minor):
        return now
    _must_be_newest(now, seen)
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


def _out_of_bounds(basis_points: int, fixed_minor: int) -> dict[str, str]:
    wrong = {}
    if not 0 <= basis_points <= MOST_BASIS_POINTS:
        wrong["percent"] = _("Between 0 and %(most)s %%, please.", most=MOST_BASIS_POINTS // 100)
    if not 0 <= fixed_minor <= MOST_FIXED:
        wrong["fixed"] = _("This is too much, or less than nothing.")
    return wrong


def _must_be_newest(last: PlatformFee | BusinessFee | None, seen: int) -> None:
    if last is not None and last.version != seen:
        raise Refused(
            _("%(name)s changed this fee meanwhile. Please look at it again.", name=last.set_by),
            data={"version": last.version},
            audit="platform_fee.stale",
        )


async def set_for_business(
    db: AsyncSession,
    tenant_id: UUID,
    currency: str,
    *,
    fee: tuple[int, int] | None,
    starts_on: date | None,
    seen: int,
    by: Viewer,
) -> BusinessFee | None:
    """Set what the platform keeps of one business's payments in a currency: (basis points, minor units), or None for
    the fee for all again. It holds for payments that begin from the first moment of `starts_on` (UTC), from now without
    one, and takes the place of what was planned before. `seen` is the version the actor looked at.

    Raises Invalid, NotFound, and Refused (409) when it was changed since. What is the same already is no change.
    """
    now = clock.now()
    wrong = _out_of_bounds(*fee) if fee else {}
    if starts_on and not now.date() <= starts_on <= (now + FURTHEST_AHEAD).date():
        wrong["starts_on"] = _("From today on, and no more than a year ahead.")
    if wrong:
        raise Invalid(wrong)
    if currency not in {one.now.currency for one in await of_shop(db, tenant_id)}:
        raise NotFound
    await take_turn(db, f"business fee:{tenant_id}:{currency}")
    last = await _own(db, tenant_id, currency)
    points, fixed = fee or (0, 0)
    starts_at = max(now, datetime.combine(starts_on, time(), UTC)) if starts_on else now
    if last is None and fee is None:
        return None
    if last is not None and _is_same(last, fee, starts_at, now):
        return last
    _must_be_newest(last, seen)
    row = BusinessFee(
        id=new_id(), tenant_id=tenant_id, currency=currency, version=last.version + 1 if last else 1,
        is_general=fee is None, basis_points=points, fixed_minor=fixed, starts_at=starts_at,
        set_by_id=by.user_id, set_by=by.name,
    )  # fmt: skip
    db.add(row)
    await db.flush()
    changed = BusinessFeeChanged(
        business_id=tenant_id, currency=currency, is_general=row.is_general, basis_points=points,
        fixed_minor=fixed, starts_at=starts_at, version=row.version,
    )  # fmt: skip
    await record(db, changed, by=by, subject=row.id)
    return row


def _is_same(last: BusinessFee, fee: tuple[int, int] | None, starts_at: datetime, now: datetime) -> bool:
    """Whether what was set last says the same, for the same time."""
    said = None if last.is_general else (last.basis_points, last.fixed_minor)
    return said == fee and max(last.starts_at, now) == max(starts_at, now)


async def history_of(db: AsyncSession, tenant_id: UUID, *, limit: int = 50) -> Sequence[BusinessFee]:
    """Every fee that was set for a business, newest first."""
    found = await db.scalars(
        select(BusinessFee)
        .where(BusinessFee.tenant_id == tenant_id)
        .order_by(BusinessFee.id.desc())
        .limit(limit)
    )
    return found.all()


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
