"""The audit trail on the screen: an owner's of their business, a network administrator's of the platform or of any
business; as a file, and as JSON."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Request, Response, Router, get
from litestar.params import FromPath
from litestar.response import Stream
from msgspec import Meta
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, chain, clock, graveyard, trail, words
from app.core.db import transaction
from app.core.errors import Forbidden, Invalid, NotFound
from app.core.forms import read, values_of
from app.core.render import page, see_other
from app.core.spreadsheet import csv_line
from app.core.trail import Entry, Kind, Place, Wanted
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.core.words import _
from app.domains.accounts import User
from app.domains.customers.models import Customer
from app.domains.network.models import Bay, ServiceCenter, StaffProfile, Tenant
from app.domains.notifications.models import Mail
from app.domains.services.models import Service
from app.screens import audit_words

AnyRequest = Request[Any, Any, Any]
OWNER, NETWORK = needs("manage:center"), needs("manage:network")
Part = Annotated[str, Meta(max_length=200)]
Shown = Literal["shop", "network"]
BASE = {"shop": "/settings/audit", "network": "/network/audit"}
IN_ONE_GO = 500


class Asked(msgspec.Struct, kw_only=True):
    """What a search asks for, on the page and in JSON."""

    kind: Kind = ""
    who: Part = ""
    action: Part = ""
    entity: Part = ""
    q: Part = ""
    since: date | None = None
    until: date | None = None
    before: Part = ""
    business: Part = ""
    """The short name of a business, for the network's administrators; empty is the platform itself."""
    limit: Annotated[int, Meta(ge=1, le=200)] = trail.PAGE

    def wanted(self, zone: str) -> Wanted:
        """Days are those of the shop's clock; the last one is meant whole."""

        def midnight(day: date | None) -> datetime | None:
            return datetime.combine(day, time(), ZoneInfo(zone)) if day else None

        last = self.until + timedelta(days=1) if self.until and self.until < date.max else None
        return Wanted(
            kind=self.kind, who=self.who, action=self.action, entity=self.entity, q=self.q,
            since=midnight(self.since), until=midnight(last),
        )  # fmt: skip

    @property
    def is_narrow(self) -> bool:
        return bool(self.who or self.action or self.entity or self.since or self.until)

    def query(self, **other: str) -> str:
        """The same search as a query string."""
        said = {name: value for name, value in msgspec.to_builtins(self).items() if value and name != "limit"}
        said.pop("before", None)
        return urlencode(said | other)

    def query_of(self, entity: str) -> str:
        """A search for everything about one thing, in the same trail."""
        return urlencode({"entity": entity} | ({"business": self.business} if self.business else {}))


class Trail(msgspec.Struct, frozen=True):
    """Whose trail is looked at, and on whose clock and in whose money."""

    tenant: UUID | None
    base: str
    zone: str
    currency: str
    is_own: bool
    """Whether the viewer can follow links into the shop."""
    businesses: Sequence[Tenant] = ()


async def _trail_of(db: AsyncSession, me: Viewer, asked: Asked, shown: Shown) -> Trail:
    if shown == "shop":
        center = await db.scalar(select(ServiceCenter).where(ServiceCenter.id == me.center_id))
        zone, currency = (center.zone, center.currency) if center else (me.zone, "USD")
        return Trail(me.tenant_id, BASE[shown], zone, currency, True)
    businesses = (await db.scalars(select(Tenant).order_by(Tenant.name))).all()
    if not asked.business:
        return Trail(None, BASE[shown], me.zone, "USD", False, businesses)
    for one in businesses:
        if one.slug == asked.business:
            return Trail(one.id, BASE[shown], me.zone, one.currency, False, businesses)
    raise NotFound


async def _entries(db: AsyncSession, of: Trail, asked: Asked) -> tuple[Sequence[Entry], str]:
    """A page of rows, and where the next begins ("" when there is none)."""
    before = Place.read(asked.before)
    wanted = await _wanted(db, of, asked)
    found = await trail.search(db, of.tenant, wanted, before=before, limit=asked.limit + 1)
    older = str(found[asked.limit - 1].place) if len(found) > asked.limit else ""
    return found[: asked.limit], older


async def _links(db: AsyncSession, of: Trail, entries: Sequence[Entry]) -> dict[UUID, str]:
    """Where the thing of a row can be looked at."""
    if not of.is_own:
        return {}
    asked = {one.entity_id for one in entries if one.entity_type in ("customer", "customers")}
    ids = [UUID(one) for one in asked if len(one) == 36]
    rows = await db.execute(
        select(Customer.id, Customer.number).where(Customer.tenant_id == of.tenant, Customer.id.in_(ids))
    )
    customers = {str(row.id): row.number for row in rows}
    return {one.id: url for one in entries if (url := audit_words.url_of(one, customers))}


NAMED = (
    (Bay.id, Bay.name), (ServiceCenter.id, ServiceCenter.name), (StaffProfile.id, StaffProfile.name),
    (StaffProfile.user_id, StaffProfile.name), (Customer.id, Customer.name), (Service.id, Service.name),
    (Customer.user_id, Customer.name), (Mail.id, Mail.recipient_name),
)  # fmt: skip
"""Which ids people call by a name, and where it stands."""


