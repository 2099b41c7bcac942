"""`/approve/<token>`: the customer's estimate without an account. GET shows, POST decides."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from app.core.errors import Invalid
from app.core.forms import values_of
from app.core.limits import Limit, limited
from app.core.one_time import REPEATABLE
from app.core.permissions import PUBLIC
from app.core.render import page, see_other
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.domains.estimates.answering import read_answer
from app.domains.estimates.approval import decide
from app.domains.estimates.links import OpenedLink, ask_again, open_link, refuse_shut, standing
from app.domains.estimates.sending import mark_viewed
from app.domains.estimates.sheet import read_sheet
from app.domains.estimates.showing import shown

AnyRequest = Request[Any, Any, Any]
ANSWERS = Limit("answer by link", times=300, within=timedelta(minutes=15))
"""From one address: a waiting room of people who each look, add up, hesitate and sign."""
PRIVATE = {"Referrer-Policy": "same-origin", "X-Robots-Tag": "noindex, nofollow"}


def holder(me: Viewer, opened: OpenedLink) -> Viewer:
    """Whoever holds the link, with the address and browser they come from."""
    return replace(
        me,
        kind="link",
        user_id=None,
        name=str(opened.estimate.header.get("customer", "")),
        email=opened.link.recipient,
        tenant_id=opened.estimate.tenant_id,
    )


@get("/approve/{token:str}", opt=needs(PUBLIC))
async def approve(request: AnyRequest, token: FromPath[str]) -> Response[str]:
    async with begin(request) as (db, me):
        opened = await open_link(db, token)
        if opened.shut:
            return await _closed(request, me, opened, token, can_ask=await standing(db, opened) is not None)
        context = await shown(db, opened.estimate, action=f"/approve/{token}")
        context["seen_url"] = f"/approve/{token}/view"
        context["live_topics"] = [f"order:{opened.estimate.order_id}:customer"]
        return page(
            request, me, "estimates/approve.html", layout="layouts/plain.html", headers=PRIVATE, **context
        )


@post("/approve/{token:str}", opt=needs(PUBLIC) | limited(ANSWERS), status_code=303)
async def answer(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    form = await request.form()
    try:
        async with begin(request) as (db, me):
            opened = await open_link(db, token)
            refuse_shut(opened)
            sheet = await read_sheet(db, opened.estimate)
            said = read_answer(form, sheet, method="link", contact=opened.link.recipient)
            await decide(db, opened.estimate, said, by=holder(me, opened), link=opened)
            return see_other(request, f"/approve/{token}")
    except Invalid as error:
        return await _again(request, token, error)


async def _again(request: AnyRequest, token: FromPath[str], error: Invalid | None) -> Response[str]:
    """The form once more with what was typed, read afresh."""
    values = values_of(await request.form())
    async with begin(request) as (db, me):
        opened = await open_link(db, token)
        refuse_shut(opened)
        context = await shown(
            db,
            opened.estimate,
            action=f"/approve/{token}",
            values=values,
            errors=error.errors if error else {},
        )
        status = 422 if error else 200
        return page(
            request,
            me,
            "estimates/approve.html",
            layout="layouts/plain.html",
            status=status,
            headers=PRIVATE,
            **context,
        )


@post("/approve/{token:str}/sum", opt=needs(PUBLIC) | REPEATABLE | limited(ANSWERS), status_code=200)
async def add_up(request: AnyRequest, token: FromPath[str]) -> Response[str]:
    """Without a script: the same page with the choices added up. Decides nothing."""
    return await _again(request, token, None)


@post("/approve/{token:str}/view", opt=needs(PUBLIC) | limited(ANSWERS), status_code=303)
async def view(request: AnyRequest, token: FromPath[str]) -> Response[Any]:
    async with begin(request) as (db, me):
        opened = await open_link(db, token)
        refuse_shut(opened)
        await mark_viewed(db, opened.estimate, by=holder(me, opened))
        return see_other(request, f"/approve/{token}")


@post("/approve/{token:str}/renewal", opt=needs(PUBLIC) | limited(ANSWERS), status_code=200)
async def renew(request: AnyRequest, token: FromPath[str]) -> Response[str]:
    async with begin(request) as (db, me):
        opened = await open_link(db, token)
        await ask_again(db, opened, by=holder(me, opened))
        return await _closed(request, me, opened, token, asked=True)


async def _closed(
    request: AnyRequest,
    me: Viewer,
    opened: OpenedLink,
    token: str,
    *,
    can_ask: bool = False,
    asked: bool = False,
) -> Response[str]:
    return page(
        request,
        me,
        "estimates/closed.html",
        layout="layouts/plain.html",
        status=200 if asked else 410,
        headers=PRIVATE,
        header=opened.estimate.header,
        words=opened.words,
        can_ask=can_ask,
        asked=asked,
        action=f"/approve/{token}/renewal",
    )


router = Router(path="/", route_handlers=[approve, answer, add_up, view, renew])
