"""From the first step to the first request: on two devices, through the reviewer's hands, and once only."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from app.core.db import transaction
from app.core.errors import Refused
from app.core.security import csrf_token
from app.core.tables import File
from app.domains.accounts.models import User
from app.domains.marketplace import orders
from app.domains.network.models import ServiceCenter, Tenant
from app.domains.parts_shops import personal, reviewing, tasks
from app.domains.parts_shops.models import OnboardingDocument, PartsShop, ShopOnboarding
from tests.cast import CAST, HARBOR_CENTER, NORTHSIDE_CENTER
from tests.conftest import viewing
from tests.core import pictures
from tests.mailbox import mails_to
from tests.market import asked
from tests.selling import FORMS, a_verified_shop, handed_in, papers, shop_of, walk, way_of

REVIEW = "/network/parts-shops"


async def shops_asked() -> list[str]:
    """Who would be asked for a Honda's part in Portland, Maine."""
    async with transaction() as db:
        order = await asked(db)
        await viewing(db, CAST.customer)
        return [one.shop_name for one in await orders.quotes_of(db, order.id)]


async def test_a_visitor_is_led_through_sign_up_and_back(browser):
    visitor = browser()
    assert "/sign-up?next=/sell-parts" in (await visitor.get("/sell-parts")).text
    asked = await visitor.get("/sell-parts/brands")
    assert asked.headers["location"].startswith("/sign-in?next=")
    made = await visitor.post(
        "/sign-up",
        {"name": "Zoë O'Hara", "email": "zoe@test.example", "password": "three quiet mountains", "next": "/sell-parts"},
    )  # fmt: skip
    assert made.headers["location"] == "/sell-parts"


async def test_what_one_device_saves_the_other_goes_on_with_and_a_stale_page_changes_nothing(browser, cast):
    phone, desk = browser(cast.stranger), browser(cast.stranger)
    assert (await phone.post("/sell-parts")).headers["location"] == "/sell-parts/business"
    assert (await desk.post("/sell-parts")).headers["location"] == "/sell-parts/business"
    # Forward is shut, and a bad answer keeps what was typed.
    assert (await desk.get("/sell-parts/brands")).headers["location"] == "/sell-parts/business"
    bad = await phone.post(
        "/sell-parts/business",
        {**FORMS["business"], "email": "nowhere", "phone": "abc", "zone": "Mars/Phobos"},
    )
    assert bad.status_code == 422
    assert "no time zone of that name" in bad.text
    assert "enter a phone number" in bad.text
    assert "O&#39;Hara Spares" in bad.text
    assert (await way_of(cast.stranger)).completed_steps == []
    saved = await phone.post("/sell-parts/business", {**FORMS["business"], "version": "1"})
    assert saved.headers["location"] == "/sell-parts/location"
    # The other device had the page open from before.
    stale = await desk.post("/sell-parts/business", {**FORMS["business"], "phone": "112 34", "version": "1"})
    assert stale.status_code == 409
    assert "Phone is now: +1 207 555 0111." in stale.text
    assert 'value="112 34"' in stale.text
    assert (await way_of(cast.stranger)).answers["business"]["phone"] == "+1 207 555 0111"
    assert "+1 207 555 0111" in (await desk.get("/sell-parts/business")).text
    # Another currency means other sums: prices are asked for again.
    await walk(desk, until="verification")
    assert (await way_of(cast.stranger)).completed_steps == [1, 2, 3, 4, 5]
    await phone.post("/sell-parts/business", {**FORMS["business"], "currency": "CAD", "version": "99"})
    assert (await way_of(cast.stranger)).completed_steps == [1, 2, 3, 4]
    assert (await phone.post("/sell-parts")).headers["location"] == "/sell-parts/pricing"


async def test_who_counts_in_miles_says_in_miles_how_far(browser, cast):
    seller = browser(cast.stranger)
    await walk(seller, until="brands")
    form = FORMS["brands"] | {"reach_unit": "mi"}
    assert (await seller.post("/sell-parts/brands", form | {"reach_km": "400"})).status_code == 422
    assert (await seller.post("/sell-parts/brands", form | {"reach_km": "50"})).status_code == 303
    assert (await way_of(cast.stranger)).answers["brands"]["reach_km"] == 80
    async with transaction(user=cast.stranger.user_id) as db:
        (await db.get_one(User, cast.stranger.user_id)).distance_unit = "mi"
    assert re.search(r'name="reach_km"[^>]*value="50"', (await seller.get("/sell-parts/brands")).text)


