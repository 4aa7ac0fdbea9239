"""Two requests at the same moment, each allowed by what it sees: the second is judged by what the first has done."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from sqlalchemy import text

from common.domain.query import Document
from common.rest.actions import Actions, acting
from tests.client import Answer
from tests.scenarios.kit import CANCELLATIONS, PRODUCTS, Shop, add, found, order_ref

_CATALOGUE = "/tmf-api/productCatalogManagement/v5"
_ACCOUNTS = "/tmf-api/accountManagement/v5/billingAccount"
_FINANCIAL_ACCOUNTS = "/tmf-api/accountManagement/v5/financialAccount"
_ORGANIZATIONS = "/tmf-api/partyManagement/v5/organization"
_PAYER = {
    "@type": "RelatedPartyRefOrPartyRoleRef",
    "role": "payer",
    "partyOrPartyRole": {"@type": "PartyRef", "@referredType": "Individual", "id": "anna"},
}
_ACCOUNT = {"@type": "BillingAccount", "name": "A", "state": "Active", "relatedParty": [_PAYER]}
_WAITING_SECONDS_MAX = 20


def meeting(shop: Shop, first: Callable[[Actions], object], second: Callable[[], Answer]) -> Answer:
    """What the second is answered, which comes when the first has done everything and is not committed.

    SQLite has one writer at a time, so the second comes after the commit there.
    """
    installation = shop.suite.installation
    with ThreadPoolExecutor(1) as pool:
        with installation.database.write() as uow:
            first(acting(installation, uow))
            asked = pool.submit(second) if installation.database.dialect_name == "postgresql" else None
            if asked is not None:
                _until_it_waits(shop, asked)
            uow.commit()
        return (asked or pool.submit(second)).result()


def _until_it_waits(shop: Shop, asked: Future[Answer]) -> None:
    """It waits for a lock, or has had its answer."""
    deadline = time.monotonic() + _WAITING_SECONDS_MAX
    with shop.suite.installation.database.engine.connect() as connection:
        while not asked.done() and not connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            assert time.monotonic() < deadline, "it neither waits nor answers"
            time.sleep(0.01)


@pytest.mark.parametrize("attributes", [{"requestedInitialState": "draft"}, {}], ids=["draft", "acknowledged"])
def test_of_two_who_cancel_an_order_the_second_is_told_that_it_is_over(shop: Shop, attributes: Document) -> None:
    order = shop.order(add("plan", "plan-s"), **attributes)
    shop.told()
    asked = {"productOrder": order_ref(order.id)}

    answer = meeting(
        shop,
        lambda act: act.create("cancelProductOrder", {**asked, "cancellationReason": "first"}),
        lambda: shop.suite.post(
            CANCELLATIONS, {"@type": "CancelProductOrder", **asked, "cancellationReason": "second"}
        ),
    )

    assert (answer.status, answer.json["code"]) == (409, "resource.conflict")
    assert (order.state, order.document["cancellationReason"]) == ("cancelled", "first")
    assert len(found(shop.suite.get(CANCELLATIONS))) == 1
    assert sum(line == "order: cancelled" for line in shop.told()) == 1


def test_an_account_that_a_product_was_just_put_on_is_not_closed(shop: Shop) -> None:
    _account(shop, "b1")
    answer = meeting(
        shop,
        lambda act: act.create("product", _product("b1")),
        lambda: shop.suite.patch(f"{_ACCOUNTS}/b1", {"state": "Closed"}),
    )
    assert (answer.status, answer.json["code"]) == (409, "resource.conflict")
    assert found(shop.suite.get(f"{_ACCOUNTS}/b1"))["state"] == "Active"


def test_a_product_is_not_put_on_an_account_that_was_just_closed(shop: Shop) -> None:
    _account(shop, "b1")
    answer = meeting(
        shop,
        lambda act: act.update("billingAccount", "b1", {"state": "Closed"}),
        lambda: shop.suite.post(PRODUCTS, {"@type": "Product", **_product("b1")}),
    )
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/billingAccount/id")
    assert shop.products() == []


def test_products_are_put_on_one_account_side_by_side(shop: Shop) -> None:
    _account(shop, "b1")
    at_once = []

    def second() -> Answer:
        answer = shop.suite.post(PRODUCTS, {"@type": "Product", **_product("b1")})
        at_once.append(answer.status)
        return answer

    meeting(shop, lambda act: act.create("product", _product("b1")), second)
    assert (at_once, len(shop.products())) == ([201], 2)


def test_an_account_is_not_kept_on_a_financial_account_that_was_just_closed(shop: Shop) -> None:
    shop.suite.created(_FINANCIAL_ACCOUNTS, {**_ACCOUNT, "@type": "FinancialAccount", "id": "f1"})
    _account(shop, "b1")
    kept = {"financialAccount": {"@type": "FinancialAccountRef", "id": "f1"}}
    answer = meeting(
        shop,
        lambda act: act.update("financialAccount", "f1", {"state": "Closed"}),
        lambda: shop.suite.patch(f"{_ACCOUNTS}/b1", kept),
    )
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, "/financialAccount/id")
    assert "financialAccount" not in found(shop.suite.get(f"{_ACCOUNTS}/b1"))


@pytest.mark.parametrize(
    ("resource", "path", "body", "above"),
    [
        (
            "category",
            f"{_CATALOGUE}/category",
            {"@type": "Category", "name": "C"},
            lambda id: {"parent": {"@type": "CategoryRef", "id": id}},
        ),
        (
            "billingAccount",
            _ACCOUNTS,
            _ACCOUNT,
            lambda id: {"accountRelationship": [_contained_in(id)]},
        ),
        (
            "organization",
            _ORGANIZATIONS,
            {"@type": "Organization", "name": "O"},
            lambda id: {"organizationParentRelationship": _parent(id)},
        ),
    ],
    ids=["category", "account", "organization"],
)
def test_of_two_that_are_put_below_each_other_one_is(
    shop: Shop, resource: str, path: str, body: Document, above: Callable[[str], Document]
) -> None:
    for id in ("t1", "t2"):
        shop.suite.created(path, {**body, "id": id})

    answer = meeting(
        shop,
        lambda act: act.update(resource, "t1", above("t2")),
        lambda: shop.suite.patch(f"{path}/t2", above("t1")),
    )

    assert (answer.status, answer.json["errors"][0]["rule"]) == (400, "cycle")
    shown = found(shop.suite.get(f"{path}/t2"))
    assert above("t1").keys().isdisjoint(shown)


def _account(shop: Shop, id: str) -> None:
    shop.suite.created(_ACCOUNTS, {**_ACCOUNT, "id": id})


def _product(account: str) -> Document:
    return {"name": "P", "status": "active", "billingAccount": {"@type": "BillingAccountRef", "id": account}}


def _contained_in(id: str) -> Document:
    account = {"@type": "BillingAccountRef", "@referredType": "BillingAccount", "id": id}
    return {"@type": "AccountRelationship", "relationshipType": "containedIn", "account": account}


def _parent(id: str) -> Document:
    organization = {"@type": "OrganizationRef", "id": id}
    return {
        "@type": "OrganizationParentRelationship",
        "relationshipType": "juridical",
        "organization": organization,
    }
