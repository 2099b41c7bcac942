"""The demo's people. Those with a login of their own stand in LOGINS; they all share one password."""

from dataclasses import dataclass

from app.core.render import template_global
from app.core.words import _
from app.settings import settings

PASSWORD = "torque-demo-2026"  # noqa: S105  shown on the sign-in page of the demo, nowhere else


@dataclass(frozen=True)
class Person:
    """Somebody with an account. `shop` and `role` for those who work."""

    email: str
    name: str
    shop: str = ""
    role: str = ""
    title: str = ""
    skills: tuple[str, ...] = ()
    phone: str = ""
    zone: str = "America/New_York"
    unit: str = "mi"


CUSTOMER = Person("customer@demo.test", "Maya O'Connell", phone="+1 207 555 0101")
ADVISOR = Person("advisor@demo.test", "Ben Aldrich", "harbor", "advisor", "Service advisor")
TECHNICIAN = Person(
    "technician@demo.test", "Luz Herrera", "harbor", "technician", "Lead technician",
    ("general", "brakes", "tires", "engine", "electrical", "diagnostics", "hv"),
)  # fmt: skip
OWNER = Person("owner@demo.test", "Ruth Calder", "harbor", "owner", "Owner")
NETWORK = Person("network@demo.test", "Nils Ferrante")
OUTSIDER = Person(
    "outsider@demo.test", "Jonas Weber", "volt", "advisor", "Serviceberater", zone="Europe/Berlin", unit="km"
)

STAFF = (
    ADVISOR,
    TECHNICIAN,
    OWNER,
    Person("omar@demo.test", "Omar Diallo", "harbor", "technician", "Technician", ("general", "brakes", "tires", "engine")),
    Person("kim@demo.test", "Kim Sørensen", "harbor", "technician", "Technician", ("general", "brakes", "diagnostics", "electrical")),
    OUTSIDER,
    Person("petra@demo.test", "Petra Lang", "volt", "owner", "Inhaberin", zone="Europe/Berlin", unit="km"),
    Person(
        "emre@demo.test", "Emre Yıldız", "volt", "technician", "Hochvolt-Techniker", ("general", "brakes", "hv", "electrical"),
        zone="Europe/Berlin", unit="km",
    ),
)  # fmt: skip

CERTIFICATES = {
    "technician@demo.test": (
        ("High-voltage work, level 3", "EV-209-4417", "Northeast EV Training", 400),
        ("Refrigerant handling, Section 609", "609-88213", "Air Conditioning Society", 70),
    ),
    "emre@demo.test": (("Hochvoltarbeiten, Stufe 3S", "DGUV-209-093-118", "Handwerkskammer Berlin", 700),),
}
"""(what, number, issued by, days it held when its shop came here, ninety days ago); one has ended since."""

DRIVERS = (
    CUSTOMER,
    Person("theo@demo.test", "Theo Papadakis", phone="+1 207 555 0102"),
    Person("grace@demo.test", "Grace Achterberg", phone="+1 207 555 0103"),
    Person("samir@demo.test", "سمير الخطيب", phone="+1 207 555 0104"),
    Person("bao@demo.test", "Nguyễn Thị Bảo", phone="+1 207 555 0105"),
    Person("walter@demo.test", "Walter Finch", phone="+1 207 555 0106"),
    Person("ines@demo.test", "Inês Carvalho", phone="+1 207 555 0107"),
    Person("dmitri@demo.test", "Dmitri Volkov", phone="+1 207 555 0108"),
    Person("ayo@demo.test", "Ayọ̀ Bámidélé", phone="+1 207 555 0111"),
    Person("june@demo.test", "June Whitcomb", phone="+1 207 555 0112"),
    Person("anna@demo.test", "Anna Schulte", phone="+49 30 5550 0109", zone="Europe/Berlin", unit="km"),
    Person("lukas@demo.test", "Lukas Brandt", phone="+49 30 5550 0110", zone="Europe/Berlin", unit="km"),
)


AT_HOME = ("203.0.113.44", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Safari/604.1")
SEEN_FROM = {
    "harbor": ("198.51.100.20", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/146.0"),
    "volt": ("192.0.2.85", "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0"),
}
"""Where people's requests come from, by their shop: addresses that are nobody's."""


KIOSK_TOKEN = "the-demo-s-tablet"  # noqa: S105  whoever may press the demo's buttons may stand at its tablet
PINS = {"technician@demo.test": "3917", "omar@demo.test": "8264"}


@dataclass(frozen=True)
class Login:
    """A button on the demo's sign-in page."""

    email: str
    words: str


@dataclass(frozen=True)
class Logins:
    """What the sign-in page shows in demo mode."""

    password: str
    people: tuple[Login, ...]


@template_global
def kiosk_hint() -> str:
    """The demo's PINs, for its tablet; empty outside of demo mode."""
    if not settings().is_demo:
        return ""
    names = {person.email: person.name for person in STAFF}
    pins = ", ".join(f"{names[email]} {pin}" for email, pin in PINS.items())
    return _("This is a demonstration. PINs: %(pins)s.", pins=pins)


@template_global
def demo_logins() -> Logins | None:
    """The demo's doors; None outside of demo mode, and then the page shows nothing."""
    if not settings().is_demo:
        return None
    return Logins(
        PASSWORD,
        (
            Login(CUSTOMER.email, _("Driver · %(name)s", name=CUSTOMER.name)),
            Login(ADVISOR.email, _("Service advisor · %(name)s", name=ADVISOR.name)),
            Login(TECHNICIAN.email, _("Technician · %(name)s", name=TECHNICIAN.name)),
            Login(OWNER.email, _("Shop owner · %(name)s", name=OWNER.name)),
            Login("parts@demo.test", _("Parts shop · %(name)s", name="Owen Marsh")),
            Login(NETWORK.email, _("Network admin · %(name)s", name=NETWORK.name)),
            Login(OUTSIDER.email, _("Another shop's advisor · %(name)s", name=OUTSIDER.name)),
        ),
    )
