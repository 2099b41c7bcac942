"""Somebody's way to a parts shop: six steps, saved one by one, gone on with wherever they sign in."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock, files
from app.core.db import new_id
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.files import Kept
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.parts_shops import founding
from app.domains.parts_shops.events import (
    OnboardingAbandoned,
    OnboardingEvent,
    OnboardingStarted,
    OnboardingStepSaved,
    OnboardingSubmitted,
)
from app.domains.parts_shops.models import OnboardingDocument, ShopOnboarding
from app.domains.parts_shops.moves import move_onboarding
from app.domains.parts_shops.said import changed_meanwhile, step_label
from app.domains.parts_shops.steps import NEEDED, STEPS, Answers

PATIENCE = timedelta(days=30)
"""Without a touch for so long, it is set aside."""
HOUR = timedelta(hours=1)
MOST_PAPERS = 12
OPEN = ("in_progress", "failed", "abandoned")
"""States in which its owner may change something."""
_SAVED = "saved"
"""Beside the answers: at which version each step was saved."""


def own(me: Viewer) -> Viewer:
    """The person themselves, wherever they work: what they write here is no employer's."""
    return replace(me, tenant_id=None, center_id=None)


async def mine(db: AsyncSession, me: Viewer) -> ShopOnboarding | None:
    """The viewer's newest; an open one first."""
    query = select(ShopOnboarding).where(ShopOnboarding.user_id == me.user_id)
    newest = query.order_by((ShopOnboarding.status == "completed").asc(), ShopOnboarding.created_at.desc())
    found: ShopOnboarding | None = await db.scalar(newest.limit(1))
    return found


async def find(db: AsyncSession, me: Viewer, onboarding_id: UUID | None = None) -> ShopOnboarding:
    """The viewer's own. Raises NotFound."""
    found = await mine(db, me)
    if onboarding_id and found and found.id != onboarding_id:
        query = select(ShopOnboarding).where(ShopOnboarding.user_id == me.user_id)
        found = await db.scalar(query.where(ShopOnboarding.id == onboarding_id))
    if found is None:
        raise NotFound
    return found


async def hold(db: AsyncSession, onboarding: ShopOnboarding) -> None:
    """From here on nobody else changes it: a second device waits, and then sees what this one has done."""
    await db.refresh(onboarding, with_for_update=True)


async def start(db: AsyncSession, *, by: Viewer) -> ShopOnboarding:
    """Begin, or go on with what was begun; however many devices ask at once there is one."""
    now = clock.now()
    made = await db.scalar(
        insert(ShopOnboarding)
        .values(id=new_id(), created_at=now, user_id=by.user_id, touched_at=now, status="in_progress",
                current_step=1, completed_steps=[], answers={}, reasons={}, version=1)
        .on_conflict_do_nothing(index_elements=["user_id"], index_where=ShopOnboarding.status != "completed")
        .returning(ShopOnboarding.id)
    )  # fmt: skip
    onboarding = await find(db, by)
    if made:
        await _tell(db, OnboardingStarted(onboarding_id=onboarding.id), onboarding, by)
    elif onboarding.status == "abandoned":
        await hold(db, onboarding)
        await _go_on(db, onboarding, by)
    return onboarding


async def _go_on(db: AsyncSession, onboarding: ShopOnboarding, by: Viewer) -> None:
    if onboarding.status in ("abandoned", "failed"):
        move_onboarding(onboarding, "in_progress")
    onboarding.touched_at = clock.now()
    await db.flush()
    await _tell(db, OnboardingStarted(onboarding_id=onboarding.id), onboarding, by)


def number_of(step: str) -> int:
    """1 to 6. Raises NotFound."""
    if step.isascii() and step.isdigit() and len(step) < 3 and 1 <= int(step) <= len(STEPS):
        return int(step)
    if step not in STEPS:
        raise NotFound
    return STEPS.index(step) + 1


