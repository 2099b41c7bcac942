"""Makes and models to offer where a person types the car in."""

from functools import lru_cache

from app.gateways.vin import tables

MAKES = "SELECT DISTINCT make FROM text WHERE make IS NOT NULL ORDER BY 1"
MODELS = "SELECT DISTINCT text FROM text WHERE make = ? COLLATE NOCASE ORDER BY 1"


@lru_cache
def makes() -> tuple[str, ...]:
    """Every make the data has a model of, as the maker writes itself."""
    return tuple(name for (name,) in tables.rows(MAKES))


@lru_cache(64)
def models_of(make: str) -> tuple[str, ...]:
    return tuple(name for (name,) in tables.rows(MODELS, make))
