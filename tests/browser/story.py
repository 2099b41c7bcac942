"""The story of a visit, one step after the other, as the people in it would do it by hand."""

import io
import re
import time
from random import randrange
from typing import Any
from uuid import uuid4

from PIL import Image, ImageDraw
from playwright.async_api import Locator, expect

from tests.browser.people import Person

WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
LETTERS = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True))
BOOKED, REPAIR, ADDED = "Brake check", "Front brake", "Replace wiper blades"
CONCERN = "It squeals when I brake, most of all in the morning."


def new_vin() -> str:
    """The number of another Honda Accord of 2003, check digit and all."""
    vin = f"1HGCM826_3A{randrange(10**6):06d}"
    total = sum(
        (int(sign) if sign.isdigit() else LETTERS.get(sign, 0)) * weight
        for sign, weight in zip(vin, WEIGHTS, strict=True)
    )
    return vin.replace("_", "0123456789X"[total % 11])


def picture(words: str = "3 mm") -> bytes:
    """A photo as a tablet would take it."""
    image = Image.new("RGB", (1600, 1200), "#b9b4a4")
    draw = ImageDraw.Draw(image)
    draw.ellipse((500, 250, 1100, 850), fill="#3b3f3e", outline="#14201f", width=12)
    draw.rectangle((1020, 430, 1180, 690), fill="#8a4b00")
    draw.text((80, 80), words, fill="#14201f", font_size=96)
    stored = io.BytesIO()
    image.save(stored, "JPEG", quality=82)
    return stored.getvalue()


async def signs_up(driver: Person) -> str:
    """A driver makes an account and adds a car by its VIN; returns their address."""
    page = driver.page
    email = f"jo-{uuid4().hex[:8]}@demo.test"
    await driver.goto("/sign-up")
    await driver.look("sign-up")
    await page.fill("[name=name]", "Jo Rivera")
    await page.fill("[name=email]", email)
    await page.fill("[name=password]", "three small green boats")
    await driver.press("Make account")
    await page.wait_for_url(lambda url: "/sign-up" not in url)
    return email


async def adds_a_car(driver: Person) -> None:
    page = driver.page
    await driver.goto("/garage/new")
    await driver.look("add a car")
    await page.fill("[name=vin]", new_vin())
    await driver.press("Look it up")
    await expect(page.get_by_text("Honda Accord").first).to_be_visible()
    await driver.look("is this your car")
    await page.fill("[name=plate]", "JO 4711")
    await page.fill("[name=mileage]", "84120")
    await driver.press("Add to my garage")
    await page.wait_for_url(re.compile(r"/garage/[0-9a-f-]{36}"))
    await driver.look("a car in the garage")


async def books(driver: Person) -> str:
    """Book a brake check at Harbor Lane; returns the address of the visit."""
    page = driver.page
    await driver.goto("/book")
    await driver.look("choose a workshop")
    await driver.follow("Harbor Lane Garage")
    await expect(page.get_by_role("heading", name="What needs doing?")).to_be_visible()
    await driver.look("choose services")
    await page.get_by_label(re.compile("^Brake check")).check()
    await driver.press("Choose a time")
    await expect(page.get_by_role("heading", name="When suits you?")).to_be_visible()
    await driver.look("choose a time")
    if not await page.locator("button.slot").count():
        await page.locator(".days a").first.click()
    await page.locator("button.slot").first.click()
    await page.wait_for_url("**/confirmation")
    await driver.look("confirm the visit")
    await page.fill("[name=notes]", "The key sticks a little.")
    await driver.press("Book this visit")
    await page.wait_for_url(re.compile(r"/appointments/[0-9a-f-]{36}$"))
    await driver.look("a visit")
    return page.url


async def checks_in(advisor: Person, visit: str) -> int:
    """The advisor takes the car in; returns the repair order's number."""
    page = advisor.page
    await advisor.goto("/appointments")
    await advisor.look("appointments of the day")
    for way_in in await page.get_by_role("link", name="Check in", exact=True).all():
        opened = await page.request.get(f"{advisor.base}{await way_in.get_attribute('href')}")
        assert "Open the repair order" in await opened.text(), "what is offered is not refused"
    await advisor.goto(f"{visit}/check-in")
    await advisor.look("check-in")
    await page.fill("[name=concern]", CONCERN)
    await page.fill("[name=mileage]", "1")
    await page.fill("[name=key_tag]", "27")
    photo: Any = {"name": "front.jpg", "mimeType": "image/jpeg", "buffer": picture("front")}
    await page.set_input_files("[name=photos]", photo)
    await advisor.press("Open the repair order")
    await expect(page.locator("[data-error-summary]")).to_contain_text("less than the last reading")
    if advisor.has_scripts:
        chosen = await page.locator("[name=photos]").evaluate("field => field.files.length")
        assert chosen == 1, "what was chosen is still there"
    else:
        await expect(page.locator("[data-error-summary]")).to_contain_text("choose the photos again")
        await page.set_input_files("[name=photos]", photo)
    await page.fill("[name=mileage]", "84150")
    await advisor.press("Open the repair order")
    await page.wait_for_url(re.compile(r"/orders/\d+$"))
    await advisor.look("a repair order")
    return int(page.url.rsplit("/", 1)[1])


