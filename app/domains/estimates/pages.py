"""`/estimates/…`: the advisor's desk for a draft, the version that was sent, and the driver's own view of it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from app.core.errors import Invalid
from app.core.forms import read, values_of
from app.core.one_time import REPEATABLE
from app.core.render import page, see_other
from app.core.visit import begin, needs
from app.core.words import _
from app.domains import inspections, workshop
from app.domains.estimates import desk, desk_form
from app.domains.estimates.answering import read_answer
from app.domains.estimates.approval import decide
from app.domains.estimates.finding import (
    WRITE,
    estimates_of,
    find,
    find_to_decide,
    find_to_write,
    is_of_shop,
    order_of,
    over_words,
)
from app.domains.estimates.links import issue_link, mailed_to, revoke_links
from app.domains.estimates.sending import mark_viewed, preview, send
from app.domains.estimates.sheet import read_sheet
from app.domains.estimates.showing import shown
from app.domains.estimates.writing import discard, draft
from app.settings import settings

AnyRequest = Request[Any, Any, Any]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Which state of the draft somebody looked at."""

    revision: int | None = None


@post("/orders/{number:int}/estimates", opt=needs(WRITE), status_code=303)
async def write(request: AnyRequest, number: FromPath[int]) -> Response[Any]:
    async with begin(request) as (db, me):
        order = await workshop.find(db, me, number)
        estimate = await draft(db, order, by=me)
        return see_other(request, f"/estimates/{estimate.id}")


@get("/orders/{number:int}/estimates", opt=needs("update:service_progress"))
async def of_order(request: AnyRequest, number: FromPath[int]) -> Response[str]:
    """Section of the order's page: its versions, and the way to the next."""
    async with begin(request) as (db, me):
        order = await workshop.find(db, me, number)
        versions = await estimates_of(db, order)
        return page(request, me, "estimates/of_order.html", order=order, versions=versions)


