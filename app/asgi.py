"""The site: every domain's pages and JSON, the live stream, health. Read it to know what there is."""

import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from inspect import cleandoc
from typing import Any
from uuid import UUID

from litestar import Litestar, Request, Router
from litestar.config.compression import CompressionConfig
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from app.core import db, live, one_time, personal, queue, topics
from app.core.answers import HANDLERS, Refusal
from app.core.errors import NotFound
from app.core.legible import refuse_illegible, refuse_the_inexact
from app.core.logs import configure_logs
from app.core.middleware import Envelope
from app.core.permissions import KNOWN, PUBLIC, SIGNED_IN
from app.core.security import refuse_cross_site
from app.demo import people as demo_people
from app.domains.accounts import api as accounts_api
from app.domains.accounts import factor_pages as accounts_factor_pages
from app.domains.accounts import pages as accounts_pages
from app.domains.accounts import said as accounts_said
from app.domains.accounts import security_pages as accounts_security_pages
from app.domains.accounts import sign_on_pages as accounts_sign_on
from app.domains.accounts import token_pages as accounts_tokens
from app.domains.billing import api as billing_api
from app.domains.billing import fee_pages as billing_fee_pages
from app.domains.billing import hooks as billing_hooks
from app.domains.billing import link_pages as billing_link_pages
from app.domains.billing import pages as billing_pages
from app.domains.billing import setup_pages as billing_setup_pages
from app.domains.billing import stuck_pages as billing_stuck_pages
from app.domains.booking import api as booking_api
from app.domains.booking import pages as booking_pages
from app.domains.booking import said as booking_said
from app.domains.customers import api as customers_api
from app.domains.customers import pages as customers_pages
from app.domains.documents import api as documents_api
from app.domains.documents import pages as documents_pages
from app.domains.documents import said as documents_said
from app.domains.estimates import api as estimates_api
from app.domains.estimates import desk_pages as estimates_desk
from app.domains.estimates import link_pages as estimates_links
from app.domains.estimates import pages as estimates_pages
from app.domains.garage import api as garage_api
from app.domains.garage import family_pages as garage_family_pages
from app.domains.garage import mileage_pages as garage_mileage_pages
from app.domains.garage import pages as garage_pages
from app.domains.garage import said as garage_said
from app.domains.handovers import pages as handovers_pages
from app.domains.histories import pages as histories_pages
from app.domains.inspections import api as inspections_api
from app.domains.inspections import pages as inspections_pages
from app.domains.logbook import api as logbook_api
from app.domains.logbook import pages as logbook_pages
from app.domains.logbook import said as logbook_said
from app.domains.marketplace import figure_pages as market_figure_pages
from app.domains.marketplace import moves as marketplace_moves
from app.domains.marketplace import order_api as market_order_api
from app.domains.marketplace import order_pages as market_order_pages
from app.domains.marketplace import purchase_api as market_purchase_api
from app.domains.marketplace import purchase_pages as market_purchase_pages
from app.domains.marketplace import rating_pages as market_rating
from app.domains.marketplace import said as market_said
from app.domains.marketplace import sale_pages as market_sale_pages
from app.domains.marketplace import seller_api as marketplace_seller_api
from app.domains.marketplace import seller_pages as marketplace_seller_pages
from app.domains.marketplace import talk_pages as market_talk
from app.domains.marketplace import wizard_api as marketplace_wizard_api
from app.domains.marketplace import wizard_pages as marketplace_wizard_pages
from app.domains.messaging import api as messaging_api
from app.domains.network import address_pages as network_address_pages
from app.domains.network import business_api as network_business_api
from app.domains.network import business_pages as network_business_pages
from app.domains.network import crew_pages as network_crew_pages
from app.domains.network import inviting_pages as network_inviting_pages
from app.domains.network import kiosk_pages as network_kiosk_pages
from app.domains.network import people_api as network_people_api
from app.domains.network import said as network_said
from app.domains.network import setup_api as network_setup_api
from app.domains.network import setup_pages as network_setup_pages
from app.domains.notifications import api as notifications_api
from app.domains.notifications import mail_api as notifications_mail_api
from app.domains.notifications import mail_pages as notifications_mail_pages
from app.domains.notifications import pages as notifications_pages
from app.domains.notifications import push_pages as notifications_push_pages
from app.domains.packages import api as packages_api
from app.domains.packages import pages as packages_pages
from app.domains.packages import said as packages_said
from app.domains.parts import api as parts_api
from app.domains.parts import loading_pages as parts_loading_pages
from app.domains.parts import pages as parts_pages
from app.domains.parts import said as parts_said
from app.domains.parts_shops import api as parts_shops_api
from app.domains.parts_shops import pages as parts_shops_pages
from app.domains.parts_shops import profile_pages as parts_shops_profile
from app.domains.parts_shops import public_pages as parts_shops_public
from app.domains.parts_shops import review_pages as parts_shops_review
from app.domains.passports import pages as passports_pages
from app.domains.passports import said as passports_said
from app.domains.privacy import pages as privacy_pages
from app.domains.recalls import api as recalls_api
from app.domains.recalls import pages as recalls_pages
from app.domains.recommendations import api as recommendations_api
from app.domains.recommendations import pages as recommendations_pages
from app.domains.recommendations import said as recommendations_said
from app.domains.reminders import api as reminders_api
from app.domains.reminders import pages as reminders_pages
from app.domains.services import api as services_api
from app.domains.services import pages as services_pages
from app.domains.services import said as services_said
from app.domains.telematics import api as telematics_api
from app.domains.telematics import pages as telematics_pages
from app.domains.workshop import api as workshop_api
from app.domains.workshop import pages as workshop_pages
from app.personal import PERSONAL
from app.screens import (
    audit,
    audit_words,
    certificate,
    csp_reports,
    customer,
    dev,
    front,
    health,
    home,
    interface,
    navigation,
    network,
    places,
    share,
    shell,
    shops,
    stored_files,
    stream,
    tracking,
    vehicle,
)
from app.settings import settings

