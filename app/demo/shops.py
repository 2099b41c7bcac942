"""Facts of the two demo shops: what they look like, what they offer, what it costs."""

from decimal import Decimal
from typing import Any

from app.domains.network.premises import BayFacts, CenterFacts
from app.domains.services import CannedFacts, LineFacts, ServiceFacts

D = Decimal


def labor(words: str, hours: str) -> LineFacts:
    """Labour at the center's rate."""
    return LineFacts(kind="labor", description=words, quantity=D(hours))


def part(words: str, number: str, quantity: str, price: int, cost: int) -> LineFacts:
    """A part; price and cost for one, in minor units."""
    return LineFacts(
        kind="part",
        description=words,
        part_number=number,
        quantity=D(quantity),
        unit_price_minor=price,
        unit_cost_minor=cost,
    )


def fee(words: str, price: int) -> LineFacts:
    """A flat fee."""
    return LineFacts(kind="fee", description=words, unit_price_minor=price, unit_cost_minor=0)


def week(opens: str, closes: str, saturday: tuple[str, str] | None = None) -> dict[str, Any]:
    """Monday to Friday alike, and perhaps a Saturday."""
    hours: dict[str, Any] = {day: [[opens, closes]] for day in ("mon", "tue", "wed", "thu", "fri")}
    if saturday:
        hours["sat"] = [list(saturday)]
    return hours


HARBOR_CENTER = CenterFacts(
    name="Harbor Lane Garage",
    address="48 Harbor Lane",
    city="Portland, ME 04101",
    country="US",
    phone="+1 207 555 0148",
    email="desk@harborlane.example",
    zone="America/New_York",
    currency="USD",
    distance_unit="mi",
    tax_name="Sales tax",
    tax_rate=D("0.055"),
    labor_rate_minor=13500,
    working_hours=week("07:30", "17:30", ("08:00", "13:00")),
    slot_minutes=30,
    notice_minutes=60,
    horizon_days=45,
    cancel_hours=24,
)
HARBOR_BAYS = (
    BayFacts(name="Bay 1", capabilities=["lift"], position=1),
    BayFacts(name="Bay 2", capabilities=["lift", "alignment"], position=2),
    BayFacts(name="Bay 3", capabilities=["lift", "tire"], position=3),
    BayFacts(name="Bay 4 EV", capabilities=["lift", "hv", "charger", "diagnostics"], position=4),
)
VOLT_CENTER = CenterFacts(
    name="Voltwerk Berlin",
    address="Köpenicker Straße 154",
    city="10997 Berlin",
    country="DE",
    phone="+49 30 5550 0154",
    email="werkstatt@voltwerk.example",
    zone="Europe/Berlin",
    currency="EUR",
    distance_unit="km",
    tax_name="MwSt.",
    tax_rate=D("0.19"),
    labor_rate_minor=14900,
    working_hours=week("08:00", "18:00"),
    slot_minutes=30,
    notice_minutes=120,
    horizon_days=60,
    cancel_hours=24,
)
VOLT_BAYS = (
    BayFacts(name="HV 1", capabilities=["lift", "hv", "diagnostics"], position=1),
    BayFacts(name="HV 2", capabilities=["lift", "hv", "charger"], position=2),
)

