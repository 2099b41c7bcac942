"""Paper: reproducible, readable by machines and people, and deaf to code in its data."""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pytest
import typst

from app.core import pdf

MADE_AT = datetime(2026, 11, 21, 9, tzinfo=UTC)


def invoice(**changes: Any) -> dict[str, Any]:
    line = {"name": "Brake pads", "part": "26296FJ001", "quantity": "1", "price": "$74.50", "rate": "5.5%"}
    job = {"title": "Front brakes", "note": "", "total": "$78.60", "lines": [line | {"net": "$74.50"}]}
    return {
        "title": "Invoice",
        "number": "HL-00041",
        "paper": "a4",
        "lang": "en",
        "dir": "ltr",
        "accent": "#0b5a5e",
        "logo": [],
        "terms": [],
        "footer": "Harbor Lane Garage",
        "shop": {"name": "Harbor Lane Garage", "lines": ["14 Harbor Lane"]},
        "customer": {"label": "Bill to", "name": "Dana Whitfield", "lines": []},
        "car": {"label": "Car", "name": "2016 Subaru Outback", "plate": "7341 QX", "vin": "", "lines": []},
        "facts": [{"label": "Issued", "value": "Nov 21, 2026"}],
        "columns": ["Work", "Quantity", "Price", "Tax", "Amount"],
        "jobs": [job],
        "sums": [{"label": "Subtotal", "value": "$74.50"}],
        "total": {"label": "Total", "value": "$78.60"},
        "state": "",
        "note": "",
        "movements": [],
        "fingerprint": {"label": "Fingerprint", "value": "00ff"},
        **changes,
    }


def text_of(paper: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(paper)).pages)


async def test_the_same_data_give_the_same_bytes() -> None:
    first = await pdf.typeset("billing/invoice.typ", invoice(), made_at=MADE_AT)
    assert first == await pdf.typeset("billing/invoice.typ", invoice(), made_at=MADE_AT)
    assert first != await pdf.typeset("billing/invoice.typ", invoice(number="HL-00042"), made_at=MADE_AT)


async def test_a_screen_reader_finds_title_language_and_structure() -> None:
    reader = pypdf.PdfReader(BytesIO(await pdf.typeset("billing/invoice.typ", invoice(), made_at=MADE_AT)))
    assert reader.metadata is not None
    assert reader.metadata.title == "Invoice HL-00041"
    root = reader.trailer["/Root"]
    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]


@pytest.mark.parametrize(
    "name",
    ['#panic("no")', '#include "/etc/passwd"', "= Head *bold* $x$ `raw` @ref <label> \\u{1F600}", "${7*7}"],
)
async def test_code_in_a_name_is_only_a_name(name: str) -> None:
    paper = await pdf.typeset(
        "billing/invoice.typ",
        invoice(customer={"label": "Bill to", "name": name, "lines": [name]}),
        made_at=MADE_AT,
    )
    assert name.split()[0][:6] in text_of(paper)


async def test_a_long_invoice_goes_on_with_its_number_on_every_page() -> None:
    jobs = [invoice()["jobs"][0] | {"title": f"Job {place}"} for place in range(60)]
    pages = pypdf.PdfReader(
        BytesIO(await pdf.typeset("billing/invoice.typ", invoice(jobs=jobs), made_at=MADE_AT))
    ).pages
    assert len(pages) > 2
    assert all("HL-00041" in page.extract_text() for page in pages)
    assert f"{len(pages)} / {len(pages)}" in pages[-1].extract_text()


@pytest.mark.skipif(not pdf.FONTS.is_dir(), reason="the assets are not built")
def test_every_font_is_there() -> None:
    data = invoice(
        customer={"label": "العميل", "name": "Nguyễn Thị Ánh ₫", "lines": ["شارع", "Łódź", "Київ"]}
    )
    _paper, warnings = typst.compile_with_warnings(
        pdf.TEMPLATES / "billing" / "invoice.typ",
        root=pdf.TEMPLATES,
        font_paths=[pdf.FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": pdf.msgspec.json.encode(data).decode()},
    )
    assert [warning.message for warning in warnings] == []


def test_the_fonts_stand_where_the_asset_build_puts_them() -> None:
    assert Path(pdf.__file__).parents[1] / "static" / "dist" / "fonts-pdf" == pdf.FONTS
