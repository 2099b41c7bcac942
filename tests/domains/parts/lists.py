"""Short ways to say what a parts shop's lists hold."""

from typing import Any

from app.domains.parts import CarFacts, FitmentFacts, Link, PartNumber, Row

CAR = CarFacts(
    make="BMW", model="3 Series", year=2016, trim="328i", engine="2.0 L I4 turbo", engine_code="N20B20",
    fuel="gasoline", displacement_l=2.0, cylinders=4, by_vin=True,
)  # fmt: skip
NUMBER = "11 42 7-953.129"
PART = PartNumber(number=NUMBER)


def row(model: str = "3 Series", first: int | None = 2012, last: int | None = 2018, **said: Any) -> Row:
    facts = {"number": NUMBER, "make": "BMW", "model": model, "year_from": first, "year_to": last}
    return Row(**facts | said)


def line(**said: Any) -> FitmentFacts:
    """The same as the shop writes it down."""
    facts = {"number": NUMBER, "make": "BMW", "model": "3 Series", "year_from": 2012, "year_to": 2018}
    return FitmentFacts(**facts | said)


def link(old: str, new: str, make: str = "BMW", **said: Any) -> Link:
    return Link(make=make, old_number=old, new_number=new, **said)