def is_within_reach(onboarding: ShopOnboarding, step: str) -> bool:
    """Back is always open, forward only when everything before it is done."""
    return all(n in onboarding.completed_steps for n in range(1, number_of(step)))


def first_open(onboarding: ShopOnboarding) -> str:
    """The step to go on with; "" when all are done."""
    return next((step for n, step in enumerate(STEPS, 1) if n not in onboarding.completed_steps), "")


def currency_of(onboarding: ShopOnboarding) -> str:
    return str(onboarding.answers.get("business", {}).get("currency", "USD"))


async def save(
    db: AsyncSession, onboarding: ShopOnboarding, step: str, answer: Answers, *, seen: int, by: Viewer
) -> None:
    """Keep one step. Raises Refused when another device was quicker with other words, when a step before it is not
    done, and while a reviewer has it."""
    await hold(db, onboarding)
    _must_be_open(onboarding)
    if not is_within_reach(onboarding, step):
        raise Refused(_("Please finish “%(step)s” first.", step=step_label(first_open(onboarding))))
    _refuse_stale(onboarding, step, answer, seen, by.distance_unit)
    if step == "verification" and (missing := await missing_papers(db, onboarding)):
        raise Refused(_("Still missing: %(papers)s", papers=", ".join(missing)), status=422)
    await _keep(db, onboarding, step, answer, by)


async def _keep(db: AsyncSession, onboarding: ShopOnboarding, step: str, answer: Answers, by: Viewer) -> None:
    before = currency_of(onboarding)
    if onboarding.status != "in_progress":
        move_onboarding(onboarding, "in_progress")
    onboarding.version += 1
    saved = onboarding.answers.get(_SAVED, {}) | {step: onboarding.version}
    onboarding.answers = onboarding.answers | {step: answer, _SAVED: saved}
    done = {*onboarding.completed_steps, number_of(step)}
    if currency_of(onboarding) != before:  # its sums would mean something else
        done -= {number_of("pricing")}
    onboarding.completed_steps = sorted(done)
    onboarding.reasons = {name: why for name, why in onboarding.reasons.items() if name != step}
    onboarding.current_step = number_of(first_open(onboarding) or STEPS[-1])
    onboarding.touched_at = clock.now()
    await db.flush()
    await _tell(db, OnboardingStepSaved(onboarding_id=onboarding.id, step=step), onboarding, by)


def _must_be_open(onboarding: ShopOnboarding) -> None:
    if onboarding.status not in OPEN:
        raise Refused(
            _("Your shop is with the reviewer now. What you wrote can be changed when it comes back.")
        )


def _refuse_stale(
    onboarding: ShopOnboarding, step: str, answer: Mapping[str, Any], seen: int, unit: str
) -> None:
    now = onboarding.answers.get(step, {})
    if onboarding.answers.get(_SAVED, {}).get(step, 0) > seen and now != answer:
        raise Refused(changed_meanwhile(now, answer, currency_of(onboarding), unit), audit="onboarding.stale")


async def papers_of(
    db: AsyncSession, onboarding: ShopOnboarding
) -> Sequence[tuple[OnboardingDocument, File]]:
    """Its papers with their files, the first sent first."""
    query = (
        select(OnboardingDocument, File)
        .join(File, File.id == OnboardingDocument.file_id)
        .where(OnboardingDocument.onboarding_id == onboarding.id)
        .order_by(OnboardingDocument.created_at, OnboardingDocument.id)
    )
    return [(document, file) for document, file in await db.execute(query)]


async def missing_papers(db: AsyncSession, onboarding: ShopOnboarding) -> list[str]:
    """What the reviewer will want, in words."""
    there = {document.kind for document, _file in await papers_of(db, onboarding)}
    words = (_("the registration"), _("the tax paper"), _("a proof of identity or address"))
    return [said for kinds, said in zip(NEEDED, words, strict=True) if not there & set(kinds)]


