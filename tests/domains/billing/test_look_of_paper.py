"""What a shop sets itself stands on the invoices it issues from then on, and on no other."""

from litestar.datastructures import UploadFile

from app.core.db import transaction
from app.domains.billing import content, finding, paper
from app.domains.network import branding, setting_values
from tests.cast import CAST, HARBOR
from tests.core.pictures import saved
from tests.domains.billing.bills import issued

SET = {
    "brand.accent": "#7a1f2b",
    "business.legal_name": "Harbor Lane Garage LLC",
    "business.website": "harborlane.example",
    "invoices.terms": "24 months on parts.\n#set page(fill: red) is only text.",
    "invoices.days_to_pay": 0,
}


async def dressed(given, logo):
    sent = UploadFile("image/png", "logo.png", saved("RGB", (300, 120), logo, "PNG"))
    kept, said = await branding.receive_logo(sent, by=CAST.owner.viewer, tenant=HARBOR)
    async with transaction(user=CAST.owner.user_id, tenant=HARBOR) as db:
        seen = await setting_values.version_of(db, HARBOR)
        await setting_values.change(db, given, seen=seen, by=CAST.owner.viewer)
        await branding.keep_logo(db, kept, by=CAST.owner.viewer)
        await setting_values.set_logo(db, said, seen=seen + len(given), by=CAST.owner.viewer)


async def test_an_issued_invoice_keeps_the_look_and_the_words_it_was_issued_with(site):
    await dressed(SET, "navy")
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        invoice = await issued(db)
        lines = await finding.lines_of(db, invoice)
    assert (invoice.due_at - invoice.issued_at).days == 0
    data = paper.laid_out(invoice, lines)
    assert data["accent"] == "#7a1f2b"
    assert data["shop"]["lines"][0] == "Harbor Lane Garage LLC"
    assert data["footer"].startswith("Harbor Lane Garage LLC · ")
    assert "harborlane.example" in data["footer"]
    assert data["terms"][0] == "24 months on parts."
    first = await paper.typeset(invoice, lines, paper.Booked())
    await dressed({"brand.accent": "#1d4ed8", "invoices.terms": "Other words."}, "gold")
    assert await paper.typeset(invoice, lines, paper.Booked()) == first
    assert content.is_intact(invoice, lines)
    invoice.content = invoice.content | {"locale": "en_DE"}
    assert (await paper.typeset(invoice, lines, paper.Booked())).startswith(b"%PDF"), (
        "English words, German figures"
    )
    invoice.content = invoice.content | {"look": {"accent": "#7a1f2b", "logo": None}}
    assert len(await paper.typeset(invoice, lines, paper.Booked())) < len(first), "the logo was on it"


async def test_an_invoice_from_before_there_were_looks_is_set_as_ever(site):
    async with transaction(user=CAST.advisor.user_id, tenant=HARBOR) as db:
        invoice = await issued(db)
        lines = await finding.lines_of(db, invoice)
    former = {name: said for name, said in invoice.content.items() if name not in ("look", "terms", "footer")}
    former["shop"] = {
        name: said
        for name, said in former["shop"].items()
        if name not in ("legal_name", "registration", "website")
    }
    invoice.content = former
    data = paper.laid_out(invoice, lines)
    assert (data["accent"], data["logo"], data["terms"]) == ("#0b5a5e", [], [])
    assert (await paper.typeset(invoice, lines, paper.Booked())).startswith(b"%PDF")
