"""Why an item is what it is, as data."""

from __future__ import annotations

from dataclasses import replace

from tests.tmf678_bill.billing.accounts import (
    VAT,
    Billed,
    D,
    account,
    at_least,
    day,
    monthly,
    off,
    off_all,
    product,
    used,
)
from tmf678_bill.billing.engine import propose
from tmf678_bill.billing.explain import explain, explain_item
from tmf678_bill.billing.values import AccountFacts, Exemption

MARCH = {"start": "2026-03-01", "end": "2026-04-01"}


def explained(facts: AccountFacts, name: str, cutoff: str = "2026-04-01") -> dict[str, object]:
    return next(explain(one) for one in propose(facts, day(cutoff)) if one.purpose.name == name)


def test_a_recurring_charge_tells_its_days_price_versions_and_discounts() -> None:
    old = replace(monthly("Plan", "31", in_advance=False, discounts=(off("Quarter", "25"),)), id="pop-1", version="1.0")
    new = replace(monthly("Plan", "40", in_advance=False), id="pop-1", version="2.0")
    facts = account(product("line", ("2026-03-05", [old]), ("2026-03-12", [new])))

    assert explained(facts, "Plan") == {
        "kind": "recurring",
        "period": MARCH,
        "due": "2026-04-01",
        "price": {"id": "pop-1", "version": "2.0"},
        "parts": [
            {
                "start": "2026-03-05",
                "end": "2026-03-12",
                "days": 7,
                "ofDays": 31,
                "price": {"id": "pop-1", "version": "1.0", "amount": D(31)},
                "discounts": [{"name": "Quarter", "percentage": D(25), "taken": D("7.75")}],
                "exact": "5.25",
            },
            {
                "start": "2026-03-12",
                "end": "2026-04-01",
                "days": 20,
                "ofDays": 31,
                "price": {"id": "pop-1", "version": "2.0", "amount": D(40)},
                "exact": "25.806451612903...",
            },
        ],
        "amount": D("31.06"),
    }


def test_a_bill_discount_and_a_true_up_tell_what_they_are_computed_from() -> None:
    prices = [monthly("Plan", "31", in_advance=False), off_all(off("Ten", "10", cap="9")), at_least("Least", "62")]
    facts = account(product("line", ("2026-03-11", prices)))

    assert explained(facts, "Ten") == {
        "kind": "discount",
        "period": MARCH,
        "due": "2026-04-01",
        "taken": [{"discount": "Ten", "percentage": D(10), "of": "21", "days": 21}],
        "ofDays": 31,
        "amount": D("-2.10"),
    }
    assert explained(facts, "Least") == {
        "kind": "commitment",
        "period": MARCH,
        "due": "2026-04-01",
        "minimum": "42",
        "spent": "18.9",
        "days": 21,
        "ofDays": 31,
        "amount": D("23.10"),
    }


def test_usage_tells_its_sum_lines_and_discounts() -> None:
    facts = account(
        usage=[used("line", "1.005", "2026-03-01", "2026-04-01", 3, claimed=2, discounts=(off("Half", "50"),))]
    )

    assert explained(facts, "Calls") == {
        "kind": "usage",
        "period": MARCH,
        "due": "2026-04-01",
        "price": {"id": "calls", "version": "1"},
        "quantity": D(60),
        "unit": "s",
        "lines": 3,
        "newLines": 2,
        "sum": D("1.005"),
        "discounts": [{"name": "Half", "percentage": D(50), "of": "1.005", "taken": "0.5025"}],
        "amount": D("0.50"),
    }


def test_an_item_tells_its_tax_and_what_it_corrects() -> None:
    billed = Billed()
    facts = account(product("line", ("2026-03-01", [monthly("Plan", "31", tax=VAT)])), place="AT")
    ended = account(product("line", ("2026-03-01", [monthly("Plan", "31", tax=VAT)]), ended="2026-03-11"))
    exemption = Exemption("X-17")

    (first,) = billed.run(facts, day("2026-03-01")).items  # type: ignore[union-attr]
    (second,) = billed.run(ended, day("2026-04-01"), exemptions=[exemption]).items  # type: ignore[union-attr]
    (third,) = billed.run(account(), day("2026-04-01")).items  # type: ignore[union-attr]

    assert explain_item(first)["tax"] == {
        "category": "VAT", "rate": D(20), "source": "price", "place": "AT", "isInclusive": False,
    }  # fmt: skip
    assert "chargedBefore" not in explain_item(first)
    assert {name: explain_item(second)[name] for name in ("amount", "chargedBefore", "reason", "tax")} == {
        "amount": D("-21.00"),
        "chargedBefore": D("31.00"),
        "reason": "what was charged for this before is corrected",
        "tax": explain_item(first)["tax"],
    }
    assert explain_item(third) == {
        "kind": "recurring",
        "period": MARCH,
        "due": "2026-03-01",
        "amount": D("-10.00"),
        "chargedBefore": D("10.00"),
        "reason": "not charged any more",
        "tax": explain_item(first)["tax"],
    }
