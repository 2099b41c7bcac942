"""The demo's shops take cards: their owners connect accounts at the local Stripe, as owners do."""

from urllib.parse import urlsplit
from uuid import UUID

import httpx
import structlog

from app.core.errors import Refused
from app.domains.billing import shop_account
from app.gateways.payments import GatewayUnavailable
from app.settings import settings

log = structlog.get_logger()


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
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=5) as owner:
            pressed = await owner.post(urlsplit(page).path)
        if pressed.is_error:
            raise GatewayUnavailable(f"the simulator answered {pressed.status_code}")
        await shop_account.refresh(tenant_id)
    except (Refused, GatewayUnavailable, httpx.HTTPError) as error:
        log.warning("demo.no_card_account", error=type(error).__name__)