TEMPLATE_WORDS = (
    audit_words.audit_action,
    navigation.nav_items,
    demo_people.demo_logins,
    booking_said.appointment_status,
    marketplace_moves.parts_order_word,
    accounts_said.permission_label,
    network_said.skill_label,
    network_said.role_label,
    services_said.category_label,
    market_said.parts_order_status,
    packages_said.package_state,
    documents_said.document_kind,
    logbook_said.entry_kind_label,
    garage_said.car_role_label,
    parts_said.fit_label,
    recommendations_said.suggestion_title,
    passports_said.passport_fault,
)
"""Functions of ours that templates call by name; importing them makes them known."""

PAGES: list[Any] = [
    marketplace_wizard_pages.router,
    accounts_pages.router,
    accounts_factor_pages.router,
    accounts_security_pages.router,
    accounts_sign_on.router,
    accounts_tokens.router,
    privacy_pages.router,
    notifications_pages.router,
    notifications_mail_pages.router,
    notifications_push_pages.router,
    inspections_pages.router,
    booking_pages.router,
    market_order_pages.router,
    market_purchase_pages.router,
    market_sale_pages.router,
    market_rating.router,
    market_figure_pages.router,
    market_talk.router,
    network_business_pages.router,
    network_setup_pages.router,
    network_crew_pages.router,
    network_kiosk_pages.router,
    network_address_pages.router,
    network_inviting_pages.router,
    parts_shops_pages.router,
    parts_shops_profile.router,
    parts_shops_public.router,
    parts_shops_review.router,
    services_pages.router,
    packages_pages.router,
    documents_pages.router,
    logbook_pages.router,
    parts_pages.router,
    parts_loading_pages.router,
    billing_fee_pages.router,
    billing_stuck_pages.router,
    billing_hooks.router,
    billing_link_pages.router,
    billing_pages.router,
    billing_setup_pages.router,
    audit.router,
    certificate.router,
    customer.router,
    csp_reports.router,
    dev.router,
    front.router,
    estimates_desk.router,
    estimates_links.router,
    estimates_pages.router,
    customers_pages.router,
    garage_pages.router,
    garage_family_pages.router,
    garage_mileage_pages.router,
    handovers_pages.router,
    histories_pages.router,
    reminders_pages.router,
    passports_pages.router,
    recalls_pages.router,
    recommendations_pages.router,
    telematics_pages.router,
    marketplace_seller_pages.router,
    health.router,
    home.router,
    interface.router,
    network.router,
    places.router,
    share.router,
    shell.router,
    shops.router,
    stored_files.router,
    stream.router,
    tracking.router,
    vehicle.router,
    workshop_pages.router,
]