HARBOR_CANNED: tuple[tuple[CannedFacts, tuple[LineFacts, ...]], ...] = (
    (
        CannedFacts(code="oil-service", title="Oil and filter service"),
        (
            labor("Drain and refill engine oil, replace filter", "0.5"),
            part("Engine oil 0W-20 full synthetic, liter", "TQ-0W20", "4.6", 1150, 520),
            part("Oil filter", "OF-7317", "1", 1495, 610),
            fee("Used oil disposal", 350),
        ),
    ),
    (
        CannedFacts(code="front-brake-pads", title="Front brake pads and discs", skill="brakes"),
        (
            labor("Replace front pads and discs, bed in", "1.6"),
            part("Front pad set, ceramic", "BP-1044", "1", 8900, 4200),
            part("Front brake disc, coated", "BD-2287", "2", 9400, 4800),
            fee("Shop supplies", 850),
        ),
    ),
    (
        CannedFacts(code="rear-brake-pads", title="Rear brake pads", skill="brakes"),
        (
            labor("Replace rear pads, service calipers", "1.1"),
            part("Rear pad set, ceramic", "BP-1391", "1", 7900, 3700),
            fee("Shop supplies", 850),
        ),
    ),
    (
        CannedFacts(code="brake-fluid", title="Brake fluid change", skill="brakes"),
        (
            labor("Flush and bleed brake system", "0.8"),
            part("Brake fluid DOT 4, liter", "BF-DOT4", "1", 1890, 720),
        ),
    ),
    (
        CannedFacts(code="front-tires", title="Two tires, front", skill="tires"),
        (
            labor("Mount, balance and fit two tires", "0.6"),
            part("All-season tire 225/50 R17", "TY-2255017", "2", 14900, 9800),
            fee("Tire disposal", 800),
        ),
    ),
    (
        CannedFacts(code="rear-tires", title="Two tires, rear", skill="tires"),
        (
            labor("Mount, balance and fit two tires", "0.6"),
            part("All-season tire 225/50 R17", "TY-2255017", "2", 14900, 9800),
            fee("Tire disposal", 800),
        ),
    ),
    (
        CannedFacts(code="rear-brake-discs", title="Rear brake discs and pads", skill="brakes"),
        (
            labor("Replace rear discs and pads", "1.5"),
            part("Rear brake disc, coated", "BD-3320", "2", 8200, 4100),
            part("Rear pad set, ceramic", "BP-1391", "1", 7900, 3700),
        ),
    ),
    (
        CannedFacts(code="shock-absorbers", title="Front struts"),
        (
            labor("Replace both front struts, align", "3.2"),
            part("Strut assembly", "ST-9902", "2", 21400, 12600),
        ),
    ),
    (
        CannedFacts(code="battery-12v", title="12 V battery", skill="electrical"),
        (
            labor("Replace and register battery", "0.4"),
            part("AGM battery 70 Ah", "BA-AGM70", "1", 21900, 13400),
        ),
    ),
    (
        CannedFacts(code="wiper-blades", title="Wiper blades, front pair"),
        (part("Wiper blade, front pair", "WB-2618", "1", 4200, 1900),),
    ),
    (
        CannedFacts(code="cabin-filter", title="Cabin air filter"),
        (labor("Replace cabin air filter", "0.3"), part("Cabin air filter, carbon", "CF-3381", "1", 3400, 1300)),
    ),
    (
        CannedFacts(code="engine-air-filter", title="Engine air filter"),
        (labor("Replace engine air filter", "0.2"), part("Engine air filter", "AF-8821", "1", 2900, 1150)),
    ),
    (
        CannedFacts(code="coolant-service", title="Coolant change", skill="engine"),
        (
            labor("Drain, flush and refill cooling system", "1.2"),
            part("Coolant concentrate, liter", "CO-G12", "4", 1290, 540),
        ),
    ),
    (
        CannedFacts(code="wheel-alignment", title="Four-wheel alignment"),
        (labor("Measure and set alignment", "1.0"),),
    ),
    (
        CannedFacts(code="control-arm", title="Front lower control arms"),
        (
            labor("Replace both front lower control arms", "2.6"),
            part("Control arm with bushings", "CA-5512", "2", 13800, 7600),
        ),
    ),
    (
        CannedFacts(code="diagnosis", title="Diagnosis", skill="diagnostics"),
        (labor("Read faults, test and find the cause", "1.0"),),
    ),
    (
        CannedFacts(code="hv-coolant-service", title="Battery coolant change", skill="hv"),
        (
            labor("Bleed and refill battery cooling loop", "1.8"),
            part("Low-conductivity coolant, liter", "CO-EV", "6", 2190, 980),
        ),
    ),
    (
        CannedFacts(code="charge-port-repair", title="Charge port and latch", skill="hv"),
        (
            labor("Replace charge port latch, test charging", "1.4"),
            part("Charge port latch actuator", "CP-4410", "1", 18900, 10900),
        ),
    ),
    (
        CannedFacts(code="hv-diagnosis", title="High-voltage isolation repair", skill="hv"),
        (labor("Locate and repair isolation fault", "3.0"), fee("Insulation test report", 4500)),
    ),
)  # fmt: skip

