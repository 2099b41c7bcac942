"""/settings/payments: the owner connects the shop's account at the payment provider, and sees what comes of it."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, FromQuery

from app.core.errors import Refused
from app.core.render import page, see_other
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.billing import fees, kinds, payouts, shop_account, words
from app.gateways.payments import GatewayUnavailable

AnyRequest = Request[Any, Any, Any]
OWNER = needs("manage:center", "card_payments")


@get("/settings/payments", opt=OWNER)
async def payments_page(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        assert me.tenant_id is not None
        account = await shop_account.account_of(db, me.tenant_id)
        applying = await fees.of_shop(db, me.tenant_id)
        received = await kinds.card_payments(db, me.tenant_id, limit=LATEST)
    there, silent = None, ""
    if account is not None and account.is_ready:
        try:
            there = await payouts.at_provider(account)
        except Refused as refused:
            silent = refused.words
    return page(
        request, me, "billing/account.html", account=account, fees=applying, there=there, silent=silent,
        payout_state=words.payout_state, zone=me.zone, received=received, paid_with=words.paid_with,
        state_of=words.payment_state,
    )  # fmt: skip


LATEST = 5
PAGE = 50


@get("/settings/payments/received", opt=OWNER)
async def received_page(request: AnyRequest, before: FromQuery[UUID | None] = None) -> Response[Any]:
    """Every card payment: what came, who kept what of it, what arrives, and with which payout."""
    async with begin(request) as (db, me):
        assert me.tenant_id is not None
        found = await kinds.card_payments(db, me.tenant_id, before=before, limit=PAGE + 1)
        return page(
            request, me, "billing/received.html", received=found[:PAGE], paid_with=words.paid_with,
            older=found[PAGE - 1][0].id if len(found) > PAGE else None, zone=me.zone,
            state_of=words.payment_state,
        )  # fmt: skip


@get("/settings/payments/payouts/{ref:str}", opt=OWNER)
async def payout_page(request: AnyRequest, ref: FromPath[str]) -> Response[Any]:
    """What a payout is made of, beside our books."""
    async with begin(request) as (_db, me):
        assert me.tenant_id is not None
    made = await payouts.made_of(me.tenant_id, ref)
    return page(
        request, me, "billing/payout.html", made=made, payout_state=words.payout_state,
        line_kind=words.payout_line, zone=me.zone,
    )  # fmt: skip


@post("/settings/payments/account", opt=OWNER)
async def connect(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (_db, me):
        needs_fresh_proof(me)
        see_other(request, "/settings/payments")
    assert me.tenant_id is not None
    return see_other(request, await shop_account.open_setup(me.tenant_id, email=me.email))


@post("/settings/payments/look", opt=OWNER)
async def look(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (_db, me):
        see_other(request, "/settings/payments")
    assert me.tenant_id is not None
    try:
        ready = await shop_account.refresh(me.tenant_id)
    except GatewayUnavailable as silent:
        raise Refused(_("The payment provider does not answer. Please try again."), status=503) from silent
    said = _("The account takes payments.") if ready else _("The account is not finished yet.")
    return see_other(request, "/settings/payments", flash=said)


router = Router("/", route_handlers=[payments_page, received_page, payout_page, connect, look])
