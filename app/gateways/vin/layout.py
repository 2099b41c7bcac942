"""What the cut vPIC file holds and where it lies."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
TARGET = ROOT / "build" / "vpic.sqlite"

MODEL = 28
ELEMENTS: dict[int, tuple[str, str | None]] = {
    MODEL: ("model", "Model"),
    34: ("series", None),
    38: ("trim", None),
    5: ("body", "BodyStyle"),
    14: ("doors", None),
    15: ("drive", "DriveType"),
    24: ("fuel", "FuelType"),
    66: ("second_fuel", "FuelType"),
    126: ("electrification", "ElectrificationLevel"),
    2: ("battery", "BatteryType"),
    9: ("cylinders", None),
    11: ("displacement_cc", None),
    13: ("displacement_l", None),
    18: ("engine", None),
    64: ("cylinder_layout", "EngineConfiguration"),
    135: ("turbo", "Turbo"),
    75: ("plant_country", "Country"),
    31: ("plant_city", None),
}
"""vPIC's element numbers: our name, and the table its values point into (None: the value is the text)."""