ENGINE = ["gasoline", "diesel", "hybrid", "plug_in_hybrid", "other"]
VOLTAGE = ["hybrid", "plug_in_hybrid", "electric"]
PLUGGED = ["plug_in_hybrid", "electric"]

HARBOR_SERVICES = (
    ServiceFacts(
        code="oil-service", name="Oil and filter service", category="oil", fuels=ENGINE, duration_minutes=45, price_minor=9900,
        canned_job_code="oil-service", bay_capability="lift", position=1,
        description="Fresh full-synthetic oil, new filter, levels and lights checked.",
    ),
    ServiceFacts(
        code="inspection", name="Multi-point inspection", category="general", duration_minutes=60, price_minor=6900,
        position=2, description="Thirty points from lights to exhaust, with photos you see on your phone.",
    ),
    ServiceFacts(
        code="brake-check", name="Brake check", category="brakes", duration_minutes=45, price_minor=4900, skill="brakes",
        bay_capability="lift", position=3, description="Pads, discs, lines and fluid measured wheel by wheel.",
    ),
    ServiceFacts(
        code="tyre-change", name="Seasonal tire change", category="tires", duration_minutes=45, price_minor=8900,
        skill="tires", bay_capability="tire", position=4, description="Swap, balance, torque to spec, pressures set.",
    ),
    ServiceFacts(
        code="diagnosis", name="Diagnosis", category="diagnostics", duration_minutes=90, price_minor=13500,
        skill="diagnostics", canned_job_code="diagnosis", position=5,
        description="A warning light or a noise: we find the cause before we sell a part.",
    ),
    ServiceFacts(
        code="ev-health", name="EV high-voltage health check", category="hv", fuels=VOLTAGE, duration_minutes=90, price_minor=15900,
        skill="hv", bay_capability="hv", buffer_before_minutes=15, buffer_after_minutes=15, position=6,
        description="Isolation, state of health, cooling and charging, by a certified technician.",
    ),
    ServiceFacts(
        code="ev-brakes", name="EV brake service", category="brakes", fuels=VOLTAGE, duration_minutes=75, price_minor=11900,
        skill="brakes", bay_capability="lift", position=7,
        description="Brakes that are spared by recuperation rust: cleaned, greased, freed.",
    ),
)  # fmt: skip

VOLT_JOBS = frozenset(
    [
        "front-brake-pads",
        "brake-fluid",
        "front-tires",
        "rear-tires",
        "battery-12v",
        "cabin-filter",
        "hv-coolant-service",
        "charge-port-repair",
        "hv-diagnosis",
        "wiper-blades",
    ]
)
VOLT_JOBS = frozenset(
    (
        "front-brake-pads", "brake-fluid", "front-tires", "rear-tires", "battery-12v", "cabin-filter", "wiper-blades",
        "hv-coolant-service", "charge-port-repair", "hv-diagnosis",
    )
)  # fmt: skip
VOLT_CANNED = tuple((facts, lines) for facts, lines in HARBOR_CANNED if facts.code in VOLT_JOBS)
VOLT_SERVICES = (
    ServiceFacts(
        code="ev-health", name="Hochvolt-Check · EV health check", category="hv", fuels=VOLTAGE, duration_minutes=90,
        price_minor=18900, skill="hv", bay_capability="hv", buffer_before_minutes=15, buffer_after_minutes=15, position=1,
    ),
    ServiceFacts(
        code="charging", name="Charging fault diagnosis", category="charging", fuels=PLUGGED, duration_minutes=120, price_minor=22900,
        skill="hv", bay_capability="hv", position=2,
    ),
    ServiceFacts(
        code="ev-brakes", name="EV brake service", category="brakes", fuels=VOLTAGE, duration_minutes=75, price_minor=13900,
        skill="brakes", bay_capability="lift", position=3,
    ),
)  # fmt: skip
