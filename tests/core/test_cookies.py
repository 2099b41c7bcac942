"""What a browser remembers arrives whole, however it was sent."""

from tests.browsing import Browser


async def test_cookies_in_headers_of_their_own_are_all_read(browser, cast):
    dana: Browser = browser(cast.customer)
    dana.http.cookies.clear()
    crumbs = [
        ("cookie", "visitor=a-visitor"),
        ("cookie", f"session={cast.customer.cookie}"),
        ("cookie", "flash="),
    ]
    assert (await dana.get("/settings", headers=crumbs)).status_code == 200
