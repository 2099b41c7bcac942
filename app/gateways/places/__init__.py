"""Where something is: cities from a list on this machine, distances on the globe, and streets by a geocoder if there is one."""

from app.gateways.places.cities import (
    City,
    cities_within,
    country_name,
    nearest_city,
    search_cities,
)
from app.gateways.places.globe import Box, bounding_box, distance_km

__all__ = [
    "Box",
    "City",
    "bounding_box",
    "cities_within",
    "country_name",
    "distance_km",
    "nearest_city",
    "search_cities",
]
