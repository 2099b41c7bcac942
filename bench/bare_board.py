"""The ceiling: the board's own query by asyncpg, a plain Jinja template, a bare ASGI function. No session, no
permission, no row-level security, no words looked up."""

import os
from typing import Any

import asyncpg
from jinja2 import Template

PAGE = Template(
    """<!doctype html><html lang="en"><head><title>Board</title></head><body><table>
{%- for row in rows %}<tr><td><h3><a href="/orders/{{ row.number }}">{{ row.year }} {{ row.make }} {{ row.model }}</a></h3>
<p>RO-{{ row.number }} <b>{{ row.plate }}</b></p><p>{{ row.concern }}</p><p>{{ row.promise_at }} {{ row.stage_since }}</p>
<p>{{ row.technician }} {{ row.key_tag }} {{ row.done }} of {{ row.agreed }} {{ row.blocked_reason or "" }}</p>
<form method="post" action="/orders/{{ row.number }}/stage"><input type="hidden" name="version" value="{{ row.version }}">
<select name="stage">{% for stage in stages %}<option value="{{ stage }}"{% if stage == row.stage %} selected{% endif %}>{{ stage }}</option>{% endfor %}</select>
<select name="bay">{% for bay in bays %}<option value="{{ bay.id }}">{{ bay.name }}</option>{% endfor %}</select><button>Move</button></form></td></tr>
{%- endfor %}</table></body></html>""",
    autoescape=True,
)
STAGES = (
    "received diagnosing awaiting_approval awaiting_parts in_progress sublet qc ready delivered".split()  # noqa: SIM905
)
_pool: list[asyncpg.Pool] = []


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    if not _pool:
        _pool.append(await asyncpg.create_pool(os.environ["BARE_DATABASE_URL"], min_size=4, max_size=10))
    async with _pool[0].acquire() as db:
        rows = await db.fetch(os.environ["BARE_QUERY"])
        bays = await db.fetch("SELECT id, name FROM bays ORDER BY position")
    body = PAGE.render(rows=[dict(row) for row in rows], bays=bays, stages=STAGES).encode()
    headers = [(b"content-type", b"text/html"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