async def _called(db: AsyncSession, of: Trail, part: str) -> list[str]:
    """The ids of what is called so."""
    if len(part) < 2:
        return []
    found: list[str] = []
    for key, name in NAMED:
        mine = key.class_.tenant_id == of.tenant
        ids = await db.scalars(
            select(key).where(mine, name.ilike(trail.like(part)), key.is_not(None)).limit(50)
        )
        found += map(str, ids)
    if of.tenant is None:
        people = select(User.id).where(User.name.ilike(trail.like(part))).limit(50)
        found += map(str, await db.scalars(people))
    return found


async def _wanted(db: AsyncSession, of: Trail, asked: Asked) -> Wanted:
    """The search, and what its words mean on the screen: rows hold "RolesChanged" and an id, and are shown as "Roles
    changed" and a name."""
    return msgspec.structs.replace(
        asked.wanted(of.zone),
        q_actions=audit_words.actions_that_read(asked.q) if asked.q else (),
        q_ids=await _called(db, of, asked.q),
        actions=audit_words.actions_that_read(asked.action) if asked.action else (),
        ids=await _called(db, of, asked.entity),
    )


async def _names(db: AsyncSession, of: Trail, entries: Sequence[Entry]) -> dict[str, str]:
    """What people call the things whose ids stand in the rows."""
    found = set().union(
        *(audit_words.ids_in([one.old, one.new, one.detail, one.entity_id]) for one in entries)
    )
    ids = [UUID(one) for one in found]
    if not ids:
        return {}
    names: dict[str, str] = {}
    for key, name in NAMED:
        rows = await db.execute(select(key, name).where(key.class_.tenant_id == of.tenant, key.in_(ids)))
        names |= {str(row[0]): row[1] for row in rows}
    if of.tenant is None:  # on the platform it is about people's accounts
        rows = await db.execute(select(User.id, User.name).where(User.id.in_(ids)))
        names |= {str(row[0]): row[1] for row in rows}
    return names


async def _list(request: AnyRequest, shown: Shown) -> Response[Any]:
    typed = values_of(request.query_params)
    wrong: dict[str, str] = {}
    try:
        asked = read(Asked, request.query_params)
    except Invalid as error:
        asked, wrong = Asked(business=typed.get("business", "")), error.errors
    async with begin(request) as (db, me):
        of = await _trail_of(db, me, asked, shown)
        entries, older = ((), "") if wrong else await _entries(db, of, asked)
        links, names = await _links(db, of, entries), await _names(db, of, entries)
        await audit.read(db, me, "audit", tenant=of.tenant, asked=asked.query())
        return page(
            request, me, "screens/audit/list.html", status=422 if wrong else 200, shown=shown, of=of, asked=asked,
            typed=typed, errors=wrong, entries=entries, links=links, names=names, zone=of.zone, currency=of.currency,
            older=f"{of.base}?{asked.query(before=older)}" if older else "", is_filtered=bool(asked.query()),
            dead=await graveyard.count_dead(db) if shown == "network" else 0,
        )  # fmt: skip


async def _one(request: AnyRequest, row_id: UUID, shown: Shown) -> Response[Any]:
    asked = Asked(business=request.query_params.get("business", ""))
    async with begin(request) as (db, me):
        of = await _trail_of(db, me, asked, shown)
        entry = await trail.find(db, of.tenant, row_id)
        links, names = await _links(db, of, [entry]), await _names(db, of, [entry])
        await audit.read(db, me, "audit", row_id, tenant=of.tenant)
        return page(
            request, me, "screens/audit/entry.html", of=of, asked=asked, entry=entry, links=links, names=names, zone=of.zone,
            currency=of.currency,
        )  # fmt: skip


# --- as a file -------------------------------------------------------------------------------------------


async def _export(request: AnyRequest, shown: Shown) -> Response[Any]:
    asked = read(Asked, request.query_params)
    async with begin(request) as (db, me):
        of = await _trail_of(db, me, asked, shown)
        await audit.read(db, me, "audit_export", tenant=of.tenant, asked=asked.query())
    name = f"audit-{clock.today(of.zone).isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Stream(_rows(me, of, asked), media_type="text/csv; charset=utf-8", headers=headers)


async def _rows(me: Viewer, of: Trail, asked: Asked) -> AsyncIterator[str]:
    """The whole search, a few rows at a time, each few in a transaction of their own."""
    words.speak(me.locale)
    yield "\ufeff" + csv_line(
        [
            _("Time (UTC)"), _("Who"), _("What"), _("Thing"), _("Its id"), _("Before"), _("After"), _("Details"), _("Address"),
            _("Device"), _("Request"), _("Number in the chain"),
        ]
    )  # fmt: skip
    before: Place | None = None
    while True:
        async with transaction(user=me.user_id, tenant=of.tenant) as db:
            if not of.is_own:
                await db.execute(text("SELECT set_config('app.network', 'on', true)"))
            wanted = await _wanted(db, of, asked)
            found = await trail.search(db, of.tenant, wanted, before=before, limit=IN_ONE_GO)
        yield "".join(csv_line(_cells(one)) for one in found)
        if len(found) < IN_ONE_GO:
            return
        before = found[-1].place


