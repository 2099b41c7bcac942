"""The verdicts on all lines of a quote, from the shop's own lists."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.domains.parts.cars import CarFacts
from app.domains.parts.names import number_key
from app.domains.parts.verdicts import LONGEST_CHAIN, Link, PartNumber, Row, Verdict, verdict

Line = tuple[PartNumber, str]
"""A part that is offered, and the maker's number that was asked for; empty where none was."""

_LISTS = text("""
    WITH RECURSIVE older (key, step) AS (
        SELECT unnest(CAST(:keys AS text[])), 0
        UNION
        SELECT next.key, o.step + 1
          FROM older o
          JOIN LATERAL (
               SELECT s.old_key AS key FROM supersessions s WHERE s.tenant_id = :tenant AND s.new_key = o.key
               UNION ALL
               SELECT s.new_key FROM supersessions s
                WHERE s.tenant_id = :tenant AND s.old_key = o.key AND s.both_ways) next ON true
         WHERE o.step < :longest
    )
    SELECT (SELECT coalesce(jsonb_agg(to_jsonb(f)), '[]') FROM fitments f
             WHERE f.tenant_id = :tenant AND f.number_key IN (SELECT key FROM older)),
           (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM supersessions s
             WHERE s.tenant_id = :tenant
               AND (s.new_key IN (SELECT key FROM older)
                    OR s.both_ways AND s.old_key IN (SELECT key FROM older)))
""")
"""The lines of the numbers that are offered and of all they stand in for, and the links between those."""


async def judge(db: AsyncSession, tenant_id: UUID, car: CarFacts, lines: Sequence[Line]) -> list[Verdict]:
    """Whether each part fits the car by the lists of that parts shop, in the order of the lines. One query, however many
    lines there are."""
    keys = {number_key(number) for part, wanted in lines for number in (part.number, wanted)} - {""}
    rows: list[Row] = []
    links: list[Link] = []
    if keys:
        found = await db.execute(
            _LISTS, {"keys": sorted(keys), "tenant": tenant_id, "longest": LONGEST_CHAIN}
        )
        said_rows, said_links = found.one()
        rows, links = msgspec.convert(said_rows, list[Row]), msgspec.convert(said_links, list[Link])
    return [verdict(car, part, rows, links, wanted_oem=wanted or None) for part, wanted in lines]
