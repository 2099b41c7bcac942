"""The checklists every shop begins with. A shop may publish later versions of its own.

Measures are metric; thresholds follow common workshop practice (tread 4 / 2 mm, pads 5 / 3 mm, brake fluid
2 / 3 % water) and UN R100's 500 Ω/V for high-voltage isolation, which at 800 V is 0.4 MΩ, with a reserve.
"""

from dataclasses import dataclass
from decimal import Decimal


def N_(words: str) -> str:
    """Mark words for the catalogue of translations; they are translated where they are shown."""
    return words


@dataclass(frozen=True, slots=True)
class Look:
    """One item of a sheet: what to look at, how, its measure with limits, and what usually mends it."""

    name: str
    hint: str = ""
    mends: str = ""
    unit: str = ""
    below: tuple[str, str] | None = None
    """(yellow, red): a smaller measure is yellow, red."""
    above: tuple[str, str] | None = None
    """(yellow, red): a greater measure is yellow, red."""

    def limits(self) -> dict[str, Decimal | None]:
        """The four columns of the thresholds."""
        low, high = self.below or (None, None), self.above or (None, None)
        pairs = zip(("yellow_below", "red_below", "yellow_above", "red_above"), (*low, *high), strict=True)
        return {column: None if limit is None else Decimal(limit) for column, limit in pairs}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A checklist as it is handed out."""

    code: str
    name: str
    description: str
    sections: tuple[tuple[str, tuple[Look, ...]], ...]


def _tread(where: str, mends: str) -> Look:
    return Look(where, N_("Lowest point across the tread."), mends, "mm", below=("4", "2"))


def _pads(where: str, mends: str) -> Look:
    return Look(where, N_("Thinnest pad, inner or outer."), mends, "mm", below=("5", "3"))


BATTERY_12V = Look(
    N_("12 V battery"), N_("At rest, lights off for ten minutes."), "battery-12v", "V", below=("12.4", "12.0")
)
BRAKE_FLUID = Look(
    N_("Brake fluid, water content"), N_("Tester in the reservoir."), "brake-fluid", "%", above=("2", "3")
)

GENERAL = Sheet(
    "general",
    N_("General multi-point"),
    N_("The whole car in about twenty minutes."),
    (
        (
            N_("Inside and lights"),
            (
                Look(N_("Warning lights"), N_("Ignition on, then engine running."), "diagnosis"),
                Look(N_("Headlights"), N_("Low, high, aim."), "headlight-bulbs"),
                Look(N_("Tail, brake and reverse lights"), mends="tail-light-bulbs"),
                Look(N_("Turn signals and hazard lights"), mends="tail-light-bulbs"),
                Look(N_("Horn")),
                Look(N_("Wipers and washers"), N_("Blades, jets, fluid."), "wiper-blades"),
                Look(N_("Seat belts"), N_("Pull sharply, look for fraying.")),
                Look(N_("Parking brake"), mends="parking-brake"),
                Look(N_("Heating and air conditioning"), N_("Vent temperature."), "ac-service", "°C"),
                Look(N_("Cabin filter"), mends="cabin-filter"),
            ),
        ),
        (
            N_("Under the hood"),
            (
                Look(N_("Engine oil"), N_("Level, color, smell."), "oil-service"),
                Look(N_("Coolant level and condition"), mends="coolant-service"),
                Look(
                    N_("Coolant, freezing point"),
                    N_("Refractometer."),
                    "coolant-service",
                    "°C",
                    above=("-30", "-20"),
                ),
                BRAKE_FLUID,
                BATTERY_12V,
                Look(N_("Engine air filter"), mends="engine-air-filter"),
                Look(N_("Drive belts"), N_("Cracks, glazing, tension."), "drive-belt"),
                Look(N_("Hoses and leaks"), N_("Oil, coolant, fuel."), "leak-diagnosis"),
            ),
        ),
        (
            N_("Under the car"),
            (
                Look(N_("Shock absorbers and springs"), N_("Oil film, broken coils."), "shock-absorbers"),
                Look(N_("Control arms and bushings"), N_("Pry bar, play."), "control-arm"),
                Look(N_("Steering and tie rods"), N_("Play at nine and three."), "tie-rods"),
                Look(N_("Drive shafts and boots"), mends="cv-boot"),
                Look(N_("Exhaust system"), N_("Leaks, hangers, heat shields."), "exhaust-repair"),
                Look(N_("Brake and fuel lines"), N_("Corrosion, chafing."), "brake-lines"),
                Look(N_("Underbody"), N_("Corrosion, loose covers.")),
            ),
        ),
        (
            N_("Brakes and tires"),
            (
                _pads(N_("Front brake pads"), "front-brake-pads"),
                _pads(N_("Rear brake pads"), "rear-brake-pads"),
                _tread(N_("Front tires, tread"), "front-tires"),
                _tread(N_("Rear tires, tread"), "rear-tires"),
                Look(N_("Tire condition and pressure"), N_("Sidewalls, age, spare."), "front-tires"),
            ),
        ),
    ),
)

BRAKES_TIRES = Sheet(
    "brakes_tires",
    N_("Brakes and tires"),
    N_("Wheels off, every measure in millimeters."),
    (
        (
            N_("Tires"),
            (
                _tread(N_("Tread, front left"), "front-tires"),
                _tread(N_("Tread, front right"), "front-tires"),
                _tread(N_("Tread, rear left"), "rear-tires"),
                _tread(N_("Tread, rear right"), "rear-tires"),
                Look(N_("Oldest tire, age"), N_("DOT code."), "front-tires", N_("years"), above=("6", "10")),
                Look(N_("Wear pattern"), N_("Uneven wear points to alignment."), "wheel-alignment"),
                Look(N_("Sidewalls and valves"), mends="front-tires"),
            ),
        ),
        (
            N_("Front brakes"),
            (
                _pads(N_("Pads, front left"), "front-brake-pads"),
                _pads(N_("Pads, front right"), "front-brake-pads"),
                Look(N_("Disc thickness, front"), N_("Compare with the minimum cast into the disc."),
                     "front-brake-discs", "mm"),
                Look(N_("Discs, front: surface and run-out"), mends="front-brake-discs"),
                Look(N_("Calipers and slides, front"), mends="caliper-service"),
            ),
        ),
        (
            N_("Rear brakes"),
            (
                _pads(N_("Pads, rear left"), "rear-brake-pads"),
                _pads(N_("Pads, rear right"), "rear-brake-pads"),
                Look(N_("Disc thickness, rear"), N_("Compare with the minimum cast into the disc."),
                     "rear-brake-discs", "mm"),
                Look(N_("Discs or drums, rear"), N_("Corrosion is common on electric cars."), "rear-brake-discs"),
                Look(N_("Parking brake"), mends="parking-brake"),
            ),
        ),
        (
            N_("Hydraulics"),
            (
                BRAKE_FLUID,
                Look(N_("Brake hoses and lines"), mends="brake-lines"),
                Look(N_("Pedal feel and road test")),
            ),
        ),
    ),
)  # fmt: skip

EV_HV = Sheet(
    "ev_hv",
    N_("EV high-voltage"),
    N_("Battery, isolation, charging and cooling. For certified technicians."),
    (
        (
            N_("Before you begin"),
            (
                Look(N_("High-voltage warning labels and orange cables"), mends="hv-cable-repair"),
                Look(N_("Manual service disconnect (MSD)"), N_("Present, seated, locks."), "msd-replace"),
                Look(N_("Stored high-voltage fault codes"), N_("Read all modules."), "hv-diagnosis"),
                Look(N_("Interlock loop (HVIL)"), N_("Closed, no faults."), "hv-diagnosis"),
            ),
        ),
        (
            N_("Isolation"),
            (
                Look(N_("Isolation, HV+ to chassis"), N_("Insulation tester at rated voltage."),
                     "hv-diagnosis", "MΩ", below=("2", "0.5")),
                Look(N_("Isolation, HV− to chassis"), N_("Insulation tester at rated voltage."),
                     "hv-diagnosis", "MΩ", below=("2", "0.5")),
                Look(N_("Potential equalization"), N_("Resistance of the bonding straps."),
                     "hv-diagnosis", "Ω", above=("0.05", "0.1")),
            ),
        ),
        (
            N_("Battery"),
            (
                Look(N_("State of health (SoH)"), N_("From the battery management system."),
                     "hv-battery-diagnosis", "%", below=("85", "70")),
                Look(N_("Cell voltage spread"), N_("Highest minus lowest cell at rest."),
                     "hv-battery-diagnosis", "mV", above=("30", "80")),
                Look(N_("Battery temperature spread"), N_("Hottest minus coldest module."),
                     "hv-battery-diagnosis", "K", above=("5", "8")),
                Look(N_("Battery housing and underside"), N_("Dents, seals, corrosion."), "hv-battery-housing"),
                BATTERY_12V,
                Look(N_("DC/DC converter output"), N_("Car ready, consumers on."), "hv-diagnosis", "V",
                     below=("13.5", "13.0")),
            ),
        ),
        (
            N_("Charging"),
            (
                Look(N_("Charging port: contacts and seal"), N_("Discoloration, bent pins, water."),
                     "charge-port-repair"),
                Look(N_("Charging port: lock and flap"), mends="charge-port-repair"),
                Look(N_("AC charging test"), N_("Power reached on the wall box."), "charging-diagnosis", "kW"),
                Look(N_("DC charging handshake"), mends="charging-diagnosis"),
                Look(N_("Charging cable"), N_("Insulation, plugs, indicator."), "charging-cable"),
            ),
        ),
        (
            N_("Cooling and drive"),
            (
                Look(N_("Battery coolant level"), mends="hv-coolant-service"),
                Look(N_("Coolant, conductivity"), N_("Conductivity meter."), "hv-coolant-service", "µS/cm",
                     above=("50", "100")),
                Look(N_("Coolant pumps and hoses"), N_("Leaks, noise."), "hv-coolant-service"),
                Look(N_("Heat pump and cabin heating"), mends="ac-service"),
                Look(N_("Motor and reduction gear"), N_("Noise, leaks, oil level."), "reduction-gear-oil"),
                Look(N_("Inverter and high-voltage connectors"), mends="hv-diagnosis"),
                Look(N_("Regenerative braking"), N_("Road test, even deceleration."), "hv-diagnosis"),
                Look(N_("Pedestrian warning sound")),
            ),
        ),
    ),
)  # fmt: skip

STANDARD = (GENERAL, BRAKES_TIRES, EV_HV)
