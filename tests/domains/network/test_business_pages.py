import io
import re

import pytest
from PIL import Image

from app.core import files, modules
from app.core.db import transaction
from app.core.security import csrf_token
from app.domains.network import branding, setting_values
from tests.cast import HARBOR
from tests.core.pictures import saved, with_place_and_turn
from tests.domains.billing.bills import issued
from tests.mailbox import mails_to

HERE = "/settings/business"
LOOK = f"{HERE}/look"
LOOKS = {"version": "0", "shown": ["brand.accent", "brand.accent_night"]}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def version_in(page):
    return re.search(r'name="version" value="(\d+)"', page)[1]


async def test_an_owner_sets_a_logo_and_a_colour_that_customers_then_see(browser, cast, run_reactions):
    owner = browser(cast.owner)
    picture = {"brand.logo": ("us.jpg", with_place_and_turn(), "image/jpeg")}
    form = LOOKS | {"brand.accent": "#7A1F2B", "brand.accent_night": ""}
    done = await owner.post(LOOK, form, files=picture)
    assert (done.status_code, done.headers["location"]) == (303, LOOK)
    async with transaction(tenant=HARBOR) as db:
        brand = await branding.brand_of(db, HARBOR)
        invoice = await issued(db)
    await run_reactions()
    [mail] = [one for one in await mails_to(cast.customer.email) if one.template == "invoice_issued"]
    assert f"background:{brand.accent}" in mail.html
    assert f".key {{ background: {brand.accent_night} !important; }}" in mail.html
    assert brand.accent == "#7a1f2b"
    kept = Image.open(io.BytesIO(await files.storage().get(brand.logo["key"])))
    assert not kept.getexif(), "the place it was taken at stays with who took it"
    page = (await browser(cast.customer).get(f"/invoices/{invoice.id}")).text
    assert "--color-primary: #7a1f2b" in page
    assert f"--color-primary: {brand.accent_night}" in page
    address = re.search(r'class="shop-mark"><img src="([^"]+)"', page)[1]
    assert (await browser().get(address)).status_code == 200
    assert "shop-mark" not in (await browser(cast.advisor).get(f"/invoices/{invoice.id}")).text


async def test_a_look_can_be_seen_before_it_is_saved(browser, cast):
    form = LOOKS | {"brand.accent": "#7a1f2b", "brand.accent_night": "", "preview": "yes"}
    shown = await browser(cast.owner).post(LOOK, form)
    assert '.look[data-theme="paper"] { --color-primary: #7a1f2b;' in shown.text
    assert "not saved yet" in shown.text
    async with transaction() as db:
        assert (await setting_values.rules_of(db, HARBOR))["brand.accent"] == "#0b5a5e"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("logo.png", SVG, "not a JPEG, PNG or WebP"),
        ("logo.jpg", b"\xff\xd8\xff" + b"0" * (20 * 1024 * 1024), "larger than 20 MB"),
        ("logo.png", saved("RGB", (8, 8), "red", "PNG")[:40], "damaged"),
    ],
)
async def test_what_is_no_picture_is_refused_beside_its_field_and_what_was_typed_stays(
    browser, cast, name, content, words
):
    owner = browser(cast.owner)
    form = LOOKS | {"brand.accent": "#123456", "brand.accent_night": ""}
    answer = await owner.post(LOOK, form, files={"brand.logo": (name, content, "image/png")})
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="#123456"' in answer.text
    async with transaction() as db:
        assert (await setting_values.rules_of(db, HARBOR))["brand.accent"] == "#0b5a5e"


