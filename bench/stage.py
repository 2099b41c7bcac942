"""A database to measure on: one busy center among many, on the embedded servers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core.security import hash_token
from app.engine.testing import Engine, schema_key, start_for_tests
from app.migrate import migrate
from app.settings import as_asyncpg

NEIGHBOURS = 40
"""Other shops of the same size: their rows are in every table and index."""
RESOURCES = 10
DAYS = 42
COOKIE = "bench-session"


@dataclass(frozen=True)
class Scene:
    """The busy center, one service of an hour, and a signed-in driver."""

    app_url: str
    owner_url: str
    valkey_url: str
    tenant: UUID
    center: UUID
    service: UUID
    user: UUID


@asynccontextmanager
async def scene(name: str) -> AsyncIterator[Scene]:
    engine: Engine = start_for_tests()
    template = await engine.template(schema_key(), _migrate)
    database = await engine.clone(template, name)
    owner = create_async_engine(as_asyncpg(engine.owner_url(database)))
    async with AsyncSession(owner) as db, db.begin():
        ids = await fill(db, NEIGHBOURS, DAYS)
    async with owner.connect() as connection:
        await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(text("ANALYZE"))
    await owner.dispose()
    made = Scene(engine.app_url(database), engine.owner_url(database), engine.valkey_url(14), *ids)
    environment(made)
    yield made
    await engine.drop(database)


def environment(made: Scene) -> None:
    """What the application's processes read."""
    os.environ.update(
        TORQUELINE_MODE="test",
        TORQUELINE_HOME=tempfile.mkdtemp(prefix="torqueline-bench-"),
        BASE_URL="http://localhost",
        DATABASE_URL=made.app_url,
        REDIS_URL=made.valkey_url,
        SECRET_KEY="a secret for a bench that is long enough",
    )


async def _migrate(owner_url: str, app_url: str) -> None:
    await migrate(as_asyncpg(owner_url), as_asyncpg(app_url))


async def fill(db: AsyncSession, shops: int, days: int) -> tuple[UUID, UUID, UUID, UUID]:
    """Rows for that many shops; the ids of one: tenant, center, service, and a person signed in there."""
    now = datetime.now(UTC)
    values = {"n": shops, "resources": RESOURCES, "days": days}
    for statement in _ROWS:
        await db.execute(text(statement), {k: v for k, v in values.items() if f":{k}" in statement})
    first = "SELECT id FROM {} WHERE tenant_id = (SELECT id FROM tenants WHERE slug = 'shop-1') LIMIT 1"
    tenant = await db.scalar(text("SELECT id FROM tenants WHERE slug = 'shop-1'"))
    center = await db.scalar(text(first.format("service_centers")))
    service = await db.scalar(text(first.format("services")))
    user = await db.scalar(text("SELECT id FROM users WHERE email = 'person-1-1@bench.test'"))
    await db.execute(
        text(
            "INSERT INTO sessions (id, user_id, token_hash, last_seen_at, expires_at, ip, user_agent, created_at) "
            "VALUES (uuidv7(), :user, :hash, :now, :ends, '', '', :now)"
        ),
        {"user": user, "hash": hash_token(COOKIE), "now": now, "ends": now + timedelta(days=1)},
    )
    return tenant, center, service, user