def _cells(one: Entry) -> list[Any]:
    values = [msgspec.json.encode(part).decode() if part else "" for part in (one.old, one.new, one.detail)]
    return [
        one.at.isoformat(), one.who, one.action, one.entity_type, one.entity_id, *values, one.ip, one.user_agent,
        one.request_id, one.n or "",
    ]  # fmt: skip


def _no_heads() -> str:
    return _("There are no signed heads yet. The first one is signed after midnight UTC; come back tomorrow.")


async def _heads(request: AnyRequest, shown: Shown) -> Response[Any]:
    """The signed heads of a chain, to be kept elsewhere: `torqueline verify-audit --heads` compares with them."""
    asked = Asked(business=request.query_params.get("business", ""))
    async with begin(request) as (db, me):
        of = await _trail_of(db, me, asked, shown)
        lines = [msgspec.json.encode(head) + b"\n" async for _row, head in chain.heads(db, of.tenant)]
        if not lines:
            return see_other(request, f"{of.base}?{asked.query()}", flash=_no_heads())
        await audit.read(db, me, "audit_heads", tenant=of.tenant)
    headers = {"Content-Disposition": 'attachment; filename="audit-heads.jsonl"', "Cache-Control": "no-store"}
    return Response(b"".join(lines), media_type="application/jsonl", headers=headers)


# --- the pages -------------------------------------------------------------------------------------------


@get("/settings/audit", opt=OWNER)
async def shop_page(request: AnyRequest) -> Response[Any]:
    return await _list(request, "shop")


@get("/settings/audit/export", opt=OWNER)
async def shop_export(request: AnyRequest) -> Response[Any]:
    return await _export(request, "shop")


@get("/settings/audit/heads", opt=OWNER)
async def shop_heads(request: AnyRequest) -> Response[Any]:
    return await _heads(request, "shop")


@get("/settings/audit/{row_id:uuid}", opt=OWNER)
async def shop_entry(request: AnyRequest, row_id: FromPath[UUID]) -> Response[Any]:
    return await _one(request, row_id, "shop")


@get("/network/audit", opt=NETWORK)
async def network_page(request: AnyRequest) -> Response[Any]:
    return await _list(request, "network")


@get("/network/audit/export", opt=NETWORK)
async def network_export(request: AnyRequest) -> Response[Any]:
    return await _export(request, "network")


@get("/network/audit/heads", opt=NETWORK)
async def network_heads(request: AnyRequest) -> Response[Any]:
    return await _heads(request, "network")


@get("/network/audit/{row_id:uuid}", opt=NETWORK)
async def network_entry(request: AnyRequest, row_id: FromPath[UUID]) -> Response[Any]:
    return await _one(request, row_id, "network")


router = Router(
    "/",
    route_handlers=[
        shop_page, shop_export, shop_heads, shop_entry, network_page, network_export, network_heads, network_entry,
    ],
)  # fmt: skip


# --- JSON ------------------------------------------------------------------------------------------------


class AuditLogOut(msgspec.Struct):
    id: UUID
    user_id: UUID | None
    user: str
    action: str
    entity_type: str
    entity_id: str
    old_values: dict[str, Any]
    new_values: dict[str, Any]
    detail: dict[str, Any]
    ip_address: str
    user_agent: str
    request_id: str
    created_at: datetime
    number: int | None
    """Its place in the hash chain; null while it is not chained yet."""
    hash: str


class AuditLogsOut(msgspec.Struct):
    items: list[AuditLogOut]
    next: str | None
    """Give it as `before` to get the rows behind these."""


@get("/admin/audit-logs", opt=needs("read:audit"))
async def audit_logs(request: AnyRequest) -> AuditLogsOut:
    """The audit trail, newest first: `kind` (writes, refusals, looks, sign_ins), `who`, `action`, `entity`, `q`, `since`,
    `until` (days), `before`, `limit` (200 at most). A network administrator names a `business` by its short name;
    without one it is the platform's own."""
    asked = read(Asked, request.query_params)
    async with begin(request) as (db, me):
        shown: Shown = "shop" if me.can("manage:center") or me.tenant_id else "network"
        if shown == "network" and not me.can("manage:network"):
            raise Forbidden("read:audit")
        of = await _trail_of(db, me, asked, shown)
        entries, older = await _entries(db, of, asked)
        await audit.read(db, me, "audit", tenant=of.tenant, asked=asked.query())
        return AuditLogsOut([_out(one) for one in entries], older or None)


def _out(one: Entry) -> AuditLogOut:
    return AuditLogOut(
        id=one.id, user_id=one.user_id, user=one.who, action=one.action, entity_type=one.entity_type,
        entity_id=one.entity_id, old_values=one.old, new_values=one.new, detail=one.detail, ip_address=one.ip,
        user_agent=one.user_agent, request_id=one.request_id, created_at=one.at, number=one.n, hash=one.hash,
    )  # fmt: skip


api = Router("/", route_handlers=[audit_logs], tags=["audit"])
