"""A form's one-time key: the same form again is answered as the first time, another form is not let in by it."""


async def test_a_key_that_was_spent_on_one_form_opens_no_other(browser, cast):
    person = browser(cast.customer)
    profile = {"name": "Dana O'Neil", "phone": "", "locale": "en", "zone": "UTC", "distance_unit": "km"}
    first = await person.post("/settings/theme", {"theme": "paper"}, key="once")
    other = await person.post("/settings/profile", profile, key="once")
    again = await person.post("/settings/theme", {"theme": "paper"}, key="once")
    changed = await person.post("/settings/theme", {"theme": "night"}, key="once")
    assert first.status_code == 303
    assert other.status_code == 409
    assert "reload the page" in other.text
    assert changed.status_code == 409
    assert (again.status_code, again.headers["location"]) == (303, first.headers["location"])
