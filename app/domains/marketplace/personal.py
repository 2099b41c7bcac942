"""What of the parts market is in a driver's copy, and what is left of it when their account is erased."""

from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import audit, files
from app.core.db import transaction
from app.core.errors import Refused
from app.core.personal import Declared, Paper, Records
from app.core.tables import File
from app.core.viewer import Viewer
from app.core.words import _
from app.domains.marketplace import asking
from app.domains.marketplace.models import (
    ASKING,
    AT_REST,
    PartsOrder,
    PartsOrderDelivery,
    PartsOrderLine,
    PartsOrderPhoto,
    Purchase,
    PurchaseLine,
    ShopQuote,
    ShopQuoteLine,
)


def records(person: UUID) -> Sequence[Records]:
    mine = PartsOrder.user_id == person
    return [
        Records(
            "parts_orders", _("Parts you asked shops for."), ("parts_orders", "parts_order_deliveries"),
            {
                "id": (PartsOrder.id, _("its id, as other files name it")),
                "code": (PartsOrder.code, _("what it is called")),
                "status": (PartsOrder.status, _("where it stands")),
                "car_id": (PartsOrder.vehicle_id, _("which car")),
                "car": (PartsOrder.car, _("the car as it was when you asked")),
                "town": (PartsOrder.place, _("the town all shops read")),
                "latitude": (PartsOrder.latitude, _("where that is")),
                "longitude": (PartsOrder.longitude, _("where that is")),
                "name": (PartsOrderDelivery.name, _("who takes the parts")),
                "phone": (PartsOrderDelivery.phone, _("the phone number you gave")),
                "address": (PartsOrderDelivery.address, _("where exactly they go")),
                "delivery_note": (PartsOrderDelivery.note, _("your note for whoever brings them")),
                "needed_by": (PartsOrder.needed_by, _("the day you need them by")),
                "priority": (PartsOrder.priority, _("how urgent it is")),
                "bidding": (PartsOrder.bidding, _("whether shops see the best offer")),
                "note": (PartsOrder.note, _("what else you told the shops")),
                "submitted_at": (PartsOrder.submitted_at, _("when the shops were asked")),
                "expires_at": (PartsOrder.expires_at, _("until when they could answer")),
                "decided_at": (PartsOrder.decided_at, _("when you decided")),
            },
            lambda rows: rows.select_from(PartsOrder)
            .outerjoin(PartsOrderDelivery, PartsOrderDelivery.order_id == PartsOrder.id)
            .where(mine)
            .order_by(PartsOrder.created_at),
        ),
        Records(
            "parts_wanted", _("The parts you described."), ("parts_order_lines",),
            {
                "order_id": (PartsOrderLine.order_id, _("of which order")),
                "name": (PartsOrderLine.name, _("what it is")),
                "part_number": (PartsOrderLine.part_number, _("its number, where you knew it")),
                "quantity": (PartsOrderLine.quantity, _("how many")),
                "note": (PartsOrderLine.note, _("your note")),
                "oem_only": (PartsOrderLine.oem_only, _("whether only the carmaker's own would do")),
                "given_up": (PartsOrderLine.given_up, _("whether you decided without it")),
                "bought": (PartsOrderLine.is_bought, _("whether a shop brings it, or has")),
            },
            lambda rows: rows.select_from(PartsOrderLine)
            .join(PartsOrder, PartsOrder.id == PartsOrderLine.order_id)
            .where(mine)
            .order_by(PartsOrder.created_at, PartsOrderLine.position),
        ),
        Records(
            "parts_photos", _("Photos of parts you needed."), ("parts_order_photos",),
            {
                "order_id": (PartsOrderPhoto.order_id, _("of which order")),
                "file_id": (PartsOrderPhoto.file_id, _("which file in photos/parts")),
                "sent_at": (PartsOrderPhoto.created_at, _("when you sent it")),
            },
            lambda rows: rows.select_from(PartsOrderPhoto)
            .join(PartsOrder, PartsOrder.id == PartsOrderPhoto.order_id)
            .where(mine)
            .order_by(PartsOrderPhoto.id),
        ),
        Records(
            "shop_quotes", _("The shops that were asked, and what they offered."), ("shop_quotes",),
            {
                "id": (ShopQuote.id, _("its id, as other files name it")),
                "order_id": (ShopQuote.order_id, _("for which order")),
                "shop": (ShopQuote.shop_name, _("which shop")),
                "status": (ShopQuote.status, _("what became of it")),
                "total": (ShopQuote.total_minor, _("what you would pay")),
                "delivery_fee": (ShopQuote.delivery_fee_minor, _("of it for the delivery")),
                "currency": (ShopQuote.currency, _("its currency")),
                "delivers_at": (ShopQuote.delivers_at, _("when the parts would be there")),
                "note": (ShopQuote.note, _("what the shop wrote")),
                "answered_at": (ShopQuote.answered_at, _("when it answered")),
            },
            lambda rows: rows.where(ShopQuote.user_id == person).order_by(ShopQuote.created_at),
        ),
        Records(
            "shop_quote_lines", _("What was offered for each part."), ("shop_quote_lines",),
            {
                "quote_id": (ShopQuoteLine.quote_id, _("of which offer")),
                "available": (ShopQuoteLine.is_available, _("whether the shop has it")),
                "brand": (ShopQuoteLine.brand, _("its maker")),
                "condition": (ShopQuoteLine.condition, _("new, used or rebuilt")),
                "part_number": (ShopQuoteLine.part_number, _("its number")),
                "quantity": (ShopQuoteLine.quantity, _("how many")),
                "unit_price": (ShopQuoteLine.unit_price_minor, _("the price of one")),
                "fits": (ShopQuoteLine.fits, _("whether it fits the car")),
            },
            lambda rows: rows.select_from(ShopQuoteLine)
            .join(ShopQuote, ShopQuote.id == ShopQuoteLine.quote_id)
            .where(ShopQuote.user_id == person)
            .order_by(ShopQuote.created_at, ShopQuoteLine.id),
        ),
        Records(
            "parts_bought", _("What you bought of parts shops."), ("purchases",),
            {
                "id": (Purchase.id, _("its id, as other files name it")),
                "order_id": (Purchase.order_id, _("for which order")),
                "shop": (ShopQuote.shop_name, _("of which shop")),
                "status": (Purchase.status, _("where it stands")),
                "total": (Purchase.total_minor, _("what you pay")),
                "refunded": (Purchase.refunded_minor, _("what you got back")),
                "currency": (Purchase.currency, _("its currency")),
                "payment_method": (Purchase.payment_method, _("how you pay")),
                "payment_status": (Purchase.payment_status, _("whether it is paid")),
                "ship_to": (Purchase.ship_to, _("the address the shop was given")),
                "carrier": (Purchase.carrier, _("who brings it")),
                "tracking_number": (Purchase.tracking_number, _("the number it is followed by")),
                "accepted_at": (Purchase.accepted_at, _("when you accepted")),
                "delivered_at": (Purchase.delivered_at, _("when it was there")),
                "end_reason": (Purchase.end_reason, _("why it ended or goes back")),
                "asked_reason": (Purchase.asked_reason, _("why you asked to cancel")),
                "answer": (Purchase.answer, _("what the shop answered")),
                "handed_to": (Purchase.handed_to, _("who took it")),
                "rating": (Purchase.rating, _("your stars for it")),
                "rating_words": (Purchase.rating_words, _("what you said of it")),
            },
            lambda rows: rows.select_from(Purchase)
            .join(ShopQuote, ShopQuote.id == Purchase.quote_id)
            .where(Purchase.user_id == person)
            .order_by(Purchase.accepted_at),
        ),
        Records(
            "parts_bought_lines", _("The parts of each purchase."), ("purchase_lines",),
            {
                "purchase_id": (PurchaseLine.purchase_id, _("of which purchase")),
                "name": (PurchaseLine.name, _("what it is")),
                "brand": (PurchaseLine.brand, _("its maker")),
                "part_number": (PurchaseLine.part_number, _("its number")),
                "quantity": (PurchaseLine.quantity, _("how many")),
                "unit_price": (PurchaseLine.unit_price_minor, _("the price of one")),
                "warranty_months": (PurchaseLine.warranty_months, _("months of warranty")),
            },
            lambda rows: rows.select_from(PurchaseLine)
            .join(Purchase, Purchase.id == PurchaseLine.purchase_id)
            .where(Purchase.user_id == person)
            .order_by(Purchase.accepted_at, PurchaseLine.id),
        ),
    ]  # fmt: skip


