"""Cars of the demo's drivers."""

from dataclasses import dataclass

from app.domains.garage import VehicleFacts


@dataclass(frozen=True)
class Car:
    """A driver's car. With a VIN the facts are decoded; `km` is the mileage on the day."""

    key: str
    email: str
    km: int
    plate: str
    color: str
    vin: str = ""
    facts: VehicleFacts | None = None


CARS = (
    Car("outback", "customer@demo.test", 98_640, "4127 KX", "Green", vin="4S4BSANC2K3214870"),
    Car("model3", "customer@demo.test", 41_200, "EV 3318", "White", vin="5YJ3E1EA8MF841206"),
    Car("f150", "theo@demo.test", 187_310, "ISLAND 1", "Red", vin="1FTEW1EP1FFB48812"),
    Car("id4", "grace@demo.test", 52_480, "8820 PT", "Blue", vin="WVGTMPE29MP038114"),
    Car("camry", "samir@demo.test", 143_900, "أ ب ج ١٢٣٤", "Silver", vin="4T1BF1FK1HU638215"),
    Car("crv", "bao@demo.test", 110_050, "6604 LR", "Grey", vin="7FARW2H83JE004417"),
    Car("bmw", "walter@demo.test", 201_770, "WALT'S", "Black", vin="WBA3A5C59CF259731"),
    Car("cx5", "ines@demo.test", 66_120, "2231 AF", "Red", vin="JM3KFBDM8L0768843"),
    Car("civic", "dmitri@demo.test", 129_400, "9917 BD", "White", vin="2HGFC2F54GH541009"),
    Car(
        "rav4", "ayo@demo.test", 88_210, "3305 TN", "Blue",
        facts=VehicleFacts(make="Toyota", model="RAV4", year=2019, trim="XLE", body="SUV", fuel="gasoline"),
    ),
    Car(
        "golf", "june@demo.test", 154_600, "JUNE B", "Grey",
        facts=VehicleFacts(make="Volkswagen", model="Golf", year=2016, trim="SE", body="Hatchback", fuel="gasoline"),
    ),
    Car(
        "id3", "anna@demo.test", 38_900, "B-VW 303E", "Blau",
        facts=VehicleFacts(make="Volkswagen", model="ID.3", year=2022, trim="Pro", body="Hatchback", fuel="electric"),
    ),
    Car(
        "zoe", "lukas@demo.test", 61_300, "B-ZO 840E", "Grau",
        facts=VehicleFacts(make="Renault", model="Zoe", year=2020, trim="R135", body="Hatchback", fuel="electric"),
    ),
)  # fmt: skip