async def test_papers_are_pdfs_or_photos_by_what_is_in_them_and_go_with_their_bytes(browser, cast):
    seller = browser(cast.stranger)
    await walk(seller, until="verification")
    for content, words in (
        (b"<svg onload=alert(1)>", "no PDF and no photo"),
        (b"%PDF-1.4 cut off", "PDF"),
        (b"", "is empty"),
    ):
        refused = await seller.post("/sell-parts/verification", files=papers("tax", content=content))
        assert (refused.status_code, words in refused.text) == (422, True)
    assert (await way_of(cast.stranger)).completed_steps == [1, 2, 3, 4, 5]
    shot = [("identity", ("me.jpg", pictures.jpeg(300, 200), "image/jpeg"))]
    more = await seller.post("/sell-parts/verification", files=[*papers("registration"), *shot])
    assert more.headers["location"] == "/sell-parts/verification"
    page = (await seller.get("/sell-parts/verification")).text
    assert "Still missing: the tax paper" in page
    assert (await seller.post("/sell-parts/submission")).status_code == 409
    done = await seller.post("/sell-parts/verification", files=papers("tax"))
    assert done.headers["location"] == "/sell-parts"
    # Nobody else's removal reaches them; one's own takes the step back.
    removal = page.split('action="/sell-parts/papers/')[1].split('"')[0]
    other = browser(cast.outsider)
    await other.post("/sell-parts")
    assert (await other.post(f"/sell-parts/papers/{removal}")).status_code == 404
    assert (await seller.post(f"/sell-parts/papers/{removal}")).status_code == 303
    assert 6 not in (await way_of(cast.stranger)).completed_steps


async def test_a_shop_comes_into_being_once_waits_and_is_asked_when_it_is_verified(
    browser, cast, run_reactions
):
    seller, reviewer = browser(cast.stranger), browser(cast.network)
    await walk(seller)
    # Pressed twice, in two tabs: one business.
    first, second = await asyncio.gather(*(seller.post("/sell-parts/submission") for _tab in range(2)))
    assert (first.status_code, second.status_code) == (303, 303)
    shop = await shop_of(cast.stranger)
    async with transaction() as db:
        assert await db.scalar(select(func.count()).where(Tenant.name == "O'Hara Spares")) == 1
    assert (shop.status, shop.makes, shop.takes_cash) == ("pending_verification", ["honda", "škoda"], True)
    assert "O'Hara Spares" not in await shops_asked()
    # Its owner is at work there already, and it is no workshop.
    assert (await seller.get("/home")).headers["location"] == "/market"
    set_up = (await seller.get("/settings/centers")).text
    assert "/people" in set_up
    assert "/bays" not in set_up
    assert "ohara" not in (await browser().get("/shops")).text.lower()
    assert "O&#39;Hara" not in (await browser(cast.customer).get("/book")).text
    assert (await browser().get("/parts-shops/o-hara-spares")).status_code == 404
    # What the reviewer holds cannot be changed meanwhile.
    assert (await seller.post("/sell-parts/business", FORMS["business"])).status_code == 409
    await run_reactions()
    assert "waits to be verified" in (await reviewer.get("/notifications")).text

    here = f"{REVIEW}/{shop.id}"
    assert (await browser(cast.owner).get(here)).status_code == 403
    queue = (await reviewer.get(REVIEW)).text
    assert here in queue
    page = (await reviewer.get(here)).text
    for said in ("O&#39;Hara Spares LLC", "$1,500.00", "paper.pdf", "2 Dock Street"):
        assert said in page
    paper = page.split('<a href="')[-1].split('"')[0].replace("&amp;", "&")
    assert paper
    # Sent back with a word for each step, it lands on the first of them, words beside it.
    assert (await reviewer.post(f"{here}/return", {"business": " "})).status_code == 422
    await reviewer.post(
        f"{here}/return", {"brands": "Do you have <Škoda> parts?", "verification": "Page 2 is cut off."}
    )
    assert (await reviewer.post(f"{here}/approval")).status_code == 409
    assert (await seller.post("/sell-parts")).headers["location"] == "/sell-parts/brands"
    assert "Do you have &lt;Škoda&gt; parts?" in (await seller.get("/sell-parts/brands")).text
    await run_reactions()
    [mail] = [one for one in await mails_to(cast.stranger.email) if one.template == "onboarding_returned"]
    assert "Page 2 is cut off." in mail.text
    await seller.post("/sell-parts/brands", {**FORMS["brands"], "makes": ["honda"], "version": "99"})
    assert (await seller.post("/sell-parts/submission")).status_code == 409
    await seller.post("/sell-parts/verification", files=papers("tax"))
    await seller.post("/sell-parts/submission")
    assert (await shop_of(cast.stranger)).makes == ["honda"]

    await reviewer.post(f"{here}/review")
    assert "looks at it" in (await reviewer.get(here)).text
    await reviewer.post(f"{here}/approval")
    await run_reactions()
    assert (await mails_to(cast.stranger.email))[0].template == "onboarding_approved"
    assert "O'Hara Spares" in await shops_asked()
    public = (
        await browser().get("/parts-shops/o-hara-spares?place=x&place_latitude=43.7&place_longitude=-70.26")
    ).text
    for said in ("New here", "Honda", "Brakes and belts.", "4 km from you"):
        assert said in public
    assert "ME-4471" not in public


