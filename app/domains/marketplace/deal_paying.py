"""Paying for a purchase: the buyer authorises their card, the seller's confirmation takes it, and what is over is let go.
The provider is asked outside of any transaction, with a key that was committed before."""

from datetime import timedelta
from typing import Any, cast
from uuid import UUID, uuid5

import structlog
from sqlalchemy import and_, exists, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import new_id, transaction
from app.core.errors import Refused
from app.core.events import Heard
from app.core.relay import outside_transaction
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.billing import checkout, fees
from app.domains.billing.events import AccountRang
from app.domains.billing.models import LIVE_PAYMENT, PaymentAccount
from app.domains.billing.providers import gateway
from app.domains.marketplace import deal_kind as _known_to_payouts  # noqa: F401
from app.domains.marketplace import deal_settling, giving_back, purchases
from app.domains.marketplace.events import (
    OfPurchase,
    PurchaseCaptureRefused,
    PurchasePaymentBegun,
    PurchaseRefundFailed,
)
from app.domains.marketplace.models import (
    ENDED_PURCHASE,
    PartsOrder,
    Purchase,
    PurchasePayment,
    PurchaseRefund,
    ShopQuote,
)
from app.domains.marketplace.telling import as_seller, tell_purchase
from app.gateways.payments import GatewayRefused, GatewayUnavailable
from app.settings import settings

log = structlog.get_logger()

SHORTEST_PAGE = timedelta(minutes=35)
"""The provider keeps a page open for half an hour at least. What is paid on it too late is let go."""

MOST_CAPTURES = 2
"""So often the provider may refuse to take what is held; then the buyer pays with another card."""


def whose(payment: PurchasePayment) -> checkout.Whose:
    """For the calls to the provider that all payments have in common."""
    return checkout.Whose(payment.id, payment.tenant_id, kind=PurchasePayment, settle=deal_settling.settle)


async def begin(db: AsyncSession, purchase: Purchase, *, by: Viewer) -> PurchasePayment:
    """Set out to pay a purchase by card. Pressed again, or in another tab, it goes on with the attempt under way. Raises
    Refused."""
    order, purchase = await purchases.hold(db, purchase.id)
    now = clock.now()
    if purchase.status != "accepted" or purchase.payment_method != "card":
        raise Refused(_("Nothing is to be paid here now."), audit="purchase.illegal_payment")
    if purchase.payment_status == "authorized":
        raise Refused(_("It is paid already. The shop confirms it next."))
    if purchase.pay_by is not None and now >= purchase.pay_by:
        raise Refused(_("The time to pay is over. Accept an offer again."))
    async with as_seller(db, purchase.tenant_id):
        for payment in await purchases.payments_of(db, purchase):
            if payment.is_live:
                return payment
        account = await db.scalar(
            select(PaymentAccount).where(
                PaymentAccount.tenant_id == purchase.tenant_id,
                PaymentAccount.provider == "stripe",
                PaymentAccount.is_ready,
            )
        )
        if account is None:
            raise Refused(_("This shop cannot take cards just now. Please try again later."))
        quote = await db.get_one(ShopQuote, purchase.quote_id)
        payment = PurchasePayment(
            id=new_id(),
            tenant_id=purchase.tenant_id,
            purchase_id=purchase.id,
            provider="stripe",
            provider_account=account.account_ref,
            status="created",
            amount_minor=purchase.total_minor,
            authorized_minor=0,
            captured_minor=0,
            refunded_minor=0,
            platform_fee_minor=await fees.due(
                db, purchase.tenant_id, purchase.total_minor, purchase.currency
            ),
            currency=purchase.currency,
            expires_at=max(purchase.pay_by or now, now + SHORTEST_PAGE),
        )
        payment.checkout_terms = _terms(order, purchase, payment, quote.shop_name, by)
        db.add(payment)
        await db.flush()
    await tell_purchase(db, PurchasePaymentBegun, order, purchase, by=by, payment_id=payment.id)
    return payment


def _terms(
    order: PartsOrder, purchase: Purchase, payment: PurchasePayment, shop: str, by: Viewer
) -> dict[str, Any]:
    base = settings().base_url
    return {
        "description": _("Parts order %(code)s · %(shop)s", code=order.code, shop=shop),
        "success_url": f"{base}/parts/purchases/{purchase.id}/payment",
        "cancel_url": f"{base}/parts/orders/{order.code}",
        "locale": by.locale or None,
        "expires_at": int(payment.expires_at.timestamp()) if payment.expires_at else None,
        "capture_later": True,
    }


