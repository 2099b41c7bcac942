"""The demo's twelve parts shops, six around Portland in Maine and six around Berlin, and what parts cost there."""

from dataclasses import dataclass
from decimal import Decimal

from app.demo.shops import week
from app.domains.network.premises import CenterFacts


@dataclass(frozen=True)
class PartsDemo:
    """A parts shop: where it is, what it sells for, how dear and how quick it is."""

    key: str
    name: str
    town: str
    latitude: float
    longitude: float
    about: str
    makes: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ("new",)
    dear: float = 1.0
    """Its prices against the usual ones."""
    hours: int = 24
    """How long it needs to deliver."""
    fee: int = 0
    country: str = "US"
    misses: int = 0
    """Of ten parts so many it has not got."""

    @property
    def currency(self) -> str:
        return "USD" if self.country == "US" else "EUR"

    @property
    def center(self) -> CenterFacts:
        """Its place, as every business has one."""
        at_home = self.country == "US"
        return CenterFacts(
            name=self.name,
            address=f"{20 + len(self.name)} {'Commercial Street' if at_home else 'Hauptstraße'}",
            city=self.town,
            country=self.country,
            phone="+1 207 555 01" + str(60 + len(self.key))
            if at_home
            else "+49 30 5550 01" + str(60 + len(self.key)),
            zone="America/New_York" if at_home else "Europe/Berlin",
            currency=self.currency,
            distance_unit="mi" if at_home else "km",
            tax_name="Sales tax" if at_home else "MwSt.",
            tax_rate=Decimal("0.055") if at_home else Decimal("0.19"),
            working_hours=week("07:00", "18:00", ("08:00", "14:00")),
        )


SHOPS = (
    PartsDemo("casco", "Casco Bay Auto Parts", "Portland, ME", 43.668, -70.270, "Family counter since 1984. Van on the road twice a day.", dear=1.04, hours=3),
    PartsDemo("northern", "Northern Lights Japanese Parts", "Westbrook, ME", 43.677, -70.371, "Honda, Toyota, Subaru, Mazda: maker's own and first-line aftermarket.", ("honda", "toyota", "subaru", "mazda"), dear=0.97, hours=6, fee=900),
    PartsDemo("salvage", "Saco River Salvage", "Saco, ME", 43.501, -70.443, "Used parts from dismantled cars, tested, with thirty days to bring them back.", conditions=("used", "rebuilt"), dear=0.52, hours=28, fee=1500, misses=4),
    PartsDemo("granite", "Granite State Parts", "Portsmouth, NH", 43.072, -70.763, "Warehouse stock for every make, next morning.", dear=0.91, hours=20, fee=1200, misses=1),
    PartsDemo("harborev", "Harbor EV Components", "South Portland, ME", 43.641, -70.241, "For electric and hybrid cars.", ("tesla", "volkswagen", "toyota", "ford"), dear=1.10, hours=5),
    PartsDemo("kennebec", "Kennebec Truck & Parts", "Brunswick, ME", 43.915, -69.965, "Trucks first. Brakes, driveline, exhaust.", ("ford", "toyota", "honda", "subaru"), conditions=("new", "rebuilt"), dear=0.95, hours=26, fee=1000, misses=2),
    PartsDemo("spree", "Spree Autoteile", "Berlin", 52.512, 13.450, "Lager an der Spree, Kurier innerhalb des Rings.", dear=1.02, hours=3, country="DE"),
    PartsDemo("kreuzberg", "Teile Kreuzberg", "Berlin", 52.497, 13.403, "Alles für Volkswagen, Audi, Škoda und Seat.", ("volkswagen", "audi", "skoda", "seat"), dear=0.98, hours=4, country="DE"),
    PartsDemo("voltteile", "Voltteile Adlershof", "Berlin", 52.433, 13.535, "Hochvolt, Laden, Thermomanagement.", ("volkswagen", "renault", "tesla", "bmw"), dear=1.08, hours=6, fee=690, country="DE"),
    PartsDemo("havel", "Havel Verwertung", "Potsdam", 52.401, 13.064, "Gebrauchte Teile aus eigener Verwertung, geprüft.", conditions=("used", "rebuilt"), dear=0.48, hours=30, fee=990, country="DE", misses=5),
    PartsDemo("oder", "Oderland Großhandel", "Frankfurt (Oder)", 52.342, 14.551, "Großhandel, über Nacht.", dear=0.88, hours=18, fee=790, country="DE", misses=1),
    PartsDemo("renaultteile", "Pankow Französische Teile", "Berlin", 52.569, 13.402, "Renault, Peugeot, Citroën.", ("renault", "peugeot", "citroen"), dear=0.96, hours=5, country="DE"),
)  # fmt: skip

USUAL: dict[str, tuple[int, str, str, int]] = {
    "Front brake pads": (6_900, "Akebono", "ACT914", 0),
    "Front brake disc": (7_800, "Brembo", "09.A921.11", 0),
    "Alternator": (31_500, "Denso", "210-0658", 6_000),
    "Wiper blades, front pair": (3_400, "Bosch", "A425S", 0),
    "Cabin air filter": (2_100, "Mann", "CUK 2040", 0),
    "12 V battery, AGM": (19_900, "Varta", "A5", 1_800),
    "Charge port latch actuator": (16_400, "Hella", "6NW 358", 0),
    "Front wheel bearing": (11_800, "SKF", "VKBA 7110", 0),
    "Control arm, lower left": (12_900, "Lemförder", "38212 01", 0),
    "Side mirror, left, heated": (18_700, "TYC", "5220142", 0),
}
"""Usual price in cents, a good brand, its number, the core charge."""

OWNERS = {"casco": ("parts@demo.test", "Owen Marsh"), "spree": ("teile@demo.test", "Heike Baumann")}
"""The shops whose owners have a login."""

FITS: dict[str, tuple[tuple[str, str, int, int], ...]] = {
    "ACT914": (("Subaru", "Outback", 2015, 2019), ("Subaru", "Legacy", 2015, 2019)),
    "09.A921.11": (("Subaru", "Outback", 2015, 2019),),
    "A425S": (("Subaru", "Outback", 2015, 2019), ("Subaru", "Forester", 2014, 2018)),
    "210-0658": (("Honda", "Civic", 2016, 2021),),
    "38212 01": (("Mazda", "CX-5", 2017, 2024),),
    "CUK 2040": (("Mazda", "CX-5", 2017, 2024), ("Volkswagen", "ID.3", 2020, 2024)),
    "6NW 358": (("Volkswagen", "ID.3", 2020, 2024), ("Volkswagen", "ID.4", 2021, 2024)),
    "A5": (("Renault", "Zoe", 2013, 2024),),
    "VKBA 7110": (("Renault", "Zoe", 2013, 2024),),
    "5220142": (("BMW", "3 Series", 2012, 2018),),
}
"""Which cars the numbers of `USUAL` fit, in the fitment lists of the shops that keep one."""

KEEP_LISTS = ("casco", "northern", "granite", "spree", "kreuzberg", "voltteile")
