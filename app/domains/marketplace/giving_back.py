"""Money back to a buyer: never more than was taken, each refund once. A refund is a row, committed before the provider
hears of it (`deal_paying.carry_out`); its id is the provider's idempotency key. What the provider has said no to is
tried again as a row of its own, after growing pauses, until it has gone."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id
from app.core.errors import Refused
from app.core.render import money
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.billing.models import REFUNDABLE
from app.domains.marketplace import deal_books, purchases
from app.domains.marketplace.events import PurchaseRefundBegun, PurchaseRefunded
from app.domains.marketplace.models import PartsOrder, Purchase, PurchasePayment, PurchaseRefund
from app.domains.marketplace.telling import as_seller, tell_purchase

PAUSES = (
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(days=1),
)
"""Before the second try, the third …; the last holds for all that follow."""


async def left(db: AsyncSession, purchase: Purchase) -> int:
    """What may still be given back: taken, not gone and not on its way."""
    kept = sum(one.kept_minor for one in await purchases.payments_of(db, purchase) if one.is_taken)
    pending = [one for one in await purchases.refunds_of(db, purchase) if one.is_pending]
    return kept - sum(one.amount_minor for one in pending)


async def begin(
    db: AsyncSession, order: PartsOrder, purchase: Purchase, *, amount: int, core: int = 0, by: Viewer
) -> PurchaseRefund:
    """Decide that money of a held purchase goes back; `core` of it is deposit on old parts. Cash is handed over and
    booked at once, for the rest `carry_out` follows after the commit. Raises Refused."""
    taken = [one for one in await purchases.payments_of(db, purchase) if one.status in REFUNDABLE]
    most = await left(db, purchase)
    if not taken:
        raise Refused(_("Nothing of this payment can be given back now."), audit="purchase.illegal_refund")
    if amount > most:
        raise Refused(
            _("No more than %(left)s can be given back.", left=money(most, purchase.currency)),
            audit="purchase.illegal_refund",
        )
    return await _begin(db, order, purchase, taken[0], amount, core, by=by)


async def begin_rest(
    db: AsyncSession, order: PartsOrder, purchase: Purchase, payment: PurchasePayment, *, by: Viewer
) -> None:
    """Give back all that is left of a payment of a held purchase that is over."""
    pending = await _pending(db, purchase, payment)
    rest = payment.kept_minor - sum(one.amount_minor for one in pending)
    core = purchase.core_minor - payment.core_back_minor - sum(one.core_minor for one in pending)
    if rest > 0 and payment.status in REFUNDABLE:
        await _begin(db, order, purchase, payment, rest, max(min(core, rest), 0), by=by)


async def _pending(db: AsyncSession, purchase: Purchase, payment: PurchasePayment) -> list[PurchaseRefund]:
    refunds = await purchases.refunds_of(db, purchase)
    return [one for one in refunds if one.is_pending and one.payment_id == payment.id]


async def still_owed(
    db: AsyncSession, purchase: Purchase, payment: PurchasePayment, refund: PurchaseRefund
) -> tuple[int, int]:
    """What of a pending refund has not gone by another way since it was first refused, on the provider's page say; and
    what has gone there ever."""
    refunds = [one for one in await purchases.refunds_of(db, purchase) if one.payment_id == payment.id]
    ours = sum(one.amount_minor for one in refunds if one.status in ("done", "returned"))
    others = sum(one.amount_minor for one in refunds if one.is_pending and one.id != refund.id)
    elsewhere = max(payment.given_minor - ours, 0)
    gone = max(elsewhere - refund.elsewhere_minor, 0) if refund.refusals else 0
    return max(min(refund.amount_minor - gone, payment.kept_minor - others), 0), elsewhere


async def refuse(
    db: AsyncSession, purchase: Purchase, payment: PurchasePayment, refund: PurchaseRefund, words: str
) -> bool:
    """The provider said no to a pending refund of a held purchase. What is still owed of it is tried again later under
    another key; False where nothing is."""
    now = clock.now()
    owed, elsewhere = await still_owed(db, purchase, payment, refund)
    refund.decided_at = now
    if not owed:
        refund.status = "done"
        await note_owed(db, purchase)
        return False
    refund.status, refund.failure = "failed", words
    refusals = refund.refusals + 1
    again = PurchaseRefund(
        id=new_id(),
        tenant_id=purchase.tenant_id,
        purchase_id=purchase.id,
        payment_id=payment.id,
        status="pending",
        amount_minor=owed,
        core_minor=min(refund.core_minor, owed),
        refusals=refusals,
        elsewhere_minor=elsewhere,
        try_at=now + PAUSES[min(refusals, len(PAUSES)) - 1],
    )
    db.add(again)
    await note_owed(db, purchase)
    return True


async def note_owed(db: AsyncSession, purchase: Purchase) -> None:
    """Whether money of a held purchase is the buyer's and would not go back, since when."""
    await db.flush()
    refused = any(one.is_pending and one.refusals for one in await purchases.refunds_of(db, purchase))
    sent_back = any(one.credit_minor for one in await purchases.payments_of(db, purchase))
    since = (purchase.owed_since or clock.now()) if refused or sent_back else None
    if since != purchase.owed_since:
        purchase.owed_since = since
        purchase.version += 1
        await db.flush()