async def look(purchase: Purchase) -> None:
    """Ask the provider how the payment under way stands; outside of any transaction."""
    async with transaction(tenant=purchase.tenant_id) as db:
        live = [one for one in await purchases.payments_of(db, purchase) if one.is_live]
    for payment in live:
        await checkout.look_if_answered(whose(payment))


async def must_be_held(
    db: AsyncSession, order: PartsOrder, purchase: Purchase, *, by: Viewer
) -> PurchasePayment:
    """The seller confirms: note that the held money is to be taken, with the platform's share as it is now. The provider
    is asked next, by `capture`. Raises Refused."""
    payment = next(
        (one for one in await purchases.payments_of(db, purchase) if one.status == "authorized"), None
    )
    if payment is None:
        raise Refused(
            _("The buyer has not paid yet. You can confirm as soon as the money is held."),
            audit="purchase.illegal_move",
        )
    if payment.capture_asked_at is None:
        payment.capture_asked_at = clock.now()
        payment.platform_fee_minor = await fees.due(
            db, purchase.tenant_id, payment.amount_minor, payment.currency
        )
    await db.flush()
    return payment


async def capture(payment: PurchasePayment, *, by: Viewer) -> PurchasePayment:
    """Take what is held, and book it; outside of any transaction, and as often as needed. Raises Refused with words."""
    account = payment.provider_account or None
    try:
        told = await gateway(payment.provider).capture(
            payment.provider_ref,
            payment.amount_minor,
            key=_capture_key(payment),
            account=account,
            platform_fee=payment.platform_fee_minor,
        )
    except GatewayRefused as refused:
        log.warning("purchase.capture_refused", payment=str(payment.id), error=refused.words)
        return await _not_captured(payment)
    except GatewayUnavailable as silent:
        log.warning("purchase.capture_unanswered", payment=str(payment.id), error=str(silent))
        raise Refused(
            _("The payment provider does not answer. It is asked again every minute; nothing is lost."),
            status=503,
        ) from silent
    async with transaction(tenant=payment.tenant_id) as db:
        return await deal_settling.settle(db, payment.id, told, by=by)


def _capture_key(payment: PurchasePayment) -> UUID:
    """The same while the provider's answer is unknown, another after each no."""
    tried = payment.capture_refusals
    return uuid5(payment.id, f"capture {tried}" if tried else "capture")


async def _not_captured(payment: PurchasePayment) -> PurchasePayment:
    """The provider said no. The seller may try once more; after that the hold is let go, and the buyer pays anew. Raises
    Refused unless it was taken after all."""
    await checkout.look_if_answered(whose(payment))
    async with transaction(tenant=payment.tenant_id) as db:
        order, purchase, held = await purchases.hold_payment(db, payment.id)
        if held.is_taken:  # somebody was quicker, on the provider's own page say
            return held
        if held.status == "authorized" and held.capture_asked_at is not None:
            held.capture_asked_at = None
            if held.capture_refusals == payment.capture_refusals:  # not told of by somebody who asked with us
                held.capture_refusals += 1
                told = {"payment_id": held.id, "refusals": held.capture_refusals}
                by = Viewer.system(payment.tenant_id)
                await tell_purchase(db, PurchaseCaptureRefused, order, purchase, by=by, **told)
    if held.status == "authorized" and held.capture_refusals >= MOST_CAPTURES:
        held = cast(PurchasePayment, await checkout.stop(whose(payment)))
    if held.is_taken:
        return held
    if held.status == "authorized":
        raise Refused(
            _(
                "The buyer's bank did not hand out the money. Nothing is sold and nothing was taken. Try once more "
                "in a few minutes; keep the parts until then."
            )
        )
    raise Refused(
        _(
            "The buyer's bank did not hand out the money. Nothing is sold and nothing was taken. The buyer is asked "
            "to pay again, and you are told when the money is held."
        )
    )