async def must_take_papers(db: AsyncSession, onboarding: ShopOnboarding, more: int) -> None:
    """Raises Refused when no papers are taken now, or not so many."""
    _must_be_open(onboarding)
    if not is_within_reach(onboarding, "verification"):
        raise Refused(_("Please finish “%(step)s” first.", step=step_label(first_open(onboarding))))
    if len(await papers_of(db, onboarding)) + more > MOST_PAPERS:
        raise Refused(_("At most %(most)s papers. Remove one first.", most=MOST_PAPERS))


async def add_papers(
    db: AsyncSession, onboarding: ShopOnboarding, received: Sequence[tuple[str, Kept]], *, by: Viewer
) -> None:
    """Keep papers that were received and checked (`papers.receive`). Raises Refused."""
    await hold(db, onboarding)
    await must_take_papers(db, onboarding, len(received))
    for kind, kept in received:
        file = await files.keep(db, kept, by=own(by), owner=onboarding.user_id)
        db.add(
            OnboardingDocument(
                id=new_id(),
                onboarding_id=onboarding.id,
                user_id=onboarding.user_id,
                kind=kind,
                file_id=file.id,
            )
        )
    await _papers_changed(db, onboarding, by)


async def remove_paper(
    db: AsyncSession, onboarding: ShopOnboarding, document_id: UUID, *, by: Viewer
) -> None:
    """Take a paper back, and its bytes with it. Raises NotFound, Refused."""
    await hold(db, onboarding)
    _must_be_open(onboarding)
    for document, file in await papers_of(db, onboarding):
        if document.id == document_id:
            await db.delete(document)
            await db.flush()
            await files.forget(db, file, by=own(by))
            return await _papers_changed(db, onboarding, by)
    raise NotFound


async def _papers_changed(db: AsyncSession, onboarding: ShopOnboarding, by: Viewer) -> None:
    await db.flush()
    missing = await missing_papers(db, onboarding)
    if missing:
        last = number_of("verification")
        onboarding.completed_steps = [n for n in onboarding.completed_steps if n != last]
        onboarding.touched_at = clock.now()
        onboarding.version += 1
        await db.flush()
        event = OnboardingStepSaved(onboarding_id=onboarding.id, step="verification")
        await _tell(db, event, onboarding, by)
    else:
        await _keep(db, onboarding, "verification", {}, by)


async def submit(db: AsyncSession, onboarding: ShopOnboarding, *, by: Viewer) -> None:
    """Hand everything to the reviewer; with the first time the business comes into being. Pressed again it does nothing.
    Raises Refused when a step is not done."""
    await hold(db, onboarding)
    if onboarding.status not in OPEN:
        return
    if step := first_open(onboarding):
        raise Refused(_("Please finish “%(step)s” first.", step=step_label(step)), data={"step": step})
    if onboarding.status != "in_progress":
        move_onboarding(onboarding, "in_progress")
    move_onboarding(onboarding, "submitted")
    onboarding.submitted_at = onboarding.touched_at = clock.now()
    await db.flush()
    await _tell(db, OnboardingSubmitted(onboarding_id=onboarding.id), onboarding, by)
    if onboarding.tenant_id is None:
        shop = await founding.found(
            db, onboarding.answers, owner_id=onboarding.user_id, owner_name=by.name, by=own(by)
        )
        onboarding.tenant_id = shop.tenant_id
        await db.flush()
    else:
        await founding.write_again(db, onboarding.tenant_id, onboarding.answers, by=own(by))


async def abandon(db: AsyncSession, onboarding: ShopOnboarding) -> None:
    """Set it aside when nobody has touched it for a month."""
    await hold(db, onboarding)
    if onboarding.status == "in_progress" and onboarding.touched_at <= clock.now() - PATIENCE:
        move_onboarding(onboarding, "abandoned")
        await db.flush()
        await _tell(db, OnboardingAbandoned(onboarding_id=onboarding.id), onboarding, Viewer.system())


async def _tell(db: AsyncSession, event: OnboardingEvent, onboarding: ShopOnboarding, by: Viewer) -> None:
    await record(db, event, by=own(by), person=onboarding.user_id, subject=onboarding.id)
