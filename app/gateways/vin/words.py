"""vPIC's wording in the words of the trade."""

from app.gateways.vin.decoding import Reading

BODIES = {
    "Sport Utility Vehicle (SUV)/Multi-Purpose Vehicle (MPV)": "SUV",
    "Crossover Utility Vehicle (CUV)": "Crossover",
    "Hatchback/Liftback/Notchback": "Hatchback",
    "Sedan/Saloon": "Sedan",
    "Convertible/Cabriolet": "Convertible",
    "Sport Utility Truck (SUT)": "Pickup",
    "Step Van / Walk-in Van": "Step van",
    "Cargo Van": "Cargo van",
    "Truck-Tractor": "Truck tractor",
}

SOLD_AS = {
    ("Ford", "F-150"): "F-150 Lightning",
    ("Ford", "Transit"): "E-Transit",
    ("Chevrolet", "Blazer"): "Blazer EV",
    ("Chevrolet", "Equinox"): "Equinox EV",
    ("Chevrolet", "Silverado"): "Silverado EV",
    ("GMC", "Sierra"): "Sierra EV",
    ("Kia", "Soul"): "Soul EV",
    ("Kia", "Niro"): "Niro EV",
    ("Hyundai", "Kona"): "Kona Electric",
    ("Ford", "Focus"): "Focus Electric",
    ("Chevrolet", "Spark"): "Spark EV",
}
"""vPIC files these electric cars under the name of the car with an engine; nobody else does."""

PLUGGED = ("PHEV", "PLUG", "4XE", "ENERGI", "PRIME", "RECHARGE", "XDRIVE45E", "XDRIVE50E")

PRIMARY = {
    "Gasoline": "gasoline",
    "Flexible Fuel Vehicle (FFV)": "gasoline",
    "Ethanol (E85)": "gasoline",
    "Neat Ethanol (E100)": "gasoline",
    "Diesel": "diesel",
    "Electric": "electric",
}

LAYOUTS = {"V-Shaped": "V", "In-Line": "I", "Horizontally opposed (boxer)": "H", "W Shaped": "W"}

COUNTRIES = {"UNITED STATES (USA)": "United States", "UNITED KINGDOM (UK)": "United Kingdom"}


def fuel(reading: Reading) -> str | None:
    """gasoline, diesel, hybrid, plug_in_hybrid, electric or other; None where nothing is said."""
    first, second = reading.facts.get("fuel"), reading.facts.get("second_fuel")
    if first is None:
        return None
    names = " ".join(reading.facts.get(name, "") for name in ("model", "trim", "series")).upper()
    if "Electric" in (first, second) and second:
        # vPIC names electricity first where the car is charged from the grid.
        plugged = first == "Electric" or any(word in names for word in PLUGGED)
        return "plug_in_hybrid" if plugged else "hybrid"
    return PRIMARY.get(first, "other")


def model(reading: Reading) -> str | None:
    name = reading.facts.get("model")
    if name and fuel(reading) == "electric":
        return SOLD_AS.get((reading.make or "", name), name)
    return name


def trim(reading: Reading) -> str | None:
    return reading.facts.get("trim") or reading.facts.get("series")


def body(reading: Reading) -> str | None:
    name = reading.facts.get("body")
    if name and name.startswith("Incomplete"):
        return "Chassis"
    return BODIES.get(name, name) if name else None


def displacement(reading: Reading) -> float | None:
    litres = _number(reading.facts.get("displacement_l"), 0.1, 30)
    cubic = _number(reading.facts.get("displacement_cc"), 100, 30_000)
    return litres or (round(cubic / 1000, 1) if cubic else None)


def cylinders(reading: Reading) -> int | None:
    return int(_number(reading.facts.get("cylinders"), 1, 20) or 0) or None


def engine(reading: Reading) -> str | None:
    """As a mechanic would say it: "3.6 L V6", "2.0 L I4 turbo"."""
    litres, count = displacement(reading), cylinders(reading)
    if not litres and not count:
        return None
    layout = LAYOUTS.get(reading.facts.get("cylinder_layout", ""), "")
    arranged = f"{layout}{count}" if layout and count else f"{count} cyl" if count else ""
    turbo = "turbo" if reading.facts.get("turbo") == "Yes" else ""
    return " ".join(part for part in (f"{litres:.1f} L" if litres else "", arranged, turbo) if part)


def country(name: str | None) -> str | None:
    return COUNTRIES.get(name, name.title()) if name else None


def place(name: str | None) -> str | None:
    return name.title() if name else None


def doors(reading: Reading) -> int | None:
    return int(_number(reading.facts.get("doors"), 1, 9) or 0) or None


def _number(text: str | None, least: float, most: float) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return round(value, 2) if least <= value <= most else None
