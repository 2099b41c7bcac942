"""What a table's policies let through, tried as people of both shops: reading, adding, changing, removing.

Everything happens on one connection above the policies, which takes the application's role for each try and
takes back what it did. Triggers are off and every grant is given, so that only the policies are left to refuse.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg

from app.engine.postgres import APP
from app.tenancy import TABLES
from tests.cast import CAST, NORTHSIDE, NORTHSIDE_CENTER, NORTHSIDE_SHOP, VOLT, known
from tests.tenancy.belonging import Catalogue, read_catalogue
from tests.tenancy.shops import HARBOR_SHOP, SPARE_CAR, VOLT_SHOP

READ_BY_ALL = {
    "tenants": "a visitor chooses a workshop by its name",
    "service_centers": "a visitor reads its address and hours",
    "hours_exceptions": "a visitor sees on which days it is closed",
    "services": "a visitor sees what can be booked",
    "system_settings": "a visitor sees a shop's name and colours, and whether it takes bookings",
    "platform_fees": "one fee for every shop; whoever pays begins the payment that bears it",
    "parts_shops": "a buyer finds a parts shop by where it is and what it sells",
}
ADDED_BY_ALL = {
    "users": "whoever signs up is nobody yet",
    "audit_logs": "a refusal is written down whoever was refused",
    "audit_values": "what changed is written down whoever changed it",
}
ADDED_BY_SOMEBODY = {"vehicles": "a new car is nobody's until it is claimed; a visitor has none"}
UNCLAIMED = {"ownerships": {"vehicle_id": str(SPARE_CAR)}}
"""What must differ from a row that is there, for a person of the shop to be allowed to add it."""
NETWORK_READS_NOT = {
    "files",
    "vehicles",
    "ownerships",
    "vehicle_grants",
    "odometer_readings",
    "logbook_entries",
    "logbook_files",
    "documents",
    "document_files",
    "reminders",
    "telematics_reports",
    "trouble_codes",
    "recall_answers",
    "recommendation_answers",
    "part_suggestions",
    "api_tokens",
    "threads",
    "messages",
    "parts_order_deliveries",
}
"""Beside every table of a person's own."""
PAPERS_CAR = known("a car of which only papers are kept")
SHOWN_BY = {
    "of_documents": "SELECT f.file_id FROM document_files f JOIN documents d ON d.id = f.document_id "
    f"WHERE d.vehicle_id = '{PAPERS_CAR}'",
    "of_parts_orders": "SELECT p.file_id FROM parts_order_photos p",
    "of_onboardings": "SELECT d.file_id FROM onboarding_documents d",
    "of_logbooks": "SELECT l.file_id FROM logbook_files l JOIN logbook_entries e ON e.id = l.entry_id "
    f"WHERE e.tenant_id = '{known('a shop in the logbook')}'",
}
"""By the further policies of `files`: what shows a file to somebody whose it is not."""


@dataclass(frozen=True)
class Asker:
    """Who a transaction runs for."""

    name: str
    user: UUID | None = None
    tenant: UUID | None = None
    network: bool = False


NOBODY = Asker("nobody")
STRANGER = Asker("a driver of no shop", CAST.stranger.user_id)
NEWCOMER = Asker("somebody without a row", known("somebody without a row"))
OUTSIDERS = (
    NOBODY,
    STRANGER,
    Asker("the other shop's driver", VOLT_SHOP.driver.user_id),
    Asker("the other shop's advisor", CAST.outsider.user_id, VOLT),
    Asker("the other shop's program", None, VOLT),
)
INSIDERS = (
    *(Asker(f"our {one.key}", one.user_id, HARBOR_SHOP.tenant_id) for one in HARBOR_SHOP.staff),
    Asker("our driver", HARBOR_SHOP.driver.user_id),
    Asker("our worker", None, HARBOR_SHOP.tenant_id),
)
NETWORK = Asker("the network", CAST.network.user_id, None, network=True)
ASKED = Asker("a parts shop that our driver asks", None, NORTHSIDE)
FAMILY = Asker("a reader of our driver's car", known("a reader of our driver's car"))
KEPT_BY = Asker("a shop that wrote into our driver's logbook", None, known("a shop in the logbook"))

