"""An error is a page for a browser and a piece of one for htmx."""


async def test_a_fault_is_answered_to_htmx_as_a_fragment(browser, cast):
    answer = await browser(cast.customer).get("/no-such-page", headers={"hx-request": "true"})
    assert answer.status_code == 404
    assert 'data-fault="404"' in answer.text
