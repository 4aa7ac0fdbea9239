"""What becomes of a new bill: its documents are made once, attached, and it is sent; and how they are fetched."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import text

from common.domain.money import Money
from common.errors import ConfigurationError
from common.rest.actions import acting
from tests.tmf678_bill.document.kit import BILLS, issue, item, usual_items
from tmf678_bill.document.command import UnknownBill, found
from tmf678_bill.document.kept import DOCUMENTS
from tmf678_bill.document.schedule import DOCUMENT, look_again
from tmf678_bill.document.source import view_of
from tmf678_bill.document.view import Part
from tmf678_bill.receivables import Receivables

BILLING = """
legalEntities:
  main:
    name: Larkwing Mobile GmbH
    address: [Hafenstraße 12, 20457 Hamburg]
    taxNumber: DE811234567
    contact: ["www.larkwing.example"]
    bank: {holder: Larkwing Mobile GmbH, iban: DE75 5121 0800 1245 1261 99, bic: SOLADEST600, referencePrefix: "RE "}
    document: {language: en, colour: "#0b6e4f"}
"""


def bill(suite):
    return suite.get(f"{BILLS}/b1").json


def kept(suite):
    with suite.installation.database.read() as uow:
        return {row["media_type"]: row for row in uow.records(DOCUMENTS.name).find({})}


def text_of(content):
    said = "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    return said.replace("\N{NO-BREAK SPACE}", " ")


# -- the work -------------------------------------------------------------------------------------------------------


def test_a_new_bill_gets_its_documents_and_is_sent(suite):
    issue(suite, usual_items())
    assert bill(suite)["state"] == "new"

    suite.settle()

    shown = bill(suite)
    assert shown["state"] == "sent"
    pdf, data = shown["billDocument"]
    rows = kept(suite)
    for attachment, media_type, name in (
        (pdf, "application/pdf", "LW-2026-00102.pdf"),
        (data, "application/json", "LW-2026-00102.json"),
    ):
        row = rows[media_type]
        assert attachment == {
            "@type": "Attachment",
            "id": row["id"],
            "name": name,
            "attachmentType": "bill",
            "mimeType": media_type,
            "url": f"/tmf-api/billing/v1/document/{row['id']}",
            "size": {"amount": len(row["content"]), "units": "byte"},
        }
    with suite.installation.database.read() as uow:
        assert uow.work(DOCUMENT).get("b1") is None


def test_v4_shows_the_documents_too(suite):
    issue(suite, usual_items())
    suite.settle()

    shown = suite.get("/tmf-api/customerBillManagement/v4/customerBill/b1").json

    assert shown["state"] == "sent"
    assert [one["mimeType"] for one in shown["billDocument"]] == ["application/pdf", "application/json"]


def test_the_pdf_has_what_the_records_say(suite):
    issue(suite, usual_items())
    suite.settle()

    said = text_of(kept(suite)["application/pdf"]["content"])

    for part in (
        "Rechnung LW-2026-00102",
        "Amelie Brandt",
        "Kastanienallee 7",
        "10435 Berlin",
        "1. November 2026",
        "15. November 2026",
        "01.10.2026 – 31.10.2026",
        "+49 170 5550101",
        "Welcome <b>discount</b> & more",
        "Sonstige Beträge",
        "Late fee",
        "2 Verbindungen",
        "16,33 €",
        "13,73",
        "2,60",
        "MwSt. 19 %",
        "20.10.2026 10:30:00",
        "+44 20 7946 0001",
        "1:42,5",
        "0,8100",
    ):
        assert part in said, part


def test_documents_are_made_once(suite):
    issue(suite, usual_items())
    suite.settle()
    first = kept(suite)

    with suite.installation.database.write() as uow:
        look_again("b1", acting(suite.installation, uow).context("customerBill"))
        uow.commit()
    assert suite.settle() == 1

    assert kept(suite) == first
    assert bill(suite)["state"] == "sent"


def test_a_person_approves_where_that_is_the_policy(suite_with):
    suite = suite_with(bill_approval="manual")
    issue(suite, usual_items())
    suite.settle()
    assert (bill(suite)["state"], len(bill(suite)["billDocument"])) == ("new", 2)
    first = kept(suite)

    assert suite.patch(f"{BILLS}/b1", {"state": "validated"}).status == 200
    suite.settle()

    assert bill(suite)["state"] == "sent"
    assert kept(suite) == first


def test_a_bill_that_is_held_is_not_sent_until_it_is_let_go(suite_with):
    suite = suite_with(bill_approval="manual")
    issue(suite, usual_items())
    assert suite.patch(f"{BILLS}/b1", {"state": "onHold"}).status == 200
    suite.settle()
    assert (bill(suite)["state"], "billDocument" in bill(suite)) == ("onHold", False)

    assert suite.patch(f"{BILLS}/b1", {"state": "validated"}).status == 200
    suite.settle()

    assert (bill(suite)["state"], len(bill(suite)["billDocument"])) == ("sent", 2)


def test_a_bill_of_nothing_is_settled(suite):
    issue(suite, [item("i1", 1, ("10.00", "1.90", "11.90")), item("i2", 2, ("-10.00", "-1.90", "-11.90"))])
    suite.settle()

    assert bill(suite)["state"] == "settled"
    assert "Nichts zu zahlen" in text_of(kept(suite)["application/pdf"]["content"])


def test_a_credit_note_is_settled_and_looks_like_one(suite):
    issue(
        suite,
        [item("i1", 1, ("-7.56", "-1.44", "-9.00"))],
        series="creditNote",
        number="C-00000001",
        correctedBill={"id": "b0", "name": "LW-2026-00101"},
    )
    suite.settle()

    said = text_of(kept(suite)["application/pdf"]["content"])
    assert bill(suite)["state"] == "settled"
    assert "Gutschrift C-00000001" in said
    assert "9,00 €" in said
    assert "LW-2026-00101" in said
    assert "Zu zahlen" not in said


def test_what_was_paid_before_shows_when_it_is_sent(suite):
    issue(suite, usual_items())
    with suite.installation.database.write() as uow:
        context = acting(suite.installation, uow).context("customerBill")
        payment = {"id": "pay-1", "name": "Credit"}
        Receivables(uow.records).apply(context, "b1", payment, Money(Decimal("6.33"), "EUR"))
        uow.commit()
    suite.settle()

    said = text_of(kept(suite)["application/pdf"]["content"])
    assert bill(suite)["state"] == "partiallyPaid"
    assert "−6,33" in said
    assert "10,00 €" in said


def test_a_bill_that_cannot_be_rendered_waits_and_is_not_lost(suite_with, tmp_path, monkeypatch):
    monkeypatch.setattr("common.jobs.inline.log_failure", lambda kind, key: None)
    file = tmp_path / "billing.yaml"
    file.write_text(BILLING.replace("#0b6e4f", "green"))
    suite = suite_with(billing_file=str(file))
    issue(suite, usual_items())
    suite.settle()
    assert (bill(suite)["state"], kept(suite)) == ("new", {})
    with suite.installation.database.read() as uow:
        assert uow.work(DOCUMENT).get("b1").due == datetime(2026, 11, 1, 0, 0, 1, tzinfo=UTC)

    file.write_text(BILLING + "\n# mended\n")
    suite.advance(timedelta(hours=1))

    assert bill(suite)["state"] == "sent"
    assert len(kept(suite)) == 2


def test_a_bill_that_is_not_here_is_no_trouble(suite):
    with suite.installation.database.write() as uow:
        look_again("b9", acting(suite.installation, uow).context("customerBill"))
        uow.commit()

    assert suite.settle() == 1
    assert kept(suite) == {}


# -- what the view takes from where -----------------------------------------------------------------------------------


def test_the_billing_file_says_whose_bill_it_is(suite_with, tmp_path):
    (tmp_path / "billing.yaml").write_text(BILLING)
    suite = suite_with(billing_file=str(tmp_path / "billing.yaml"), base_url="https://bss.example")
    issue(suite, usual_items())
    suite.settle()

    said = text_of(kept(suite)["application/pdf"]["content"])
    for part in (
        "Larkwing Mobile GmbH",
        "Hafenstraße 12",
        "DE811234567",
        "DE75 5121 0800 1245 1261 99",
        "RE LW-2026-00102",
    ):
        assert part in said
    assert bill(suite)["billDocument"][0]["url"].startswith("https://bss.example/tmf-api/billing/v1/document/")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("iban: DE75 5121 0800 1245 1261 98", "IBAN"),
        ("iban: XX", "IBAN"),
    ],
)
def test_a_bank_account_that_cannot_be_is_refused(suite_with, tmp_path, wrong, told):
    (tmp_path / "billing.yaml").write_text(BILLING.replace("iban: DE75 5121 0800 1245 1261 99", wrong))
    suite = suite_with(billing_file=str(tmp_path / "billing.yaml"))
    issue(suite, usual_items())

    with suite.installation.database.read() as uow, pytest.raises(ConfigurationError, match=told):
        view_of(acting(suite.installation, uow).context("customerBill"), "b1")


def test_without_a_file_the_organization_of_the_entity_says_whose_bill_it_is(suite_with):
    suite = suite_with(legal_entity="org-1")
    issue(suite, usual_items(), entity="org-1")
    organization = {
        "id": "org-1",
        "name": "Larkwing Mobile SE",
        "contactMedium": [
            {"@type": "EmailContactMedium", "emailAddress": "hello@larkwing.example"},
            {
                "@type": "GeographicAddressContactMedium",
                "street1": "Vogelweide 1",
                "postCode": "10557",
                "city": "Berlin",
            },
        ],
        "organizationIdentification": [{"identificationType": "vatNumber", "identificationId": "DE1"}],
    }
    with suite.installation.database.write() as uow:
        acting(suite.installation, uow).create("organization", organization)
        uow.commit()

    with suite.installation.database.read() as uow:
        view, _ = view_of(acting(suite.installation, uow).context("customerBill"), "b1")

    issuer = view.issuer
    assert (issuer.name, issuer.address) == ("Larkwing Mobile SE", ("Vogelweide 1", "10557 Berlin"))
    assert (issuer.contact, issuer.tax_number, issuer.bank) == (("hello@larkwing.example",), "DE1", None)
    assert view.slip is None


def test_a_bill_that_was_loaded_is_shown_from_its_rates(suite):
    with suite.installation.database.write() as uow:
        act = acting(suite.installation, uow)
        amount = {
            "taxExcludedAmount": {"unit": "EUR", "value": Decimal("10.00")},
            "taxIncludedAmount": {"unit": "EUR", "value": Decimal("11.90")},
        }
        act.create("customerBill", {"id": "b2", "billNo": "OLD-2", "state": "sent", **amount})
        taxed = {"taxCategory": "VAT", "taxRate": 19, "taxAmount": {"unit": "EUR", "value": Decimal("1.90")}}
        rate = {"id": "r1", "name": "Plan", "appliedBillingRateType": "recurringCharge", "bill": {"id": "b2"}}
        act.create("appliedCustomerBillingRate", {**rate, "appliedTax": [taxed], **amount})
        uow.commit()

    with suite.installation.database.read() as uow:
        view, _ = view_of(acting(suite.installation, uow).context("customerBill"), "b2")

    (shown,) = view.products[0].items
    assert (shown.kind, shown.net.amount, shown.tax.amount) == ("recurring", Decimal("10.00"), Decimal("1.90"))
    assert (view.number, view.remaining.amount, len(view.tax_groups)) == ("OLD-2", Decimal("11.90"), 1)
    assert "OLD-2" in text_of(found(suite.installation, "OLD-2", "application/pdf", None)[1])


def test_totals_of_the_view_are_those_of_the_bill(suite):
    issue(suite, usual_items())

    with suite.installation.database.read() as uow:
        view, _ = view_of(acting(suite.installation, uow).context("customerBill"), "b1")
        rows = list(view.usage())

    assert (view.net.amount, view.tax.amount, view.gross.amount) == (
        Decimal("13.73"),
        Decimal("2.60"),
        Decimal("16.33"),
    )
    assert [(product.id, [one.id for one in product.items]) for product in view.products] == [
        ("prod-1", ["i1", "i2", "i3"]),
        ("", ["i4"]),
    ]
    assert [(one.rate, one.net.amount, one.tax.amount, one.gross.amount) for one in view.tax_groups] == [
        (Decimal(19), Decimal("13.73"), Decimal("2.60"), Decimal("16.33"))
    ]
    assert [(row.at.hour, row.amount) for row in rows] == [(10, Decimal("1.00")), (11, Decimal("0.81"))]
    assert sum(row.amount for row in rows) == Decimal("1.81")


@pytest.mark.parametrize(
    ("days", "quantity", "price", "parts"),
    [(31, Decimal(1), Decimal("15.12"), ()), (16, None, None, (Part(16, 31, Decimal("15.12")),))],
)
def test_a_charge_for_days_is_shown_with_its_price(suite, days, quantity, price, parts):
    explanation = {"parts": [{"days": days, "ofDays": 31, "price": {"id": "p", "amount": Decimal("15.12")}}]}
    issue(suite, [item("i1", 1, ("15.12", "2.87", "17.99"), doc={"explanation": explanation})])

    with suite.installation.database.read() as uow:
        view, _ = view_of(acting(suite.installation, uow).context("customerBill"), "b1")

    shown = view.products[0].items[0]
    assert (shown.quantity, shown.unit_price, shown.parts) == (quantity, price, parts)


# -- the JSON document ------------------------------------------------------------------------------------------------


def test_the_json_document_has_the_bill_its_rates_and_its_usage_exactly(suite):
    issue(suite, usual_items())
    suite.settle()
    answer = suite.get(bill(suite)["billDocument"][1]["url"])

    document = answer.json
    assert answer.headers["content-type"] == "application/json"
    assert list(document) == ["@type", "customerBill", "appliedCustomerBillingRate", "usage"]
    assert document["customerBill"]["billNo"] == "LW-2026-00102"
    assert document["customerBill"]["taxIncludedAmount"] == {"unit": "EUR", "value": Decimal("16.33")}
    assert "state" not in document["customerBill"]
    assert [rate["id"] for rate in document["appliedCustomerBillingRate"]] == ["i1", "i2", "i3", "i4"]
    assert document["usage"] == [
        {
            "product": {"@type": "ProductRef", "id": "prod-1"},
            "date": f"2026-10-20T0{hour}:30:00.000Z",
            "usageType": "voice",
            "quantity": {"amount": Decimal("102.5"), "units": "s"},
            "amount": {"unit": "EUR", "value": Decimal(value)},
            "description": "+44 20 7946 0001",
        }
        for hour, value in ((8, "1.00"), (9, "0.81"))
    ]
    assert b'"value":1.00}' in answer.content.replace(b" ", b"")


# -- over HTTP --------------------------------------------------------------------------------------------------------


def test_a_document_is_fetched_as_it_was_made(suite):
    issue(suite, usual_items())
    suite.settle()
    row = kept(suite)["application/pdf"]

    answer = suite.get(bill(suite)["billDocument"][0]["url"])

    assert answer.status == 200
    assert answer.content == row["content"]
    assert answer.content.startswith(b"%PDF-1.7")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-length"] == str(row["size"])
    assert answer.headers["content-disposition"] == 'inline; filename="LW-2026-00102.pdf"'
    assert answer.headers["content-language"] == "de"
    assert answer.headers["etag"] == f'"{row["sha256"]}"'
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_who_has_the_document_is_told_so(suite):
    issue(suite, usual_items())
    suite.settle()
    url = bill(suite)["billDocument"][0]["url"]
    tag = suite.get(url).headers["etag"]

    same = suite.get(url, headers={"if-none-match": f'"other", {tag}'})
    assert (same.status, same.content, same.headers["etag"]) == (304, b"", tag)
    assert suite.get(url, headers={"if-none-match": '"other"'}).status == 200
    assert suite.get(url, headers={"if-none-match": "nonsense"}).status == 400


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/pdf", 200), ("text/html, */*;q=0.8", 200), ("application/*", 200), ("text/html", 406)],
)
def test_who_does_not_read_it_is_told_so(suite, accept, status):
    issue(suite, usual_items())
    suite.settle()

    answer = suite.get(bill(suite)["billDocument"][0]["url"], headers={"accept": accept})

    assert answer.status == status


@pytest.mark.parametrize("id", ["none", "%00", "a%2Fb"])
def test_a_document_that_is_not_here_is_404(suite, id):
    answer = suite.get(f"/tmf-api/billing/v1/document/{id}")

    assert answer.status == 404
    assert answer.json["@type"] == "Error"


def test_a_number_is_a_file_name_only_as_far_as_it_may_be(suite):
    issue(suite, usual_items(), number='../x"\r\nY/2026 ü')
    suite.settle()

    answer = suite.get(bill(suite)["billDocument"][0]["url"])

    assert answer.headers["content-disposition"] == 'inline; filename="x-Y-2026.pdf"'


def test_the_paths_are_described(suite):
    answer = suite.get("/tmf-api/billing/v1/document/openapi.json")

    assert answer.status == 200
    assert list(answer.json["paths"]) == ["/billing/v1/document/{documentId}"]


# -- the command ----------------------------------------------------------------------------------------------------


def test_a_document_is_found_by_the_number_of_its_bill(suite):
    issue(suite, usual_items())
    before = found(suite.installation, "LW-2026-00102", "application/pdf", None)
    suite.settle()

    name, content = found(suite.installation, "LW-2026-00102", "application/pdf", None)
    assert (name, content) == ("LW-2026-00102.pdf", kept(suite)["application/pdf"]["content"])
    assert before == (name, content)
    assert found(suite.installation, "b1", "application/json", None)[1] == kept(suite)["application/json"]["content"]


def test_another_language_is_made_and_not_kept(suite):
    issue(suite, usual_items())
    suite.settle()
    first = kept(suite)

    _, content = found(suite.installation, "b1", "application/pdf", "en")

    assert "Bill LW-2026-00102" in text_of(content)
    assert kept(suite) == first


def test_an_unknown_number_is_named(suite):
    with pytest.raises(UnknownBill, match="LW-9"):
        found(suite.installation, "LW-9", "application/pdf", None)


def test_a_document_that_is_too_large_is_not_kept(suite, monkeypatch):
    monkeypatch.setattr("tmf678_bill.document.kept.BYTES_MAX", 1_000)
    monkeypatch.setattr("common.jobs.inline.log_failure", lambda kind, key: None)
    issue(suite, usual_items())
    suite.settle()

    assert (bill(suite)["state"], kept(suite)) == ("new", {})


def test_listeners_are_told_of_every_state(suite):
    issue(suite, usual_items())
    suite.settle()

    with suite.installation.database.engine.connect() as connection:
        told = connection.execute(text("SELECT type FROM outbox WHERE resource = 'customerBill' ORDER BY sequence"))
        types = [row[0] for row in told]
    assert types == ["CustomerBillCreateEvent", *2 * ["CustomerBillStateChangeEvent"]]
