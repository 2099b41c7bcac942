"""/market/profile: what a parts shop sells and on which terms, and whether it wants to be asked."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, Router, get, post
from msgspec import Meta

from app.core.errors import Invalid, Refused
from app.core.forms import read, values_of
from app.core.render import page, see_other
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains.network.models import ServiceCenter
from app.domains.parts_shops import steps, trading
from app.domains.parts_shops.pages import typed_of, version_of

AnyRequest = Request[Any, Any, Any]
OWNS = needs("manage:center")
HERE = "/market/profile"
ASKED = ("location", "brands", "inventory", "pricing")


class AboutForm(msgspec.Struct):
    about: Annotated[str, Meta(max_length=1000)] = ""


@get(HERE, opt=OWNS)
async def profile(request: AnyRequest) -> Response[Any]:
    return await _show(request)


async def _show(
    request: AnyRequest,
    *,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    meanwhile: str = "",
) -> Response[Any]:
    async with begin(request) as (db, me):
        shop, terms = await trading.own_shop(db, me)
        center = await db.get_one(ServiceCenter, shop.center_id)
        now = trading.answers_of(shop, terms, center)
        stored = {"about": shop.about}
        for step in ASKED:
            stored |= steps.as_values(step, now[step], shop.currency)
        return page(
            request, me, "parts_shops/profile.html", status=409 if meanwhile else 422 if errors else 200, shop=shop,
            slug=center.slug, values=stored if typed is None else typed, errors=errors or {}, meanwhile=meanwhile,
            currency=shop.currency,
        )  # fmt: skip


@post(HERE, opt=OWNS, status_code=303)
async def change(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    try:
        async with glance(request) as (db, me):
            shop, _terms = await trading.own_shop(db, me)
            name, currency = shop.name, shop.currency
        answers = await _read(form, currency)
        business = {"name": name, "about": read(AboutForm, form).about, "currency": currency}
        async with begin(request) as (db, me):
            shop, terms = await trading.own_shop(db, me)
            await trading.change(
                db, shop, terms, {"business": business, **answers}, seen=version_of(form), by=me
            )
            return see_other(request, HERE, flash=_("Saved. New requests follow it."))
    except Invalid as wrong:
        return await _show(request, typed=typed_of(form) | wrong.values, errors=wrong.errors)
    except Refused as refused:
        if not refused.is_stale:
            raise
        return await _show(request, typed=typed_of(form), meanwhile=refused.words)


async def _read(form: Any, currency: str) -> dict[str, steps.Answers]:
    """Every part of the form, or what is wrong with any of them. Whoever looks for a place hears of nothing else."""
    answers = {"location": await steps.from_form("location", form, currency)}
    errors: dict[str, str] = {}
    values: dict[str, Any] = {}
    for step in ASKED[1:]:
        try:
            answers[step] = await steps.from_form(step, form, currency)
        except Invalid as wrong:
            errors |= wrong.errors
            values |= wrong.values
    if errors:
        raise Invalid(errors, values)
    return answers


@post(f"{HERE}/status", opt=OWNS | {"page": HERE}, status_code=303)
async def switch(request: AnyRequest) -> Response[Any]:
    to_active = values_of(await request.form()).get("status") == "active"
    async with begin(request) as (db, me):
        shop, _terms = await trading.own_shop(db, me)
        await (trading.resume if to_active else trading.rest)(db, shop, by=me)
        said = _("You are asked for parts again.") if to_active else _("You are asked for nothing new.")
        return see_other(request, HERE, flash=said)


router = Router("/", route_handlers=[profile, change, switch])
