"""Approval links: 256 random bits for one version and one recipient. Only a hash is stored.

A link shows its version until it expires and decides it once. It dies when the version is superseded or the
shop revokes it. The purpose is part of what is hashed, so no other kind of link opens an estimate.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import clock
from app.core.db import enter_tenant
from app.core.errors import NotFound, Refused
from app.core.events import record
from app.core.security import hash_token, new_token
from app.core.tables import EventRow
from app.core.viewer import Viewer
from app.core.words import _
from app.domains import customers
from app.domains.customers import Customer, MailedTo
from app.domains.estimates.events import ApprovalLinkAsked, ApprovalLinksRevoked
from app.domains.estimates.finding import lock, order_of, over_words
from app.domains.estimates.models import OPEN, ApprovalLink, Estimate
from app.domains.network.setting_values import rules_of

PURPOSE = "approval"
ASKED_AGAIN_AFTER = timedelta(minutes=2)

Shut = Literal["", "expired", "superseded", "revoked"]


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """A link that exists, and what it leads to."""

    link: ApprovalLink
    estimate: Estimate
    over: str = ""
    """Why its order asks nothing any more."""

    @property
    def words(self) -> str:
        """Why it does not open, for the person holding it."""
        return (self.over if self.shut == "superseded" else "") or words_for(self.shut)

    @property
    def shut(self) -> Shut:
        """Why it no longer opens, as its rows stand now; empty: it does."""
        return _shut(self.link, self.estimate)


def _hash(token: str) -> bytes:
    return hash_token(f"{PURPOSE}:{token}")


async def issue_link(
    db: AsyncSession, estimate: Estimate, *, recipient: str = "", by: Viewer | None = None
) -> str:
    """A fresh token for a version that can be decided or was decided, good for as long as the
    shop says (72 hours) or until the estimate is no longer valid. Call it where the mail is written: the token is nowhere else.

    `recipient` defaults to what the shop has of the customer. Raises Refused for a draft or a version that is over.
    """
    now = clock.now()
    if not (estimate.is_open(now) or estimate.is_decided):
        raise Refused(
            _("This estimate can no longer be answered, so there is no link to it."),
            audit="estimate.illegal_move",
        )
    token = new_token()
    ends = now + timedelta(hours=(await rules_of(db, estimate.tenant_id)).number("estimates.link_hours"))
    db.add(
        ApprovalLink(
            tenant_id=estimate.tenant_id,
            estimate_id=estimate.id,
            token_hash=_hash(token),
            recipient=recipient or await _contact_of(db, estimate),
            created_by_id=by.user_id if by else None,
            expires_at=ends if estimate.is_decided else min(ends, estimate.valid_until),
        )
    )
    await db.flush()
    return token


async def mailed_to(db: AsyncSession, estimate: Estimate) -> MailedTo:
    """Where the customer's link is mailed."""
    return await customers.mailed_to(db, await _customer_of(db, estimate))


async def _contact_of(db: AsyncSession, estimate: Estimate) -> str:
    """Whom a link is for that the desk hands over, as the shop knows them: an address, or a telephone number."""
    customer = await _customer_of(db, estimate)
    return customer.email or customer.phone


async def _customer_of(db: AsyncSession, estimate: Estimate) -> Customer:
    order = await order_of(db, estimate)
    return await db.get_one(Customer, order.customer_id)


async def open_link(db: AsyncSession, token: str) -> OpenedLink:
    """Follow a token, and enter the tenant it belongs to. Changes nothing. Raises NotFound."""
    row = (
        await db.execute(text("SELECT * FROM approval_link_by_hash(:hash)"), {"hash": _hash(token)})
    ).first()
    if row is None:
        raise NotFound
    await enter_tenant(db, row.tenant_id)
    link = await db.get_one(ApprovalLink, row.link_id)
    estimate = await db.get_one(Estimate, row.estimate_id)
    return OpenedLink(link, estimate, over_words(await order_of(db, estimate)))


