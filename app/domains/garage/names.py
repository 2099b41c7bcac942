"""Makes and models to choose from where a person types the car in."""

import unicodedata

from app.gateways import vin as vins

MAKES = (
    "Abarth", "Acura", "Alfa Romeo", "Aston Martin", "Audi", "Bentley", "BMW", "Buick", "BYD", "Cadillac",
    "Chevrolet", "Chrysler", "Citroën", "Cupra", "Dacia", "Daihatsu", "Dodge", "DS", "Ferrari", "Fiat", "Fisker",
    "Ford", "Genesis", "GMC", "Honda", "Hummer", "Hyundai", "Infiniti", "Isuzu", "Iveco", "Jaguar", "Jeep", "Kia",
    "Lada", "Lamborghini", "Lancia", "Land Rover", "Lexus", "Lincoln", "Lotus", "Lucid", "Lynk & Co", "MAN",
    "Maserati", "Mazda", "McLaren", "Mercedes-Benz", "Mercury", "MG", "MINI", "Mitsubishi", "NIO", "Nissan",
    "Oldsmobile", "Opel", "Peugeot", "Plymouth", "Polestar", "Pontiac", "Porsche", "Ram", "Renault", "Rivian",
    "Rolls-Royce", "Rover", "Saab", "Saturn", "Scion", "SEAT", "Škoda", "smart", "SsangYong", "Subaru", "Suzuki",
    "Tata", "Tesla", "Toyota", "Trabant", "Vauxhall", "VinFast", "Volkswagen", "Volvo", "Wartburg", "XPeng", "Zeekr",
)  # fmt: skip


def models_of(make: str) -> tuple[str, ...]:
    """Model names of a make as far as the VIN data knows them; empty for makes it has never met."""
    return vins.models_of(make.strip())


def make_called(typed: str) -> str:
    """A make as everybody writes it, however it was typed: "skoda", "mercedes benz" and "VW" are known; others stay."""
    return _KNOWN.get(_plain(typed), typed.strip())


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in letters if one.isalnum())


_KNOWN = {_plain(make): make for make in MAKES} | {
    "vw": "Volkswagen", "mercedes": "Mercedes-Benz", "chevy": "Chevrolet", "landrover": "Land Rover", "alfa": "Alfa Romeo",
}  # fmt: skip
