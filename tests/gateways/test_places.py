"""Cities by name and by place, distances on the globe, and the geocoder's protocol against a server on a real socket."""

import asyncio
import json
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.gateways.places import bounding_box, cities_within, distance_km, nearest_city, search_cities
from app.gateways.places.geocoding import Found, GeocoderAway, Nominatim, open_geocoder

ANY_TIME = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
latitudes, longitudes = st.floats(-90, 90), st.floats(-180, 180)
points = st.tuples(latitudes, longitudes)
NEW_YORK, BERLIN, SYDNEY = (40.7128, -74.0060), (52.5200, 13.4050), (-33.8688, 151.2093)


def names(found):
    return [one.name for one in found]


@pytest.mark.parametrize(
    ("typed", "first", "country"),
    [
        ("new york", "New York City", "US"), ("BERL", "Berlin", "DE"), ("paris, texas", "Paris", "US"),
        ("springfield il", "Springfield", "US"), ("são pau", "São Paulo", "BR"), ("Sao Paulo", "São Paulo", "BR"),
        ("n’djamena", "N'Djamena", "TD"), ("ndjamena", "N'Djamena", "TD"), ("N'DJAMENA", "N'Djamena", "TD"),
        ("Cologne", "Köln", "DE"), ("koln", "Köln", "DE"), ("lodz", "Łódź", "PL"), ("berlin germany", "Berlin", "DE"),
        ("paris", "Paris", "FR"), ("london", "London", "GB"), ("ber", "Berlin", "DE"),
    ],
)  # fmt: skip
def test_a_city_is_found_however_it_is_written_and_the_best_known_first(typed, first, country):
    assert search_cities(typed)[0][0:3:2] == (first, country)


def test_words_that_name_no_city_find_none_and_a_country_is_kept_to():
    for words in ("", "  ", "%", "'", "\0", "قزكسو", "qzxwv", "x" * 10_000, "12 Dock Street", ",,,"):
        assert search_cities(words) == [], words
    assert {one.country for one in search_cities("berlin", country="us")} == {"US"}
    assert len(search_cities("san", limit=3)) == 3


def test_the_arabic_list_is_searched_in_its_own_letters():
    from app.gateways.places.folding import folded

    assert folded("الإسكندريّة") == folded("الاسكندريه")
    assert folded("Yafā’") == "yafa"


