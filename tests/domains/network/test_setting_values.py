import asyncio
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import func, select, text

from app.core import clock
from app.core.db import transaction
from app.core.errors import Forbidden, Invalid, NotFound, Refused
from app.core.tables import AuditValues, EventRow
from app.domains.customers import records as customers
from app.domains.customers.records import CustomerFacts
from app.domains.estimates.links import issue_link, open_link
from app.domains.network import setting_values
from app.domains.network.models import SettingChange, Tenant
from app.domains.network.setting_table import SETTINGS, Unfit
from tests.cast import HARBOR, HARBOR_CENTER, VOLT
from tests.conftest import viewing
from tests.domains.estimates.desk import as_person, order_with_jobs, sent


async def value(db, key, tenant=HARBOR):
    return (await setting_values.rules_of(db, tenant))[key]


async def test_a_change_is_a_row_in_ink_an_event_and_a_line_of_the_trail(db, cast):
    await viewing(db, cast.owner)
    done = await setting_values.change(
        db, {"business.name": " Harbor & Söhne ", "invoices.days_to_pay": "10"}, seen=0, by=cast.owner.viewer
    )
    assert [(one.key, one.old, one.new, one.version, one.changed_by) for one in done] == [
        ("business.name", "Harbor Lane Garage", "Harbor & Söhne", 1, cast.owner.name),
        ("invoices.days_to_pay", 14, 10, 2, cast.owner.name),
    ]
    assert await value(db, "invoices.days_to_pay") == 10
    assert await db.scalar(select(Tenant.name).where(Tenant.id == HARBOR)) == "Harbor & Söhne"
    event = (await db.scalars(select(EventRow).where(EventRow.name == "SettingsChanged"))).one()
    assert event.payload["keys"] == ["business.name", "invoices.days_to_pay"]
    told = (await db.scalars(select(AuditValues).where(AuditValues.row_id == event.id))).one()
    assert told.old_values["tenants"][str(HARBOR)]["name"] == "Harbor Lane Garage"
    assert [row["value"] for row in told.new_values["system_settings"].values()] == [10]
    assert not await setting_values.change(db, {"invoices.days_to_pay": 10}, seen=2, by=cast.owner.viewer), (
        "the same again is no change"
    )
    with pytest.raises(Exception, match="permission denied"):
        await db.execute(text("UPDATE setting_changes SET changed_by = 'somebody else'"))


async def test_of_two_who_change_the_same_thing_one_is_told_what_changed(db, cast):
    await viewing(db, cast.owner)
    owner = cast.owner.viewer
    await setting_values.change(db, {"brand.accent": "#7a1f2b"}, seen=0, by=owner)
    await setting_values.change(
        db, {"invoices.days_to_pay": 10}, seen=0, by=owner
    )  # another thing: no quarrel
    with pytest.raises(Refused, match="Your color, by Olive Owner") as refused:
        await setting_values.change(db, {"brand.accent": "#1d4ed8"}, seen=0, by=owner)
    assert refused.value.is_stale
    [changed] = refused.value.data["changed"]
    assert (changed["key"], changed["old"], changed["new"]) == ("brand.accent", "#0b5a5e", "#7a1f2b")
    assert await value(db, "brand.accent") == "#7a1f2b"


async def test_what_was_set_can_be_put_back_and_what_no_longer_fits_cannot(db, cast):
    await viewing(db, cast.owner)
    owner = cast.owner.viewer
    [first] = await setting_values.change(db, {"estimates.valid_days": 10}, seen=0, by=owner)
    back = await setting_values.put_back(db, first.id, seen=1, by=owner)
    assert (back.old, back.new, await value(db, "estimates.valid_days")) == (10, 7, 7)
    with pytest.raises(Refused, match="as it was already"):
        await setting_values.put_back(db, first.id, seen=2, by=owner)
    former = SettingChange(tenant_id=HARBOR, version=3, key="formats.currency", old="QQQ", new="USD")
    db.add(former)  # a currency that has gone out of use since
    await db.flush()
    with pytest.raises(Invalid, match="one of the list"):
        await setting_values.put_back(db, former.id, seen=3, by=owner)
    with pytest.raises(NotFound):
        await setting_values.put_back(db, cast.owner.user_id, seen=3, by=owner)


async def test_nobody_else_sets_or_reads_the_history(db, cast):
    await viewing(db, cast.owner)
    [mine] = await setting_values.change(db, {"invoices.footer": "ours"}, seen=0, by=cast.owner.viewer)
    for other in (cast.advisor, cast.technician, cast.customer):
        await viewing(db, other)
        with pytest.raises(Forbidden):
            await setting_values.change(db, {"invoices.footer": "theirs"}, seen=1, by=other.viewer)
    await viewing(db, cast.outsider)
    assert await setting_values.history(db, cast.outsider.viewer) == []
    assert await db.scalar(select(func.count()).select_from(SettingChange)) == 0
    with pytest.raises(NotFound):
        await setting_values.put_back(db, mine.id, seen=1, by=cast.outsider.viewer)
    assert await value(db, "invoices.footer", VOLT) == ""


