"""/sell-parts: six steps to a parts shop of one's own, back and forth, on whatever device is at hand."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath

from app.core.errors import Invalid, NotFound, Refused
from app.core.files import kept_or_gone
from app.core.forms import values_of
from app.core.limits import Limit, limited
from app.core.permissions import PUBLIC, SIGNED_IN
from app.core.render import page, see_other
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains.accounts import signing_in
from app.domains.parts_shops import founding, onboarding, papers, steps
from app.domains.parts_shops.models import ShopOnboarding

AnyRequest = Request[Any, Any, Any]
HERE = "/sell-parts"
MINE = needs(SIGNED_IN)
UPLOADS = Limit("shop papers", times=300, within=onboarding.HOUR, per="person")


@get(HERE, opt=needs(PUBLIC))
async def overview(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        mine = await onboarding.mine(db, me) if me.user_id else None
        return page(
            request, me, "parts_shops/overview.html", onboarding=mine,
            next_step=onboarding.first_open(mine) if mine else "",
            is_open=mine is not None and mine.status in onboarding.OPEN,
            currency=onboarding.currency_of(mine) if mine else "",
            papers=await onboarding.papers_of(db, mine) if mine else [],
        )  # fmt: skip


@post(HERE, opt=MINE, status_code=303)
async def start(request: AnyRequest) -> Response[Any]:
    async with begin(request) as (db, me):
        mine = await onboarding.start(db, by=me)
        return see_other(request, _after(mine))


def _after(mine: ShopOnboarding) -> str:
    """On to the step that waits; to the overview when none does."""
    step = onboarding.first_open(mine) if mine.status in onboarding.OPEN else ""
    return f"{HERE}/{step}" if step else HERE


@get(f"{HERE}/{{step:str}}", opt=MINE)
async def step_page(request: AnyRequest, step: FromPath[str]) -> Response[Any]:
    return await _show(request, step)


async def _show(
    request: AnyRequest,
    step: str,
    *,
    typed: dict[str, Any] | None = None,
    errors: dict[str, str] | None = None,
    meanwhile: str = "",
) -> Response[Any]:
    async with begin(request) as (db, me):
        if step not in steps.STEPS:
            raise NotFound
        mine = await onboarding.mine(db, me)
        if mine is None or mine.status not in onboarding.OPEN:
            return see_other(request, HERE)
        if not onboarding.is_within_reach(mine, step):
            return see_other(request, _after(mine))
        currency = onboarding.currency_of(mine)
        stored = steps.as_values(step, mine.answers.get(step, {}), currency)
        return page(
            request, me, "parts_shops/step.html", status=409 if meanwhile else 422 if errors else 200,
            onboarding=mine, step=step, number=onboarding.number_of(step), currency=currency,
            values=typed if typed is not None else stored, errors=errors or {}, meanwhile=meanwhile,
            papers=await onboarding.papers_of(db, mine) if step == "verification" else [],
            missing=await onboarding.missing_papers(db, mine) if step == "verification" else [],
        )  # fmt: skip


@post(
    f"{HERE}/{{step:str}}",
    opt=MINE | limited(UPLOADS),
    status_code=303,
    request_max_body_size=papers.LARGEST_BODY,
)
async def save_step(request: AnyRequest, step: FromPath[str]) -> Response[Any]:
    form = await request.form()
    try:
        async with glance(request):
            if step not in steps.STEPS:
                raise NotFound
        if step == "verification":
            return await _save_papers(request)
        async with glance(request) as (db, me):
            currency = onboarding.currency_of(await onboarding.find(db, me))
        answer = await steps.from_form(step, form, currency)
        async with begin(request) as (db, me):
            mine = await onboarding.find(db, me)
            await onboarding.save(db, mine, step, answer, seen=version_of(form), by=me)
            return see_other(request, _after(mine), flash=_("Saved."))
    except Invalid as wrong:
        return await _show(request, step, typed=typed_of(form) | wrong.values, errors=wrong.errors)
    except Refused as refused:
        if not refused.is_stale:
            raise
        return await _show(request, step, typed=typed_of(form), meanwhile=refused.words)


async def _save_papers(request: AnyRequest) -> Response[Any]:
    form = await request.form()
    sent = papers.sent(form)
    async with glance(request) as (db, me):
        await onboarding.must_take_papers(db, await onboarding.find(db, me), len(sent))
    received = await papers.receive(sent, by=onboarding.own(me))
    kept = [one for _kind, one in received]
    async with kept_or_gone(kept, by=onboarding.own(me), tenant=None), begin(request) as (db, me):
        mine = await onboarding.find(db, me)
        await onboarding.add_papers(db, mine, received, by=me)
        missing = await onboarding.missing_papers(db, mine)
        said = _("Saved. Still missing: %(papers)s", papers=", ".join(missing)) if missing else _("Saved.")
        return see_other(request, _after(mine), flash=said)


def typed_of(form: Any) -> dict[str, Any]:
    """What was typed and ticked, to be shown again."""
    lists = {
        name: [one for one in form.getall(name, []) if isinstance(one, str)]
        for name in ("makes", "conditions")
    }
    return values_of(form) | lists


def version_of(form: Any) -> int:
    """The version a form was shown with; 0 for none."""
    text = str(form.get("version", ""))
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


@post(
    f"{HERE}/papers/{{onboarding_document_id:uuid}}/removal",
    opt=MINE | {"page": HERE + "/verification"},
    status_code=303,
)
async def remove_paper(request: AnyRequest, onboarding_document_id: FromPath[UUID]) -> Response[Any]:
    async with begin(request) as (db, me):
        await onboarding.remove_paper(db, await onboarding.find(db, me), onboarding_document_id, by=me)
        return see_other(request, f"{HERE}/verification", flash=_("Removed."))


@post(f"{HERE}/submission", opt=MINE | {"page": HERE}, status_code=303)
async def submit(request: AnyRequest) -> Response[Any]:
    """Their session goes on inside the new business, so that it can be set up while the reviewer looks."""
    async with begin(request) as (db, me):
        mine = await onboarding.find(db, me)
        await onboarding.submit(db, mine, by=me)
        if mine.tenant_id:
            shop = await founding.shop_of(db, mine.tenant_id)
            await signing_in.work_at(db, center_id=shop.center_id, by=me)
        return see_other(request, HERE, flash=_("Handed in. We look at your papers and write to you."))


router = Router("/", route_handlers=[overview, start, step_page, save_step, remove_paper, submit])
