"""The workshop's pages: board, repair order, job, bench, check-in."""

from litestar import Router

from app.domains.workshop.pages import (
    bench,
    board,
    cards,
    check_in,
    check_rule,
    doing,
    jobs,
    orders,
    showing,
    usual,
)

TEMPLATE_WORDS = (showing, cards)
"""Functions that templates call by name; importing them makes them known."""

router = Router(
    "/",
    route_handlers=[
        *board.HANDLERS,
        *check_in.HANDLERS,
        *check_rule.HANDLERS,
        *orders.HANDLERS,
        *jobs.HANDLERS,
        *doing.HANDLERS,
        *bench.HANDLERS,
        *usual.HANDLERS,
    ],
)
