"""A healthy store has no finding, and each damage is found by the check for it alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from common.assurance import SHOWN_MAX, Books, Check, Finding, assure, checks_of, metrics
from common.errors import NotFound
from common.store.unit_of_work import UnitOfWork
from tests.scenarios.charging import PRODUCTS, Network, usage
from tests.scenarios.kit import START, Shop
from tests.tmf654_balance.kit import topped_up
from tmf635_usage.tables import KEYS, LINES, RATINGS
from tmf637_inventory.history import SPANS
from tmf654_balance.tables import BALANCES, MOVEMENTS, RESERVATIONS

Damage = Callable[[Network, UnitOfWork], Any]


@pytest.fixture
def network(shop: Shop) -> Network:
    told = Network(shop)
    told.plan("talk", told.price("voice", "voice", "0.10", "1 min"))
    told.sell("talk")
    topped_up(shop.suite, "credit", Decimal(10), product=[{"id": told.sold}])
    for number in (7, 8, 9):
        assert told.use("voice", f"2026-01-01T09:0{number}:00Z", "90 s", record=f"cdr-{number}").status == "rated"
    return told


def found(shop: Shop) -> dict[str, list[Finding]]:
    results = list(assure(shop.suite.installation))
    assert [result.check for result in results] == list(checks_of(shop.suite.installation))
    return {result.check.name: list(result.findings) for result in results if result.count}


def damaged(network: Network, damage: Damage) -> dict[str, list[Finding]]:
    assert found(network.shop) == {}
    with network.shop.suite.installation.database.write() as uow:
        damage(network, uow)
        uow.commit()
    return found(network.shop)


def first_usage(uow: UnitOfWork) -> str:
    return str(uow.records(KEYS.name).find({}, order=["external"])[0]["usage"])


def remove(uow: UnitOfWork, network: Network, resource: str, id: str) -> None:
    served = network.shop.suite.installation.by_name[resource]
    assert uow.repository(served.stored.name).remove(id) == 1


def of_first(table: str, **values: Any) -> Damage:
    """Change what is kept in a table of the first usage."""
    return lambda network, uow: uow.records(table).update({"usage": first_usage(uow)}, values)


DAMAGES: dict[str, Damage] = {
    "usage.rated-once": of_first(RATINGS.name, is_current=False),
    "usage.lines": lambda n, uow: uow.records(LINES.name).delete({"usage": first_usage(uow)}),
    "usage.payer": of_first(LINES.name, account=None, state="charged"),
    "usage.gaps": lambda n, uow: uow.records(KEYS.name).delete({"external": "cdr-8"}),
    "usage.alike": lambda n, uow: uow.records(LINES.name).update({}, {"at": START, "state": "charged"}),
    "balance.movements": lambda n, uow: uow.records(BALANCES.name).update({}, {"remaining": Decimal(11)}),
    "balance.posted": lambda n, uow: uow.records(MOVEMENTS.name).update({"kind": "topup"}, {"posting": "p1"}),
    "balance.reserved": lambda n, uow: uow.records(RESERVATIONS.name).insert([HELD]),
    "product.priced": lambda n, uow: uow.records(SPANS.name).update({"status": "active"}, {"doc": {}}),
    "product.payer": lambda n, uow: uow.records(SPANS.name).update({"status": "active"}, {"account": None}),
}
HELD = {"id": "r1", "bucket": "credit", "amount": Decimal(1), "used": Decimal(0), "state": "held", "expires": START}


@pytest.mark.parametrize("name", sorted(DAMAGES))
def test_a_damage_is_found_by_the_check_for_it_alone(network: Network, name: str) -> None:
    findings = damaged(network, DAMAGES[name])

    assert list(findings) == [name]
    assert all(one.records and one.message and one.remedy for one in findings[name])


def test_usage_that_is_gone_is_missed_by_its_number_and_its_rating(network: Network) -> None:
    findings = damaged(network, lambda n, uow: remove(uow, n, "productUsage", first_usage(uow)))

    [key], [rating] = findings.pop("usage.here"), findings.pop("usage.rated-once")
    assert key.records == rating.records
    assert findings == {}


def test_a_bucket_that_nobody_sees_is_found(network: Network) -> None:
    findings = damaged(network, lambda n, uow: remove(uow, n, "bucket", "credit"))

    assert [(name, one.records) for name, [one] in findings.items()] == [("balance.shown", ("bucket credit",))]


def test_movements_of_no_bucket_are_found(network: Network) -> None:
    findings = damaged(network, lambda n, uow: uow.records(BALANCES.name).delete({"bucket": "credit"}))

    assert {name: [one.message for one in listed] for name, listed in findings.items()} == {
        "balance.movements": ["it was moved, and is not here"]
    }


def test_a_gap_names_the_numbers_that_did_not_come(network: Network) -> None:
    network.created(usage("voice", "2026-01-01T09:00:20Z", "1 s", network.sold, record="cdr-12"))

    [finding] = found(network.shop)["usage.gaps"]

    assert finding.records == ("source mediation",)
    assert finding.message == "cdr-10 to cdr-11 did not come, what is before and after did"


def test_usage_that_waits_for_more_than_a_day_is_told(network: Network) -> None:
    network.created(usage("voice", "2026-01-01T09:00:30Z", "1 s", "unknown"))
    assert found(network.shop) == {}

    network.shop.wait(days=1, seconds=1)

    [finding] = found(network.shop)["usage.waiting"]
    assert finding.records == ("productUsage?status=initialized&usageType=voice",)
    assert finding.message == "1 usages have waited for more than 1 day"


def test_a_product_that_costs_nothing_is_found_unless_it_is_part_of_one_that_does(shop: Shop) -> None:
    network = Network(shop)
    paid = network.account("acc-free")
    account = {"@type": "BillingAccountRef", "id": paid, "@referredType": "BillingAccount"}
    bundled = {"@type": "ProductRelationship", "id": "x", "relationshipType": "bundledBy", "@referredType": "Product"}
    network.product("free", billingAccount=account)
    network.product("part", billingAccount=account, productRelationship=[bundled])

    [finding] = found(shop)["product.priced"]

    assert finding.records == ("product free",)
    assert shop.suite.get(f"{PRODUCTS}/part").status == 200


def test_work_that_is_not_done_is_told(network: Network) -> None:
    with network.shop.suite.installation.database.write() as uow:
        uow.work("balance.expiry").put("some", network.shop.clock.now(), {})
        uow.commit()
    assert found(network.shop) == {}

    network.shop.clock.advance(timedelta(hours=1, seconds=1))

    [finding] = found(network.shop)["work.done"]
    assert finding.records == ("work balance.expiry some",)


def test_a_check_that_is_not_there_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        list(assure(shop.suite.installation, ["usage.hear"]))


def test_one_check_is_run_alone_and_counted_in_full(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def many(books: Books) -> list[Finding]:
        return [Finding((f"thing {number}",), "wrong", "mend it") for number in range(SHOWN_MAX + 1)]

    check = Check("things", "Things are right.", many)
    monkeypatch.setattr("common.assurance.CHECKS", (check,))

    [result] = assure(shop.suite.installation, ["things"])

    assert (result.count, len(result.findings)) == (SHOWN_MAX + 1, SHOWN_MAX)
    assert metrics([result]).get_sample_value("bss_assurance_findings", {"check": "things"}) == SHOWN_MAX + 1
