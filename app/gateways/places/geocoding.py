"""Streets, by a geocoder of the site's own choice: any server that speaks Nominatim's `/search`.

Without one (GEOCODER_URL) only towns are known. It is asked when somebody presses "Find", never while they type: the rules of
OpenStreetMap's own server forbid that, and what somebody types is told to nobody before they mean it.
"""

import asyncio
import json
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

import httpx

from app.gateways.places.globe import Point

PATIENCE = 4.0
"""Seconds from the question to the whole answer."""
LARGEST = 256 * 1024
AGENT = "Torqueline"
LONGEST = 200


class Found(NamedTuple):
    label: str
    latitude: float
    longitude: float
    country: str
    """Two letters (ISO 3166), "" when the geocoder does not say."""

    @property
    def point(self) -> Point:
        return self.latitude, self.longitude


class GeocoderAway(Exception):
    """Not reached, too slow, or an answer that is none."""


class Geocoder(Protocol):
    async def find(self, words: str, *, language: str = "en", limit: int = 8) -> list[Found]:
        """Places that the words of a street address may mean, the likeliest first. Raises GeocoderAway."""
        ...


class Nominatim:
    """The geocoder at `https://host/path`, whose `/search` is asked. Raises ValueError for any other address."""

    def __init__(self, url: str, *, patience: float = PATIENCE) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("GEOCODER_URL must look like https://nominatim.example.com")
        self._search = url.rstrip("/") + "/search"
        self._patience = patience

    async def find(self, words: str, *, language: str = "en", limit: int = 8) -> list[Found]:
        asked = {"q": words[:LONGEST], "format": "jsonv2", "addressdetails": "1", "limit": str(limit)}
        headers = {"User-Agent": AGENT, "Accept-Language": language}
        body = bytearray()
        try:
            async with (
                asyncio.timeout(self._patience),
                httpx.AsyncClient(timeout=self._patience, follow_redirects=False) as client,
                client.stream("GET", self._search, params=asked, headers=headers) as answer,
            ):
                if answer.status_code != 200:
                    raise GeocoderAway(f"status {answer.status_code}")
                async for piece in answer.aiter_bytes():
                    body += piece
                    if len(body) > LARGEST:
                        raise GeocoderAway("an endless answer")
        except TimeoutError as error:
            raise GeocoderAway("no answer in time") from error
        except httpx.HTTPError as error:
            raise GeocoderAway(str(error) or type(error).__name__) from error
        try:
            return [_found(one) for one in json.loads(body)][:limit]
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise GeocoderAway("an answer that is none") from error


def _found(one: dict[str, object]) -> Found:
    latitude, longitude = float(str(one["lat"])), float(str(one["lon"]))
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # nan too
        raise ValueError("no point of the earth")
    address = one.get("address") or {}
    country = str(address.get("country_code", "")) if isinstance(address, dict) else ""
    return Found(str(one["display_name"])[:LONGEST], latitude, longitude, country.upper()[:2])


def open_geocoder(url: str | None) -> Geocoder | None:
    """The geocoder of the settings; None when none is set."""
    return Nominatim(url) if url else None
