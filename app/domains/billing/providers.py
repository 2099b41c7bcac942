"""The payment providers of this installation, one adapter each, made once a process."""

from functools import lru_cache

from app.gateways.payments import PaymentGateway
from app.gateways.payments.cash import CashDrawer
from app.gateways.payments.stripe import StripeGateway
from app.settings import settings


@lru_cache(maxsize=4)
def _stripe(api_key: str, webhook_secret: str, api_base: str | None) -> StripeGateway:
    return StripeGateway(api_key, webhook_secret, api_base)


def stripe() -> StripeGateway:
    """Stripe, or its simulator where the settings say so."""
    now = settings()
    return _stripe(now.stripe_api_key, now.stripe_webhook_secret, now.stripe_api_base)


def gateway(provider: str) -> PaymentGateway:
    """The adapter of a payment."""
    return CashDrawer() if provider == "cash" else stripe()
