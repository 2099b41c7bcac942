"""The workshop as JSON."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from app.core.db import transaction
from app.domains.workshop import steps
from app.domains.workshop.models import Job, RepairOrder
from tests.browsing import Browser
from tests.cast import HARBOR, Cast
from tests.domains.workshop.shop import approved, checked_in

Open = Callable[..., Browser]
BASE = "/api/v1/staff"


async def one_order() -> tuple[RepairOrder, Job, list[Any]]:
    async with transaction() as db:
        order = await checked_in(db)
        job = await approved(db, order)
        return order, job, list(await steps.steps_of(db, job))


async def test_the_list_and_the_order_say_what_the_board_says(browser: Open, cast: Cast) -> None:
    order, job, _steps = await one_order()
    advisor = browser(cast.advisor)
    [card] = (await advisor.json("GET", f"{BASE}/orders")).json()
    assert (card["number"], card["stage"], card["plate"]) == (order.number, "in_progress", "7ABC123")
    assert (await advisor.json("GET", f"{BASE}/orders?stage=qc")).json() == []
    detail = (await advisor.json("GET", f"{BASE}/orders/{order.number}")).json()
    assert detail["jobs"][0]["id"] == str(job.id)
    assert detail["jobs"][0]["total_minor"] == 26990 + 1305 + 652
    assert [line["kind"] for line in detail["jobs"][0]["lines"]] == ["labor", "part"]
    seen = (await browser(cast.technician).json("GET", f"{BASE}/orders/{order.number}")).json()
    assert seen["jobs"][0]["lines"] == []
    assert seen["jobs"][0]["total_minor"] is None


async def test_a_stale_move_is_409_with_the_present_version(browser: Open, cast: Cast) -> None:
    order, _job, _steps = await one_order()
    technician = browser(cast.technician)
    body = {"stage": "qc", "version": order.version}
    moved = await technician.json("POST", f"{BASE}/orders/{order.number}/stage", body)
    assert (moved.status_code, moved.json()["stage"]) == (200, "qc")
    late = await technician.json("POST", f"{BASE}/orders/{order.number}/stage", body)
    assert late.status_code == 409
    assert late.json()["version"] == order.version + 1
    assert "Quality check" in late.json()["error"]


async def test_what_is_open_is_named_before_a_card_goes_past_it(browser: Open, cast: Cast) -> None:
    order, _job, _steps = await one_order()
    desk = browser(cast.advisor)
    url, body = f"{BASE}/orders/{order.number}/stage", {"stage": "delivered", "version": order.version}
    asked = await desk.json("POST", url, body)
    assert asked.status_code == 409
    assert asked.json()["open"] == [
        {"kind": "job", "title": "Front brakes", "status": "pending"},
        {"kind": "invoice"},
    ]
    assert (await desk.json("POST", url, body | {"open": "accept"})).status_code == 422
    accepted = await desk.json("POST", url, body | {"open": "accept", "reason": "Test drive"})
    assert (accepted.status_code, accepted.json()["stage"]) == (200, "delivered")


async def test_readings_are_put_beside_the_order(browser: Open, cast: Cast) -> None:
    order, _job, _steps = await one_order()
    desk, url = browser(cast.advisor), f"{BASE}/orders/{order.number}/readings"
    good = {"version": order.version, "mileage_km": 152_000, "charge_percent": 80}
    assert (await desk.json("PUT", url, good | {"charge_percent": 101})).status_code == 422
    told = (await desk.json("PUT", url, good)).json()
    assert (told["mileage_in_km"], told["charge_in_percent"]) == (152_000, 80)
    lower = {"version": told["version"], "mileage_km": 151_000}
    assert "confirmed" in (await desk.json("PUT", url, lower)).json()["errors"]
    assert (await desk.json("PUT", url, lower | {"confirmed": True})).status_code == 422
    right = await desk.json("PUT", url, lower | {"confirmed": True, "reason": "Misread"})
    assert right.json()["mileage_in_km"] == 151_000


async def test_a_job_goes_from_start_to_completed(browser: Open, cast: Cast) -> None:
    order, job, plan = await one_order()
    technician, colleague = browser(cast.technician), browser(cast.second_technician)
    url = f"{BASE}/jobs/{job.id}"
    assert [one["id"] for one in (await technician.json("GET", f"{BASE}/jobs")).json()] == [str(job.id)]
    assert (await technician.json("POST", f"{url}/start")).json()["status"] == "in_progress"
    assert (await technician.json("POST", f"{url}/pause")).status_code == 200
    blocked = await technician.json("POST", f"{url}/block", {"reason": "parts"})
    assert blocked.json()["blocked_reason"] == "parts"
    assert (await technician.json("POST", f"{url}/start")).status_code == 200
    for step in plan:
        done = await technician.json("PUT", f"{BASE}/service-progress/{step.id}", {"status": "completed"})
        assert done.json()["status"] == "completed"
    assert (await technician.json("POST", f"{url}/finish", {"correction": "New pads"})).json()[
        "status"
    ] == "qc"
    assert (await technician.json("POST", f"{url}/check", {"passed": True})).status_code == 409
    assert (await colleague.json("POST", f"{url}/check", {"passed": True})).json()["status"] == "completed"
    async with transaction(tenant=HARBOR) as db:
        assert (await db.get_one(RepairOrder, order.id)).stage == "ready"


async def test_a_job_with_open_steps_is_finished_only_when_that_is_accepted(
    browser: Open, cast: Cast
) -> None:
    _order, job, plan = await one_order()
    technician = browser(cast.technician)
    url = f"{BASE}/jobs/{job.id}/finish"
    await technician.json("POST", f"{BASE}/jobs/{job.id}/start")
    refused = await technician.json("POST", url, {"correction": "New pads"})
    assert refused.status_code == 409
    assert refused.json()["open_steps"] == [
        {"id": str(step.id), "name": step.name} for step in plan if not step.is_checkpoint
    ]
    assert (await technician.json("POST", url, {"open_steps": "accept"})).status_code == 422
    accepted = await technician.json("POST", url, {"open_steps": "accept", "reason": "Not needed"})
    assert accepted.json()["status"] == "qc"


async def test_what_makes_no_sense_is_refused_and_changes_nothing(browser: Open, cast: Cast) -> None:
    order, job, plan = await one_order()
    technician = browser(cast.technician)
    for method, url, body, status in (
        ("POST", f"orders/{order.number}/stage", {"stage": "qc"}, 400),
        ("POST", f"orders/{order.number}/stage", {"stage": "moon", "version": order.version}, 422),
        ("POST", f"orders/{order.number}/stage", {"stage": "qc", "version": "x"}, 400),
        ("POST", "orders/999999/stage", {"stage": "qc", "version": 1}, 404),
        ("POST", f"jobs/{job.id}/finish", None, 409),
        ("POST", f"jobs/{job.id}/block", {"reason": "parts"}, 409),
        ("POST", f"jobs/{job.id}/block", {"reason": "mood"}, 422),
        ("POST", f"jobs/{uuid4()}/start", None, 404),
        ("POST", "jobs/not-a-job/start", None, 404),
        ("PUT", f"service-progress/{plan[0].id}", {"status": "completed"}, 409),
        ("PUT", f"service-progress/{plan[0].id}", {"status": "eaten"}, 400),
    ):
        answer = await technician.json(method, f"{BASE}/{url}", body)
        assert answer.status_code == status, (url, body, answer.text)
        assert "error" in answer.json()
    async with transaction(tenant=HARBOR) as db:
        assert (await db.get_one(RepairOrder, order.id)).version == order.version
        assert (await db.get_one(Job, job.id)).version == job.version


async def test_others_get_404_or_403(browser: Open, cast: Cast) -> None:
    order, job, plan = await one_order()
    calls = (
        ("GET", f"orders/{order.number}", None),
        ("POST", f"orders/{order.number}/stage", {"stage": "qc", "version": 1}),
        ("PUT", f"orders/{order.number}/readings", {"mileage_km": 200_000, "version": 1}),
        ("POST", f"jobs/{job.id}/start", None),
        ("POST", f"jobs/{job.id}/pause", None),
        ("POST", f"jobs/{job.id}/block", {"reason": "parts"}),
        ("POST", f"jobs/{job.id}/finish", {}),
        ("POST", f"jobs/{job.id}/check", {"passed": True}),
        ("PUT", f"service-progress/{plan[0].id}", {"status": "completed"}),
    )
    for person, status in ((cast.outsider, 404), (cast.customer, 403), (None, 401)):
        visitor = browser(person)
        for method, url, body in calls:
            answer = await visitor.json(method, f"{BASE}/{url}", body)
            assert answer.status_code == status, (url, status, answer.text)
    assert (await browser(cast.outsider).json("GET", f"{BASE}/orders")).json() == []
