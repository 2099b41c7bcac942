"""Where something is, and how far it is from there."""

from app.gateways.places.globe import Box, bounding_box, distance_km

__all__ = ["Box", "bounding_box", "distance_km"]