# Weekday appointments of 90 minutes at 8, 11 and 14 o'clock for each pair of bay and technician, most of them kept.
_ROWS = (
    """INSERT INTO tenants (id, name, slug, kind, locale, currency, is_active, created_at)
       SELECT uuidv7(), 'Shop ' || n, 'shop-' || n, 'shop', 'en', 'EUR', true, now()
         FROM generate_series(1, :n) n""",
    """INSERT INTO service_centers (id, tenant_id, name, slug, address, city, country, phone, email, zone, currency,
         distance_unit, tax_name, tax_rate, labor_rate_minor, working_hours, slot_minutes, notice_minutes,
         horizon_days, cancel_hours, confirm_by_hand, invoice_series, is_active, created_at)
       SELECT uuidv7(), id, name, slug, '', '', 'DE', '', '', 'Europe/Berlin', 'EUR', 'km', 'VAT', 0.19, 12000,
         '{"mon":[["08:00","17:00"]],"tue":[["08:00","17:00"]],"wed":[["08:00","17:00"]],
           "thu":[["08:00","17:00"]],"fri":[["08:00","17:00"]]}', 15, 60, 60, 24, false, '', true, now()
         FROM tenants""",
    """INSERT INTO services (id, tenant_id, code, name, description, category, duration_minutes,
         buffer_before_minutes, buffer_after_minutes, price_minor, currency, skill, bay_capability, fuels,
         canned_job_code, position, is_active, created_at)
       SELECT uuidv7(), id, 'hour', 'An hour', '', 'general', 60, 5, 10, 9900, 'EUR', 'general', '', '{}', '', 0,
         true, now() FROM tenants""",
    """INSERT INTO bays (id, tenant_id, center_id, name, capabilities, buffer_before_minutes,
         buffer_after_minutes, position, is_active, created_at)
       SELECT uuidv7(), tenant_id, id, 'Bay ' || n, ARRAY['lift'], 0, 0, n, true, now()
         FROM service_centers, generate_series(1, :resources) n""",
    """INSERT INTO users (id, email, name, phone, locale, zone, theme, distance_unit, is_active, created_at)
       SELECT uuidv7(), 'person-' || t || '-' || n || '@bench.test', 'Person ' || n, '', 'en', 'UTC', '', 'km', true,
         now() FROM generate_series(1, :n) t, generate_series(1, :resources) n""",
    """INSERT INTO staff_profiles (id, tenant_id, user_id, center_id, name, title, skills, is_technician, is_active,
         created_at)
       SELECT uuidv7(), c.tenant_id, u.id, c.id, u.name, '', ARRAY['general'], true, true, now()
         FROM service_centers c JOIN users u
           ON u.email LIKE 'person-' || substr(c.slug, 6) || '-%'""",
    """INSERT INTO shifts (id, tenant_id, staff_id, weekday, starts, ends, created_at)
       SELECT uuidv7(), tenant_id, id, d, '08:00', '17:00', now() FROM staff_profiles, generate_series(0, 4) d""",
    """INSERT INTO customers (id, tenant_id, number, name, email, phone, address, locale, notes, tax_exempt, status,
         created_at)
       SELECT uuidv7(), id, 1001, 'Somebody', '', '', '', 'en', '', false, 'active', now() FROM tenants""",
    """WITH pair AS (
         SELECT b.tenant_id, b.center_id, b.id AS bay, s.id AS technician, b.position
           FROM bays b JOIN (SELECT *, row_number() OVER (PARTITION BY center_id ORDER BY id) AS place
                               FROM staff_profiles) s ON s.center_id = b.center_id AND s.place = b.position
       ), slot AS (
         SELECT p.*, (date_trunc('day', now()) + make_interval(days => d, hours => h)) AT TIME ZONE 'UTC'
                  AT TIME ZONE 'Europe/Berlin' AS starts
           FROM pair p, generate_series(0, :days) d, unnest(ARRAY[8, 11, 14]) h
          WHERE (d + h + p.position) % 5 <> 0
       )
       INSERT INTO appointments (id, tenant_id, center_id, customer_id, starts_at, ends_at, bay_id, technician_id,
         status, notes, concern, warning_lights, cancel_reason, booked_by, version, created_at)
       SELECT uuidv7(), s.tenant_id, s.center_id, c.id, s.starts, s.starts + interval '90 minutes', s.bay,
         s.technician, 'confirmed', '', '', '{}', '', 'customer', 1, now()
         FROM slot s JOIN customers c ON c.tenant_id = s.tenant_id""",
    """INSERT INTO occupations (id, tenant_id, appointment_id, resource_id, during, is_active, created_at)
       SELECT uuidv7(), a.tenant_id, a.id, r, tstzrange(a.starts_at, a.ends_at), true, now()
         FROM appointments a, unnest(ARRAY[a.bay_id, a.technician_id]) r""",
)