def _shut(link: ApprovalLink, estimate: Estimate) -> Shut:
    now = clock.now()
    if link.revoked_at is not None:
        return "superseded" if estimate.status == "superseded" else "revoked"
    if estimate.status == "superseded":
        return "superseded"
    if now >= link.expires_at or estimate.status == "expired":
        return "expired"
    if not estimate.is_decided and now >= estimate.valid_until:
        return "expired"
    return ""


def refuse_shut(opened: OpenedLink) -> None:
    """Raise Refused in plain words when the link no longer opens."""
    if opened.shut:
        raise Refused(opened.words, audit="estimate.link_shut")


def words_for(shut: Shut) -> str:
    """Why a link does not open, for the person holding it."""
    return {
        "": "",
        "expired": _("This link has expired. Nothing was changed."),
        "superseded": _("The workshop has changed this estimate. Please use the link to the newer one."),
        "revoked": _("The workshop has withdrawn this link. Please ask them for a new one."),
    }[shut]


async def standing(db: AsyncSession, opened: OpenedLink) -> Estimate | None:
    """The version a dead link's holder should look at instead: theirs when it was decided, else the one
    of the same order that can be answered now."""
    estimate = opened.estimate
    if estimate.is_decided:
        return estimate
    found: Estimate | None = await db.scalar(
        select(Estimate)
        .where(
            Estimate.tenant_id == estimate.tenant_id,
            Estimate.order_id == estimate.order_id,
            Estimate.status.in_(OPEN),
            Estimate.valid_until > clock.now(),
        )
        .order_by(Estimate.version.desc())
        .limit(1)
    )
    return found


async def ask_again(db: AsyncSession, opened: OpenedLink, *, by: Viewer) -> None:
    """Have a fresh link mailed to the customer in place of a dead one: to them, not to whoever asks.

    Asking twice within two minutes sends one mail. Raises Refused when there is nothing to link to.
    """
    estimate = await standing(db, opened) if opened.shut in ("expired", "superseded") else None
    if estimate is None:
        raise Refused(
            _("There is no estimate to answer at the moment. Please call or write to the workshop.")
        )
    order = await lock(db, estimate)
    newest = await db.scalar(
        select(func.max(EventRow.created_at)).where(
            EventRow.tenant_id == estimate.tenant_id,
            EventRow.subject_id == order.id,
            EventRow.name == ApprovalLinkAsked.__name__,
            EventRow.payload["estimate_id"].astext == str(estimate.id),
        )
    )
    if newest is not None and clock.now() - newest < ASKED_AGAIN_AFTER:
        return
    asked = ApprovalLinkAsked(
        estimate_id=estimate.id,
        order_id=order.id,
        center_id=order.center_id,
        number=estimate.number,
        customer_id=order.customer_id,
    )
    await record(db, asked, by=by, tenant=estimate.tenant_id, person=estimate.user_id, subject=order.id)


async def revoke_links(db: AsyncSession, estimate: Estimate, *, by: Viewer) -> None:
    """Kill every link to a version, at the shop's wish."""
    order = await lock(db, estimate)
    if await kill_links(db, estimate):
        revoked = ApprovalLinksRevoked(
            estimate_id=estimate.id, order_id=order.id, center_id=order.center_id, number=estimate.number
        )
        await record(db, revoked, by=by, person=estimate.user_id, subject=order.id)


async def kill_links(db: AsyncSession, estimate: Estimate) -> int:
    """Revoke the links of a version; how many there were."""
    done = await db.execute(
        update(ApprovalLink)
        .where(
            ApprovalLink.tenant_id == estimate.tenant_id,
            ApprovalLink.estimate_id == estimate.id,
            ApprovalLink.revoked_at.is_(None),
        )
        .values(revoked_at=clock.now())
        .returning(ApprovalLink.id)
    )
    return len(done.all())