async def test_suspended_it_is_asked_for_nothing_until_the_reviewer_says_so(browser, cast, run_reactions):
    shop = await a_verified_shop(cast.stranger)
    seller, reviewer = browser(cast.stranger), browser(cast.network)
    await seller.post("/settings/workplace", {"center_id": str(shop.center_id)})
    here = f"{REVIEW}/{shop.id}"
    assert "O'Hara Spares" in await shops_asked()
    assert (await reviewer.post(f"{here}/suspension", {"reason": ""})).status_code == 422
    await reviewer.post(f"{here}/suspension", {"reason": "Two buyers got nothing."})
    assert "O'Hara Spares" not in await shops_asked()
    assert (await browser().get("/parts-shops/o-hara-spares")).status_code == 404
    await run_reactions()
    assert "Two buyers got nothing." in (await seller.get("/notifications")).text
    # Its owner cannot end it.
    assert (await seller.post("/market/profile/status", {"status": "active"})).status_code == 409
    await reviewer.post(f"{here}/reactivation")
    assert "O'Hara Spares" in await shops_asked()
    # But rests when they like, and comes back.
    await seller.post("/market/profile/status", {"status": "inactive"})
    assert "O'Hara Spares" not in await shops_asked()
    assert "Takes no requests" in (await browser().get("/parts-shops/o-hara-spares")).text
    await seller.post("/market/profile/status", {"status": "active"})
    # The profile asks what the wizard asked; a page from before is refused.
    form = {
        **FORMS["location"],
        **FORMS["brands"],
        **FORMS["inventory"],
        **FORMS["pricing"],
        "about": "Belts.",
    }
    version = str((await shop_of_tenant(shop)).version)
    await seller.post("/market/profile", {**form, "makes": ["saab"], "version": version})
    assert (await shop_of_tenant(shop)).makes == ["saab"]
    stale = await seller.post("/market/profile", {**form, "makes": ["honda"], "version": version})
    assert stale.status_code == 409
    assert "Makes is now: Saab." in stale.text
    assert "O'Hara Spares" not in await shops_asked()
    for person in (cast.owner, cast.seller, cast.second_seller):
        theirs = await browser(person).get("/market/profile")
        assert "O&#39;Hara" not in theirs.text
    assert (await browser(cast.owner).get("/market/profile")).status_code == 404
    assert (await browser(cast.second_seller).get("/market/profile")).status_code == 403


async def shop_of_tenant(shop):
    async with transaction(tenant=shop.tenant_id) as db:
        return await db.get_one(type(shop), shop.id)


async def test_after_a_month_it_is_set_aside_and_can_be_gone_on_with(browser, cast):
    seller = browser(cast.stranger)
    await walk(seller, until="brands")
    async with transaction(user=cast.stranger.user_id) as db:
        way = await db.get_one(ShopOnboarding, (await way_of(cast.stranger)).id)
        way.touched_at = way.touched_at.replace(year=way.touched_at.year - 1)
    await tasks.set_aside()
    assert (await way_of(cast.stranger)).status == "abandoned"
    assert (await seller.post("/sell-parts")).headers["location"] == "/sell-parts/brands"
    assert ((await way_of(cast.stranger)).status, (await way_of(cast.stranger)).completed_steps) == (
        "in_progress",
        [1, 2],
    )