async def let_go(tenant_id: UUID, purchase_id: UUID) -> None:
    """Bring the money of a purchase to where it belongs: what is held for one that is over is let go, what was taken is
    given back, refunds that were begun are carried out. Outside of any transaction, as often as needed."""
    async with transaction(tenant=tenant_id) as db:
        purchase = await db.get_one(Purchase, purchase_id)
        payments = await purchases.payments_of(db, purchase)
    if purchase.status in ENDED_PURCHASE:
        for payment in payments:
            if payment.is_live:
                if payment.status != "authorized":  # what was paid meanwhile its payer is told of
                    await checkout.look_if_answered(whose(payment))
                await checkout.stop(whose(payment))
    async with transaction(tenant=tenant_id) as db:
        order, purchase = await purchases.hold(db, purchase_id)
        if purchase.status in ENDED_PURCHASE:
            sent_back = {
                one.payment_id for one in await purchases.refunds_of(db, purchase) if one.status == "returned"
            }  # there is no way to the buyer's bank: a person has to look at these
            for payment in await purchases.payments_of(db, purchase):
                if payment.id not in sent_back:
                    await giving_back.begin_rest(db, order, purchase, payment, by=Viewer.system(tenant_id))
        now = clock.now()
        pending = [one.id for one in await purchases.refunds_of(db, purchase) if one.is_due(now)]
    for refund_id in pending:
        await carry_out(tenant_id, refund_id)


async def carry_out(tenant_id: UUID, refund_id: UUID) -> PurchaseRefund:
    """Ask the provider for a refund that was begun, and book what it says. Outside of any transaction; it may be called
    again. Raises GatewayUnavailable while nobody knows."""
    async with transaction(tenant=tenant_id) as db:
        refund = await db.get_one(PurchaseRefund, refund_id)
        payment = await db.get_one(PurchasePayment, refund.payment_id)
    if not refund.is_pending:
        return refund
    provider, account = gateway(payment.provider), payment.provider_account or None
    if refund.refusals and not (refund := await _look_before_again(payment, refund_id)).is_pending:
        return refund
    try:
        made = await provider.refund(
            payment.provider_ref, refund.amount_minor, key=refund.id, account=account
        )
    except GatewayRefused as refused:
        return await _refund_failed(payment, refund_id, refused.words)
    try:
        told = await provider.status(payment.provider_ref, account=account)
    except GatewayRefused as odd:  # it has just given money back for this very payment
        raise GatewayUnavailable(odd.words) from odd
    async with transaction(tenant=tenant_id) as db:
        await deal_settling.settle(db, payment.id, told, by=Viewer.system(tenant_id))
        refund = await db.get_one(PurchaseRefund, refund_id, populate_existing=True)
        if refund.is_pending:
            refund.status = "returned" if made.ref in told.returned_refs else "done"
            refund.provider_ref, refund.decided_at = made.ref, clock.now()
            await giving_back.note_owed(db, await db.get_one(Purchase, refund.purchase_id))
        return refund


async def _look_before_again(asked: PurchasePayment, refund_id: UUID) -> PurchaseRefund:
    """What was refused may have gone meanwhile by the provider's page: that is not paid a second time."""
    await checkout.look_if_answered(whose(asked))
    async with transaction(tenant=asked.tenant_id) as db:
        _order, purchase, payment = await purchases.hold_payment(db, asked.id)
        refund = await db.get_one(PurchaseRefund, refund_id, populate_existing=True)
        if refund.is_pending:
            owed, _elsewhere = await giving_back.still_owed(db, purchase, payment, refund)
            refund.amount_minor, refund.core_minor = owed or refund.amount_minor, min(refund.core_minor, owed)
            if not owed:
                refund.status, refund.decided_at = "done", clock.now()
            await giving_back.note_owed(db, purchase)
        return refund


async def _refund_failed(asked: PurchasePayment, refund_id: UUID, words: str) -> PurchaseRefund:
    """It is tried again by the clock, and both sides are told once that the money has not gone."""
    await checkout.look_if_answered(whose(asked))
    async with transaction(tenant=asked.tenant_id) as db:
        order, purchase, payment = await purchases.hold_payment(db, asked.id)
        refund = await db.get_one(PurchaseRefund, refund_id, populate_existing=True)
        if refund.is_pending and await giving_back.refuse(db, purchase, payment, refund, words):
            refused = {
                "payment_id": payment.id, "amount_minor": refund.amount_minor, "currency": payment.currency,
                "refusals": refund.refusals + 1,
            }  # fmt: skip
            by = Viewer.system(asked.tenant_id)
            await tell_purchase(db, PurchaseRefundFailed, order, purchase, by=by, **refused)
        return refund


@outside_transaction
async def settle_up(heard: Heard[OfPurchase]) -> None:
    """Money is to be let go or given back. Raises while the provider is silent, and is tried again."""
    assert heard.tenant_id is not None
    await let_go(heard.tenant_id, heard.event.purchase_id)


