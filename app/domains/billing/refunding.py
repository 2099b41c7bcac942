"""Giving money back: as much as was taken, never more, each refund once."""

from uuid import uuid5

from app.core.db import transaction
from app.core.errors import Invalid, Refused
from app.core.render import money
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.billing import checkout, settling
from app.domains.billing.models import TAKEN, Payment
from app.domains.billing.providers import gateway
from app.gateways.payments import GatewayRefused, GatewayUnavailable, PaymentStatus


async def refund(payment: Payment, amount: int, *, by: Viewer) -> Payment:
    """Give back part or all of a payment. Outside of any transaction.

    The key names how much is given back in all, so that pressing twice gives back once.
    """
    left = payment.amount_minor - payment.refunded_minor
    if amount <= 0:
        raise Invalid({"amount": _("Please enter an amount of more than nothing.")})
    if payment.status not in TAKEN or amount > left:
        raise Refused(
            _("No more than %(left)s can be given back.", left=money(left, payment.currency)),
            audit="payment.illegal_refund",
        )
    whose = checkout.Whose.of(payment)
    upto = payment.refunded_minor + amount
    if payment.provider == "cash":
        return await _hand_back(payment, upto, by=by)
    try:
        await gateway(payment.provider).refund(
            payment.provider_ref,
            amount,
            key=uuid5(payment.id, f"refund up to {upto}"),
            account=payment.provider_account or None,
        )
        return await checkout.look(whose)
    except GatewayRefused as refused:
        raise Refused(_("The payment provider said no: %(reason)s", reason=refused.words)) from refused
    except GatewayUnavailable as silent:
        raise Refused(
            _("The payment provider does not answer. Look again in a moment whether the money went back."),
            status=503,
        ) from silent


async def _hand_back(payment: Payment, upto: int, *, by: Viewer) -> Payment:
    told = PaymentStatus(
        ref=payment.provider_ref,
        state="refunded" if upto == payment.amount_minor else "partially_refunded",
        amount=payment.amount_minor,
        refunded=upto,
        currency=payment.currency,
        method=payment.paid_with,
    )
    async with transaction(tenant=payment.tenant_id, user=by.user_id) as db:
        return await settling.settle(db, payment.id, told, by=by)
