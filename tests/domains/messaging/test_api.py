from tests.core.pictures import jpeg


def begin(url):
    return f"/api/v1/chat/appointments/{url.split('/')[2]}/thread"


async def test_a_program_of_the_advisors_reads_and_answers(browser, cast, url):
    driver, desk = browser(cast.customer), browser(cast.advisor)
    await driver.post(url, {"text": "Can I wait?"})
    wanted = {"name": "Phone bot", "scopes": ["chat:appointment", "read:all_appointments"], "for_shop": False}
    made = await desk.json("POST", "/api/v1/tokens", wanted)
    assert made.status_code == 201, made.text
    bearer = {"authorization": f"Bearer {made.json()['token']}"}
    program = browser().http
    [thread] = (await program.get("/api/v1/chat/threads", headers=bearer)).json()
    assert (thread["side"], thread["unread"], thread["title"]) == ("business", 1, "Brake check")
    messages = f"/api/v1/chat/threads/{thread['id']}/messages"
    [asked] = (await program.get(messages, headers=bearer)).json()
    assert (asked["message"], asked["message_type"], asked["is_read"]) == ("Can I wait?", "text", False)
    twice = bearer | {"idempotency-key": "answer 1"}
    answers = [await program.post(messages, json={"message": "Yes"}, headers=twice) for _try in range(2)]
    assert answers[0].json() == answers[1].json()
    read = await program.put(
        messages.replace("messages", "read"), json={"number": asked["number"]}, headers=bearer
    )
    assert read.json()["unread"] == 0
    page = (await driver.get(url)).text
    assert "Avery Advisor" in page
    assert page.count('class="chat-text"') == 2
    assert "Seen" in page


async def test_a_conversation_is_begun_and_shown_a_photo_by_its_driver_alone(browser, cast, url):
    driver = browser(cast.customer)
    thread = (await driver.json("POST", begin(url))).json()
    sends = f"/api/v1/chat/threads/{thread['id']}/attachments"
    photo = {"attachment": ("rim.jpg", jpeg(), "image/jpeg")}
    sent = await driver.post(sends, {"message": "Look"}, files=photo)
    assert (sent.status_code, sent.json()["message_type"], sent.json()["message"]) == (201, "image", "Look")
    assert (await driver.get(sent.json()["file_url"])).status_code == 200
    for person in (cast.stranger, cast.outsider, cast.network, cast.technician):
        other = browser(person)
        assert (await other.json("POST", begin(url))).status_code in (403, 404), person.key
        assert (await other.get(sends.replace("attachments", "messages"))).status_code in (403, 404)
        assert (await other.post(sends, files=photo)).status_code in (403, 404)
        found = await other.get("/api/v1/chat/threads")
        assert found.status_code == 403 or found.json() == []
