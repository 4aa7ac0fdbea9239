"""Summaries of rated usage over HTTP and by `bss usage sum`, on both databases; sums by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from typer.testing import CliRunner

from common.cli.main import app
from tests.client import Suite
from tests.postgres import postgres_server  # noqa: F401
from tests.tmf635_usage.kit import DATABASES, suite_on
from tmf635_usage.tables import CLAIMS, LINES

SUMMARY = "/tmf-api/productUsageManagement/v5/productUsageSummary"
_CUSTOMER = {
    "@type": "RelatedPartyRefOrPartyRoleRef",
    "role": "customer",
    "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "anna", "@referredType": "Customer"},
}


def line(id: str, **values: Any) -> dict[str, Any]:
    """A rated line; its usage is named by the part of the id before the dash."""
    standard = {
        "id": id,
        "usage": id.split("-")[0],
        "number": 0,
        "place": 0,
        "product": "p1",
        "account": "a1",
        "at": datetime(2026, 1, 2, 10, tzinfo=UTC),
        "usage_type": "data",
        "kind": "usage",
        "price": "data",
        "version": "1.0",
        "quantity": Decimal(1000),
        "unit": "B",
        "amount": Decimal("0.003"),
        "currency": "EUR",
        "state": "charged",
        "claim": 3,
    }
    return {**standard, **values}


ROWS = [
    line("u1-0", kind="allowance", price="free", amount=Decimal(0)),
    line("u1-1", quantity=Decimal(500), amount=Decimal("0.100000000000000000000000000001")),
    line("u2-0", amount=Decimal("0.2"), claim=2, at=datetime(2026, 1, 2, 23, 59, 59, tzinfo=UTC)),
    line("u3-0", at=datetime(2026, 1, 3, tzinfo=UTC)),
    line("u4-0", usage_type="voice", kind="setup", price="voice", quantity=Decimal(1), unit="event", amount=Decimal(1)),
    line("u4-1", usage_type="voice", price="voice", quantity=Decimal(90), unit="s", amount=Decimal(9), currency="USD"),
    line("u5-0", state="void"),
    line("u6-0", state="prepaid", product="p2", account="a2"),
    line("u7-0", product="p3", account=None),
    line("u8-0", product="p4", account="a4"),
]


@pytest.fixture(scope="module", params=DATABASES)
def stocked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """All tests here only ask."""
    with suite_on(request, tmp_path_factory.mktemp("summary"), datetime(2026, 2, 1, tzinfo=UTC)) as suite:
        with suite.installation.database.write() as uow:
            uow.records(LINES.name).insert(ROWS)
            uow.records(CLAIMS.name).insert({"account": one, "number": 3} for one in ("a1", "a2", "a4"))
            uow.commit()
        yield suite


@pytest.fixture
def suite(stocked: Suite, monkeypatch: pytest.MonkeyPatch) -> Suite:
    monkeypatch.setenv("BSS_DATABASE_URL", stocked.installation.settings.database_url)
    return stocked


def lines_of(answer: dict[str, Any]) -> list[str]:
    """`data 2: 2500 B, 1000 free; 0.3 EUR`: the key, usages, quantity, free, amounts."""
    shown = []
    for one in answer["group"]:
        key = " ".join(one[name] for name in answer["by"])
        quantity = " ".join(f"{each['amount']:f} {each['units']}" for each in map(exact, one["quantity"]))
        free = " ".join(f"{each['amount']:f}" for each in map(exact, one["free"]))
        amount = " ".join(f"{each['value']:f} {each['unit']}" for each in map(exact, one["amount"]))
        shown.append(f"{key} {one['usages']}: {quantity}, {free or 'none'} free; {amount}")
    return shown


def exact(quantity: dict[str, Any]) -> dict[str, Any]:
    """The command writes decimals as texts, which lose nothing."""
    return {name: Decimal(value) if name in ("amount", "value") else value for name, value in quantity.items()}


def test_usage_of_a_product_by_type(suite):
    answer = suite.get(f"{SUMMARY}?product=p1&by=usageType")

    assert answer.status == 200
    # u5 is void. 0.100...001 + 0.2 + 0.003; two dollars and euros are never added.
    assert lines_of(answer.json) == [
        "data 3: 3500 B, 1000 free; 0.303000000000000000000000000001 EUR",
        "voice 1: 90 s, none free; 1 EUR 9 USD",
    ]
    assert answer.json["total"] == {
        "usages": 4,
        "quantity": [{"amount": 3500, "units": "B"}, {"amount": 90, "units": "s"}],
        "free": [{"amount": 1000, "units": "B"}],
        "amount": [
            {"value": Decimal("1.303000000000000000000000000001"), "unit": "EUR"},
            {"value": 9, "unit": "USD"},
        ],
    }


def test_usage_by_day_and_state_and_price(suite):
    by_day = suite.get(f"{SUMMARY}?product=p1&by=day").json
    by_state = suite.get(f"{SUMMARY}?product=p1&by=status,price").json

    assert [(one["day"], one["usages"]) for one in by_day["group"]] == [("2026-01-02", 3), ("2026-01-03", 1)]
    # A usage that is partly free has a part in both prices.
    assert [(one["status"], one["price"], one["usages"]) for one in by_state["group"]] == [
        ("billed", "data", 1),
        ("unbilled", "data", 2),
        ("unbilled", "free", 1),
        ("unbilled", "voice", 1),
    ]


def test_a_period_has_its_start_and_not_its_end(suite):
    def usages(query: str) -> int:
        return suite.get(f"{SUMMARY}?product=p1&{query}").json["total"]["usages"]

    assert usages("from=2026-01-02T10:00:00Z&until=2026-01-03T00:00:00Z") == 3
    assert usages("from=2026-01-02T10:00:00.001Z") == 2
    assert usages("from=2026-01-03T01:00:00%2B01:00") == 1
    assert usages("until=2026-01-02T10:00:00Z") == 0


def test_usage_of_accounts_and_customers(suite):
    account = {"@type": "BillingAccount", "id": "a1", "name": "Home", "relatedParty": [_CUSTOMER]}
    suite.created("/tmf-api/accountManagement/v5/billingAccount", account)
    products = "/tmf-api/productInventory/v5/product"
    billing = {"@type": "BillingAccountRef", "id": "a2", "@referredType": "BillingAccount"}
    for id, more in (("p2", {"billingAccount": billing}), ("p3", {})):
        document = {"@type": "Product", "id": id, "status": "active", "relatedParty": [_CUSTOMER], **more}
        suite.created(products, document)

    def by_product(query: str) -> list[tuple[str, int]]:
        return [(one["product"], one["usages"]) for one in suite.get(f"{SUMMARY}?{query}&by=product").json["group"]]

    assert by_product("account=a1") == [("p1", 4)]
    assert by_product("customer=anna") == [("p1", 4), ("p2", 1), ("p3", 1)]
    assert by_product("customer=nobody") == []


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", "product or account or customer"),
        ("product=p1&account=a1", "product or account or customer"),
        ("product=", "product"),
        ("product=p1&by=colour", "'colour' is nothing to group by"),
        ("product=p1&by=day,day", "names day twice"),
        ("product=p1&from=yesterday", "'yesterday' is no date-time"),
        ("product=p1&from=2026-02-01T00:00:00Z&until=2026-02-01T00:00:00Z", "is not after from"),
        ("product=p1&colour=red", "colour"),
        ("product=p1&product=p2", "is said twice"),
    ],
)
def test_a_question_that_makes_no_sense_is_400(suite, query, named):
    answer = suite.get(f"{SUMMARY}?{query}")

    assert answer.status == 400
    assert named in answer.json["message"]


def test_it_is_described(suite):
    described = suite.get(f"{SUMMARY}/openapi.json").json

    assert list(described["paths"]) == ["/productUsageManagement/v5/productUsageSummary"]
    assert "productUsageSummary" in described["servers"][0]["url"] + next(iter(described["paths"]))


def test_the_command_says_the_same(suite):
    whole = suite.get(f"{SUMMARY}?product=p1&by=usageType&from=2026-01-02T00:00:00Z").json
    arguments = ["usage", "sum", "--product", "p1", "--since", "2026-01-02T00:00:00Z", "--by", "usageType"]

    told = CliRunner().invoke(app, [*arguments, "--json"])
    table = CliRunner().invoke(app, arguments)
    wrong = CliRunner().invoke(app, ["usage", "sum", "--product", "p1", "--by", "colour"])

    assert told.exit_code == 0
    said = json.loads(told.stdout)
    assert (lines_of(said), said["total"]["usages"], said["from"]) == (lines_of(whole), 4, whole["from"])
    [voice] = [row.split("│")[1:3] for row in table.stdout.splitlines() if "voice" in row]
    assert [cell.strip() for cell in voice] == ["voice", "1"]
    assert wrong.exit_code != 0
    assert "colour" in wrong.output
