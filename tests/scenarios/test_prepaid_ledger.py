"""Stories of prepaid money in the books: what comes in is owed, what is used is revenue and tax (docs/ledger.md)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from common.assurance import assure
from common.domain.query import Document
from common.jobs.inline import Inline
from common.jobs.patience import Stopped
from tests.scenarios.billing import account_ref, taxed
from tests.scenarios.charging import ACCOUNTS, tiers
from tests.scenarios.corrections import Clerk, clerk, collecting_stage, postgres_server
from tests.scenarios.kit import PRODUCTS, add, change, with_
from tests.scenarios.test_billing_crashes import dying
from tests.tmf654_balance.kit import BASE, of, transfer
from tmf635_usage.rerate import rerate
from tmf654_balance import posting
from tmf654_balance.tables import MOVEMENTS

__all__ = ["clerk", "collecting_stage", "postgres_server"]

# The day on which stories begin is over.
TOMORROW, DAY_AFTER = "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"
USED = "2026-01-01T10:00:00Z"


def sell(clerk: Clerk, value: str | None = "0.119", tax: Any = 19, **attributes: Any) -> str:
    """A line of account ann at a price for a minute; the product."""
    clerk.price("voice", "voice", value, "1 min", **taxed(tax, "EUR"), **attributes)
    clerk.plan("talk", "voice")
    clerk.account("ann")
    return clerk.sell("talk", account="ann")


def acts(clerk: Clerk, resource: str, body: Document) -> Document:
    made = clerk.shop.suite.created(f"{BASE}/{resource}", body)
    assert made["status"] in ("completed", "created"), made
    return dict(made)


def fill(clerk: Clerk, amount: str, bucket: str = "purse", account: str = "ann", **more: Any) -> Document:
    return acts(clerk, "topupBalance", of(bucket, Decimal(amount), partyAccount={"id": account}, **more))


def kinds(clerk: Clerk) -> list[str]:
    """The kind of each posting, in order."""
    return [row["kind"] for row in clerk._table("tmf666_posting", {})]


def test_what_comes_in_is_owed_and_what_is_used_is_revenue_and_tax_when_the_day_is_over(clerk: Clerk) -> None:
    sell(clerk)
    fill(clerk, "15")
    clerk.use("voice", USED, "100 min")
    assert clerk.books() == {}

    clerk.shop.wait_until(TOMORROW)

    # 11.90 = 10.00 and 19 %: also where the price is said before tax, a balance pays all that it pays.
    assert clerk.books() == {"cash": "15", "prepaidLiability": "-3.1", "revenue": "-10", "taxPayable": "-1.9"}
    clerk.shop.wait_until("2026-03-01T00:00:00Z")
    assert sorted(kinds(clerk)) == ["prepaidUsage", "topUp"]
    assert clerk.bills("ann") == []


def test_a_price_with_its_tax_in_it_is_split_the_same_way(clerk: Clerk) -> None:
    sell(clerk, "1.19", (19, "0.19"))
    fill(clerk, "10")
    clerk.use("voice", USED, "1 min")
    clerk.use("voice", USED, "30 s")

    clerk.shop.wait_until(TOMORROW)

    assert clerk.books() == {"cash": "10", "prepaidLiability": "-8.215", "revenue": "-1.5", "taxPayable": "-0.285"}


def test_usage_without_tax_and_of_who_is_exempt_is_revenue_whole(clerk: Clerk) -> None:
    talk = sell(clerk, "1", None)
    clerk.price("data", "data", "1.19", "1 GB", **taxed(19, "EUR"))
    clerk.plan("surf", "data")
    surf = clerk.sell("surf", "+491701234568", account="ann")
    fill(clerk, "10")
    definition = {"@type": "TaxDefinition", "id": "VAT", "name": "VAT", "taxType": "VAT"}
    certificate = {"@type": "TaxExemptionCertificate", "id": "X-17", "certificateNumber": "X-17"}
    period = {"startDateTime": "2026-01-02T00:00:00Z"}
    exempt = [{**certificate, "validFor": period, "taxDefinition": [definition]}]
    clerk.shop.suite.patch(f"{ACCOUNTS}/ann", {"@type": "BillingAccount", "taxExemption": exempt})

    clerk.use("voice", USED, "1 min", talk)
    clerk.use("data", USED, "1 GB", surf)
    clerk.shop.wait_until(TOMORROW)
    assert clerk.books() == {"cash": "10", "prepaidLiability": "-7.81", "revenue": "-2", "taxPayable": "-0.19"}

    clerk.use("data", "2026-01-02T10:00:00Z", "1 GB", surf)
    clerk.shop.wait_until(DAY_AFTER)
    assert clerk.books() == {"cash": "10", "prepaidLiability": "-6.62", "revenue": "-3.19", "taxPayable": "-0.19"}


def test_what_is_taken_back_is_taken_back_with_its_tax(clerk: Clerk) -> None:
    """What a tier makes cheaper comes back with its tax; what is rated over comes to the same."""
    steps = tiers(("0", "0.119"), ("100", "0.0595"))
    product = sell(clerk, None, tierModel="volume", tier=steps)
    fill(clerk, "15")
    clerk.use("voice", USED, "100 min")
    clerk.shop.wait_until(TOMORROW)
    assert clerk.books() == {"cash": "15", "prepaidLiability": "-3.1", "revenue": "-10", "taxPayable": "-1.9"}

    clerk.use("voice", "2026-01-02T10:00:00Z", "20 min")
    clerk.shop.wait_until(DAY_AFTER)
    # 120 minutes at 0.0595.
    assert clerk.books() == {"cash": "15", "prepaidLiability": "-7.86", "revenue": "-6", "taxPayable": "-1.14"}
    rerate(clerk.shop.suite.installation, product)
    clerk.shop.wait_until("2026-01-04T00:00:00Z")
    assert clerk.books() == {"cash": "15", "prepaidLiability": "-7.86", "revenue": "-6", "taxPayable": "-1.14"}
    assert clerk.charged(product) == {"EUR": "7.14"}


def test_what_expires_is_breakage(clerk: Clerk) -> None:
    sell(clerk)
    fill(clerk, "15", validFor={"endDateTime": "2026-01-01T20:00:00Z"})
    clerk.use("voice", USED, "10 min")

    clerk.shop.wait_until(TOMORROW)

    assert clerk.books() == {"cash": "15", "breakage": "-13.81", "revenue": "-1", "taxPayable": "-0.19"}


def test_what_is_given_without_payment_is_no_cash(clerk: Clerk) -> None:
    sell(clerk)
    first = fill(clerk, "10")
    fill(clerk, "2", "gift", balanceTopup={"id": first["id"], "role": "bonus", "@referredType": "TopupBalance"})
    acts(clerk, "adjustBalance", of("purse", Decimal("1.50")))
    acts(clerk, "adjustBalance", of("purse", Decimal("-0.25")))

    clerk.shop.wait_until(TOMORROW)

    assert clerk.books() == {"cash": "10", "prepaidAdjustments": "3.25", "prepaidLiability": "-13.25"}


def test_what_one_gives_another_is_owed_to_that_one_and_its_cost_is_revenue(clerk: Clerk) -> None:
    sell(clerk)
    clerk.account("bob")
    fill(clerk, "10")
    fill(clerk, "1", "his", "bob")

    acts(clerk, "transferBalance", transfer("purse", "his", Decimal(4), transferCost={"unit": "EUR", "value": 0.5}))
    clerk.shop.wait_until(TOMORROW)

    assert clerk.books() == {"cash": "10", "prepaidLiability": "-5.5", "prepaidTransfers": "-4", "revenue": "-0.5"}
    assert clerk.books("bob") == {"cash": "1", "prepaidLiability": "-5", "prepaidTransfers": "4"}


def test_what_a_reservation_took_is_revenue_of_which_nobody_knows_the_tax(clerk: Clerk) -> None:
    sell(clerk)
    fill(clerk, "10")
    held = acts(clerk, "reserveBalance", of("purse", Decimal(5)))
    used = {"status": "completed", "amount": {"amount": Decimal(3), "units": "EUR"}}
    assert clerk.shop.suite.patch(f"{BASE}/reserveBalance/{held['id']}", used).status == 200

    clerk.shop.wait_until(TOMORROW)

    assert clerk.books() == {"cash": "10", "prepaidLiability": "-7", "revenue": "-3"}


def test_buckets_of_units_are_no_money(clerk: Clerk) -> None:
    sell(clerk)
    acts(clerk, "topupBalance", {**of("data", 5, "GB"), "usageType": "data"})

    clerk.shop.wait_until(TOMORROW)

    assert kinds(clerk) == []


def test_the_day_counts_on_which_money_moved_and_a_trial_balance_has_it_there(clerk: Clerk) -> None:
    sell(clerk)
    fill(clerk, "10")
    clerk.shop.wait_until("2026-01-31T10:00:00Z")
    clerk.use("voice", "2026-01-31T10:00:00Z", "10 min")
    clerk.shop.wait_until("2026-02-03T00:00:00Z")

    installation = clerk.shop.suite.installation
    with installation.database.read() as uow:
        told = installation.offered("ledger", uow).trial_balance(datetime.fromisoformat("2026-02-01T00:00:00Z"))
    shown = {one.ledger_account: one.amount.amount for one in told if one.amount.currency == "EUR"}
    assert shown["revenue"] == -1


@pytest.mark.parametrize("is_before", [True, False])
def test_who_dies_at_any_commit_has_entered_each_movement_once(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch, is_before: bool
) -> None:
    sell(clerk)
    monkeypatch.setattr(posting, "MOVEMENTS_MAX", 2)
    fill(clerk, "15")
    for _ in range(4):
        clerk.use("voice", USED, "10 min")

    deaths = 0
    for at in range(100):
        try:
            with dying(monkeypatch, at, is_before=is_before):
                clerk.shop.wait_until(TOMORROW)
            break
        except Stopped:
            deaths += 1
            clerk.shop.carrier = Inline(clerk.shop.suite.installation)

    assert deaths > 0
    assert clerk.books() == {"cash": "15", "prepaidLiability": "-10.24", "revenue": "-4", "taxPayable": "-0.76"}
    assert all(row["posting"] for row in clerk._table(MOVEMENTS.name, {}))


def test_a_movement_that_is_in_no_books_is_found(clerk: Clerk) -> None:
    sell(clerk)
    fill(clerk, "15")
    clerk.shop.wait_until(TOMORROW)
    installation = clerk.shop.suite.installation
    with installation.database.write() as uow:
        uow.records(MOVEMENTS.name).update({"bucket": "purse"}, {"posting": None})
        uow.commit()
    clerk.amiss = {"balance.posted"}

    (result,) = [one for one in assure(installation) if one.check.name == "balance.posted"]

    assert [(one.records, one.message) for one in result.findings] == [
        (("billingAccount ann",), "0 EUR of what moved its balances are entered, and the ledger owes 15"),
    ]
    clerk.shop.wait_until("2026-01-05T00:00:00Z")
    (result,) = [one for one in assure(installation) if one.check.name == "balance.posted"]
    assert [one.message for one in result.findings][1:] == ["1 movements are more than 2 days old and in no books"]


@pytest.mark.parametrize("named", [True, False])
def test_a_product_with_a_discount_on_usage_is_not_paid_for_by_a_balance(clerk: Clerk, named: bool) -> None:
    """A balance takes no discount off: the money is refused, and not the promise broken."""
    voice = clerk.price("voice", "voice", "0.10", "1 min")
    clerk.plan("talk", voice, clerk.discount("half", "50 %", voice))
    clerk.account("ann")
    product = clerk.sell("talk", account="ann")
    asked = of("purse", 10, partyAccount={"id": "ann"}, **({"product": [{"id": product}]} if named else {}))

    made = clerk.shop.suite.created(f"{BASE}/topupBalance", asked)

    assert (made["status"], made["statusReason"]["code"]) == ("failed", "usage.discounted")
    assert clerk._table(MOVEMENTS.name, {}) == []
    entry = clerk.shop.product(product)["productPrice"]
    del entry[0]["priceAlteration"]
    assert clerk.shop.suite.patch(f"{PRODUCTS}/{product}", {"@type": "Product", "productPrice": entry}).status == 200
    assert clerk.shop.suite.created(f"{BASE}/topupBalance", asked)["status"] == "completed"


@pytest.mark.parametrize("of_product", [True, False])
def test_who_is_prepaid_is_not_sold_a_discount_on_usage(clerk: Clerk, of_product: bool) -> None:
    product = sell(clerk)
    other = clerk.price("sms", "sms", "0.10", "1 event")
    clerk.plan("cheap", other, clerk.discount("half", "50 %", other))
    fill(clerk, "10", **({"product": [{"id": product}]} if of_product else {}))

    moved = clerk.shop.order(change("item", "modify", product, "cheap"), billingAccount=account_ref("ann"))
    added = clerk.shop.order(
        add("item", "cheap", product=with_(msisdn="+491701234599")), billingAccount=account_ref("ann")
    )

    assert [code for code, _ in moved.errors] == ["price.prepaid"]
    # A line of its own is paid for by the balance of its account only.
    assert [code for code, _ in added.errors] == ([] if of_product else ["price.prepaid"])