@pytest.mark.parametrize(
    ("key", "wrong", "words"),
    [
        ("business.name", "  ", "fill this in"),
        ("business.name", "x" * 121, "under 121"),
        ("business.legal_name", "two\nlines", "cannot be kept"),
        ("business.email", "desk at home", "email address"),
        ("business.website", "javascript:alert(1)", "website"),
        ("business.website", "https://me:secret@shop.example", "website"),  # pragma: allowlist secret
        ("brand.accent", "#ff8800", "nearest that reads well is #9[0-9a-f]{5}"),
        ("brand.accent_night", "#0b5a5e", "nearest that reads well is"),
        ("brand.accent", "red;}body{display:none", "under 8"),
        ("brand.accent", "orange", "six digits"),
        ("brand.logo", {"key": "files/of/another/shop.jpg"}, "sent as a picture"),
        ("formats.currency", "QQQ", "one of the list"),
        ("formats.locale", "tlh_KX", "one of the list"),
        ("estimates.valid_days", 0, "Between 1 and 180"),
        ("estimates.valid_days", True, "whole number"),
        ("estimates.valid_days", "٣", "whole number"),
        ("modules.inspections", "maybe", "on or off"),
        ("nobody.knows", 1, "no such setting"),
    ],
)
async def test_what_does_not_fit_is_refused_in_words_and_changes_nothing(db, cast, key, wrong, words):
    await viewing(db, cast.owner)
    with pytest.raises(Invalid, match=words) as refused:
        await setting_values.change(
            db, {key: wrong, "invoices.footer": "kept?"}, seen=0, by=cast.owner.viewer
        )
    assert list(refused.value.errors) == [key]
    assert await value(db, "invoices.footer") == ""


@given(
    some.sampled_from(sorted(SETTINGS)),
    some.none() | some.text() | some.integers() | some.floats() | some.lists(some.text()),
)
def test_whatever_is_accepted_would_be_accepted_again_and_nothing_breaks(key, raw):
    one = SETTINGS[key]
    try:
        kept = one.accepted(raw)
    except Unfit:
        return
    assert one.accepted(kept) == kept


async def test_every_default_fits_its_own_bounds():
    assert all(one.accepted(one.default) == one.default for one in SETTINGS.values() if not one.column)


async def test_the_currency_stays_once_prices_stand_on_paper(site, browser, cast):
    owner = browser(cast.owner)
    facts = (await owner.get(f"/api/v1/admin/service-centers/{HARBOR_CENTER}")).json()
    facts = {name: facts[name] for name in ("name", "zone", "currency", "tax_rate")}
    free = {"version": 0, "values": {"formats.currency": "CAD"}}
    assert (await owner.json("PUT", "/api/v1/admin/settings", free)).status_code == 200
    back = {"version": 1, "values": {"formats.currency": "USD"}}
    assert (await owner.json("PUT", "/api/v1/admin/settings", back)).status_code == 200
    async with transaction() as db:
        await as_person(db, cast.advisor)
        order, _jobs = await order_with_jobs(db)
        await sent(db, order)
    late = await owner.json(
        "PUT", "/api/v1/admin/settings", {"version": 2, "values": {"formats.currency": "CAD"}}
    )
    assert late.status_code == 422
    assert "USD on estimates" in late.json()["errors"]["formats.currency"]
    center = await owner.json(
        "PUT", f"/api/v1/admin/service-centers/{HARBOR_CENTER}", facts | {"currency": "CAD"}
    )
    assert "must stay" in center.json()["errors"]["currency"]
    assert (
        await owner.json("PUT", f"/api/v1/admin/service-centers/{HARBOR_CENTER}", facts)
    ).status_code == 200


async def test_two_owners_at_once_leave_one_change_and_one_who_is_told(site, cast):
    async def set_to(colour):
        async with transaction(user=cast.owner.user_id, tenant=HARBOR) as db:
            await setting_values.change(db, {"brand.accent": colour}, seen=0, by=cast.owner.viewer)

    done = await asyncio.gather(*map(set_to, ("#7a1f2b", "#1d4ed8", "#333333")), return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "Refused", "Refused"]


async def test_estimates_links_and_new_customers_follow_the_rules_at_once(db, cast):
    given = {"estimates.valid_days": 3, "estimates.link_hours": 2, "formats.locale": "en_GB"}
    await viewing(db, cast.owner)
    await setting_values.change(db, given, seen=0, by=cast.owner.viewer)
    await as_person(db, cast.advisor)
    order, _jobs = await order_with_jobs(db)
    estimate, _sheet = await sent(db, order)
    last_day = estimate.valid_until.astimezone(ZoneInfo("America/New_York")).date()
    assert (last_day - clock.today("America/New_York")).days == 3
    opened = await open_link(db, await issue_link(db, estimate, by=cast.advisor.viewer))
    assert timedelta(minutes=119) < opened.link.expires_at - clock.now() <= timedelta(hours=2)
    facts = CustomerFacts(name="Ada Written-Down", email="ada@else.example")
    customer = await customers.create(db, facts, tenant_id=HARBOR, by=cast.advisor.viewer)
    assert customer.locale == "en_GB"
