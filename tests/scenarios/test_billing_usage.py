"""Bills of usage: summed once, late, corrected, committed to; taxes, currencies, bills on demand, runs by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.rest.actions import acting
from tests.scenarios.billing import DEMANDS, Office, account_ref
from tests.scenarios.charging import ACCOUNTS, CATALOGUE
from tests.scenarios.kit import found
from tests.tmf654_balance.kit import topped_up
from tmf635_usage.rerate import rerate
from tmf635_usage.tables import LINES
from tmf678_bill import taxes
from tmf678_bill.batch import BillRun, Result
from tmf678_bill.run import bill_next_cycle
from tmf678_bill.tables import BILLING, HEADS, ITEMS, NUMBERS

USAGE = "/tmf-api/billing/v1/usage"


def test_usage_is_rounded_once_for_each_price_and_period(office: Office) -> None:
    office.plan("plan", _voice(office, 0.0333))
    office.account("ann")
    office.sell("plan", account="ann")
    for day in ("05", "06", "07"):
        office.use("voice", f"2026-01-{day}T10:00:00Z", "60 s")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    # Three times 0.0333 is 0.0999 and not three times 0.03.
    assert office.last("ann") == ["usage voice 2026-01-01/2026-02-01 0.1 + 0.02"]
    item = _item(office, "usage")
    lines = found(office.shop.suite.get(f"{USAGE}?item={item['id']}"))
    assert [(one["date"], one["amount"]["value"]) for one in lines] == [
        ("2026-01-05T10:00:00.000Z", Decimal("0.0333")),
        ("2026-01-06T10:00:00.000Z", Decimal("0.0333")),
        ("2026-01-07T10:00:00.000Z", Decimal("0.0333")),
    ]
    paged = office.shop.suite.get(f"{USAGE}?item={item['id']}&offset=1&limit=1")
    assert (paged.status, paged.headers["x-total-count"], len(paged.json)) == (206, "3", 1)
    assert office.shop.suite.get(f"{USAGE}?item=nobody").status == 404
    assert office.shop.suite.get(USAGE).status == 400


def test_late_usage_is_on_the_next_bill_in_its_own_period(office: Office) -> None:
    office.plan("plan", _voice(office, 0.1))
    office.account("ann")
    office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T10:00:00Z", "60 s")
    office.shop.wait_until("2026-02-03T00:00:00Z")
    office.use("voice", "2026-01-30T10:00:00Z", "120 s")
    office.use("voice", "2026-02-10T10:00:00Z", "60 s")

    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["usage voice 2026-01-01/2026-02-01 0.1 + 0.02"],
        ["usage voice 2026-01-01/2026-02-01 0.2 + 0.04", "usage voice 2026-02-01/2026-03-01 0.1 + 0.02"],
    ]


def test_usage_that_is_rated_again_after_its_bill_is_corrected_to_the_cent(office: Office) -> None:
    office.plan("plan", _voice(office, 0.125))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T10:00:00Z", "60 s")
    office.use("voice", "2026-01-06T10:00:00Z", "60 s")
    office.shop.wait_until("2026-02-01T00:00:00Z")
    _agree_anew(office, product, _voice(office, 0.05, "cheaper"))

    rerate(office.shop.suite.installation, product)
    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["usage voice 2026-01-01/2026-02-01 0.25 + 0.05"],
        [
            "usage cheaper 2026-01-01/2026-02-01 0.1 + 0.02",
            "usage voice 2026-01-01/2026-02-01 -0.25 + -0.05",
        ],
    ]
    assert office.told("ann")[1] == "C-00000001 2026-03-01 -0.15 + -0.03 = -0.18 EUR settled"
    office.amiss = {"payment.dunned"}  # nobody is dunned here


def test_usage_that_a_balance_paid_is_on_no_bill(office: Office) -> None:
    office.plan("plan", _voice(office, 0.1), office.recurring("base", "31"))
    office.account("ann")
    product = office.sell("plan", account="ann")
    topped_up(office.shop.suite, "credit", Decimal(5), product=[{"id": product}])
    used = office.use("voice", "2026-01-05T10:00:00Z", "60 s")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert (used.status, used.total) == ("rated", "0.1")
    assert office.last("ann") == ["recurring base 2026-01-01/2026-02-01 31 + 5.89"]


def test_prepaid_usage_that_is_rated_again_is_on_no_bill_either(office: Office) -> None:
    office.plan("plan", _voice(office, 0.1))
    office.account("ann")
    product = office.sell("plan", account="ann")
    topped_up(office.shop.suite, "credit", Decimal(5), product=[{"id": product}])
    office.use("voice", "2026-01-05T10:00:00Z", "60 s")
    _agree_anew(office, product, _voice(office, 0.05, "cheaper"))

    rerate(office.shop.suite.installation, product)
    office.shop.wait_until("2026-02-01T00:00:00Z")

    lines = [(row["price"], row["state"], row["amount"]) for row in office._table(LINES.name, {})]
    assert sorted(lines) == [
        ("cheaper", "prepaid", Decimal("0.05")),
        ("voice", "void", Decimal("-0.1")),
        ("voice", "void", Decimal("0.1")),
    ]
    assert office.told("ann") == []


def test_usage_that_an_allowance_covers_is_shown_and_costs_nothing(office: Office) -> None:
    office.plan("plan", _voice(office, 0.1), office.allowance("free", "voice", "10 min", period={"units": "month"}))
    office.account("ann")
    office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T10:00:00Z", "60 s")

    office.shop.wait_until("2026-02-01T00:00:00Z")
    office.use("voice", "2026-02-05T10:00:00Z", "660 s")
    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert [office.items(bill) for bill in office.bills("ann")] == [
        ["usage free 2026-01-01/2026-02-01 0 + 0"],
        ["usage free 2026-02-01/2026-03-01 0 + 0", "usage voice 2026-02-01/2026-03-01 0.1 + 0.02"],
    ]
    assert office.told("ann")[0] == "B-00000001 2026-02-01 0 + 0 = 0 EUR settled"


def test_what_undoes_usage_is_taxed_as_each_of_its_items_was(office: Office) -> None:
    office.plan("plan", _voice(office, 1))
    office.account("ann")
    product = office.sell("plan", account="ann")
    office.use("voice", "2026-01-10T00:00:00Z", "100 min")
    office.shop.wait_until("2026-02-02T00:00:00Z")
    office.shop.suite.patch(
        f"{ACCOUNTS}/ann", {"@type": "BillingAccount", "taxExemption": [_certificate("VAT", "X-17")]}
    )
    office.use("voice", "2026-01-11T00:00:00Z", "1 min")
    office.shop.wait_until("2026-03-02T00:00:00Z")
    assert office.last("ann") == ["usage voice 2026-01-01/2026-02-01 1 + 0"]

    office.shop.patch_product(product, status="terminated", terminationDate="2026-01-05T00:00:00Z")
    rerate(office.shop.suite.installation, product)
    office.shop.wait_until("2026-04-02T00:00:00Z")

    assert office.last("ann") == [
        "usage voice 2026-01-01/2026-02-01 -1 + 0",
        "usage voice 2026-01-01/2026-02-01 -100 + -19",
    ]
    assert [line.split(" ", 2)[2] for line in office.told("ann")] == [
        "100 + 19 = 119 EUR settled",
        "1 + 0 = 1 EUR settled",
        "-101 + -19 = -120 EUR settled",
    ]


@pytest.mark.parametrize("noted", [None, "XX" + "X"], ids=["as it is", "as it was noted before"])
def test_a_bill_of_free_units_alone_fixes_no_currency(office: Office, noted: str | None) -> None:
    """Rows of accounts that were billed before say that such a bill was in no currency (ISO 4217)."""
    office.plan("free", office.allowance("a", "voice", "100 min", period={"units": "month", "anchor": "cycle"}))
    office.account("ann")
    product = office.sell("free", account="ann")
    office.use("voice", "2026-01-05T00:00:00Z", "10 min")
    office.shop.wait_until("2026-02-02T00:00:00Z")
    with office.shop.suite.installation.database.write() as uow:
        assert [row["currency"] for row in uow.records(BILLING.name).find({"account": "ann"})] == [None]
        uow.records(BILLING.name).update({"account": "ann"}, {"currency": noted})
        uow.commit()

    office.plan("plan", office.recurring("base", "28", tax=None))
    office.sell("plan", "+4917000001", account="ann")
    office.use("voice", "2026-01-06T00:00:00Z", "5 min", product)
    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert office.problem("ann") is None
    assert office.last("ann") == [
        "usage a 2026-01-01/2026-02-01 0 + 0",
        "recurring base 2026-02-02/2026-03-01 27 + 0",
    ]
    with office.shop.suite.installation.database.read() as uow:
        assert [row["currency"] for row in uow.records(BILLING.name).find({"account": "ann"})] == ["EUR"]
        late = uow.records(ITEMS.name).find({"account": "ann", "kind": "usage"}, order=["id"])
    assert [(row["quantity"], row["usages"]) for row in late] == [(Decimal(600), 1), (Decimal(300), 1)]


def test_what_is_missing_to_a_commitment_is_charged(office: Office) -> None:
    promise = office.commitment("least", "50", tax=None, period={"units": "month"}, trueUpName="Up to 50")
    office.plan("plan", _voice(office, 1, tax=None), office.recurring("base", "10", tax=None), promise)
    office.account("ann")
    office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T10:00:00Z", "300 s")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert office.last("ann") == [
        "recurring base 2026-01-01/2026-02-01 10 + 0",
        "usage voice 2026-01-01/2026-02-01 5 + 0",
        "commitment Up to 50 2026-01-01/2026-02-01 35 + 0",
    ]


@pytest.mark.parametrize(
    ("currency", "price", "told"),
    [
        ("JPY", "1000", "645 + 64 = 709 JPY"),  # 20 of 31 days: 645.16; 10 % of 645 is 64.5, half to even
        ("KWD", "1", "0.645 + 0.064 = 0.709 KWD"),  # 0.0645, half to even
    ],
)
def test_amounts_are_whole_minor_units_of_their_currency(office: Office, currency: str, price: str, told: str) -> None:
    office.plan("plan", office.recurring("base", price, tax=10, currency=currency))
    office.account("ann")
    office.shop.wait_until("2026-01-12T10:00:00Z")
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert office.told("ann") == [f"B-00000001 2026-02-01 {told} sent"]


def test_a_charge_in_another_currency_is_refused_and_nothing_is_billed(office: Office) -> None:
    office.plan("euros", office.recurring("e", "10"))
    office.plan("dollars", office.recurring("d", "10", currency="USD"))
    office.account("ann", creditLimit={"unit": "EUR", "value": 100})
    office.sell("euros", "+491701", "ann")
    office.sell("dollars", "+491702", "ann")

    office.shop.wait_until("2026-02-01T06:00:00Z")

    office.amiss = {"bill.due"}
    problem = office.problem("ann")
    assert office.told("ann") == []
    assert problem is not None
    assert problem.startswith("currency.other: ")
    assert "are not: d of product" in problem
    office.end(office.sold, "ann")
    # Mended or not, others are billed, and it is tried again the next day.
    report = BillRun(office.shop.suite.installation, accounts=("ann",)).run()
    assert [(one.result, (one.reason or ("",))[0]) for one in report.outcomes] == [(Result.FAILED, "currency.other")]
    office.amiss.add("bill.due")


def test_tax_is_added_included_and_forgiven(office: Office) -> None:
    office.plan("net", office.recurring("n", "100"))
    office.plan("gross", office.recurring("g", "119", tax=(19, "19")))
    for account, more in (("ann", {}), ("ben", {"taxExemption": [_certificate("VAT", "DE-7")]})):
        office.account(account, **more)
        office.sell("net", f"+49170{account}", account)
        office.sell("gross", f"+49171{account}", account)

    office.shop.wait_until("2026-01-02T00:00:00Z")
    office.shop.wait_until("2026-02-01T00:00:00Z")

    assert sorted(office.last("ann")) == [
        "recurring g 2026-01-01/2026-02-01 100 + 19",
        "recurring n 2026-01-01/2026-02-01 100 + 19",
    ]
    assert sorted(office.last("ben")) == [
        "recurring g 2026-01-01/2026-02-01 119 + 0",
        "recurring n 2026-01-01/2026-02-01 100 + 0",
    ]
    assert office.bills("ben")[0]["taxItem"][0]["certificate"] == "DE-7"


def test_the_tax_table_decides_by_place_and_day(office: Office) -> None:
    with office.shop.suite.installation.database.write() as uow:
        rows = ["category,place,since,until,rate", "VAT,FR,2025-01-01,2026-02-01,20", "VAT,fr,2026-02-01,,21"]
        assert taxes.load(taxes.read_rates(rows), uow.records) == 2
        uow.commit()
    office.plan("plan", office.recurring("base", "100"))
    address = {"@type": "GeographicAddressContactMedium", "contactType": "home", "country": "FR"}
    contact = {"@type": "Contact", "contactType": "bill", "partyRoleType": "payer", "contactMedium": [address]}
    office.account("ann", contact=[contact])
    office.sell("plan", account="ann")

    office.shop.wait_until("2026-03-01T00:00:00Z")

    assert [office.items(bill)[0].split()[-1] for bill in office.bills("ann")] == ["20", "21"]


def test_a_bill_on_demand_comes_at_once_and_the_next_one_has_the_rest(office: Office) -> None:
    office.plan("plan", office.one_time("setup", "10"), office.recurring("base", "31"), _voice(office, 1))
    office.account("ann")
    office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T10:00:00Z", "60 s")
    office.shop.wait(minutes=1)

    request = office.demand("ann")
    nothing = office.demand("ann")
    office.shop.wait_until("2026-02-01T00:00:00Z")

    first, second = office.bills("ann")
    assert (request["state"], request["customerBill"]["id"]) == ("done", first["id"])
    assert (nothing["state"], "customerBill" in nothing) == ("done", False)
    assert (first["runType"], second["runType"]) == ("offCycle", "onCycle")
    assert office.items(first) == [
        "oneTime setup 2026-01-01/2026-01-02 10 + 1.9",
        "usage voice 2026-01-01/2026-02-01 1 + 0.19",
    ]
    assert office.items(second) == ["recurring base 2026-01-01/2026-02-01 31 + 5.89"]


def test_a_bill_on_demand_for_a_closed_account_is_rejected(office: Office) -> None:
    office.account("ann", state="Closed")

    body = {"@type": "CustomerBillOnDemand", "name": "now", "billingAccount": account_ref("ann")}

    assert office.shop.suite.created(DEMANDS, body)["state"] == "rejected"


def test_a_dry_run_shows_the_bill_and_changes_nothing(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"), _voice(office, 1))
    office.account("ann")
    office.sell("plan", account="ann")
    office.use("voice", "2026-01-05T10:00:00Z", "60 s")
    until = office.shop.clock.now().replace(month=2, day=1, hour=0)

    report = BillRun(office.shop.suite.installation, accounts=("ann",), until=until, dry_run=True).run()

    (outcome,) = report.outcomes
    assert [str(bill.gross.amount) for bill in outcome.bills] == ["38.08"]
    for table in (HEADS, ITEMS, NUMBERS):
        assert office._table(table.name, {}) == []
    assert office._table(LINES.name, {"state": "billed"}) == []


def test_several_cycles_are_billed_one_by_one_and_again_adds_nothing(office: Office) -> None:
    installation = office.shop.suite.installation
    office.plan("plan", office.recurring("base", "31"))
    office.account("ann")
    office.sell("plan", account="ann")
    office.shop.clock.move(office.shop.clock.now().replace(month=4, day=2))

    first = BillRun(installation).run()
    again = BillRun(installation).run()
    office.shop.run()

    assert [len(one.bills) for one in first.outcomes if one.account == "ann"] == [3]
    assert again.outcomes == []
    assert [bill["billingPeriod"]["endDateTime"][:10] for bill in office.bills("ann")] == [
        *("2026-02-01", "2026-03-01", "2026-04-01"),
    ]


def test_an_account_whose_transaction_fails_is_as_it_was(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"))
    office.account("ann")
    office.sell("plan", account="ann")
    office.shop.clock.move(office.shop.clock.now().replace(month=2, day=2))
    installation = office.shop.suite.installation

    with installation.database.write() as uow:
        act = acting(installation, uow)
        billed = bill_next_cycle(act.context("billingAccount"), "ann", act.now)
        assert billed is not None
        assert billed.bill is not None

    assert office._table(NUMBERS.name, {}) == []
    office.shop.run()
    assert [line.split()[0] for line in office.told("ann")] == ["B-00000001"]


def test_an_issued_bill_is_changed_by_nobody(office: Office) -> None:
    office.plan("plan", office.recurring("base", "31"))
    office.account("ann")
    office.sell("plan", account="ann")
    office.shop.wait_until("2026-02-01T00:00:00Z")
    (bill,) = office.bills("ann")

    refused = [
        office.send(bill, billCycle={"id": "another"}).status,
        office.send(bill, state="settled").status,
        office.send(bill, state="partiallyPaid").status,
    ]

    assert refused == [409, 409, 409]
    assert office.send(bill, state="onHold").status == 200
    assert office.send(bill, state="validated").status == 200
    office.shop.run()
    assert office.bills("ann")[0]["state"] == "sent"


def _voice(office: Office, per_minute: float, id: str = "voice", tax: object = 19) -> str:
    more = {} if tax is None else {"tax": [{"@type": "TaxItem", "taxCategory": "VAT", "taxRate": tax}]}
    return office.price(id, "voice", str(per_minute), "1 min", **more)


def _agree_anew(office: Office, product: str, price: str) -> None:
    """The product had this price from the beginning, instead of what it was sold with: history is written over."""
    document = found(office.shop.suite.get(f"{CATALOGUE}/productOfferingPrice/{price}"))
    entry = {
        "@type": "ProductPrice",
        "name": price,
        "priceType": "usage",
        "productOfferingPrice": {"@type": "ProductOfferingPriceRef", "id": price, "version": document["version"]},
    }
    with office.shop.suite.installation.database.write() as uow:
        spans = uow.records("tmf637_product_span")
        for row in spans.find({"product": product}):
            spans.put([{**row, "doc": {**row["doc"], "productPrice": [entry]}}])
        uow.commit()


def _item(office: Office, kind: str) -> dict[str, object]:
    return dict(next(row for row in office._table(ITEMS.name, {}) if row["kind"] == kind))


def _certificate(tax_type: str, number: str) -> dict[str, object]:
    definition = {"@type": "TaxDefinition", "name": tax_type, "taxType": tax_type}
    return {"@type": "TaxExemptionCertificate", "certificateNumber": number, "taxDefinition": [definition]}
