"""The pages of booking, gathered for the site."""

from litestar import Router

from app.domains.booking import (
    ahead_pages,
    appointment_pages,
    book_pages,
    check_in_pages,
    desk_pages,
    phone_pages,
    talk_pages,
)

router = Router(
    "/",
    route_handlers=[
        book_pages.router,
        phone_pages.router,
        appointment_pages.router,
        ahead_pages.router,
        talk_pages.router,
        desk_pages.router,
        check_in_pages.router,
    ],
)
