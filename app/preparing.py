"""Before web and worker start: the newest tables, and in the demo a believable Tuesday to look at."""

import sys

import asyncpg

from app.migrate import differences, head, migrate
from app.settings import Settings, as_libpq

OUTDATED = (
    "The database was made by an older version of this code, and its tables have changed in place since:\n"
    "{differences}\nStart with `bin/run --fresh` to make it anew (its demo data are thrown away)."
)


async def prepare(settings: Settings) -> int:
    """Migrate; load the demo if the database is empty. Returns the exit status."""
    await migrate(settings.sqlalchemy_owner_url, settings.sqlalchemy_url)
    if found := await differences(settings.sqlalchemy_owner_url):
        print(OUTDATED.format(differences="\n".join(f"  {one}" for one in found[:8])), file=sys.stderr)
        return 1
    print(f"The database is at revision {head()}.")
    return await load_demo(settings) if settings.is_demo and await is_empty(settings) else 0


async def is_empty(settings: Settings) -> bool:
    """Nobody has signed up and no demo was loaded."""
    db = await asyncpg.connect(as_libpq(settings.sqlalchemy_owner_url))
    try:
        return not await db.fetchval("SELECT EXISTS (SELECT 1 FROM users)")
    finally:
        await db.close()


async def load_demo(settings: Settings) -> int:
    """Play the demo's Tuesday by the operations themselves. Refuses a database that is in use."""
    if not settings.is_demo:
        print("Demo data belong in demo mode: `bin/run`, or TORQUELINE_MODE=demo.", file=sys.stderr)
        return 2
    if not await is_empty(settings):
        print("There are people in this database already; the demo goes into an empty one.", file=sys.stderr)
        return 1
    from app.demo import load

    await load(settings)
    return 0