@get("/estimates/{estimate_id:uuid}", opt=needs("read:own_appointments"))
async def estimate_page(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[str]:
    async with begin(request) as (db, me):
        return await _estimate(request, db, me, estimate_id)


async def _estimate(
    request: AnyRequest, db: Any, me: Any, estimate_id: UUID, *, status: int = 200, **more: Any
) -> Response[str]:
    estimate = await find(db, me, estimate_id)
    if is_of_shop(me, estimate):
        if estimate.is_draft:
            typed = more.get("values", {})
            found = await desk.gathered(db, me, estimate, typed=typed, is_late=status == 409)
            context = {"errors": {}, "values": {}, **found, **more}
            titles = {one.job.id: one.job.title for one in found["asked"]}
            context["told"] = desk_form.with_places(context["errors"], titles)
            return page(request, me, "estimates/desk.html", status=status, **context)
        context = await shown(db, estimate, action=f"/estimates/{estimate_id}/approval", **more)
        order = await order_of(db, estimate)
        context |= {
            "staff": True,
            "order": order,
            "versions": await estimates_of(db, order),
            "mailed_to": await mailed_to(db, estimate),
            "live_topics": [workshop.staff_topic(order.id)],
        }
        return page(request, me, "estimates/sent.html", status=status, **context)
    estimate = await find_to_decide(db, me, estimate_id)
    context = await shown(db, estimate, action=f"/estimates/{estimate_id}/approval", **more)
    context |= {
        "live_topics": [workshop.customer_topic(estimate.order_id)],
        "seen_url": f"/estimates/{estimate_id}/view",
        "over": over_words(await order_of(db, estimate)),
    }
    return page(request, me, "estimates/own.html", status=status, **context)


async def again(
    request: AnyRequest, estimate_id: UUID, errors: Mapping[str, str], *, status: int = 422
) -> Response[str]:
    """The page once more, read afresh, with what was typed and what is wrong with it."""
    values = values_of(await request.form())
    async with begin(request) as (db, me):
        return await _estimate(request, db, me, estimate_id, status=status, values=values, errors=errors)


@get("/estimates/{estimate_id:uuid}/preview", opt=needs(WRITE))
async def show_preview(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[str]:
    async with begin(request) as (db, me):
        estimate = await find_to_write(db, me, estimate_id)
        sums = await desk.sums(db, estimate)
        goes = await mailed_to(db, estimate)
        sheet = await preview(db, estimate) if estimate.is_draft else await read_sheet(db, estimate)
        context = await shown(db, estimate, action="", sheet=sheet)
        context |= {"missing": sums["missing"], "order": sums["order"], "mailed_to": goes}
        context["hidden"] = await inspections.hidden_proof(db, sums["order"]) if estimate.is_draft else None
        return page(request, me, "estimates/preview.html", **context)


@post("/estimates/{estimate_id:uuid}/hidden-proof/sharing", opt=needs(WRITE), status_code=303)
async def show_proof(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        estimate = await find_to_write(db, me, estimate_id)
        await inspections.show_hidden_proof(db, await order_of(db, estimate), by=me)
        return see_other(request, f"/estimates/{estimate_id}/preview")


@post("/estimates/{estimate_id:uuid}/sending", opt=needs(WRITE), status_code=303)
async def send_it(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        seen = read(Seen, await request.form())
        estimate = await find_to_write(db, me, estimate_id)
        await send(db, estimate, revision=seen.revision, by=me)
        return see_other(request, f"/estimates/{estimate_id}", flash=_("Sent to the customer."))


@post("/estimates/{estimate_id:uuid}/discarding", opt=needs(WRITE), status_code=303)
async def throw_away(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        seen = read(Seen, await request.form())
        estimate = await find_to_write(db, me, estimate_id)
        order = await order_of(db, estimate)
        await discard(db, estimate, revision=seen.revision, by=me)
        return see_other(request, f"/orders/{order.number}", flash=_("The draft is gone; its jobs are not."))


@post("/estimates/{estimate_id:uuid}/links", opt=needs(WRITE), status_code=200)
async def fresh_link(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[str]:
    """Shows a new link once: only its hash is kept, so there is no page to come back to."""
    async with begin(request) as (db, me):
        estimate = await find_to_write(db, me, estimate_id)
        token = await issue_link(db, estimate, by=me)
        return page(
            request,
            me,
            "estimates/link.html",
            estimate=estimate,
            link=f"{settings().base_url}/approve/{token}",
        )


@post("/estimates/{estimate_id:uuid}/links/revocation", opt=needs(WRITE), status_code=303)
async def revoke(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        estimate = await find_to_write(db, me, estimate_id)
        await revoke_links(db, estimate, by=me)
        return see_other(request, f"/estimates/{estimate_id}", flash=_("Every link to it is dead."))


@post("/estimates/{estimate_id:uuid}/view", opt=needs("approve:estimates"), status_code=303)
async def view(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        estimate = await find_to_decide(db, me, estimate_id)
        await mark_viewed(db, estimate, by=me)
        return see_other(request, f"/estimates/{estimate_id}")


@post("/estimates/{estimate_id:uuid}/approval", opt=needs("approve:estimates"), status_code=303)
async def approval(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[Any]:
    """The driver's own answer, or one that an advisor took by telephone or at the counter."""
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            estimate = await find(db, me, estimate_id)
            if is_of_shop(me, estimate):
                method = "in_person" if form.get("method") == "in_person" else "phone"
                contact = str(form.get("contact", "")).strip()[:200]
                if method == "phone" and not contact:
                    raise Invalid({"contact": _("Write down the number you called.")})
            else:
                estimate = await find_to_decide(db, me, estimate_id)
                method, contact = "account", me.email
            sheet = await read_sheet(db, estimate)
            said = read_answer(form, sheet, method=method, contact=contact)  # type: ignore[arg-type]
            await decide(db, estimate, said, by=me)
            return see_other(request, f"/estimates/{estimate_id}")
    except Invalid as error:
        return await again(request, estimate_id, error.errors)


@post(
    "/estimates/{estimate_id:uuid}/approval/sum", opt=needs("approve:estimates") | REPEATABLE, status_code=200
)
async def add_up(request: AnyRequest, estimate_id: FromPath[UUID]) -> Response[str]:
    """Without a script: the same page with the choices added up. Decides nothing."""
    values = values_of(await request.form())
    async with begin(request) as (db, me):
        return await _estimate(request, db, me, estimate_id, values=values)


router = Router(
    path="/",
    route_handlers=[
        write, of_order, estimate_page, show_preview, show_proof, send_it, throw_away, fresh_link, revoke, view,
        approval, add_up,
    ],
)  # fmt: skip
