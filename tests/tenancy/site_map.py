"""Every route of the application, and what to write into its address, its query and its form."""

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID

import asyncpg
import msgspec
from litestar.datastructures import UploadFile

from app.asgi import create_litestar
from app.core import forms
from app.tenancy import TABLES
from tests.tenancy.belonging import Catalogue
from tests.tenancy.shops import Shop

Values = Mapping[str, str]


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    method: str
    path: str
    needs: str
    names: tuple[str, ...]
    query: tuple[str, ...]
    handler: Any

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    def means_id(self, name: str) -> bool:
        """Whether a word of the query is an id and no number."""
        return "UUID" in str(self.handler.parsed_fn_signature.parameters[name].annotation)

    @property
    def is_json(self) -> bool:
        return self.path.startswith("/api/")

    def address(self, values: Values) -> str:
        return re.sub(r"\{(\w+):\w+\}", lambda one: str(values[one[1]]), self.path)


def routes() -> list[Route]:
    """Everything the application answers to but the framework's own OPTIONS and schema."""
    found = []
    for route in create_litestar().routes:
        for handler in getattr(route, "route_handlers", []):
            if handler.fn.__module__.startswith("litestar."):
                continue
            names = tuple(part.name for part in route.path_components if not isinstance(part, str))
            taken = handler.parsed_fn_signature.parameters
            query = tuple(name for name in taken if name not in {*names, "request", "data", "last_event_id"})
            for method in sorted(handler.http_methods - {"OPTIONS"}):
                found.append(Route(method, route.path, handler.opt.get("needs", ""), names, query, handler))
    return found


OF_ORDER = "(SELECT o.id FROM repair_orders o WHERE o.number = {only} AND o.tenant_id = {tenant})"
SOURCES: dict[str, list[tuple[str, str]]] = {
    "number": [
        ("/customers/", "SELECT {only}"),
        ("/orders/", "SELECT {only}"),
    ],
    "ref": [("", "SELECT id FROM invoices t WHERE {mine}")],
    "code": [
        ("/parts/", "SELECT code FROM parts_orders t WHERE {mine}"),
        (
            "/market/",
            "SELECT o.code FROM shop_quotes t JOIN parts_orders o ON o.id = t.order_id WHERE {mine}",
        ),
    ],
    "quote_id": [
        ("/shop-quotes/", "SELECT id FROM shop_quotes t WHERE {mine}"),
        ("", "SELECT id FROM estimates t WHERE {mine} ORDER BY created_at DESC"),
    ],
    "estimate_id": [("", "SELECT id FROM estimates t WHERE {mine} ORDER BY created_at DESC")],
    "order_id": [
        ("/shop-quotes/", "SELECT order_id FROM shop_quotes t WHERE {mine}"),
        ("/auto-parts-orders/", "SELECT id FROM parts_orders t WHERE {mine}"),
        ("", f"SELECT {OF_ORDER}"),
    ],
    "job_id": [
        ("/canned-jobs/", "SELECT id FROM canned_jobs t WHERE {mine}"),
        ("/network/", "SELECT uuidv7()"),
        ("", f"SELECT id FROM jobs t WHERE t.order_id = {OF_ORDER} ORDER BY t.position DESC"),
    ],
    "line_id": [
        (
            "",
            f"SELECT l.id FROM job_lines l JOIN jobs t ON t.id = l.job_id WHERE t.order_id = {OF_ORDER} ORDER BY t.position DESC",
        )
    ],
    "step": [("", "SELECT 'business'")],
    "step_id": [("", "SELECT id FROM job_steps t WHERE {mine}")],
    "inspection_id": [("", "SELECT id FROM inspections t WHERE {mine}")],
    "finding_id": [("", "SELECT finding_id FROM finding_photos t WHERE {mine}")],
    "photo_id": [
        ("inspections/", "SELECT id FROM finding_photos t WHERE {mine}"),
        ("/orders/", f"SELECT id FROM order_photos t WHERE t.order_id = {OF_ORDER}"),
    ],
    "entry_id": [("", "SELECT id FROM logbook_entries t WHERE {mine} ORDER BY t.tenant_id NULLS FIRST")],
    "reminder_id": [("", "SELECT id FROM reminders t WHERE {mine}")],
    "document_id": [("", "SELECT id FROM documents t WHERE {mine}")],
    "link_id": [("/documents/", "SELECT id FROM document_links t WHERE {mine}")],
    "file_id": [
        ("/documents/", "SELECT file_id FROM document_files t WHERE {mine}"),
        ("/logbook/", "SELECT file_id FROM logbook_files t WHERE {mine}"),
    ],
    "staff_id": [("", "SELECT id FROM staff_profiles t WHERE {mine} AND t.is_technician")],
    "work_id": [("", "SELECT id FROM deferred_work t WHERE {mine}")],
    "inspection_template_id": [("", "SELECT id FROM inspection_templates t WHERE {mine}")],
    "mail_words_id": [("", "SELECT id FROM mail_words t WHERE {mine}")],
    "device_id": [("", "SELECT id FROM push_subscriptions t WHERE {mine}")],
    "token_id": [("", "SELECT id FROM api_tokens t WHERE {mine}")],
    "slug": [("", "SELECT slug FROM service_centers t WHERE {mine}")],
    "history_file_id": [("", "SELECT id FROM history_files t WHERE {mine}")],
    "vin": [("", "SELECT vin FROM vehicles t WHERE {mine}")],
    "event_id": [("", "SELECT id FROM events t WHERE {mine}")],
    "row_id": [("", "SELECT id FROM events t WHERE {mine}")],
}
"""By a path parameter's name, and a part of the path where one name stands for several things."""