def test_a_search_is_quick_at_every_letter():
    took = []
    for typed in ("s", "sa", "san", "san f", "san fran", "al", "new", "new york, united", "zz"):
        search_cities(typed)
        began = time.perf_counter()
        search_cities(typed)
        took.append(time.perf_counter() - began)
    assert sorted(took)[len(took) // 2] < 0.005


def test_the_nearest_city_tells_region_and_zone_on_both_sides_of_every_line():
    assert nearest_city(*NEW_YORK).zone == "America/New_York"
    assert (nearest_city(*BERLIN).country, nearest_city(*BERLIN).zone) == ("DE", "Europe/Berlin")
    assert nearest_city(-16.8, -179.99).country == "FJ", "across the date line"
    assert nearest_city(90, 0) is None
    assert nearest_city(-90, 123) is None
    for city in cities_within(bounding_box(*SYDNEY, 50), limit=20):
        assert ZoneInfo(city.zone)
        assert distance_km(city.point, SYDNEY) < 50 * math.sqrt(2) + 1
    assert cities_within(bounding_box(*SYDNEY, 50), limit=1)[0].name == "Sydney"


@ANY_TIME
@given(points, points, points)
def test_a_distance_is_one(here, there, elsewhere):
    way = distance_km(here, there)
    assert 0 <= way <= math.pi * 6371.0088 + 1e-6
    assert way == pytest.approx(distance_km(there, here))
    assert distance_km(here, here) == 0
    assert way <= distance_km(here, elsewhere) + distance_km(elsewhere, there) + 1e-3


def test_distances_are_those_of_the_atlas():
    assert distance_km(NEW_YORK, BERLIN) == pytest.approx(6385, rel=0.005)
    assert distance_km((0, 179.5), (0, -179.5)) == pytest.approx(111.2, rel=0.005)
    assert distance_km((90, 0), (-90, 77)) == pytest.approx(20015, rel=0.001)


@ANY_TIME
@given(points, points, st.floats(0.001, 20_100))
def test_a_box_leaves_nobody_out_who_is_near_enough(here, there, radius):
    box = bounding_box(*here, radius)
    assert -90 <= box.south <= box.north <= 90
    assert -180 <= box.west <= 180
    assert -180 <= box.east <= 180
    assert box.holds(here)
    if distance_km(here, there) <= radius:
        assert box.holds(there)


@ANY_TIME
@given(points, st.floats(0, 2 * math.pi), st.floats(0.001, 5_000))
def test_a_box_touches_its_circle(here, bearing, radius):
    """A point on the circle is inside; one at the edge's own distance beyond it, due north, is not."""
    angle, latitude = radius / 6371.0088 * 0.999999, math.radians(here[0])
    sine = math.sin(latitude) * math.cos(angle) + math.cos(latitude) * math.sin(angle) * math.cos(bearing)
    north = math.degrees(math.asin(max(-1.0, min(1.0, sine))))
    aside = math.atan2(
        math.sin(bearing) * math.sin(angle) * math.cos(latitude),
        math.cos(angle) - math.sin(latitude) * sine,
    )
    box = bounding_box(*here, radius)
    assert box.holds((north, (here[1] + math.degrees(aside) + 180) % 360 - 180))
    beyond = here[0] + math.degrees(radius / 6371.0088) * 1.001 + 1e-6
    if beyond <= 90:
        assert not box.holds((beyond, here[1]))


ADDRESS = {
    "lat": "40.6782", "lon": "-74.0104", "display_name": "12, Dock Street, Brooklyn", "address": {"country_code": "us"},
}  # fmt: skip


@asynccontextmanager
async def answering(
    body: bytes, *, status: str = "200 OK", after: float = 0
) -> AsyncIterator[tuple[str, list[str]]]:
    """A web server that says the same to everybody, and what it was asked."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        await asyncio.sleep(after)
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/geo/", asked


async def test_a_street_is_asked_of_the_geocoder():
    async with answering(json.dumps([ADDRESS]).encode()) as (url, asked):
        found = await Nominatim(url).find("12 Dock St & Pier, Brooklyn", language="de")
    assert found == [Found("12, Dock Street, Brooklyn", 40.6782, -74.0104, "US")]
    assert asked[0].startswith("GET /geo/search?q=12+Dock+St+%26+Pier%2C+Brooklyn&format=jsonv2&")
    assert "accept-language: de" in asked[0].lower()
    assert "user-agent: torqueline" in asked[0].lower()


@pytest.mark.parametrize(
    "fault",
    [
        {"body": b"<html>"}, {"body": b'{"error": 1}'}, {"body": b"[1]"}, {"body": b"[]", "status": "500 No"},
        {"body": b"[]", "status": "302 Found"}, {"body": b"[]", "after": 2}, {"body": b" " * 300_000},
        {"body": json.dumps([ADDRESS | {"lat": "nan"}]).encode()}, {"body": json.dumps([{"lat": "1"}]).encode()},
    ],
)  # fmt: skip
async def test_a_geocoder_that_says_no_place_is_away(fault):
    async with answering(**fault) as (url, _asked):
        with pytest.raises(GeocoderAway):
            await Nominatim(url, patience=0.5).find("12 Dock Street")


async def test_nobody_there_is_away_and_no_address_is_no_geocoder():
    with pytest.raises(GeocoderAway):
        await Nominatim("http://127.0.0.1:1").find("12 Dock Street")
    assert open_geocoder(None) is None
    for wrong in ("nominatim.example.com", "ftp://example.com", "https://", "https://example.com/?q=1"):
        with pytest.raises(ValueError, match="GEOCODER_URL"):
            open_geocoder(wrong)
