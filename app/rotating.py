"""`torqueline rotate-secrets`: make every stored seal and signature anew with the present SECRET_KEY."""

import sys

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

import app.models  # noqa: F401  every table is known then
from app.core import erasures, sealing
from app.core.db import Base

BATCH = 500


async def rotate(owner_url: str) -> int:
    """Make the seals of former keys anew, batch by batch, and print how many of each column. 0 when none is left, 1
    when some are of a key that is not named. Runs as the owner, who sees every person's rows."""
    owner = create_async_engine(owner_url, hide_parameters=True)
    lost = 0
    try:
        for column, purpose in sealed_columns():
            made, unknown = await _rotate(owner, column, purpose)
            lost += unknown
            print(f"{column.table.name}.{column.name}: {made} sealed anew")
            if unknown:
                print(
                    f"{column.table.name}.{column.name}: {unknown} are sealed with a key that is neither SECRET_KEY "
                    "nor in SECRET_KEYS_BEFORE",
                    file=sys.stderr,
                )
    finally:
        await owner.dispose()
    print(f"list of erasures: {await erasures.sign_anew()} lines signed anew")
    return 1 if lost else 0


def sealed_columns() -> list[tuple[sa.Column[bytes], str]]:
    """Every column of seals, and what its seals are for."""
    return [
        (column, column.info["sealed"])
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if "sealed" in column.info
    ]


async def _rotate(owner: AsyncEngine, column: sa.Column[bytes], purpose: str) -> tuple[int, int]:
    """How many were made anew, and how many could not be opened."""
    made, unknown = 0, 0
    key = column.table.c.id
    after: sa.ColumnElement[bool] = sa.true()
    while True:
        async with owner.begin() as db:
            query = sa.select(key, column).where(column.is_not(None), after).order_by(key)
            rows = (await db.execute(query.limit(BATCH).with_for_update())).all()
            for row_id, sealed in rows:
                if sealing.is_current(sealed):
                    continue
                try:
                    anew = sealing.seal(purpose, sealing.unseal(purpose, sealed))
                except ValueError:
                    unknown += 1
                    continue
                await db.execute(sa.update(column.table).where(key == row_id).values({column: anew}))
                made += 1
        if len(rows) < BATCH:
            return made, unknown
        after = key > rows[-1][0]