SAME_AS = {
    "vehicle": "vehicle_id",
    "customer": "customer_id",
    "service": "service_id",
    "services": "service_id",
    "technician": "staff_id",
    "bay": "bay_id",
    "job": "job_id",
    "order": "number",
    "order_number": "number",
    "payment": "payment_id",
    "center": "center_id",
    "invoice": "invoice_id",
    "estimate": "estimate_id",
    "inspection": "inspection_id",
    "template": "template_id",
    "photo": "photo_id",
    "finding": "finding_id",
    "appointment": "appointment_id",
    "technician_id": "staff_id",
    "template_id": "inspection_template_id",
}
"""Names of queries and form fields that mean an id."""

NOT_HARVESTED = {
    "token": "the secret of a link is its own permission and stands in no row: a made-up one is tried",
    "receipt": "signed by us: a made-up one is tried",
    "name": "of an asset",
    "about": "a task or a trouble code: the same words everywhere",
    "step": "of the way to a parts shop: everybody walks the same six",
    "letter": "a kind of mail: every shop has the same, in words of its own",
    "language": "of a mail's words: the same everywhere",
    "day": "no row's: a day is a day at both shops",
}


def table_of(name: str) -> str:
    """The table a parameter such as `appointment_id` names; empty when it names none."""
    base = name.removesuffix("_id")
    several = {
        f"{base}s",
        f"{base}es",
        f"{base.removesuffix('y')}ies",
        f"service_{base}s",
        f"{base}_profiles",
    }
    return next((table for table in TABLES if table in several), "")


def unknown_names() -> list[str]:
    """Path parameters that nobody has said how to fill."""
    names = {name for route in routes() for name in route.names}
    return sorted(
        name for name in names if name not in SOURCES and name not in NOT_HARVESTED and not table_of(name)
    )


class Harvest:
    """What belongs to one shop, by the name of a parameter and the path it stands in."""

    def __init__(self, db: asyncpg.Connection, catalogue: Catalogue, shop: Shop) -> None:
        self.db, self.catalogue, self.shop = db, catalogue, shop
        self._known: dict[str, str] = {}

    async def of(self, name: str, path: str) -> str:
        if name == "day":
            return "2027-02-01"
        if name in NOT_HARVESTED:
            return "made-up-by-somebody"
        sql = next((sql for part, sql in SOURCES.get(name, []) if part in path), "")
        table = table_of(name)
        if not sql and table:
            sql = f"SELECT id FROM {table} t WHERE {{mine}} ORDER BY created_at"
        assert sql, f"{name} in {path}"
        from_table = re.search(r"FROM (\w+) t ", sql)
        mine = self.catalogue.belongs(from_table[1], self.shop) if from_table else ""
        asked = sql.format(mine=mine, only=self.shop.only_number, tenant=f"'{self.shop.tenant_id}'")
        if asked not in self._known:
            try:
                found = await self.db.fetchval(asked)
            except asyncpg.PostgresError as error:
                raise AssertionError(f"{name} in {path}: {asked}: {error}") from error
            assert found is not None, f"{name} in {path}: {asked}"
            self._known[asked] = str(found)
        return self._known[asked]

    async def all(self, route: Route) -> dict[str, str]:
        return {name: await self.of(name, route.path) for name in route.names}

    async def maybe(self, name: str, path: str) -> str | None:
        """For a name in a query or a form, which may mean anything."""
        name = SAME_AS.get(name, name)
        if name == "number":
            return str(self.shop.only_number)
        name = name.removesuffix("s") if name.endswith("_ids") else name
        table = "inspection_templates" if name == "inspection_template_id" else table_of(name)
        if (table and self.catalogue.has(table, "id")) or name in SOURCES.keys() - {
            "vin",
            "slug",
            "ref",
            "code",
        }:
            return await self.of(name, path)
        return None


