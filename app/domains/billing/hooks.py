"""POST /webhooks/stripe: the provider's word that something happened."""

from typing import Any

import structlog
from litestar import Request, Response, Router, post

from app.core.permissions import PUBLIC
from app.core.security import csrf_exempt
from app.core.visit import begin, needs
from app.domains.billing import webhooks
from app.domains.billing.providers import stripe
from app.gateways.payments import WebhookForged

log = structlog.get_logger()

LARGEST = 256 * 1024


@post("/webhooks/stripe", opt=needs(PUBLIC) | csrf_exempt("signed by Stripe over the raw body"))
async def from_stripe(request: Request[Any, Any, Any]) -> Response[Any]:
    """Verify, keep, answer. 400 for what is not signed by Stripe just now: nothing is kept of it."""
    body = await request.body()
    try:
        if len(body) > LARGEST:
            raise WebhookForged("too large")
        event = stripe().verify_webhook(body, request.headers.get("stripe-signature", ""))
    except WebhookForged as forged:
        log.warning("webhook.forged", reason=str(forged)[:100])
        return Response({"error": "signature"}, status_code=400, media_type="application/json")
    async with begin(request) as (db, _me):
        is_new = await webhooks.take(db, "stripe", event)
    return Response({"received": is_new}, status_code=200, media_type="application/json")


router = Router("/", route_handlers=[from_stripe])
