"""A working day at two shops, with a car in every stage."""

from app.demo.stage import Stage
from app.demo.visits import Arrival, check_in

ARRIVALS = (
    Arrival(
        "outback", 4.5, "Grinding noise from the front when braking, worse in the last week.", technician="technician@demo.test",
        bay="Bay 1", promised_in_hours=4, key_tag="11", lights=("brakes",),
    ),
    Arrival("f150", 0.3, "Oil service is due, and please look at the wipers.", promised_in_hours=3, key_tag="12", is_waiter=True),
    Arrival(
        "id4", 1.5, "Charges slowly at home since the cold came.", technician="technician@demo.test", bay="Bay 4 EV",
        promised_in_hours=5, key_tag="13", charge_percent=34,
    ),
    Arrival("camry", 5, "Four new tyres as agreed on the phone.", technician="omar@demo.test", bay="Bay 3", promised_in_hours=1, key_tag="14"),
    Arrival("crv", 26, "Clunk from the front left over speed bumps.", technician="kim@demo.test", bay="Bay 2", promised_in_hours=-1, key_tag="15"),
    Arrival("bmw", 7, "Coolant smell after a long drive.", technician="technician@demo.test", promised_in_hours=0.5, key_tag="16", lights=("coolant",)),
    Arrival("cx5", 8, "Battery light came on yesterday.", technician="kim@demo.test", promised_in_hours=-0.5, key_tag="17", lights=("battery",)),
    Arrival("civic", 9, "Yearly oil service.", technician="omar@demo.test", promised_in_hours=-2, key_tag="18"),
    Arrival("id3", 3, "Warnung Hochvoltsystem beim Start.", shop="volt", technician="emre@demo.test", bay="HV 1", promised_in_hours=6, charge_percent=61),
    Arrival("zoe", 2, "Ladeklappe entriegelt nicht mehr.", shop="volt", promised_in_hours=8, charge_percent=18),
)  # fmt: skip


async def play(stage: Stage) -> None:
    """Take every car in, then let each come as far as it is now."""
    for arrival in ARRIVALS:
        await check_in(stage, arrival)
