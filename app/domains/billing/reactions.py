"""What billing does when it hears of something. These ask providers, so they open their own transactions."""

from app.core.events import Heard
from app.core.relay import outside_transaction
from app.domains.billing import checkout, shop_account
from app.domains.billing.events import PaymentAccountChanged, WebhookReceived


@outside_transaction
async def ask_about_payment(heard: Heard[WebhookReceived]) -> None:
    """A provider rang: look how the payment stands. Raises while the provider is silent, and is tried again."""
    assert heard.tenant_id is not None
    whose = checkout.Whose(heard.event.payment_id, heard.tenant_id, heard.user_id)
    await checkout.look(whose, heard.event.ref)


@outside_transaction
async def ask_about_account(heard: Heard[PaymentAccountChanged]) -> None:
    """The shop's account changed: look whether it can charge."""
    assert heard.tenant_id is not None
    await shop_account.refresh(heard.tenant_id)
