"""What is known of a car when a part is judged for it."""

import asyncio
from functools import cached_property

import msgspec

from app.domains.garage import Vehicle
from app.domains.parts.engines import Engine, read_engine
from app.domains.parts.names import Sure, same_make, same_model, words_of
from app.gateways import vin as vins
from app.gateways.vin import DecodedVin


class CarFacts(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A car as its VIN and its owner describe it; what nobody has said is empty."""

    make: str = ""
    model: str = ""
    year: int | None = None
    trim: str = ""
    engine: str = ""
    engine_code: str = ""
    fuel: str = ""
    displacement_l: float | None = None
    cylinders: int | None = None
    by_vin: bool = False
    """Make, model and year are what the VIN says."""
    doubtful: tuple[str, ...] = ()
    """Of make, model and year those in which the VIN and the owner contradict each other."""

    def knows(self, fact: str) -> bool:
        return bool(getattr(self, fact)) and fact not in self.doubtful

    @cached_property
    def parsed_engine(self) -> Engine:
        said = read_engine(self.engine)
        return msgspec.structs.replace(
            said,
            litres=frozenset({round(self.displacement_l, 1)}) if self.displacement_l else said.litres,
            cylinders=frozenset({self.cylinders}) if self.cylinders else said.cylinders,
        )

    @cached_property
    def codes(self) -> frozenset[str]:
        return frozenset(words_of(f"{self.engine_code} {self.engine} {self.trim}"))


async def facts_of(vehicle: Vehicle) -> CarFacts:
    """What the garage and the car's VIN say of it. Decoding reads a file: it is done in a thread."""
    said = CarFacts(
        make=vehicle.make, model=vehicle.model, year=vehicle.year, trim=vehicle.trim, engine=vehicle.engine,
        fuel=vehicle.fuel,
    )  # fmt: skip
    return await known_by_vin(vehicle.vin, said)


async def known_by_vin(vin: str, said: CarFacts | None = None) -> CarFacts:
    """What was said of a car, with what its VIN adds."""
    said = said or CarFacts()
    return merged(said, await asyncio.to_thread(vins.decode, vin)) if vin.strip() else said


def merged(said: CarFacts, decoded: DecodedVin) -> CarFacts:
    """The VIN goes before what was said, if it is a right one and decodes exactly; where they contradict each other the
    fact is doubtful, for one of them is about another car."""
    if not decoded.valid or not decoded.exact:
        return said
    make, model = decoded.make or said.make, decoded.model or said.model
    year = decoded.year or said.year
    doubtful = [
        name
        for name, is_other in (
            ("make", bool(said.make) and same_make(make, said.make) is Sure.NO),
            (
                "model",
                bool(said.model) and same_model(make, model, decoded.trim or "", said.model) is Sure.NO,
            ),
            ("year", bool(said.year) and year != said.year),
        )
        if is_other
    ]
    return CarFacts(
        make=make,
        model=model,
        year=year,
        trim=decoded.trim or said.trim,
        engine=" ".join(filter(None, (decoded.engine, said.engine))),
        engine_code=decoded.engine_code or said.engine_code,
        fuel=decoded.fuel or said.fuel,
        displacement_l=decoded.displacement_l or said.displacement_l,
        cylinders=decoded.cylinders or said.cylinders,
        by_vin=bool(decoded.make and decoded.model and decoded.year),
        doubtful=tuple(doubtful),
    )