async def test_the_same_steps_as_json(browser, cast):
    app = browser(cast.stranger)
    begun = (await app.json("POST", "/api/v1/shop-onboarding/start")).json()
    here = f"/api/v1/shop-onboarding/{begun['id']}"
    assert (await app.json("PUT", f"{here}/step/3", {"version": 1})).status_code == 422
    bodies = {
        "1": FORMS["business"], "location": {"latitude": 43.66, "longitude": -70.26, "address": "2 Dock Street"},
        "3": {"scope": "all", "conditions": ["new"], "reach_km": 60}, "4": FORMS["inventory"],
        "5": {"limit_minor": 99900, "warranty_months": 6, "delivery_hours": 4, "paying": "card"},
    }  # fmt: skip
    version = begun["version"]
    for step, body in bodies.items():
        answer = await app.json("PUT", f"{here}/step/{step}", {**body, "version": version})
        assert answer.status_code == 200, answer.text
        version = answer.json()["version"]
    assert answer.json()["answers"]["location"]["place"].startswith("Portland")
    stale = await app.json("PUT", f"{here}/step/4", {"stock_method": "by_hand", "version": 1})
    assert (stale.status_code, "How stock is kept is now: In a spreadsheet." in stale.text) == (409, True)
    for wrong in ([], {"version": "x"}, {"version": 1, "scope": "all", "conditions": 5, "reach_km": 5}):
        assert (await app.json("PUT", f"{here}/step/3", wrong)).status_code == 422
    assert (await app.json("POST", f"{here}/complete")).status_code == 409
    sent = await app.http.put(
        f"{here}/step/6", files=papers("registration", "tax", "address"),
        headers={"sec-fetch-site": "same-origin", "x-csrf-token": csrf_token(app.binding)},
    )  # fmt: skip
    assert sent.json()["missing_papers"] == []
    for _twice in range(2):
        done = await app.json("POST", f"{here}/complete")
        assert (done.status_code, done.json()["status"]) == (200, "submitted")
    assert (await browser(cast.outsider).json("GET", here)).status_code == 404
    assert (await browser(cast.outsider).json("POST", f"{here}/complete")).status_code == 404


async def test_a_parts_business_has_roles_and_a_set_up_of_its_own(browser, cast, run_reactions):
    """Its last owner stays one, no workshop's role is given there, and what its page does not ask for is kept."""
    owner = browser(cast.seller)
    people = f"/settings/centers/{NORTHSIDE_CENTER}/people"
    page = (await owner.get(people)).text
    assert "Parts counter" in page
    assert "Technician" not in page
    wanted = {"name": "Ann", "email": "ann@test.example", "role": "technician"}
    assert (await owner.post(f"/settings/centers/{NORTHSIDE_CENTER}/invitations", wanted)).status_code == 422
    roles = f"{people}/{cast.seller.staff_id}/roles"
    assert (await owner.post(roles, {"roles": ["owner"]})).status_code == 422
    last = await owner.post(roles, {"roles": ["parts_counter"]})
    assert (last.status_code, "the only owner" in last.text) == (409, True)
    here = f"/settings/centers/{NORTHSIDE_CENTER}"
    assert "Booking rules" not in (await owner.get(here)).text
    facts = {
        "name": "Northside & Sons",
        "country": "US",
        "zone": "America/New_York",
        "currency": "USD",
        "city": "Portland",
    }
    assert (await owner.post(here, facts)).status_code == 303
    async with transaction() as db:
        center = await db.get_one(ServiceCenter, NORTHSIDE_CENTER)
        assert (center.name, center.is_active, center.labor_rate_minor) == ("Northside & Sons", True, 12000)
    assert (await owner.post("/settings/centers", facts)).status_code == 409, "it has one place"
    await run_reactions()
    found = (await browser().get("/parts-shops?make=Honda")).text
    assert "Northside &amp; Sons" in found
    assert "River Spares" in found
    assert "Northside" not in (await browser().get("/parts-shops?make=saab")).text
    # A workshop does not hire for a counter it has not.
    for role in ("parts_counter", "parts_owner"):
        theirs = {"name": "Ann", "email": "ann@test.example", "role": role}
        answer = await browser(cast.owner).post(f"/settings/centers/{HARBOR_CENTER}/invitations", theirs)
        assert answer.status_code == 422


async def test_nobody_verifies_a_shop_of_their_own(browser, cast):
    shop = await handed_in(browser(cast.stranger), cast.stranger)
    their_reviewer = replace(cast.network.viewer, user_id=cast.stranger.user_id)
    async with transaction(user=cast.stranger.user_id) as db:
        with pytest.raises(Refused, match="somebody else must look"):
            await reviewing.approve(db, await db.get_one(PartsShop, shop.id), by=their_reviewer)
    assert (await way_of(cast.stranger)).status == "submitted"


async def test_an_erased_person_leaves_no_answers_and_no_papers(browser, cast):
    seller = browser(cast.stranger)
    await walk(seller)
    kept = [one async for one in personal.papers(cast.stranger.user_id)]
    assert [one.name.rpartition(".")[2] for one in kept] == ["pdf", "pdf", "pdf"]
    async with transaction(user=cast.stranger.user_id) as db:
        await personal.erase(db, cast.stranger.user_id)
    async with transaction(user=cast.stranger.user_id) as db:
        for table in (ShopOnboarding, OnboardingDocument):
            assert await db.scalar(select(func.count()).select_from(table)) == 0
        assert await db.scalar(select(func.count()).where(File.user_id == cast.stranger.user_id)) == 0
