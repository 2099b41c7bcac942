"""The technician's bench, made for a tablet at arm's length; an advisor may look over a shoulder."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromQuery

from app.core.errors import Invalid
from app.core.visit import begin, needs
from app.domains.workshop import bench, board, photographs
from app.domains.workshop.live import bench_topic, board_topic, parts_topics
from app.domains.workshop.pages.regions import show

AnyRequest = Request[Any, Any, Any]


@get("/bench", opt=needs("update:service_progress"))
async def bench_page(
    request: AnyRequest, job: FromQuery[UUID | None] = None, technician: FromQuery[UUID | None] = None
) -> Response[Any]:
    return await show_bench(request, job, technician)


async def show_bench(
    request: AnyRequest,
    job: UUID | None,
    technician: UUID | None = None,
    wrong: Invalid | None = None,
    typed: Mapping[str, Any] | None = None,
) -> Response[Any]:
    """The bench with one job on it; with `wrong`, with what is to be mended and what was `typed`."""
    async with begin(request) as (db, me):
        person = await bench.whose(db, me, technician)
        seen = await bench.bench(db, person)
        chosen = bench.chosen(seen, job)
        return show(
            request,
            me,
            "workshop/bench.html",
            "workshop/_bench.html",
            layout="layouts/tablet.html",
            status=422 if wrong else 200,
            errors=wrong.errors if wrong else {},
            typed=typed or {},
            bench=seen,
            chosen=chosen,
            photos=await photographs.photos(db, chosen.order, job_id=chosen.job.id) if chosen else [],
            is_technician=person.user_id == me.user_id,
            technicians=await board.technicians(db, me),
            center=await board.center(db, me),
            topics=[
                bench_topic(person.id),
                board_topic(person.center_id),
                *parts_topics(me, [one.job for one in seen.tickets]),
            ],
        )


HANDLERS = [bench_page]
