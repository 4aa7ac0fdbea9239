"""What is open of bills, and what is applied to it; bills that were loaded are taken over when they are touched."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from common.domain.clock import SettableClock
from common.domain.money import Money
from common.errors import Conflict, NotFound
from common.rest.actions import acting
from common.settings import Settings
from tests.client import Suite
from tests.postgres import postgres_server, postgres_url  # noqa: F401
from tmf678_bill.receivables import NotApplied, OverApplied, Receivables, state_of
from tmf678_bill.tables import APPLIED, RECEIVABLES

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PAYMENT = {"id": "p1"}
COMPONENTS = "tmf666_account,tmf678_bill"


def eur(amount):
    return Money(Decimal(amount), "EUR")


def bill(id, due, amount="100", **more):
    return {
        "id": id,
        "billNo": f"N-{id}",
        "state": "sent",
        "billDate": "2026-01-01T00:00:00Z",
        "paymentDueDate": due,
        "billingAccount": {"@type": "BillingAccountRef", "id": "acc", "@referredType": "BillingAccount"},
        "amountDue": {"unit": "EUR", "value": Decimal(amount)},
        **more,
    }


@pytest.fixture(params=["sqlite", "postgresql"])
def suite(request, tmp_path):
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/b.db"
    made = Suite(Settings(database_url=url, components=COMPONENTS, billing="manual"), SettableClock(NOW))
    with made.installation.database.write() as uow:
        act = acting(made.installation, uow)
        act.create("billingAccount", {"id": "acc", "name": "acc", "accountType": "billing", "state": "Active"})
        act.create("customerBill", bill("late", "2026-02-20T00:00:00Z"))
        act.create("customerBill", bill("early", "2026-02-10T00:00:00Z", remainingAmount=eur("40").document()))
        act.create("customerBill", bill("paid", "2026-01-10T00:00:00Z", state="settled"))
        act.create("customerBill", bill("new", "2026-03-10T00:00:00Z", state="new"))
        uow.commit()
    yield made
    made.close()


def did(suite, work):
    """What comes of a transaction, committed."""
    with suite.installation.database.write() as uow:
        act = acting(suite.installation, uow)
        result = work(Receivables(uow.records), act.context("customerBill"))
        uow.commit()
    return result


def shown(suite, id):
    document = suite.get(f"/tmf-api/customerBillManagement/v5/customerBill/{id}").json
    paid = [(one["payment"]["id"], one["appliedAmount"]["value"]) for one in document.get("appliedPayment", [])]
    return document["state"], document.get("remainingAmount", {}).get("value"), paid


def test_loaded_bills_are_open_by_due_date_with_what_remains_of_them(suite):
    found = did(suite, lambda receivables, context: receivables.open(context, "acc"))

    assert [(one.id, one.number, one.remaining) for one in found] == [
        ("early", "N-early", eur("40")),
        ("late", "N-late", eur("100")),
        ("new", "N-new", eur("100")),
    ]
    assert found[0].due == datetime(2026, 2, 10, tzinfo=UTC)


def test_a_part_then_the_rest_then_a_part_taken_back(suite):
    apply = lambda amount: did(suite, lambda to, context: to.apply(context, "late", PAYMENT, eur(amount)))  # noqa: E731

    assert apply("30.50").remaining == eur("69.50")
    assert shown(suite, "late") == ("partiallyPaid", Decimal("69.50"), [("p1", Decimal("30.50"))])
    assert apply("69.50").state == "settled"
    assert shown(suite, "late") == ("settled", 0, [("p1", 100)])

    did(suite, lambda to, context: to.unapply(context, "late", PAYMENT, eur("20")))
    assert shown(suite, "late") == ("partiallyPaid", 20, [("p1", 80)])
    did(suite, lambda to, context: to.unapply(context, "late", PAYMENT, eur("80")))
    assert shown(suite, "late") == ("sent", 100, [])


def test_no_more_than_remains_is_applied_and_no_more_than_was_applied_taken_back(suite):
    did(suite, lambda to, context: to.apply(context, "early", PAYMENT, eur("10")))

    with pytest.raises(OverApplied, match="30 EUR remain"):
        did(suite, lambda to, context: to.apply(context, "early", PAYMENT, eur("30.01")))
    with pytest.raises(NotApplied, match="10 EUR were applied"):
        did(suite, lambda to, context: to.unapply(context, "early", PAYMENT, eur("10.01")))
    with pytest.raises(Conflict, match="is in EUR and not in USD"):
        did(suite, lambda to, context: to.apply(context, "early", PAYMENT, Money(Decimal(1), "USD")))
    with pytest.raises(NotFound):
        did(suite, lambda to, context: to.apply(context, "gone", PAYMENT, eur("1")))
    assert shown(suite, "early") == ("partiallyPaid", 30, [("p1", 10)])


def test_what_is_paid_before_a_bill_is_sent_shows_when_it_is(suite):
    did(suite, lambda to, context: to.apply(context, "new", PAYMENT, eur("100")))
    assert shown(suite, "new") == ("new", 0, [("p1", 100)])

    with suite.installation.database.write() as uow:
        acting(suite.installation, uow).update("customerBill", "new", {"state": "validated"})
        uow.commit()
    assert did(suite, lambda to, context: to.send(context, "new")) == "settled"

    assert shown(suite, "new")[0] == "settled"


def test_credits_and_write_offs_lower_what_remains_and_are_no_payments(suite):
    did(suite, lambda to, context: to.credit(context, "late", "c1", eur("25")))
    did(suite, lambda to, context: to.credit(context, "late", "w1", eur("75"), kind="writeOff"))

    assert shown(suite, "late") == ("settled", 0, [])
    did(suite, lambda to, context: to.credit(context, "late", "w1", eur("-75"), kind="writeOff"))
    assert shown(suite, "late") == ("partiallyPaid", 75, [])


def test_a_disputed_part_is_not_collected_and_shrinks_with_what_remains(suite):
    disputed = did(suite, lambda to, context: to.dispute(context, "late", eur("60")))
    assert (disputed.disputed, disputed.collectable) == (eur("60"), eur("40"))

    after = did(suite, lambda to, context: to.apply(context, "late", PAYMENT, eur("70")))

    assert (after.remaining, after.disputed, after.collectable) == (eur("30"), eur("30"), eur("0"))
    with pytest.raises(OverApplied):
        did(suite, lambda to, context: to.dispute(context, "late", eur("100.01")))
    again = did(suite, lambda to, context: to.unapply(context, "late", PAYMENT, eur("70")))
    assert (again.remaining, again.disputed, again.collectable) == (eur("100"), eur("60"), eur("40"))


def test_a_transaction_that_is_given_up_leaves_nothing(suite):
    with suite.installation.database.write() as uow:
        context = acting(suite.installation, uow).context("customerBill")
        Receivables(uow.records).apply(context, "late", PAYMENT, eur("100"))

    with suite.installation.database.read() as uow:
        assert uow.records(RECEIVABLES.name).find({}) == uow.records(APPLIED.name).find({}) == []
    assert shown(suite, "late") == ("sent", None, [])


def test_clients_do_not_change_what_was_applied(suite):
    did(suite, lambda to, context: to.apply(context, "late", PAYMENT, eur("100")))
    path = "/tmf-api/customerBillManagement/v5/customerBill/late"

    assert suite.patch(path, {"@type": "CustomerBill", "state": "partiallyPaid"}).status == 409
    assert suite.patch(path, {"@type": "CustomerBill", "state": "sent"}).status == 409
    assert shown(suite, "late") == ("settled", 0, [("p1", 100)])


@pytest.mark.parametrize(
    ("state", "remaining", "then"),
    [
        ("new", "0", "new"),
        ("onHold", "0", "onHold"),
        ("sent", "0", "settled"),
        ("sent", "10", "sent"),
        ("settled", "10", "sent"),
        ("settled", "1", "partiallyPaid"),
        ("partiallyPaid", "0", "settled"),
    ],
)
def test_the_state_follows_what_remains_from_sent_on(state, remaining, then):
    assert state_of(state, eur("10"), eur(remaining)) == then