async def query_for(route: Route, harvest: Harvest) -> dict[str, str]:
    """A query that names things of the harvest's shop wherever it can."""
    asked = {
        name: await harvest.maybe(
            "order_id" if name == "order" and route.means_id(name) else name, route.path
        )
        for name in route.query
    }
    if "starts_at" in route.query:
        asked["starts_at"] = "2026-12-24T15:00:00+00:00"
    asked |= dict.fromkeys(("south", "west", "north", "east") if "south" in route.query else (), "1")
    return {name: value for name, value in asked.items() if value is not None}


def struct_of(route: Route) -> type[msgspec.Struct] | None:
    """What the handler reads its body into: its `data`, or the struct it hands to `read`."""
    data = route.handler.parsed_fn_signature.parameters.get("data")
    if data is not None:
        hint = data.annotation
        hint = get_args(hint)[0] if get_args(hint) and not isinstance(hint, type) else hint
        return hint if isinstance(hint, type) and issubclass(hint, msgspec.Struct) else None
    function = inspect.unwrap(route.handler.fn)
    return next(_read_in(function, seen=set()), None)


def _read_in(function: Any, seen: set[Any]) -> Iterator[type[msgspec.Struct]]:
    if function in seen or not inspect.isfunction(function):
        return
    seen.add(function)
    source = inspect.getsource(function)
    for name in re.findall(r"\bread\((\w+),", source):
        kind = function.__globals__.get(name)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            yield kind
    for name in re.findall(r"\b(_\w+)\(", source):
        inner = function.__globals__.get(name)
        if inner is not None and getattr(inner, "__module__", "") == function.__module__:
            yield from _read_in(inspect.unwrap(inner), seen)


class NoBody(Exception):
    """A field that only a person can fill."""


async def body_for(route: Route, harvest: Harvest) -> dict[str, Any]:
    """A body that the handler can read, naming things of the harvest's shop wherever it names anything."""
    kind = struct_of(route)
    return {} if kind is None else await _fields(kind, route, harvest)


async def _fields(kind: type[msgspec.Struct], route: Route, harvest: Harvest) -> dict[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    made: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        bare = forms._bare(hints[field.name])
        if bare is UploadFile or (get_args(bare) and get_args(bare)[0] is UploadFile):
            continue
        found = await harvest.maybe(field.name, route.path)
        of_ids = bare is UUID or (get_args(bare) and get_args(bare)[0] is UUID)
        if found is not None and (of_ids or (bare in (str, int) and field.name in SAME_AS)):
            made[field.encode_name] = [found] if get_origin(bare) in (list, tuple, set) else found
            if bare is int:
                made[field.encode_name] = harvest.shop.only_number
            continue
        if field.required or of_ids:
            made[field.encode_name] = await _value(field.name, hints[field.name], route, harvest)
    return made


async def _value(name: str, hint: Any, route: Route, harvest: Harvest) -> Any:
    bare, meta = forms._bare(hint), _meta(hint)
    if get_origin(bare) is Literal:
        return get_args(bare)[0]
    if get_origin(bare) in (list, tuple, set, frozenset):
        return [await _value(name, get_args(bare)[0], route, harvest)] if get_args(bare) else []
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct):
        return await _fields(bare, route, harvest)
    tomorrow = datetime.now(UTC).replace(hour=15, minute=0, second=0, microsecond=0) + timedelta(days=3)
    plain: dict[Any, Any] = {
        str: _text(name, meta),
        int: int(meta.get("ge") or 1),
        Decimal: "1",
        float: 1.0,
        bool: True,
        UUID: "0192a0c0-0000-7000-8000-000000000001",
        date: tomorrow.date().isoformat(),
        datetime: tomorrow.isoformat(),
        time: "09:00",
    }
    return plain.get(bare, {})


def _text(name: str, meta: dict[str, Any]) -> str:
    given = {
        "email": "somebody@else.example", "password": "a long enough phrase", "currency": "USD", "country": "US",
        "zone": "UTC", "locale": "en", "role": "technician", "status": "closed", "to": "in_progress", "stage": "ready",
        "rating": "green", "reason": "other", "decision": "approved", "kind": "labor", "code": "123456",
    }.get(name, "something")  # fmt: skip
    return given.ljust(int(meta.get("min_length") or 0), "x")[: int(meta.get("max_length") or 200)]


def _meta(hint: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in getattr(hint, "__metadata__", ()):
        for key in ("ge", "min_length", "max_length"):
            if getattr(one, key, None) is not None:
                found[key] = getattr(one, key)
    return found
