"""What may be meant by the words in a place field, while they are typed; and what is near a point."""

import math
from datetime import timedelta
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.params import FromQuery

from app.core.errors import NotFound
from app.core.limits import Limit, limited
from app.core.locating import FIELD, LONGEST, Place, find_places, place_at
from app.core.permissions import PUBLIC
from app.core.render import fragment
from app.core.viewer import Viewer
from app.core.visit import begin, needs
from app.gateways.places import Box, City, cities_within

AnyRequest = Request[Any, Any, Any]

LOOKS = Limit("places", times=600, within=timedelta(minutes=1))
"""From one address, without an account; a letter typed is a look."""
STREETS = Limit("streets", times=30, within=timedelta(minutes=1))
MOST_TOWNS = 30


@get("/places", opt=needs(PUBLIC) | limited(LOOKS))
async def places(
    request: AnyRequest, field: FromQuery[str] = "place", latitude: FromQuery[float | None] = None,
    longitude: FromQuery[float | None] = None,
) -> Response[Any]:  # fmt: skip
    """The choices of the place field called `field`: for its words, which come under its own name, or the one for a point."""
    words = _words(request, field)
    async with begin(request) as (_db, me):
        if latitude is not None and longitude is not None and abs(latitude) <= 90 and abs(longitude) <= 180:
            return _choices(request, me, field, words, [place_at(latitude, longitude)], is_point=True)
        return _choices(request, me, field, words, await find_places(words))


@get("/places/streets", opt=needs(PUBLIC) | limited(STREETS))
async def streets(request: AnyRequest, field: FromQuery[str] = "place") -> Response[Any]:
    """The same for somebody who has pressed "Find": a geocoder is asked too, outside of the transaction."""
    words = _words(request, field)
    async with begin(request):
        pass  # who is asking, and how often
    found = await find_places(words, thorough=True)
    async with begin(request) as (_db, me):
        return _choices(request, me, field, words, found)


class Town(msgspec.Struct):
    name: str
    latitude: float
    longitude: float


@get("/places/towns", opt=needs(PUBLIC) | limited(LOOKS))
async def towns(
    request: AnyRequest, south: FromQuery[float], west: FromQuery[float], north: FromQuery[float], east: FromQuery[float]
) -> list[Town]:  # fmt: skip
    """What a map without tiles shows of a stretch of the earth: its best known towns, and no two in one place."""
    async with begin(request):
        box = Box(south, west, north, east)
        known = cities_within(box, limit=400)
        return [Town(one.name, one.latitude, one.longitude) for one in _apart(known, north - south)]


def _apart(known: list[City], height: float) -> list[City]:
    """Those whose names do not cover each other on a map so many degrees high."""
    height = max(height, 1e-6)
    kept: dict[tuple[int, int], City] = {}
    for one in known:
        cell = (math.floor(one.latitude / height * 9), math.floor(one.longitude / height * 3))
        kept.setdefault(cell, one)
    return list(kept.values())[:MOST_TOWNS]


def _words(request: AnyRequest, field: str) -> str:
    if not FIELD.fullmatch(field):
        raise NotFound
    return request.query_params.get(field, "").strip()[:LONGEST]


def _choices(
    request: AnyRequest, me: Viewer, field: str, words: str, found: list[Place], *, is_point: bool = False
) -> Response[Any]:
    return fragment(
        request, me, "screens/_places.html", field=field, words=words, found=found, is_point=is_point
    )


router = Router("/", route_handlers=[places, streets, towns])
