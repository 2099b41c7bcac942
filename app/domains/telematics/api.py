"""Reports of cars as JSON, with an API token of their driver."""

from datetime import timedelta
from typing import Any

from litestar import Request, Router, post

from app.core.limits import Limit, limited
from app.core.visit import begin, needs
from app.domains.telematics.receiving import Received, Report, receive

AnyRequest = Request[Any, Any, Any]

REPORTS = Limit("telematics", times=240, within=timedelta(minutes=1), per="person")


@post("/telematics", opt=needs("report:telematics") | limited(REPORTS), status_code=200)
async def take_report(request: AnyRequest, data: Report) -> Received:
    """Report mileage, state of charge and trouble codes of a car. The same report sent again changes nothing.

    404 when none of the token's owner's cars has that telematics id.
    """
    async with begin(request) as (db, me):
        return await receive(db, data, by=me)


router = Router("/", route_handlers=[take_report], tags=["telematics"])
