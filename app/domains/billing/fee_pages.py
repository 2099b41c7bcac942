"""/network/fees: what the platform keeps of card payments, of all or of one business, and what it has earned by it."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from app.core import clock, graveyard
from app.core.answers import audit_refusal
from app.core.errors import Invalid, Refused
from app.core.forms import minor_of, read, values_of
from app.core.render import page, see_other
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.billing import fees
from app.domains.billing.showing import typed
from app.domains.network import overview

AnyRequest = Request[Any, Any, Any]
NETWORK = needs("manage:network")


class FeeForm(msgspec.Struct):
    currency: str
    version: int
    percent: Decimal
    fixed: Decimal


@get("/network/fees", opt=NETWORK)
async def fees_page(request: AnyRequest) -> Response[Any]:
    return await _page(request)


async def _page(
    request: AnyRequest, *, errors: dict[str, str] | None = None, refused: Refused | None = None
) -> Response[Any]:
    sent = values_of(await request.form()) if errors else {}
    async with begin(request) as (db, me):
        answer = page(
            request, me, "billing/fees.html", status=refused.status if refused else 422 if errors else 200,
            fees=await fees.in_force(db), earned=await fees.earned(db), changes=await fees.history(db),
            dead=await graveyard.count_dead(db), errors=errors or {}, sent=sent, typed=typed, zone=me.zone,
        )  # fmt: skip
    answer.background = audit_refusal(request, refused)
    return answer


@post("/network/fees", opt=NETWORK)
async def set_fee(request: AnyRequest) -> Response[Any]:
    try:
        form = read(FeeForm, await request.form())
        points, fixed = _whole(form.percent, form.fixed, form.currency)
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            await fees.set_fee(
                db, form.currency, basis_points=points, fixed_minor=fixed, seen=form.version, by=me
            )
            said = _("The fee for payments in %(currency)s is set.", currency=form.currency)
            return see_other(request, "/network/fees", flash=said)
    except Invalid as wrong:
        return await _page(request, errors=wrong.errors)
    except Refused as no:
        return await _page(request, errors={"": no.words}, refused=no)


class BusinessFeeForm(msgspec.Struct):
    currency: str
    version: int
    what: Literal["own", "general"]
    percent: Decimal | None = None
    fixed: Decimal | None = None
    starts_on: date | None = None


@get("/network/businesses/{tenant_id:uuid}/fees", opt=NETWORK)
async def business_fees_page(request: AnyRequest, tenant_id: FromPath[UUID]) -> Response[Any]:
    return await _business_page(request, tenant_id)


async def _business_page(
    request: AnyRequest,
    tenant_id: UUID,
    *,
    errors: dict[str, str] | None = None,
    refused: Refused | None = None,
) -> Response[Any]:
    sent = values_of(await request.form()) if errors else {}
    async with begin(request) as (db, me):
        business = await overview.find_tenant(db, tenant_id)
        answer = page(
            request, me, "billing/business_fees.html",
            status=refused.status if refused else 422 if errors else 200, business=business,
            fees=await fees.of_shop(db, tenant_id), changes=await fees.history_of(db, tenant_id),
            dead=await graveyard.count_dead(db), errors=errors or {}, sent=sent, typed=typed,
            zone=me.zone, today=clock.now().date(),
        )  # fmt: skip
    answer.background = audit_refusal(request, refused)
    return answer


@post("/network/businesses/{tenant_id:uuid}/fees", opt=NETWORK)
async def set_business_fee(request: AnyRequest, tenant_id: FromPath[UUID]) -> Response[Any]:
    try:
        form = read(BusinessFeeForm, await request.form())
        fee = _own(form) if form.what == "own" else None
        async with begin(request) as (db, me):
            needs_fresh_proof(me)
            await fees.set_for_business(
                db, tenant_id, form.currency, fee=fee, starts_on=form.starts_on, seen=form.version, by=me
            )
            said = _("The fee for payments in %(currency)s is set.", currency=form.currency)
            return see_other(request, f"/network/businesses/{tenant_id}/fees", flash=said)
    except Invalid as wrong:
        return await _business_page(request, tenant_id, errors=wrong.errors)
    except Refused as no:
        return await _business_page(request, tenant_id, errors={"": no.words}, refused=no)


def _own(form: BusinessFeeForm) -> tuple[int, int]:
    if form.percent is None or form.fixed is None:
        empty = {"percent": form.percent, "fixed": form.fixed}
        raise Invalid({name: _("Please fill this in.") for name, value in empty.items() if value is None})
    return _whole(form.percent, form.fixed, form.currency)


def _whole(percent: Decimal, fixed: Decimal, currency: str) -> tuple[int, int]:
    """Basis points and minor units of what was typed. Raises Invalid where it is finer than that."""
    if percent != round(percent, 2):
        raise Invalid({"percent": _("At most two decimals, please: 2.75")})
    return int(percent * 100), minor_of(fixed, currency, "fixed")


router = Router("/", route_handlers=[fees_page, set_fee, business_fees_page, set_business_fee])
