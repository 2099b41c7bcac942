"""A parts shop, and what a driver asks the shops around for, put into a running site by a process of its own.

python -m tests.browser.parts_market FOLDER shop EMAIL     a shop; its owner signs in with the demo's password
python -m tests.browser.parts_market FOLDER shop EMAIL NAME near-harbor     one of that name near the demo's workshop
python -m tests.browser.parts_market FOLDER request PART   prints the code of the driver's new request
"""

import asyncio
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from app import models  # noqa: F401  every table must be known before the first is written
from app.core import clock, db
from app.core.db import new_id, transaction
from app.core.viewer import Viewer
from app.demo.people import CUSTOMER, PASSWORD
from app.domains.accounts.models import User
from app.domains.accounts.passwords import hashed
from app.domains.marketplace import asking, orders
from app.domains.marketplace.models import PartsOrder, PartsOrderLine
from app.domains.network.models import RoleAt, ServiceCenter, Tenant
from app.domains.parts_shops.models import PartsShop, PartsShopTerms
from app.engine.home import Home

AT = {"latitude": 40.70, "longitude": -73.94}
NEAR_HARBOR = {"latitude": 43.65, "longitude": -70.26}
ROOT = Path(__file__).resolve().parents[2]


def put(home: Path, what: str, *said: str) -> str:
    """Run this file for a site; what it printed."""
    command = [sys.executable, "-m", "tests.browser.parts_market", str(home), what, *said]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


async def _shop(email: str, name: str = "Kings Parts", where: str = "") -> None:
    tenant, center, shop, user = new_id(), new_id(), new_id(), new_id()
    password = await hashed(PASSWORD)
    async with transaction(user=user, tenant=tenant) as at:
        await at.execute(text("SELECT set_config('app.network', 'on', true)"))
        at.add(
            User(
                id=user,
                email=email,
                name="Petra Parts",
                password_hash=password,
                email_verified_at=clock.now(),
            )
        )
        at.add(Tenant(id=tenant, name=name, slug=f"kings-{tenant.hex}", currency="USD", kind="parts"))
        await at.flush()
        at.add(ServiceCenter(id=center, tenant_id=tenant, name=name, slug=f"kings-{tenant.hex}"))
        await at.flush()
        at.add(RoleAt(user_id=user, tenant_id=tenant, role="parts_owner", service_center_id=center))
        at.add(
            PartsShop(
                id=shop, tenant_id=tenant, center_id=center, status="active", name=name, currency="USD",
                takes_cash=True, **(NEAR_HARBOR if where == "near-harbor" else AT),
            )
        )  # fmt: skip
        await at.flush()
        at.add(PartsShopTerms(tenant_id=tenant, shop_id=shop, limit_minor=200_000))


async def _request(part: str) -> str:
    async with transaction() as at:
        driver: UUID | None = await at.scalar(text("SELECT user_by_email(:email)"), {"email": CUSTOMER.email})
    async with transaction(user=driver) as at:
        order = PartsOrder(
            id=new_id(), code=orders.new_code(), user_id=driver, make="honda", place="Brooklyn", country="US",
            currency="USD", car={"name": "2003 Honda Accord", "vin": "1HGCM82633A004352"}, **AT,
        )  # fmt: skip
        at.add(order)
        await at.flush()
        at.add(PartsOrderLine(order_id=order.id, position=0, name=part, quantity=Decimal(1)))
        await at.flush()
        await asking.submit(at, order, by=Viewer(user_id=driver, name=CUSTOMER.name))
        return order.code


async def _main(home: str, what: str, *said: str) -> None:
    state = Home(Path(home)).state()
    assert state is not None, "no site runs there"
    os.environ.update(state["env"])
    from app.settings import settings

    db.connect(settings().sqlalchemy_url)
    print(await _request(*said) if what == "request" else await _shop(*said))
    await db.disconnect()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