async def papers(person: UUID) -> AsyncIterator[Paper]:
    """The photos of the parts."""
    async with transaction(user=person) as db:
        rows = (await db.execute(_photos(person))).all()
    for file in {file.id: file for _photo, file in rows}.values():
        yield Paper(f"photos/parts/{file.id}.{file.key.rpartition('.')[2]}", key=file.key)


def _photos(person: UUID) -> Select[PartsOrderPhoto, File]:
    return (
        select(PartsOrderPhoto, File)
        .join(File, File.id == PartsOrderPhoto.file_id)
        .join(PartsOrder, PartsOrder.id == PartsOrderPhoto.order_id)
        .where(PartsOrder.user_id == person)
        .order_by(PartsOrderPhoto.id)
    )


async def erase(db: AsyncSession, person: UUID) -> None:
    """What is still open is called off and drafts go. Of the rest a shop keeps in its books what was sold, not to whom;
    what is on its way keeps its address until it has arrived (`tasks.empty_addresses`)."""
    system = Viewer.system()
    mine = PartsOrder.user_id == person
    for order in (await db.scalars(select(PartsOrder).where(mine, PartsOrder.status.in_(ASKING)))).all():
        try:
            await asking.cancel(db, order, by=system)
        except Refused:  # something of it is bought: that is carried through, and the rest let go
            await asking.do_without(db, order, by=system)
    pairs = (await db.execute(_photos(person))).all()
    await db.execute(
        delete(PartsOrderPhoto).where(PartsOrderPhoto.id.in_([photo.id for photo, _file in pairs]))
    )
    for file in {
        file.id: file for _photo, file in pairs if file.user_id == person and not file.tenant_id
    }.values():
        await files.forget(db, file, by=system)
    await audit.take_changes(db)
    drafts = select(PartsOrder.id).where(mine, PartsOrder.status == "draft")
    for model in (PartsOrderLine, PartsOrderDelivery):
        await db.execute(delete(model).where(model.order_id.in_(drafts)))
    await db.execute(delete(PartsOrder).where(mine, PartsOrder.status == "draft"))
    all_of_them = select(PartsOrder.id).where(mine)
    nobody = {"name": "", "phone": "", "address": "", "note": ""}
    await db.execute(update(PartsOrderDelivery).where(PartsOrderDelivery.user_id == person).values(nobody))
    await db.execute(update(PartsOrderLine).where(PartsOrderLine.order_id.in_(all_of_them)).values(note=""))
    # The car itself may go with its owner.
    await db.execute(update(PartsOrder).where(mine).values(raised_by_name="", note="", vehicle_id=None))
    await empty_ended(db, person)
    await db.execute(
        update(Purchase)
        .where(Purchase.user_id == person, Purchase.rating_words != "")
        .values(rating_words="")
    )
    await audit.take_changes(db)


async def empty_ended(db: AsyncSession, person: UUID) -> None:
    """Take the address out of what has arrived, or will not."""
    ended = update(Purchase).where(Purchase.user_id == person, Purchase.status.in_(AT_REST))
    await db.execute(ended.values(ship_to={}, handed_to="", asked_reason="", end_reason=""))


DECLARED = Declared(records, papers=papers, erase=erase)
