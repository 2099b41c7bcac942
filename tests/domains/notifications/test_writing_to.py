"""The shop tells a customer something in its own words."""

from tests.cast import HARBOR
from tests.mailbox import mails_to

SEND = "/api/v1/notifications/send"


async def test_a_message_reaches_the_list_and_the_mailbox_once(browser, cast, run_reactions):
    body = {
        "customer_id": str(cast.customer.customer_id),
        "title": "Your key",
        "message": "It is <here>.\nBen",
    }
    sent = await browser(cast.advisor).json("POST", SEND, body)
    assert sent.status_code == 202, sent.text
    await run_reactions()
    await run_reactions()
    listed = (await browser(cast.customer).get("/api/v1/notifications")).json()
    assert [(one["type"], one["title"]) for one in listed["notifications"]] == [("message", "Your key")]
    assert "Harbor Lane Garage: It is <here>." in listed["notifications"][0]["message"]
    (mail,) = await mails_to(cast.customer.email)
    assert (mail.subject, mail.tenant_id) == ("Your key", HARBOR)
    assert "It is &lt;here&gt;." in mail.html
    assert "Avery Advisor, Harbor Lane Garage" in mail.text


async def test_only_the_customers_own_shop_may_write(browser, cast):
    body = {"customer_id": str(cast.customer.customer_id), "title": "Hello", "message": "Hello"}
    for person, status in ((cast.outsider, 404), (cast.technician, 403), (cast.customer, 403)):
        assert (await browser(person).json("POST", SEND, body)).status_code == status
    for wrong in ({"title": ""}, {"message": ""}, {"title": "x" * 121}, {"more": 1}):
        assert (await browser(cast.advisor).json("POST", SEND, body | wrong)).status_code in (400, 422)


async def test_the_customers_page_sends_it_too(browser, cast, run_reactions):
    avery = browser(cast.advisor)
    shown = await avery.get("/customers/1001")
    page = shown if shown.status_code == 200 else await avery.get("/customers/1")
    number = str(page.url).rpartition("/")[2]
    assert "Send it" in page.text
    done = await avery.post(
        f"/customers/{number}/messages", {"title": "Ready", "message": "Come by."}, key="k"
    )
    again = await avery.post(
        f"/customers/{number}/messages", {"title": "Ready", "message": "Come by."}, key="k"
    )
    assert (done.status_code, again.status_code) == (303, 303)
    await run_reactions()
    assert len(await mails_to(cast.customer.email)) == 1


async def test_somebody_without_address_is_to_be_called(browser, cast):
    avery = browser(cast.advisor)
    made = await avery.json("POST", "/api/v1/customers", {"name": "No Mail"})
    body = {"customer_id": made.json()["id"], "title": "Hello", "message": "Hello"}
    refused = await avery.json("POST", SEND, body)
    assert refused.status_code == 409
    assert "Please call" in refused.json()["error"]