TRY = f"""
CREATE FUNCTION pg_temp.tried(person text, tenant text, network text, command text) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
    touched bigint;
    said text;
BEGIN
    BEGIN
        PERFORM set_config('app.user', person, true), set_config('app.tenant', tenant, true),
                set_config('app.network', network, true), set_config('role', '{APP}', true);
        EXECUTE command;
        GET DIAGNOSTICS touched = ROW_COUNT;
        RAISE EXCEPTION USING ERRCODE = 'TRIED', MESSAGE = touched::text;
    EXCEPTION
        WHEN SQLSTATE 'TRIED' THEN RETURN SQLERRM;
        WHEN OTHERS THEN RETURN SQLSTATE;
    END;
END $$
"""
"""Does something as somebody, takes it back, and says how many rows it touched or how it was refused."""


class Undone(Exception):
    """Leaves a savepoint."""


@dataclass
class Yard:
    """One connection, the catalogue, and the rows of Harbor Lane by their place."""

    db: asyncpg.Connection
    catalogue: Catalogue
    places: dict[str, list[str]] = field(default_factory=dict)
    samples: dict[str, str] = field(default_factory=dict)
    foreign_order: str = ""
    """The other shop's driver asks parts shops too."""

    async def ask(self, who: Asker, sql: str) -> int | str:
        """How many rows, or how it was refused: "policy", or any other error's code."""
        got = await self.db.fetchval(
            "SELECT pg_temp.tried($1, $2, $3, $4)",
            str(who.user or ""), str(who.tenant or ""), "on" if who.network else "", sql,
        )  # fmt: skip
        return int(got) if got.isdigit() and len(got) < len("42501") else {"42501": "policy"}.get(got, got)

    async def sees(self, who: Asker, table: str) -> int | str:
        """How many of Harbor Lane's rows."""
        places = ",".join(f'"{one}"' for one in self.places[table])
        return await self.ask(who, f"SELECT 1 FROM {table} WHERE ctid::text = ANY ('{{{places}}}')")

    async def adds(self, who: Asker, table: str, **other: str) -> int | str:
        """The result of adding a copy of a row of Harbor Lane's; "policy" when refused."""
        names = ", ".join(f'"{one.name}"' for one in self.catalogue.columns[table])
        row = self._sample(table, **other)
        return await self.ask(who, f"INSERT INTO {table} ({names}) SELECT {names} FROM {row}")

    def _sample(self, table: str, **other: str) -> str:
        """A row of Harbor Lane's, with some values changed, as SQL."""
        row = json.dumps(json.loads(self.samples[table]) | other).replace("'", "''")
        return f"jsonb_populate_record(NULL::{table}, '{row}')"

    async def reaches(self, who: Asker, table: str, verb: str) -> bool:
        """Whether a change or removal of everything touches any row; an error of a constraint is a touch."""
        sql = f"DELETE FROM {table}" if verb == "removes" else f"UPDATE {table} SET {self._harmless(table)}"
        got = await self.ask(who, sql)
        return got != 0

    async def moves(self, who: Asker, table: str) -> int | str:
        """The result of giving everything one can change to the other shop; "policy" when refused."""
        return await self.ask(who, f"UPDATE {table} SET {self._given_away(table)}")

    def _harmless(self, table: str) -> str:
        """An assignment that reads no column, so that only the policy for changes decides."""
        whose = {name for key in self.catalogue.keys.get(table, []) for name in key.columns}
        whose |= {"tenant_id", "user_id"}
        names = [one.name for one in self.catalogue.columns[table] if one.name not in whose]
        return f"{names[-1]} = ({self._sample(table)}).{names[-1]}"

    def _given_away(self, table: str) -> str:
        if table == "vehicle_grants":  # a car's owner lets in whom they like, but to their own car only
            return f"vehicle_id = '{VOLT_SHOP.car}'"
        given = []
        if self.catalogue.has(table, "tenant_id"):
            given.append(f"tenant_id = '{VOLT}'")
        if self.catalogue.has(table, "user_id"):
            given.append(f"user_id = '{VOLT_SHOP.driver.user_id}'")
        if not given and self.catalogue.has(table, "vehicle_id"):
            given.append(f"vehicle_id = '{VOLT_SHOP.car}'")
        if not given and self.catalogue.has(table, "order_id"):
            given.append(f"order_id = '{self.foreign_order}'")
        return ", ".join(given) or "id = uuidv7()"

    @asynccontextmanager
    async def undone(self) -> AsyncIterator[None]:
        """Whatever is done to the policies inside is taken back."""
        try:
            async with self.db.transaction():
                yield
                raise Undone
        except Undone:
            pass


