"""Onboarding as JSON: the same six steps, for an app of one's own."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Router, get, post, put
from litestar.params import FromPath
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import Invalid
from app.core.files import kept_or_gone
from app.core.limits import limited
from app.core.permissions import SIGNED_IN
from app.core.visit import begin, glance, needs
from app.core.words import _
from app.domains.parts_shops import onboarding, papers, steps
from app.domains.parts_shops.models import ShopOnboarding
from app.domains.parts_shops.pages import UPLOADS

AnyRequest = Request[Any, Any, Any]
MINE = needs(SIGNED_IN)


class PaperOut(msgspec.Struct):
    id: UUID
    kind: str
    name: str


class OnboardingOut(msgspec.Struct, kw_only=True):
    id: UUID
    status: str
    current_step: int
    completed_steps: list[int]
    next_step: str
    """The step to go on with, by its name; empty when all are done."""
    answers: dict[str, Any]
    """By step; sums are minor units of the shop's currency."""
    reasons: dict[str, str]
    """What the reviewer wants to know, by step."""
    papers: list[PaperOut]
    missing_papers: list[str]
    submitted_at: datetime | None
    version: int


async def _shown(db: AsyncSession, mine: ShopOnboarding) -> OnboardingOut:
    return OnboardingOut(
        id=mine.id, status=mine.status, current_step=mine.current_step, completed_steps=mine.completed_steps,
        next_step=onboarding.first_open(mine),
        answers={step: mine.answers[step] for step in steps.STEPS if step in mine.answers}, reasons=mine.reasons,
        papers=[PaperOut(one.id, one.kind, file.label) for one, file in await onboarding.papers_of(db, mine)],
        missing_papers=await onboarding.missing_papers(db, mine), submitted_at=mine.submitted_at, version=mine.version,
    )  # fmt: skip


@post("/shop-onboarding/start", opt=MINE, status_code=200)
async def start(request: AnyRequest) -> OnboardingOut:
    """Begin, or go on with what was begun before."""
    async with begin(request) as (db, me):
        return await _shown(db, await onboarding.start(db, by=me))


@get("/shop-onboarding/{shop_onboarding_id:uuid}", opt=MINE)
async def show(request: AnyRequest, shop_onboarding_id: FromPath[UUID]) -> OnboardingOut:
    """How far one's own onboarding is."""
    async with begin(request) as (db, me):
        return await _shown(db, await onboarding.find(db, me, shop_onboarding_id))


@put(
    "/shop-onboarding/{shop_onboarding_id:uuid}/step/{step:str}",
    opt=MINE | limited(UPLOADS),
    request_max_body_size=papers.LARGEST_BODY,
)
async def save(request: AnyRequest, shop_onboarding_id: FromPath[UUID], step: FromPath[str]) -> OnboardingOut:
    """Save one step, by its number or name: the fields of its answer and the `version` that was looked at. Step 6 takes
    the papers as multipart files: registration, tax, identity, address, other."""
    async with glance(request) as (db, me):
        name = steps.STEPS[onboarding.number_of(step) - 1]
        mine = await onboarding.find(db, me, shop_onboarding_id)
        if is_papers := name == "verification" and request.headers.get("content-type", "").startswith(
            "multipart/"
        ):
            await onboarding.must_take_papers(db, mine, 0)
    if is_papers:
        received = await papers.receive(papers.sent(await request.form()), by=onboarding.own(me))
        kept = [one for _kind, one in received]
        async with kept_or_gone(kept, by=onboarding.own(me), tenant=None), begin(request) as (db, me):
            mine = await onboarding.find(db, me, shop_onboarding_id)
            await onboarding.add_papers(db, mine, received, by=me)
            return await _shown(db, mine)
    given = await _body(request)
    answer = steps.from_json(name, given)
    async with begin(request) as (db, me):
        mine = await onboarding.find(db, me, shop_onboarding_id)
        await onboarding.save(db, mine, name, answer, seen=given["version"], by=me)
        return await _shown(db, mine)


async def _body(request: AnyRequest) -> dict[str, Any]:
    given = await request.json()
    if not isinstance(given, dict):
        raise Invalid({"": _("Please send the fields of the step as an object.")})
    version = given.get("version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise Invalid({"version": _("Please enter a whole number.")})
    return {**given, "version": version}


@post("/shop-onboarding/{shop_onboarding_id:uuid}/complete", opt=MINE, status_code=200)
async def complete(request: AnyRequest, shop_onboarding_id: FromPath[UUID]) -> OnboardingOut:
    """Hand everything to the reviewer; the business comes into being. Sent again it changes nothing."""
    async with begin(request) as (db, me):
        mine = await onboarding.find(db, me, shop_onboarding_id)
        await onboarding.submit(db, mine, by=me)
        return await _shown(db, mine)


router = Router("/", route_handlers=[start, show, save, complete], tags=["parts shops"])