@outside_transaction
async def ask_about_purchase(heard: Heard[AccountRang]) -> None:
    """A provider rang about a payment that is none of an invoice: look whether it is one of ours."""
    assert heard.tenant_id is not None
    event = heard.event
    named = [PurchasePayment.id == event.reference] if event.reference else []
    if event.ref:
        named.append(PurchasePayment.provider_ref == event.ref)
    if event.transaction:
        named.append(PurchasePayment.transaction_ref == event.transaction)
    if not named:
        return
    async with transaction(tenant=heard.tenant_id) as db:
        payment = await db.scalar(
            select(PurchasePayment).where(
                PurchasePayment.tenant_id == heard.tenant_id,
                PurchasePayment.provider == event.provider,
                or_(*named),
            )
        )
    if payment is not None:
        await checkout.look(whose(payment), event.ref)


# By the clock


async def _all(*wanted: Any) -> list[PurchasePayment]:
    """Over all shops, as the network sees them."""
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        found = await db.scalars(
            select(PurchasePayment)
            .where(*wanted)
            .order_by(PurchasePayment.asked_at.asc().nulls_first(), PurchasePayment.id)
            .limit(200)
        )
        return list(found)


async def undecided() -> list[PurchasePayment]:
    """Payments that are to be asked about now: begun a while ago, held since an hour or about to lapse, confirmed and
    not taken, and taken ones now and then while the provider may still have something to say."""
    now = clock.now()
    payment = PurchasePayment
    quiet = or_(payment.asked_at.is_(None), payment.asked_at < now - timedelta(hours=1))
    return [
        *await _all(
            payment.status.in_(LIVE_PAYMENT),
            payment.status != "authorized",
            payment.created_at < now - timedelta(minutes=2),
        ),
        *await _all(
            payment.status == "authorized",
            or_(
                quiet,
                payment.capture_asked_at < now - timedelta(minutes=1),
                payment.authorized_until < now + timedelta(minutes=2),
            ),
        ),
        *await _all(
            payment.provider != "cash",
            payment.captured_minor > 0,
            payment.processed_at > now - timedelta(days=120),
            or_(
                payment.asked_at.is_(None) & (payment.processed_at < now - timedelta(minutes=30)),
                (payment.fee_minor == 0) & (payment.asked_at < now - timedelta(minutes=30)),
                payment.asked_at < now - timedelta(days=1),
            ),
        ),
    ]


async def ask(payment: PurchasePayment) -> None:
    """Look how one payment stands; one that the seller has confirmed is taken."""
    async with transaction(tenant=payment.tenant_id) as db:
        row = await db.get_one(PurchasePayment, payment.id)
        row.asked_at = clock.now()
    if row.status == "authorized" and row.capture_asked_at is not None:
        try:
            await capture(row, by=Viewer.system(row.tenant_id))
        except Refused as refused:
            log.warning("purchase.not_captured", payment=str(row.id), error=refused.words)
        return
    await checkout.look_if_answered(whose(row))


async def to_settle_up() -> list[tuple[UUID, UUID]]:
    """Purchases whose money is still on its way home: (seller, purchase)."""
    now = clock.now()
    async with transaction() as db:
        await db.execute(text("SELECT set_config('app.network', 'on', true)"))
        held = await db.execute(
            select(Purchase.tenant_id, Purchase.id)
            .join(PurchasePayment, PurchasePayment.purchase_id == Purchase.id)
            .where(
                Purchase.status.in_(ENDED_PURCHASE),
                or_(
                    PurchasePayment.status.in_(LIVE_PAYMENT),
                    PurchasePayment.status.in_(("completed", "partially_refunded")),
                ),
                # those wait for a person, or for their time; they would stand before the others for ever
                ~exists().where(
                    PurchaseRefund.payment_id == PurchasePayment.id,
                    PurchaseRefund.status.in_(("pending", "returned")),
                ),
            )
            .order_by(Purchase.ended_at.asc().nulls_first(), Purchase.id)
            .limit(200)
        )
        going = await db.execute(
            select(PurchaseRefund.tenant_id, PurchaseRefund.purchase_id)
            .where(
                PurchaseRefund.status == "pending",
                or_(
                    PurchaseRefund.try_at <= now,
                    and_(
                        PurchaseRefund.try_at.is_(None),
                        PurchaseRefund.created_at < now - timedelta(minutes=1),
                    ),
                ),
            )
            .order_by(PurchaseRefund.created_at, PurchaseRefund.id)
            .limit(200)
        )
        return sorted({(row[0], row[1]) for row in [*held, *going]})