async def open_yard(db: asyncpg.Connection) -> Yard:
    yard = Yard(db, await read_catalogue(db))
    await db.execute(TRY)
    await db.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {APP}")
    # A reading may be taken out only by whose file brought it.
    await db.execute(
        "UPDATE odometer_readings r SET import_id = f.id FROM history_files f WHERE f.vehicle_id = r.vehicle_id"
    )
    # One is corrected only by people of the garage, and only if they wrote it.
    await db.execute(
        "UPDATE odometer_readings r SET import_id = NULL, source = 'owner' FROM ownerships o "
        "WHERE o.vehicle_id = r.vehicle_id AND o.until IS NULL AND o.role = 'owner'"
    )
    for table in TABLES:
        await db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        whose = yard.catalogue.belongs(table, HARBOR_SHOP)
        rows = await db.fetch(f"SELECT ctid::text AS place, to_jsonb(t)::text AS row FROM {table} t WHERE {whose or 'true'}")  # fmt: skip
        yard.places[table] = [row["place"] for row in rows]
        yard.samples[table] = rows[0]["row"]
    theirs = yard.catalogue.belongs("parts_orders", VOLT_SHOP)
    yard.foreign_order = str(await db.fetchval(f"SELECT id FROM parts_orders t WHERE {theirs}"))
    asked = {"id": str(known("a quote of another's")), "tenant_id": str(NORTHSIDE)}
    shop = {"center_id": str(NORTHSIDE_CENTER), "shop_id": str(NORTHSIDE_SHOP)}
    await db.execute(f"INSERT INTO shop_quotes SELECT * FROM {yard._sample('shop_quotes', **asked, **shop)}")
    # A shop's paper would stand beside what the shop wrote; here it is our driver's, so that only the policy shows it.
    written = {"id": str(known("an entry of a shop's")), "tenant_id": str(KEPT_BY.tenant)}
    await db.execute(
        f"INSERT INTO logbook_entries SELECT * FROM {yard._sample('logbook_entries', **written)}"
    )
    paper = {"id": str(known("a paper of a shop's")), "entry_id": written["id"]}
    await db.execute(f"INSERT INTO logbook_files SELECT * FROM {yard._sample('logbook_files', **paper)}")
    # A car of which only papers are kept is shared with somebody who has no files of their own.
    sister = {"id": str(FAMILY.user), "email": "sister@test.example"}
    await db.execute(f"INSERT INTO users SELECT * FROM {yard._sample('users', **sister)}")
    await db.execute(f"INSERT INTO vehicles SELECT * FROM {yard._sample('vehicles', id=str(PAPERS_CAR))}")
    await db.execute("UPDATE vehicles SET photo_id = NULL WHERE id = $1", PAPERS_CAR)
    car = {"vehicle_id": str(PAPERS_CAR)}
    sees = {"id": str(known("a reader's share")), "user_id": str(FAMILY.user), "role": "reader"} | car
    await db.execute(f"INSERT INTO ownerships SELECT * FROM {yard._sample('ownerships', **sees)}")
    kept = {"id": str(known("a paper of a shared car"))} | car
    await db.execute(f"INSERT INTO documents SELECT * FROM {yard._sample('documents', **kept)}")
    page = {"id": str(known("a page of it")), "document_id": kept["id"]}
    await db.execute(f"INSERT INTO document_files SELECT * FROM {yard._sample('document_files', **page)}")
    return yard


