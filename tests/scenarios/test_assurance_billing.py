"""What is billed and paid agrees, and each damage to bills, payments and orders is found by the check for it alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.assurance import Finding, assure
from common.store.unit_of_work import UnitOfWork
from tests.scenarios.cashier import ARREARS, DUE, FEBRUARY, Cashier, cashier, collecting_stage
from tests.scenarios.charging import ANNA, usage
from tests.scenarios.conftest import Stage
from tests.scenarios.kit import START
from tmf622_ordering.works import FULFILMENT
from tmf635_usage.tables import BILLED_SUMS, CLAIMS, HOLDS, LINES
from tmf666_account.ledger.tables import DEFERRALS, POSTINGS
from tmf676_payment.dunning.wake import WORK
from tmf676_payment.tables import ALLOCATIONS, CHARGES, CREDITS, DUNNING, SANDBOX
from tmf678_bill.corrections.tables import CREDITED
from tmf678_bill.document.kept import DOCUMENTS
from tmf678_bill.tables import APPLIED, BILLING, HEADS, ITEMS, NUMBERS, RECEIVABLES

__all__ = ["cashier", "collecting_stage"]

Damage = Callable[["Books", UnitOfWork], Any]


class Books:
    """A shop with two bills: one collected by debit, one paid in part."""

    def __init__(self, cashier: Cashier) -> None:
        self.cashier = cashier
        talk = cashier.price("voice", "voice", "0.10", "1 min")
        cashier.plan("plan", cashier.recurring("base", "100"), talk)
        cashier.account("ann")
        self.product = cashier.sell("plan", ANNA, "ann")
        cashier.pays_by()
        for minute in (1, 2):
            cashier.created(
                usage("voice", f"2026-01-05T09:0{minute}:00Z", "90 s", self.product, record=f"cdr-{minute}")
            )
        cashier.shop.wait_until(FEBRUARY)
        cashier.shop.wait_until(DUE)
        cashier.shop.wait_until("2026-03-01T00:00:00Z")
        self.paid, self.open = cashier.bills("ann")
        cashier.pay("10", self.open)

    def found(self) -> dict[str, list[Finding]]:
        results = assure(self.cashier.shop.suite.installation)
        return {one.check.name: list(one.findings) for one in results if one.count}

    def damaged(self, damage: Damage) -> dict[str, list[Finding]]:
        assert self.found() == {}
        with self.cashier.shop.suite.installation.database.write() as uow:
            damage(self, uow)
            uow.commit()
        return self.found()

    def replace(self, uow: UnitOfWork, resource: str, id: str, **changes: Any) -> None:
        """A document is another one, as if somebody had changed the table."""
        served = self.cashier.shop.suite.installation.by_name[resource]
        repository = uow.repository(served.stored.name)
        row = repository.get(id)
        assert row is not None
        repository.replace(row, {**row.document(), **changes}, self.cashier.shop.clock.now())


@pytest.fixture
def books(collecting_stage: Stage) -> Iterator[Books]:
    cashier = Cashier(collecting_stage.open())
    cashier.provider()
    yield Books(cashier)
    collecting_stage.tidy()


def of_paid(table: str, **values: Any) -> Damage:
    """Change what is kept of the bill that is paid."""
    return lambda books, uow: uow.records(table).update({"bill": books.paid["id"]}, values)


def usage_item(books: Books, uow: UnitOfWork) -> str:
    [row] = uow.records(ITEMS.name).find({"bill": books.paid["id"], "kind": "usage"})
    return str(row["id"])


def credit_too_much(books: Books, uow: UnitOfWork) -> None:
    item = usage_item(books, uow)
    row = {"item": item, "bill": books.paid["id"], "net": Decimal(1), "tax": Decimal(0)}
    uow.records(CREDITED.name).insert([row])


def lose_numbers(books: Books, uow: UnitOfWork) -> None:
    uow.records(NUMBERS.name).update({"series": "bill"}, {"last": 3})


def overlap(books: Books, uow: UnitOfWork) -> None:
    uow.records(HEADS.name).update({"bill": books.open["id"]}, {"start": START})


def forget_a_line(books: Books, uow: UnitOfWork) -> None:
    """A line that was rated long before the bill is on it no more."""
    line, open_claim = uow.records(LINES.name).find(claimed(books, uow))[0], uow.records(CLAIMS.name).find({})[0]
    uow.records(LINES.name).insert([{**line, "id": "forgotten", "claim": open_claim["number"]}])
    second = {"end": books.cashier.shop.clock.now(), "issued_at": books.cashier.shop.clock.now()}
    uow.records(HEADS.name).update({"bill": books.open["id"]}, second)


def take_apart(books: Books, uow: UnitOfWork) -> None:
    uow.records(LINES.name).update(claimed(books, uow), {"state": "prepaid"})


def claimed(books: Books, uow: UnitOfWork) -> dict[str, Any]:
    """The lines behind the item."""
    [row] = uow.records(BILLED_SUMS.name).find({"bill_item": usage_item(books, uow)})
    return {"account": row["account"], "claim": row["claim"]}


def claim_too_high(books: Books, uow: UnitOfWork) -> None:
    """A line waits for a bill that will never be made."""
    line = uow.records(LINES.name).find(claimed(books, uow))[0]
    uow.records(LINES.name).insert([{**line, "id": "lost", "at": books.cashier.shop.clock.now(), "claim": 99}])


DAMAGES: dict[str, Damage] = {
    "bill.items": lambda b, uow: uow.records(HEADS.name).update({"bill": b.paid["id"]}, {"items": 3}),
    "bill.tax": lambda b, uow: uow.records(ITEMS.name).update(
        {"bill": b.paid["id"], "kind": "recurring"}, {"category": "none"}
    ),
    "bill.shown": lambda b, uow: b.replace(uow, "customerBill", b.paid["id"], billNo="B-1"),
    "bill.receivable": of_paid(RECEIVABLES.name, is_open=True),
    "bill.posted": lambda b, uow: uow.records(POSTINGS.name).update(
        {"cause": f"bill/{b.paid['id']}"}, {"cause": "bill/other"}
    ),
    "bill.numbers": lose_numbers,
    "bill.periods": overlap,
    "bill.usage": lambda b, uow: uow.records(ITEMS.name).update({"id": usage_item(b, uow)}, {"usages": 3}),
    "bill.due": lambda b, uow: uow.records(BILLING.name).update({"account": "ann"}, {"problem": "it is wrong"}),
    "bill.products": lambda b, uow: uow.records(ITEMS.name).update(
        {"bill": b.open["id"], "kind": "recurring"}, {"product": "gone"}
    ),
    "bill.documents": lambda b, uow: uow.records(DOCUMENTS.name).delete({"bill": b.paid["id"]}),
    "bill.credited": credit_too_much,
    "usage.sums": lambda b, uow: uow.records(BILLED_SUMS.name).update({"account": "ann"}, {"quantity": Decimal(1)}),
    "usage.billed": forget_a_line,
    "usage.states": claim_too_high,
    "usage.held": lambda b, uow: uow.records(HOLDS.name).insert([held()]),
    "payment.account": lambda b, uow: uow.records(CREDITS.name).insert([credit_of_nobody()]),
    "payment.doubt": lambda b, uow: uow.records(CHARGES.name).update({}, {"state": "open", "bill": "b"}),
    "payment.dunned": lambda b, uow: uow.records(DUNNING.name).put([dunned()]),
    "order.worked": lambda b, uow: (
        b.replace(uow, "productOrder", an_order(b), state="inProgress") or uow.work(FULFILMENT).remove(an_order(b))
    ),
    "order.delivered": lambda b, uow: b.replace(uow, "product", b.product, status="pendingActive"),
}


def held() -> dict[str, Any]:
    of = {"session": "s1", "service": "1", "scope": "p", "allowance": "a"}
    return {**of, "start": START, "is_rolled": False, "quantity": Decimal(1)}


def dunned() -> dict[str, Any]:
    return {"account": "ben", "state": "arrears", "number": 1, "steps": 0}


def credit_of_nobody() -> dict[str, Any]:
    """Nothing of it is left in amount, so that only its owner is amiss."""
    of = {"id": "c1", "kind": "creditNote", "account": "nobody", "entity": "main", "currency": "EUR", "at": START}
    return {**of, "name": "", "amount": Decimal(0), "left": Decimal(0), "is_left": True}


def an_order(books: Books) -> str:
    return str(books.cashier.shop.product(books.product)["productOrderItem"][0]["orderId"])


@pytest.mark.parametrize("name", sorted(DAMAGES))
def test_a_damage_is_found_by_the_check_for_it_alone(books: Books, name: str) -> None:
    findings = books.damaged(DAMAGES[name])

    assert list(findings) == [name]
    assert all(one.records and one.message and one.remedy for one in findings[name])


def test_a_line_that_is_billed_and_paid_from_a_balance_is_missed(books: Books) -> None:
    findings = books.damaged(take_apart)

    assert sorted(findings) == ["usage.sums"]
    assert [one.message.partition(",")[2] for one in findings["usage.sums"]] == [" and its billed lines come to 0"]


def test_who_is_charged_usage_has_a_claim(books: Books) -> None:
    findings = books.damaged(lambda b, uow: uow.records(CLAIMS.name).delete({"account": "ann"}))

    assert sorted(findings) == ["usage.billed", "usage.states", "usage.sums"]


def test_what_is_open_is_held_against_the_ledger(books: Books) -> None:
    findings = books.damaged(
        lambda b, uow: uow.records(RECEIVABLES.name).update({"bill": b.open["id"]}, {"remaining": Decimal("5.00")})
    )

    assert sorted(findings) == ["bill.open", "bill.receivable"]
    assert [one.message for one in findings["bill.open"]] == [
        "5.00 EUR of its bills are open, and 109.00 are receivable in the ledger"
    ]


def test_a_payment_that_shows_on_a_bill_and_was_not_allocated_is_found(books: Books) -> None:
    findings = books.damaged(lambda b, uow: uow.records(ALLOCATIONS.name).delete({"bill": b.open["id"]}))

    assert sorted(findings) == ["payment.applied", "payment.left"]
    [applied] = findings["payment.applied"]
    assert (applied.records, applied.message) == (
        (f"customerBill {books.open['id']}",),
        "it counts as paid, and no money was allocated to it",
    )


def test_an_allocation_is_held_against_what_was_applied_and_entered(books: Books) -> None:
    findings = books.damaged(
        lambda b, uow: uow.records(ALLOCATIONS.name).update({"bill": b.open["id"]}, {"amount": Decimal(9)})
    )

    assert sorted(findings) == ["payment.applied", "payment.left"]
    assert [one.message.split(" ", 1)[0] for one in findings["payment.applied"]] == ["9", "allocation"]


def test_what_the_provider_took_is_held_against_what_counts(books: Books) -> None:
    findings = books.damaged(lambda b, uow: uow.records(SANDBOX.name).update({}, {"key": "other"}))

    assert list(findings) == ["payment.provider"]
    assert [one.message for one in findings["payment.provider"]] == [
        "the provider took it, and we do not count it",
        "we count it, and the provider did not take it",
    ]


def test_an_account_in_debt_that_nobody_looks_at_is_found(cashier: Cashier) -> None:
    cashier.customer()
    cashier.shop.wait_until(ARREARS)
    with cashier.shop.suite.installation.database.write() as uow:
        uow.work(WORK).remove("ann")
        uow.records(DUNNING.name).delete({"account": "ann"})
        uow.commit()
    cashier.shop.clock.advance(timedelta(seconds=1))

    found = {one.check.name: one.findings for one in assure(cashier.shop.suite.installation) if one.count}

    assert [one.message for one in found.pop("payment.dunned")] == ["it has overdue bills, and nobody will look at it"]
    assert found == {}
    cashier.amiss.add("payment.dunned")


def test_an_account_that_no_bill_run_knows_of_is_found(books: Books) -> None:
    findings = books.damaged(lambda b, uow: uow.records(BILLING.name).delete({"account": "ann"}))

    assert {name: [one.message for one in listed] for name, listed in findings.items()} == {
        "bill.due": ["no bill run knows of it"]
    }


def test_a_bill_that_nobody_issued_is_found_by_its_number_and_its_items(books: Books) -> None:
    findings = books.damaged(lambda b, uow: uow.records(HEADS.name).delete({"bill": b.open["id"]}))

    assert [one.message for one in findings["bill.items"]] == ["items were billed on it, and it is not here"]
    assert [one.message for one in findings["bill.posted"]] == ["it is in the ledger, and no such bill was issued"]
    assert [one.message for one in findings["bill.numbers"]] == [
        "1 of them were issued, and the last number is 2; 2 are missing"
    ]
    assert sorted(findings) == ["bill.items", "bill.numbers", "bill.posted"]


def test_what_was_applied_and_is_not_counted_is_found(books: Books) -> None:
    findings = books.damaged(lambda b, uow: uow.records(APPLIED.name).delete({"bill": b.open["id"]}))

    assert sorted(findings) == ["bill.receivable", "payment.applied"]


def test_a_product_that_has_a_price_and_is_on_no_bill_is_found(cashier: Cashier) -> None:
    product = cashier.customer()
    cashier.pays_by()
    cashier.shop.wait_until("2026-05-01T00:00:00Z")
    with cashier.shop.suite.installation.database.write() as uow:
        # As if its charges had been for another product.
        uow.records(ITEMS.name).update({"product": product}, {"product": None})
        uow.commit()

    found = {one.check.name: one.findings for one in assure(cashier.shop.suite.installation) if one.count}

    assert [(one.records[0], one.message) for one in found.pop("product.charged")] == [
        (f"product {product}", "it has a monthly price since 2026-01-01, and was never charged")
    ]
    assert found == {}
    cashier.amiss.add("product.charged")


def test_what_is_earned_at_once_and_was_charged_for_days_to_come_is_found(cashier: Cashier) -> None:
    cashier.plan("plan", cashier.recurring("base", "100", inAdvance=True))
    cashier.account("ann")
    cashier.sell("plan", ANNA, "ann")
    cashier.shop.wait_until(FEBRUARY)
    [january, february] = [one for bill in cashier.bills("ann") for one in cashier.items(bill)]
    with cashier.shop.suite.installation.database.write() as uow:
        [row] = uow.records(ITEMS.name).find({"first": "2026-02-01"})
        uow.records(DEFERRALS.name).update({"item": row["id"]}, {"item": "another"})
        uow.commit()

    found = {one.check.name: one.findings for one in assure(cashier.shop.suite.installation) if one.count}

    assert (january, february) == (
        "recurring base 2026-01-01/2026-02-01 100 + 19",
        "recurring base 2026-02-01/2026-03-01 100 + 19",
    )
    assert [(one.records, one.message) for one in found.pop("bill.deferred")] == [
        ((f"item {row['id']}",), "100.00 EUR were charged until 2026-03-01, and count as earned at once")
    ]
    assert found == {}
    cashier.amiss.add("bill.deferred")
