"""/network/fees: what the platform keeps of card payments, and what it has earned by it."""

from decimal import Decimal
from typing import Any

import msgspec
from litestar import Request, Response, Router, get, post

from app.core import graveyard
from app.core.answers import audit_refusal
from app.core.errors import Invalid, Refused
from app.core.forms import read, values_of
from app.core.money import decimals, to_minor
from app.core.render import page, see_other
from app.core.visit import begin, needs, needs_fresh_proof
from app.core.words import _
from app.domains.billing import fees
from app.domains.billing.showing import typed

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
        points, fixed = _whole(form)
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


def _whole(form: FeeForm) -> tuple[int, int]:
    """Basis points and minor units of what was typed. Raises Invalid where it is finer than that."""
    wrong = {}
    percent, fixed = _near(form.percent, 100), _near(form.fixed, fees.MOST_FIXED + 1)
    if percent != round(percent, 2):
        wrong["percent"] = _("At most two decimals, please: 2.75")
    if fixed != round(fixed, decimals(form.currency)):
        wrong["fixed"] = _("This has more decimals than %(currency)s knows.", currency=form.currency)
    if wrong:
        raise Invalid(wrong)
    return int(percent * 100), to_minor(fixed, form.currency)


def _near(number: Decimal, most: int) -> Decimal:
    """Far out of bounds is just out of bounds: refused as well, and 1E900000 takes no minutes to multiply."""
    return min(max(number, Decimal(-1)), Decimal(most))


router = Router("/", route_handlers=[fees_page, set_fee])