async def faults(yard: Yard, table: str, rules: Mapping[str, str], verb: str = "") -> list[str]:
    """What one table's fence lets through, or keeps from its own people, in words.

    `rules` are the conditions by verb as they are meant to be; `verb` looks at one side only.
    """
    found: list[str] = []
    if verb in ("", "reads", "owner", *SHOWN_BY):
        found += await _reading(yard, table)
    if verb in ("", "adds", "owner"):
        found += await _adding(yard, table)
    for one in ("changes", "removes"):
        if verb in ("", one, "owner") and one in rules:
            found += await _touching(yard, table, one, is_shut=rules[one] == "false")
    return found


async def _reading(yard: Yard, table: str) -> list[str]:
    found = []
    if table not in READ_BY_ALL:
        for who in OUTSIDERS:
            if seen := await yard.sees(who, table):
                found.append(f"{who.name} sees {seen} of {table}")
    if not any([await yard.sees(who, table) for who in INSIDERS]):
        found.append(f"nobody of ours sees any of {table}")
    if table == "files":
        found += await _showing(yard)
    private = (TABLES[table] == "person" or table in NETWORK_READS_NOT) and table != "files"
    if private == bool(await yard.sees(NETWORK, table)):
        found.append(f"the network {'sees' if private else 'sees nothing of'} {table}")
    return found


async def _showing(yard: Yard) -> list[str]:
    """A parts shop sees the photos it was sent, the network the papers it was sent, whoever reads a logbook what stands
    in it, whoever shares a car its papers, and each no other file."""
    found = []
    for who, verb in (
        (ASKED, "of_parts_orders"), (NETWORK, "of_onboardings"), (KEPT_BY, "of_logbooks"), (FAMILY, "of_documents"),
    ):  # fmt: skip
        shown = {str(row["file_id"]) for row in await yard.db.fetch(SHOWN_BY[verb])}
        places = await yard.db.fetch("SELECT id::text, ctid::text AS place FROM files")
        for row in places:
            is_ours = row["place"] in yard.places["files"]
            sees = await yard.ask(who, f"SELECT 1 FROM files WHERE ctid = '{row['place']}'")
            meant = row["id"] in shown and (is_ours or who is NETWORK)
            if bool(sees) != meant:
                found.append(f"{who.name} {'sees' if sees else 'does not see'} a file")
    shown = " UNION ".join(SHOWN_BY.values())
    rest = await yard.db.fetch(f"SELECT ctid::text AS place FROM files WHERE id NOT IN ({shown})")
    places = ",".join(f'"{row["place"]}"' for row in rest if row["place"] in yard.places["files"])
    alone = f"SELECT 1 FROM files WHERE ctid::text = ANY ('{{{places}}}')"
    if not any([await yard.ask(who, alone) for who in INSIDERS]):
        found.append("nobody of ours sees a file that is shown to nobody else")
    return found


async def _adding(yard: Yard, table: str) -> list[str]:
    found = []
    if table not in ADDED_BY_ALL:
        for who in OUTSIDERS if table not in ADDED_BY_SOMEBODY else (NOBODY,):
            if (got := await yard.adds(who, table)) != "policy":
                found.append(f"{who.name} adds to {table}: {got}")
    fresh = UNCLAIMED.get(table, {})
    if all([await yard.adds(who, table, **fresh) == "policy" for who in (*INSIDERS, NETWORK)]):
        found.append(f"nobody of ours adds to {table}")
    return found


async def _touching(yard: Yard, table: str, verb: str, *, is_shut: bool) -> list[str]:
    found = [
        f"{who.name} {verb} {table}" for who in (NOBODY, NEWCOMER) if await yard.reaches(who, table, verb)
    ]
    inside = [await yard.reaches(who, table, verb) for who in INSIDERS]
    if any(inside) == is_shut:
        found.append(f"{'somebody' if is_shut else 'nobody'} of ours {verb} {table}")
    if verb == "changes" and not is_shut:
        gone = [await yard.moves(who, table) for who, may in zip(INSIDERS, inside, strict=True) if may]
        if any(one != "policy" for one in gone):
            found.append(f"one of ours gives rows of {table} away: {gone}")
    return found
