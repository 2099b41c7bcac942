"""The two shops of this proof: who works there, who drives there, and the words nobody else may read."""

import re
from dataclasses import dataclass
from uuid import UUID

from tests.cast import CAR, CAST, HARBOR, HARBOR_BAYS, HARBOR_CENTER, VOLT, VOLT_CENTER, Person, known


@dataclass(frozen=True)
class Shop:
    """One business with its people. `mark` stands in whatever its people and customers write."""

    tenant_id: UUID
    center_id: UUID
    owner: Person
    advisor: Person
    technician: Person
    driver: Person
    car: UUID
    customer_id: UUID
    bay_id: UUID
    mark: str
    price_minor: int
    """A price that nothing else has."""
    plate: str
    only_number: int
    """Of an order and of a customer: the other shop has none of that number. Both have a number 1."""

    @property
    def staff(self) -> tuple[Person, ...]:
        return (self.owner, self.advisor, self.technician)

    @property
    def people(self) -> tuple[Person, ...]:
        return (*self.staff, self.driver)

    @property
    def secrets(self) -> re.Pattern[str]:
        """What must not be read by anybody of the other shop: the mark, names, the plate, the odd price."""
        whole, cents = divmod(self.price_minor, 100)
        thousands = f"{whole // 1000}[.,]?{whole % 1000:03d}[.,]{cents:02d}"
        words = [self.mark, self.driver.name, self.technician.name, self.plate]
        return re.compile("|".join([*map(re.escape, words), rf"\b{thousands}\b", str(self.price_minor)]))


HARBOR_SHOP = Shop(
    tenant_id=HARBOR,
    center_id=HARBOR_CENTER,
    owner=CAST.owner,
    advisor=CAST.advisor,
    technician=CAST.technician,
    driver=CAST.customer,
    car=CAR,
    customer_id=CAST.customer.customer_id,
    bay_id=HARBOR_BAYS[0],
    mark="lighthousesecret",
    price_minor=313179,
    plate="7ABC123",
    only_number=3131,
)
VOLT_SHOP = Shop(
    tenant_id=VOLT,
    center_id=VOLT_CENTER,
    owner=Person("volt_owner", "Viktor Vollmer", "owner", VOLT, VOLT_CENTER),
    advisor=CAST.outsider,
    technician=Person("volt_technician", "Tilda Taubental", "technician", VOLT, VOLT_CENTER),
    driver=Person("volt_driver", "Wanda Quillfeder"),
    car=known("volt car"),
    customer_id=known("volt customer"),
    bay_id=known("volt bay"),
    mark="umspannwerksecret",
    price_minor=747391,
    plate="B-QF 7391",
    only_number=7391,
)
SHOPS = {"harbor": HARBOR_SHOP, "volt": VOLT_SHOP}
SPARE_CAR = known("a car nobody has claimed")


def other(shop: Shop) -> Shop:
    """The other one of the two."""
    return VOLT_SHOP if shop is HARBOR_SHOP else HARBOR_SHOP
