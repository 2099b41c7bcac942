"""The demo's shops take cards: their owners connect accounts at the local Stripe, and customers pay there.

Where no simulator runs (as in tests) nothing is done: owners connect later, and people pay cash.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import structlog

from app.core.db import transaction
from app.core.errors import Refused
from app.core.viewer import Viewer
from app.demo import people
from app.demo.stage import Stage
from app.domains.billing import checkout, links, paying, payouts, shop_account
from app.domains.billing.models import Invoice
from app.gateways.payments import GatewayUnavailable
from app.settings import settings

log = structlog.get_logger()

AT_HOME = Viewer(ip=people.AT_HOME[0], user_agent=people.AT_HOME[1])


async def connect(tenant_id: UUID, owner_email: str) -> None:
    """Open the shop's account and press "Connect" on the simulator's page.

    At the real Stripe only a person can answer its questions: nothing is done there. When the simulator is
    not running, the owner connects later from /settings/payments.
    """
    base = settings().stripe_api_base
    if base is None:
        return
    try:
        page = await shop_account.open_setup(tenant_id, email=owner_email)
        await _press(base, urlsplit(page).path)
        await shop_account.refresh(tenant_id)
    except (Refused, GatewayUnavailable, httpx.HTTPError) as error:
        log.warning("demo.no_card_account", error=type(error).__name__)


async def _press(base: str, path: str, **how: Any) -> None:
    """The button of one of the simulator's pages."""
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=5) as person:
        pressed = await person.post(path, **how)
    if pressed.is_error:
        raise GatewayUnavailable(f"the simulator answered {pressed.status_code}")


async def pay(stage: Stage, advisor: str, invoice: Invoice) -> bool:
    """The customer follows the link that the desk shows them and pays by card; False where that cannot be."""
    base = settings().stripe_api_base
    if base is None:
        return False
    try:
        async with stage.acting(advisor) as (db, me):
            path = await links.show_pay_link(db, invoice, by=me)
        async with transaction() as db:
            owed, holder = await links.follow_link(db, path.removeprefix("/pay/"), by=AT_HOME)
            payment = await paying.begin_card(db, owed, by=holder)
            # The simulator's clock is not moved: its page must be open for a while from now, not from then.
            now = datetime.now(UTC) + paying.CHECKOUT_LIFETIME
            payment.expires_at = now
            payment.checkout_terms = payment.checkout_terms | {"expires_at": int(now.timestamp())}
        whose = checkout.Whose.of(payment)
        await _press(
            base, urlsplit(await checkout.open_page(whose)).path, data={"number": "4242 4242 4242 4242"}
        )
        return (await checkout.look(whose)).is_taken
    except (Refused, GatewayUnavailable, httpx.HTTPError) as error:
        log.warning("demo.no_card_payment", error=type(error).__name__)
        return False


async def pay_out(tenant_id: UUID) -> None:
    """The owner asks the simulator to send what is there to the bank."""
    base = settings().stripe_api_base
    async with transaction(tenant=tenant_id) as db:
        account = await shop_account.account_of(db, tenant_id)
    if base is None or account is None:
        return
    try:
        key = {"authorization": f"Bearer {settings().stripe_api_key}"}
        await _press(base, f"/_sim/accounts/{account.account_ref}/payout", headers=key)
        await payouts.note(tenant_id)
    except (GatewayUnavailable, httpx.HTTPError) as error:
        log.warning("demo.no_payout", error=type(error).__name__)