API: list[Any] = [
    accounts_api.router,
    accounts_sign_on.api,
    accounts_tokens.api,
    privacy_pages.api,
    notifications_api.router,
    notifications_mail_api.router,
    inspections_api.router,
    billing_api.router,
    market_order_api.router,
    market_purchase_api.router,
    market_rating.api,
    market_talk.api,
    estimates_api.router,
    marketplace_seller_api.router,
    packages_api.router,
    logbook_api.router,
    customers_api.router,
    garage_api.router,
    reminders_api.router,
    documents_api.router,
    recalls_api.router,
    recommendations_api.router,
    telematics_api.router,
    messaging_api.router,
    workshop_api.router,
    booking_api.router,
    marketplace_wizard_api.router,
    network_business_api.router,
    network_setup_api.router,
    network_people_api.router,
    parts_shops_api.router,
    services_api.router,
    parts_api.router,
    audit.api,
    shops.api,
]


def create_app() -> Envelope:
    """The whole site for an ASGI server, built from the environment."""
    configure_logs(settings().log_level)
    return Envelope(create_litestar())


def create_litestar() -> Litestar:
    """The application inside its envelope. Raises when a route does not say what it needs."""
    personal.declare(PERSONAL)
    app = Litestar(
        route_handlers=[
            Router("/", route_handlers=PAGES, include_in_schema=False),
            Router(
                "/api/v1",
                route_handlers=API,
                guards=[refuse_the_inexact],
                after_request=one_time.keep_answer,
            ),
        ],
        guards=[refuse_illegible, refuse_cross_site],
        exception_handlers=HANDLERS,
        lifespan=[_database, live.listening],
        compression_config=CompressionConfig(
            backend="brotli", brotli_quality=4, exclude=["^/live", "^/files", "^/static"]
        ),
        request_max_body_size=40 * 1024 * 1024,
        openapi_config=OpenAPIConfig(
            title="Torqueline",
            version="1",
            openapi_router=Router(
                "/api/v1", route_handlers=[], before_request=_nothing_else_here, include_in_schema=False
            ),
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
            components=Components(
                security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
            ),
        ),
        logging_config=None,
        debug=False,
    )
    _every_route_declares(app)
    _every_topic_declares()
    _describe_calls(app)
    return app


async def _nothing_else_here(request: Request[Any, Any, Any]) -> None:
    """Beside the document the framework answers every other address below with a page of its own; ours is JSON."""
    if request.url.path.rstrip("/") not in ("/api/v1", "/api/v1/openapi.json"):
        raise NotFound


def _describe_calls(app: Litestar) -> None:
    """Say in the OpenAPI document what each call needs and what refusals look like; the framework describes its own,
    which nobody gets."""
    for path, handler in interface.calls(app):
        needed = handler.opt["needs"]
        if needed != PUBLIC:
            handler.security = [{"bearer": []}]
            right = "A person who signed in; no API token." if needed == SIGNED_IN else f"Right: `{needed}`."
            handler.description = "\n\n".join(filter(None, (cleandoc(handler.fn.__doc__ or ""), right)))
        may = {400: True, 401: True, 403: needed != PUBLIC, 404: "{" in path, 429: True}
        may |= {409: "GET" not in handler.http_methods, 422: True}
        handler.responses = {
            status: ResponseSpec(Refusal, generate_examples=False, description=HTTPStatus(status).phrase)
            for status, does in may.items()
            if does
        } | dict(handler.responses or {})


@asynccontextmanager
async def _database(_app: Litestar) -> AsyncIterator[None]:
    db.connect(settings().sqlalchemy_url)
    queue.connect_queue(settings().redis_url)
    try:
        yield
    finally:
        await queue.disconnect_queue()
        await db.disconnect()


def _every_route_declares(app: Litestar) -> None:
    silent = sorted(
        f"{method} {route.path}"
        for route in app.routes
        for handler in getattr(route, "route_handlers", [])
        for method in handler.http_methods
        if handler.opt.get("needs") not in KNOWN
        and method != "OPTIONS"
        and not handler.fn.__module__.startswith("litestar.")
    )
    if silent:
        raise RuntimeError("routes that do not say what they need: " + ", ".join(silent))


def _every_topic_declares() -> None:
    """Ask each function of a domain's `live` that names an audience. Raises ValueError for one that `topics` does not
    know."""
    for name, module in list(sys.modules.items()):
        if re.fullmatch(r"app\.domains\.\w+\.live", name):
            for function in (one for said, one in vars(module).items() if said.endswith("_topic")):
                topics.needed_for(function(UUID(int=0)))