async def gives_to(advisor: Person, number: int, technician: str) -> None:
    """Hand the order to a technician."""
    page = advisor.page
    await advisor.goto(f"/orders/{number}")
    await page.get_by_text("Change the plan").click()
    plan = page.locator("#plan")
    await plan.get_by_label("Technician").select_option(label=technician)
    await plan.get_by_role("button", name="Save the plan").click()
    await expect(page.get_by_text(technician).first).to_be_visible()


async def inspects(technician: Person, number: int) -> None:
    """Fill in the brake sheet on the tablet, photograph the worn pads, propose the repair in one tap."""
    page = technician.page
    await technician.goto(f"/orders/{number}/inspections")
    await technician.look("inspections of an order")
    await page.get_by_role("button", name=re.compile("^Start: .*brake", re.I)).click()
    await page.wait_for_url("**/inspections/*")
    await expect(page.locator(".check-item").first).to_be_visible()
    await technician.look("an inspection")
    items = page.locator(".check-item")
    names = [(await one.inner_text()).strip() for one in await items.locator("h3").all()]
    worn = next(at for at, name in enumerate(names) if re.search("pad", name, re.I))
    for at in range(len(names)):
        await rates(technician, at, "red" if at == worn else "green", measure="3" if at == worn else "")
    item = items.nth(worn)
    await notes(technician, item, "Down to the wear mark, uneven on the inside.")
    await photographs(technician, item)
    await item.get_by_role("button", name=re.compile("^Propose the repair")).click()
    await expect(item.get_by_text("On the order")).to_be_visible()
    await technician.look("an inspection with a red item")
    await page.get_by_role("button", name="Finish inspection").click()
    await expect(page.get_by_text("This inspection is finished.")).to_be_visible()


async def notes(technician: Person, item: Locator, words: str) -> None:
    """Write down what was seen; with scripts leaving the field is enough."""
    await item.locator("textarea").fill(words)
    if technician.has_scripts:
        async with technician.page.expect_response(lambda answer: answer.url.endswith("/rating")):
            await item.locator("textarea").blur()
    else:
        await item.get_by_role("button", name=re.compile("^Save")).click()


