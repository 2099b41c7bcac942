"""What a parts shop sells on the market, in its double-entry books. Nothing is booked while money is only held."""

from decimal import Decimal
from uuid import uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.money import rounded
from app.domains.billing.ledger import PLATFORM_FEES, PROVIDER_ACCOUNTS, Subject, book
from app.domains.marketplace.models import Purchase, PurchasePayment


def _about(purchase: Purchase) -> Subject:
    return Subject(tenant_id=purchase.tenant_id, currency=purchase.currency, purchase_id=purchase.id)


async def book_sale(db: AsyncSession, purchase: Purchase, payment: PurchasePayment) -> None:
    """The buyer owes the sum: the price without the tax in it is earned, the tax is owed to the state, and the
    deposit on old parts to the buyer. In the same breath they have paid it."""
    about = _about(purchase)
    total = payment.captured_minor
    earned = total - purchase.tax_minor - purchase.core_minor
    sale = {
        "receivable": total,
        "revenue": -earned,
        "tax": -purchase.tax_minor,
        "core_deposits": -purchase.core_minor,
    }
    await book(db, uuid5(payment.id, "sale"), sale, about=about, memo=payment.paid_with)
    fees = payment.fee_minor + payment.platform_fee_minor
    money = {
        PROVIDER_ACCOUNTS[payment.provider]: total - fees,
        "fees": payment.fee_minor,
        PLATFORM_FEES: payment.platform_fee_minor,
        "receivable": -total,
    }
    await book(db, payment.id, money, about=about, memo=payment.paid_with)


async def book_refund(
    db: AsyncSession, purchase: Purchase, payment: PurchasePayment, *, amount: int, core: int
) -> None:
    """Money out, `core` of it deposit: so much was not sold after all. What the buyer's bank had sent back before is
    theirs already, and goes first. `payment` stands as it does after the refund."""
    from_credit = min(amount, payment.credit_minor)
    payment.credit_minor -= from_credit
    core = min(core, amount - from_credit)
    goods = amount - from_credit - core
    payment.core_back_minor += core
    goods_back = payment.given_minor - payment.returned_minor - payment.core_back_minor
    tax = max(_tax_in(purchase, goods_back) - payment.tax_back_minor, 0) if goods else 0
    tax = min(tax, goods)
    payment.tax_back_minor += tax
    legs = {
        PROVIDER_ACCOUNTS[payment.provider]: -amount,
        "customer_credit": from_credit,
        "core_deposits": core,
        "tax": tax,
        "revenue": goods - tax,
    }
    name = uuid5(payment.id, f"refunded {payment.given_minor}")
    await book(db, name, legs, about=_about(purchase), memo=payment.paid_with)


def _tax_in(purchase: Purchase, goods_minor: int) -> int:
    """The share of the tax that is in so much of the price."""
    taxed = purchase.total_minor - purchase.core_minor
    return rounded(Decimal(purchase.tax_minor) * goods_minor / taxed) if taxed else 0


async def book_return(db: AsyncSession, purchase: Purchase, payment: PurchasePayment, amount: int) -> None:
    """The buyer's bank sent back what was given back: the shop has it again, and it is still the buyer's."""
    payment.credit_minor += amount
    legs = {PROVIDER_ACCOUNTS[payment.provider]: amount, "customer_credit": -amount}
    name = uuid5(payment.id, f"returned {payment.returned_minor}")
    await book(db, name, legs, about=_about(purchase), memo=payment.paid_with)


async def book_fee(db: AsyncSession, purchase: Purchase, payment: PurchasePayment, amount: int) -> None:
    """The provider kept so much more."""
    legs = {PROVIDER_ACCOUNTS[payment.provider]: -amount, "fees": amount}
    name = uuid5(payment.id, f"fee {payment.fee_minor}")
    await book(db, name, legs, about=_about(purchase), memo=payment.paid_with)


async def book_fee_back(db: AsyncSession, purchase: Purchase, payment: PurchasePayment, amount: int) -> None:
    """The platform's fee came back with a refund."""
    legs = {PROVIDER_ACCOUNTS[payment.provider]: amount, PLATFORM_FEES: -amount}
    name = uuid5(payment.id, f"platform fee back {payment.platform_fee_back_minor}")
    await book(db, name, legs, about=_about(purchase), memo=payment.paid_with)


async def book_dispute(
    db: AsyncSession, purchase: Purchase, payment: PurchasePayment, *, fee: int, taken_back: int
) -> None:
    """What a dispute has cost by now. What the bank took back the buyer owes again."""
    legs = {
        PROVIDER_ACCOUNTS[payment.provider]: -(taken_back + fee),
        "fees": fee,
        "receivable": taken_back,
    }
    name = uuid5(payment.id, f"dispute {payment.dispute_stage}")
    await book(db, name, legs, about=_about(purchase), memo=payment.paid_with)
