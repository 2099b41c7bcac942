"""A browser tells what the policy kept from running; nothing of the person goes into the log."""

import json

import httpx
import msgspec

from app.screens.csp_reports import Violation, told
from tests.conftest import the_app


async def report(body):
    transport = httpx.ASGITransport(app=the_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        kind = {"content-type": "application/reports+json"}
        return await http.post("/csp-reports", content=json.dumps(body), headers=kind)


async def test_a_violation_is_logged_without_secrets(site):
    violation = {
        "effectiveDirective": "script-src-elem",
        "documentURL": "http://testserver/approve/very-secret-token?x=1",
        "blockedURL": "https://evil.example/a.js?token=1",
        "sample": "alert(document.cookie)",
    }
    assert (await report([{"type": "csp-violation", "body": violation}])).status_code == 204
    assert told(msgspec.convert(violation, Violation)) == {
        "directive": "script-src-elem",
        "page": "/approve/…",
        "blocked": "https://evil.example",
    }


async def test_nonsense_is_taken_and_forgotten(site):
    for body in ({}, [], [1], "x", [{"type": "csp-violation"}], [{"body": {"documentURL": 7}}]):
        assert (await report(body)).status_code == 204


async def test_every_answer_says_where_to_report(browser):
    for url in ("/", "/nothing-here", "/healthz"):
        answer = await browser().get(url)
        assert answer.headers["reporting-endpoints"] == 'csp="/csp-reports"'
        assert "report-to csp" in answer.headers["content-security-policy"]