async def photographs(technician: Person, item: Locator) -> None:
    """Take a picture; with scripts it is sent at once."""
    await item.locator("input[name=photos]").set_input_files(
        {"name": "pads.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    if not technician.has_scripts:
        await item.get_by_role("button", name=re.compile("^Send photos")).click()
    await expect(item.locator(".check-photos img")).to_be_visible()


async def rates(technician: Person, at: int, colour: str, *, measure: str = "") -> None:
    item = technician.page.locator(".check-item").nth(at)
    if measure and await item.locator("input[name=measure]").count():
        await item.locator("input[name=measure]").fill(measure)
    button = item.locator(f"button[name=rating][value={colour}]")
    await button.click()
    await expect(button).to_have_attribute("aria-pressed", "true")


async def writes_an_estimate(advisor: Person, number: int) -> None:
    """Price what was found, add a job by hand, look at the preview and send it."""
    page = advisor.page
    await advisor.goto(f"/orders/{number}")
    if not advisor.has_scripts:
        await advisor.follow("Estimates for this visit")
    await advisor.press("Write an estimate")
    await page.wait_for_url("**/estimates/*")
    await page.fill("[name=title]", ADDED)
    await advisor.press("Add the job")
    await page.wait_for_load_state()
    job = page.locator("section.ticket").filter(has_text=ADDED)
    await job.locator("[name$=description-0]").fill("Wiper blades, front pair")
    await job.locator("[name$=quantity-0]").fill("1")
    await job.locator("[name$=unit_price-0]").fill("39.90")
    await job.locator("[name$=unit_cost-0]").fill("17.50")
    if advisor.has_scripts:
        await expect(page.locator("#sums").get_by_text("As typed, not saved yet.")).to_be_visible()
    await advisor.look("the desk")
    await page.fill("[name=message]", "The front pads should not wait. The wipers are up to you.")
    await advisor.press("Preview and send")
    await page.wait_for_url("**/preview")
    await expect(page.get_by_text("The front pads should not wait.")).to_be_visible()
    await expect(page.get_by_text("Wiper blades, front pair")).to_be_visible()
    await advisor.look("the preview")
    await advisor.press("Send to customer")
    await page.wait_for_url(re.compile(r"/estimates/[0-9a-f-]{36}$"))
    await advisor.look("a sent estimate")


async def answers(driver: Person, link: str) -> float:
    """Approve the brakes, put the wipers off, sign; returns when the answer was recorded. The check was agreed to
    when it was booked, so nobody asks about it again."""
    page = driver.page
    await driver.goto(link)
    await expect(page.get_by_role("heading", level=1)).to_have_text("2 jobs need your answer")
    await expect(page.locator(".proof img").first).to_be_visible()
    await driver.look("the approval page")
    await expect(page.locator(".offer").filter(has_text=BOOKED)).to_have_count(0)
    for job, said in ((REPAIR, "Approve"), (ADDED, "Not now")):
        await page.locator(".offer").filter(has_text=job).get_by_role("radio", name=said).check()
    wipers = page.locator(".offer").filter(has_text=ADDED)
    await wipers.get_by_label("When would suit you?").select_option("budget")
    price = await page.locator(".offer").filter(has_text=REPAIR).locator(".offer-price").inner_text()
    if not driver.has_scripts:
        await driver.press("Add up")
    await expect(page.locator("output[data-total]")).to_have_text(price.strip())
    await driver.look("the approval page with answers")
    await page.fill("[name=signed_name]", "Jo Rivera")
    if driver.has_scripts:
        await signs_by_hand(driver)
    await driver.press("Send my answer")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Your answer is recorded")
    return time.monotonic()


async def signs_by_hand(driver: Person) -> None:
    """Draw something on the pad."""
    canvas = driver.page.locator(".sign-pad canvas")
    await canvas.scroll_into_view_if_needed()
    pad = await canvas.bounding_box()
    assert pad is not None
    mouse = driver.page.mouse
    await mouse.move(pad["x"] + 40, pad["y"] + 60)
    await mouse.down()
    for step in range(1, 9):
        await mouse.move(pad["x"] + 40 + step * 18, pad["y"] + 60 + (step % 2) * 30)
    await mouse.up()


async def reads_mail(reader: Person, to: str, subject: str) -> str:
    """The text of the newest mail to an address whose subject contains some words, once it has come."""
    page = reader.page
    deadline = time.monotonic() + 20
    row = page.locator("tr").filter(has_text=to).filter(has_text=re.compile(subject, re.I)).first
    while True:
        await reader.goto("/dev/mail")
        if await row.count():
            break
        assert time.monotonic() < deadline, f"no mail about {subject!r} to {to}"
        await page.wait_for_timeout(300)
    await reader.look("the mails")
    await row.get_by_role("link").click()
    await reader.look("a mail")
    return await page.locator("pre.mail-text").inner_text()


def link_in(text: str, path: str) -> str:
    """The address in a mail that leads to a path of the site."""
    found = re.search(rf"https?://\S+?{path}[^\s>)]+", text)
    assert found is not None, text
    return found[0]


async def works(technician: Person, number: int, job: str) -> None:
    """Choose an approved job on the bench, start it, tick its steps, hand it over for the check."""
    page = technician.page
    await technician.goto("/bench")
    await page.locator(".bench-list a").filter(has_text=f"RO-{number}").filter(has_text=job).first.click()
    await technician.press("Start")
    await expect(page.get_by_role("button", name="Pause")).to_be_visible()
    await technician.look("the bench with a running job")
    await ticks_steps(technician)
    await technician.press("Finish")
    await expect(page.get_by_role("button", name="Pause")).to_have_count(0)


async def ticks_steps(person: Person) -> None:
    """Mark every step of the open job as done."""
    steps = person.page.get_by_role("button", name=re.compile("^(Done|Checkpoint passed): "))
    while count := await steps.count():
        await steps.first.click()
        await expect(steps).to_have_count(count - 1)


async def checks_the_work(advisor: Person, number: int, job: str) -> None:
    """Somebody else than the technician makes the quality check."""
    page = advisor.page
    await advisor.goto(f"/orders/{number}")
    await advisor.follow(job, exact=False)
    await page.wait_for_url("**/jobs/*")
    await advisor.look("a job")
    await ticks_steps(advisor)
    await advisor.press("Job passed")
    await expect(page.get_by_text("Completed").first).to_be_visible()


async def issues_the_invoice(advisor: Person, number: int) -> None:
    """From the order's page; returns with the invoice on the screen."""
    page = advisor.page
    await advisor.goto(f"/orders/{number}")
    await advisor.follow("Prepare the invoice")
    await advisor.look("a new invoice")
    await advisor.press("Issue the invoice")
    await page.wait_for_url(re.compile(r"/invoices/[0-9a-f-]{36}$"))
    await advisor.look("an invoice at the desk")


async def pays(driver: Person, link: str) -> None:
    """By card on the provider's page, from the link in the mail."""
    page = driver.page
    await driver.goto(link)
    await driver.look("the bill")
    await page.get_by_role("button", name=re.compile(r"^Pay .* by card$")).click()
    await page.wait_for_url(lambda url: not url.startswith(driver.base))
    await page.get_by_role("button", name=re.compile("^Pay")).first.click()
    await page.wait_for_url(lambda url: url.startswith(driver.base))
    await expect(page.get_by_text("Paid", exact=True).first).to_be_visible()
    await driver.look("after paying")


async def takes_cash(advisor: Person) -> None:
    """At the counter, on the page of an issued invoice."""
    page = advisor.page
    await page.get_by_text("Take cash").click()
    await page.fill("[name=tendered]", "2000")
    await advisor.press("Book the cash")
    await expect(page.get_by_text("Paid", exact=True).first).to_be_visible()
