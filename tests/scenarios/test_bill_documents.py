"""What a customer gets in the post: the documents of bills that the clock made."""

from decimal import Decimal
from io import BytesIO

from pypdf import PdfReader

from tests.scenarios.billing import Office


def text_of(content: bytes) -> str:
    said = " ".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    return " ".join(said.split())


def test_a_month_with_calls_a_discount_and_a_late_start_is_on_paper(office: Office) -> None:
    base, calls = office.recurring("base", "31"), office.price("calls", "voice", "0.10", "1 min")
    office.plan("plan", base, office.one_time("setup", "10"), calls)
    office.account("ann", language="de-DE")
    office.shop.wait_until("2026-01-10T15:00:00Z")
    product = office.sell("plan", account="ann")
    for hour in (10, 11, 12):
        office.use("voice", f"2026-01-20T{hour}:00:00Z", "2 min", product)
    office.shop.wait_until("2026-02-01T00:00:00Z")
    bill = office.bills("ann")[0]
    pdf, document = (office.shop.suite.get(one["url"]) for one in bill["billDocument"])

    said = text_of(pdf.content)

    assert bill["state"] == "sent"
    for part in (
        f"Rechnung {bill['billNo']}",
        "1. Februar 2026",
        "10.01.2026 – 31.01.2026",
        "22 von 31 Tagen zu 31,00",
        "base",
        "setup",
        "3 Verbindungen",
        "20.01.2026 12:00:00",
        "0,2000",
        "Seite 1 von 3",
    ):
        assert part in said, part
    for name in ("taxExcludedAmount", "taxIncludedAmount", "remainingAmount"):
        assert f"{bill[name]['value']:.2f}".replace(".", ",") in said
    usage = document.json["usage"]
    assert [one["amount"]["value"] for one in usage] == [Decimal("0.2")] * 3
    assert document.json["customerBill"]["billNo"] == bill["billNo"]
    rates = document.json["appliedCustomerBillingRate"]
    assert len(rates) == 3
    assert sum(one["taxIncludedAmount"]["value"] for one in rates) == bill["taxIncludedAmount"]["value"]


def test_the_second_bill_has_a_whole_month_and_documents_of_its_own(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"))
    office.account("ann")
    office.sell("plan", account="ann")
    office.shop.wait_until("2026-03-01T00:00:00Z")

    first, second = office.bills("ann")
    said = text_of(office.shop.suite.get(second["billDocument"][0]["url"]).content)

    assert first["billDocument"][0]["url"] != second["billDocument"][0]["url"]
    assert f"Bill {second['billNo']}" in said
    assert "01 Feb 2026 – 28 Feb 2026" in said
    assert "1 31.00 19 % 31.00 5.89 36.89" in said
    assert "of 28 days" not in said