async def _begin(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    payment: PurchasePayment,
    amount: int,
    core: int,
    *,
    by: Viewer,
) -> PurchaseRefund:
    refund = PurchaseRefund(
        id=new_id(),
        tenant_id=purchase.tenant_id,
        purchase_id=purchase.id,
        payment_id=payment.id,
        status="pending",
        amount_minor=amount,
        core_minor=core,
    )
    async with as_seller(db, purchase.tenant_id):
        db.add(refund)
        await db.flush()
        if payment.provider == "cash":
            refund.status, refund.decided_at = "done", clock.now()
            await give_back(db, order, purchase, payment, payment.given_minor + amount, by=by)
            return refund
    begun = {"refund_id": refund.id, "amount_minor": amount, "currency": purchase.currency}
    await tell_purchase(db, PurchaseRefundBegun, order, purchase, by=by, **begun)
    return refund


async def give_back(
    db: AsyncSession,
    order: PartsOrder,
    purchase: Purchase,
    payment: PurchasePayment,
    upto: int,
    *,
    by: Viewer,
) -> None:
    """Book what was given back since we last looked; `upto` is all that ever was."""
    more = upto - payment.given_minor
    if more <= 0:
        return
    asked = await purchases.refunds_of(db, purchase)
    wanted = sum(one.core_minor for one in asked if one.payment_id == payment.id and one.status != "failed")
    goods_left = purchase.total_minor - purchase.core_minor - payment.refunded_minor + payment.core_back_minor
    core = max(wanted - payment.core_back_minor, more - goods_left)  # given back on the provider's page, say
    core = max(min(core, more, purchase.core_minor - payment.core_back_minor), 0)
    payment.refunded_minor += more
    purchase.refunded_minor += more
    stand_after_refunds(purchase, payment)
    await deal_books.book_refund(db, purchase, payment, amount=more, core=core)
    await note_owed(db, purchase)
    refunded = {"payment_id": payment.id, "amount_minor": more, "currency": payment.currency}
    await tell_purchase(db, PurchaseRefunded, order, purchase, by=by, **refunded)


def stand_after_refunds(purchase: Purchase, payment: PurchasePayment) -> None:
    all_gone = payment.refunded_minor >= payment.captured_minor
    purchase.payment_status = "refunded" if all_gone else "paid"
    if payment.status not in ("disputed", "lost"):
        payment.status = (
            "refunded" if all_gone else "partially_refunded" if payment.refunded_minor else "completed"
        )
