"""Distances on the globe, taken as a sphere: within half a percent of the truth, which is less than a road's first bend."""

from math import asin, cos, degrees, pi, radians, sin, sqrt
from typing import NamedTuple

RADIUS_KM = 6371.0088
"""The earth's mean radius (IUGG)."""

Point = tuple[float, float]
"""Latitude and longitude in degrees; north and east are positive."""


class Box(NamedTuple):
    """Degrees. `west` is greater than `east` when the box lies across the date line."""

    south: float
    west: float
    north: float
    east: float

    def holds(self, point: Point) -> bool:
        """Whether a point lies in it, its edges included."""
        latitude, longitude = point
        if not self.south <= latitude <= self.north:
            return False
        if self.west <= self.east:
            return self.west <= longitude <= self.east
        return longitude >= self.west or longitude <= self.east


def distance_km(one: Point, other: Point) -> float:
    """Along the great circle, by the haversine."""
    lat1, lng1, lat2, lng2 = map(radians, (*one, *other))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lng2 - lng1) / 2) ** 2
    return 2 * RADIUS_KM * asin(min(1.0, sqrt(half)))


def bounding_box(latitude: float, longitude: float, radius_km: float) -> Box:
    """The smallest box that holds every point within `radius_km`. Around a pole it goes round the globe."""
    angle = min(radius_km / RADIUS_KM * (1 + 1e-9), pi)  # a hair more, so that rounding leaves nobody out
    south, north = latitude - degrees(angle), latitude + degrees(angle)
    if south <= -90 or north >= 90:
        return Box(max(south, -90.0), -180.0, min(north, 90.0), 180.0)
    # The meridian that touches the circle does so nearer to the pole than its middle (Matuschek, "Finding points
    # within a distance of a latitude/longitude using bounding coordinates").
    aside = degrees(asin(min(1.0, sin(angle) / cos(radians(latitude)))))
    if aside >= 180:
        return Box(south, -180.0, north, 180.0)
    return Box(south, _wrapped(longitude - aside), north, _wrapped(longitude + aside))


def _wrapped(longitude: float) -> float:
    return (longitude + 180) % 360 - 180 if not -180 <= longitude <= 180 else longitude