async def test_a_stale_form_is_told_what_changed_keeps_what_was_typed_and_can_be_sent_again(browser, cast):
    owner, second = browser(cast.owner), browser(cast.owner)
    page = (await second.get(f"{HERE}/terms")).text
    fields = dict(re.findall(r'id="f-([a-z._]+)" name="[^"]+" type="number"[^>]*value="(\d+)"', page))
    fields |= {"invoices.terms": "", "invoices.footer": ""}
    fields["shown"] = list(fields)
    await owner.post(f"{HERE}/terms", fields | {"version": "0", "invoices.days_to_pay": "20"})
    late = await second.post(
        f"{HERE}/terms", fields | {"version": version_in(page), "invoices.days_to_pay": "5"}
    )
    assert late.status_code == 409
    assert "An invoice is due after, by Olive Owner" in late.text
    assert "An invoice is due after is now: 20 days" in late.text
    assert re.search(r'name="invoices.days_to_pay"[^>]*value="5"', late.text)
    again = fields | {"version": version_in(late.text), "invoices.days_to_pay": "5"}
    assert (await second.post(f"{HERE}/terms", again)).status_code == 303
    history = (await owner.get(f"{HERE}/history")).text
    assert history.index("5 days") < history.index("14 days")
    back = re.findall(r'action="([^"]+/return)"', history)[-1]
    assert (await owner.post(back, {"version": version_in(history)})).status_code == 303
    async with transaction() as db:
        assert (await setting_values.rules_of(db, HARBOR)).number("invoices.days_to_pay") == 14


async def test_an_empty_box_is_off_only_where_there_was_a_box(browser, cast):
    owner = browser(cast.owner)
    await owner.post(f"{HERE}/modules", {"version": "0", "shown": "modules.messages"})
    async with transaction() as db:
        assert await modules.switched_off(db, HARBOR) == {"messages"}


async def test_a_logo_somebody_else_has_changed_meanwhile_is_not_replaced(browser, cast):
    owner = browser(cast.owner)
    for status in (303, 409):
        logo = {"brand.logo": ("a.png", saved("RGB", (64, 20), "red", "PNG"), "image/png")}
        form = {"version": "0", "shown": "brand.accent_night", "brand.accent_night": ""}
        assert (await owner.post(LOOK, form, files=logo)).status_code == status


async def test_settings_are_the_owners_and_another_shop_finds_nothing(browser, cast):
    owner = browser(cast.owner)
    await owner.post(HERE, {"version": "0", "shown": "business.name", "business.name": "Ours"})
    history = (await owner.get(f"{HERE}/history")).text
    back = re.findall(r'action="([^"]+/return)"', history)[0]
    for person in (cast.advisor, cast.technician, cast.customer):
        assert (await browser(person).get(HERE)).status_code == 403
        assert (await browser(person).post(back, {"version": "1"})).status_code == 403
    async with transaction(tenant=HARBOR) as db:
        assert (await setting_values.rules_of(db, HARBOR))["business.name"] == "Ours"


async def test_as_json_the_same_with_bounds_and_the_conflict_spelt_out(browser, cast):
    owner = browser(cast.owner)
    API = "/api/v1/admin/settings"
    known = {one["key"]: one for one in (await owner.get(API)).json()["settings"]}
    days = known["invoices.days_to_pay"]
    assert (days["value"], days["default"], days["minimum"], days["maximum"]) == (14, 14, 0, 120)
    assert days["permission"] == "manage:center"
    done = await owner.json("PUT", API, {"version": 0, "values": {"invoices.days_to_pay": 3}})
    assert done.json()["version"] == 1
    stale = await owner.json("PUT", API, {"version": 0, "values": {"invoices.days_to_pay": 4}})
    assert stale.status_code == 409
    assert stale.json()["changed"][0]["new"] == 3
    assert [one["new"] for one in (await owner.get(f"{API}/history")).json()] == [3]
    wrong = await owner.json("PUT", API, {"version": 1, "values": {"brand.accent": "#eeeeee"}})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (422, ["brand.accent"])
    sent = await owner.json("PUT", API, {"version": 1, "values": {"invoices.days_to_pay": 3.5}})
    assert sent.status_code == 422
    assert (await browser(cast.advisor).get(API)).json() == {"error": "Insufficient permissions"}
    logo = await owner.http.post(
        f"{API}/logo", data={"version": "1"}, files={"logo": ("a.png", saved("RGBA", (64, 20), "red", "PNG"))},
        headers={"sec-fetch-site": "same-origin", "x-csrf-token": csrf_token(owner.binding)},
    )  # fmt: skip
    assert logo.status_code == 200, logo.text
    assert "/files/" in next(one["value"] for one in logo.json()["settings"] if one["key"] == "brand.logo")
