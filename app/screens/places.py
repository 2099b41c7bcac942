"""What may be meant by the words in a place field, while they are typed; and what is near a point."""

from datetime import timedelta
from typing import Any

from litestar import Request, Response, Router, get
from litestar.params import FromQuery

from app.core.errors import NotFound
from app.core.limits import Limit, limited
from app.core.locating import FIELD, LONGEST, find_places, place_at
from app.core.permissions import PUBLIC
from app.core.render import fragment
from app.core.visit import begin, needs

LOOKS = Limit("places", times=600, within=timedelta(minutes=1))
"""From one address, without an account; a letter typed is a look."""


@get("/places", opt=needs(PUBLIC) | limited(LOOKS))
async def places(
    request: Request[Any, Any, Any], field: FromQuery[str] = "place",
    latitude: FromQuery[float | None] = None, longitude: FromQuery[float | None] = None,
) -> Response[Any]:  # fmt: skip
    """The choices of the place field called `field`: for its words, which come under its own name, or the one for a point."""
    if not FIELD.fullmatch(field):
        raise NotFound
    async with begin(request) as (_db, me):
        words = request.query_params.get(field, "").strip()[:LONGEST]
        is_point = (
            latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180
        )
        found = [place_at(latitude or 0, longitude or 0)] if is_point else await find_places(words)
        return fragment(
            request, me, "screens/_places.html", field=field, words=words, found=found, is_point=is_point
        )


router = Router("/", route_handlers=[places])
