"""Payment methods: kinds, states, the default of an account, and card numbers, which are taken nowhere."""

from __future__ import annotations

import pytest

from common.domain.cards import card_numbers
from common.store import outbox
from tests.tmf676_payment.kit import ACCOUNTS, METHODS, account, card

NOW = "2026-03-01T12:00:00.000Z"
# What each kind must have, by the standard's definition of it; values as a client sends them.
KINDS = {
    "cash": {},
    "bankAccountTransfer": {"accountNumber": "DE02", "owner": "Jo", "bank": "Bank"},
    "bankAccountDebit": {"accountNumber": "DE02", "owner": "Jo", "bank": "Bank"},
    "directDebit": {
        "accountNumber": "DE02",
        "owner": "Jo",
        "bank": "Bank",
        "mandateType": "core",
        "firstDebitDate": "2026-01-01T00:00:00Z",
    },
    "tokenizedCard": {"lastFourDigits": "1111", "expirationDate": "2030-01-01T00:00:00Z"},
    "bankCard": {
        "cardNumber": "411111******1111",
        "brand": "Visa",
        "expirationDate": "2030-01-01T00:00:00Z",
        "nameOnCard": "Jo",
    },
    "digitalWallet": {"service": "Pay", "walletId": "w1", "walletUrl": "https://pay.example/w1"},
    "voucher": {
        "code": "V1",
        "value": {"amount": 10, "units": "EUR"},
        "expirationDate": "2030-01-01T00:00:00Z",
    },
    "check": {
        "checkId": "c1",
        "drawer": "Jo",
        "payee": "Us",
        "signedDate": "2026-01-01T00:00:00Z",
        "bank": "Bank",
    },
    "bucketPaymentMethod": {},
    "accountPaymentMethod": {},
    "loyaltyPaymentMethod": {},
}


def method(kind, **more):
    return {"@type": kind, "name": kind, **KINDS[kind], **more}


def told(suite):
    """Types of events so far."""
    with suite.installation.database.engine.connect() as connection:
        return [entry.event.type for entry in outbox.unrelayed(connection, 100)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_contract_is_kept(suite, kind):
    made = suite.created(METHODS, method(kind))

    assert (made["@type"], made["status"], made["statusDate"]) == (kind, "Active", NOW)
    assert suite.get(f"{METHODS}/{made['id']}").json == made


@pytest.mark.parametrize(("kind", "missing"), [(kind, name) for kind, given in KINDS.items() for name in given])
def test_what_the_contract_requires_of_a_kind_is_asked_for(suite, kind, missing):
    body = method(kind)
    del body[missing]

    answer = suite.post(METHODS, body)

    assert (answer.status, answer.json["code"]) == (400, "body.invalid")
    assert f"/{missing}: " in answer.json["message"]
    assert (suite.get(METHODS).json, told(suite)) == ([], [])


def test_a_kind_may_be_written_as_its_definition_is(suite):
    made = suite.created(METHODS, {**method("tokenizedCard"), "@type": "TokenizedCard"})

    assert made["@type"] == "tokenizedCard"


def test_another_kind_is_400(suite):
    answer = suite.post(METHODS, {"@type": "barter", "name": "Sheep"})

    assert (answer.status, "/@type: a payment method is one of" in answer.json["message"]) == (400, True)


@pytest.mark.parametrize(
    "change",
    [
        {"cardNumber": "4111111111111111"},
        {"cardNumber": "4111 1111 1111 1111"},
        {"cardNumber": "5500-0055-5555-5559"},
        {"cardNumber": 378282246310005},
        {"name": "Visa 4111111111111111"},
        {"extra": [{"number": "6011000990139424"}]},
        {"cvv": "123"},
    ],
)
def test_a_card_number_is_400_and_neither_stored_told_nor_repeated(suite, change, capfd):
    answer = suite.post(METHODS, method("bankCard", **change))

    assert (answer.status, answer.json["code"]) == (400, "body.invalid")
    shown = [answer.content.decode(), *capfd.readouterr()]
    numbers = ("4111", "5500", "37828", "60110", '"123"')
    assert [number for number in numbers for text in shown if number in text] == []
    assert (suite.get(METHODS).json, told(suite)) == ([], [])


def test_a_card_number_in_a_patch_is_400(suite):
    made = suite.created(METHODS, method("bankCard"))

    answer = suite.patch(f"{METHODS}/{made['id']}", {"cardNumber": "4111111111111111"})

    assert answer.status == 400
    assert suite.get(f"{METHODS}/{made['id']}").json == made


@pytest.mark.parametrize(
    ("document", "places"),
    [
        ({"cardNumber": "4111111111111112"}, []),  # the check digit is wrong
        ({"cardNumber": "411111******1111"}, []),
        ({"lastFourDigits": "1111"}, []),
        ({"accountNumber": "4111111111111111"}, []),  # an account's number may look like a card's
        ({"token": "4111111111111111"}, ["/token"]),
        ({"a/b": [{"n": "x 4111-1111-1111-1111 y"}]}, ["/a~1b/0/n"]),
        ({"n": "14111111111111111"}, []),  # part of a longer number
        ({"n": "3782 822463 10005"}, ["/n"]),
        ({"n": "tok4111111111111111"}, ["/n"]),
        ({"n": "4111-1111 1111-1111"}, []),  # no card is printed so
        ({"token": "01a24111-1111-4111-8111-411111111111"}, []),  # a UUID
        ({"id": "4111111111111111"}, []),
        ({"n": "1234567812345670"}, []),  # no scheme numbers its cards from 1 on
        ({"n": True, "m": None}, []),
    ],
)
def test_card_numbers_are_recognised(document, places):
    assert list(card_numbers(document)) == places


def test_the_preferred_method_is_the_accounts_default(suite):
    account(suite)
    first = card(suite, "tok-1")

    second = card(suite, "tok-2")

    assert suite.get(f"{ACCOUNTS}/a1").json["defaultPaymentMethod"]["id"] == second
    assert suite.get(f"{METHODS}/{first}").json["isPreferred"] is False


@pytest.mark.parametrize("change", [{"isPreferred": False}, {"status": "Inactive"}, {"account": []}])
def test_a_method_that_is_not_preferred_any_more_is_no_default(suite, change):
    account(suite)
    id = card(suite)

    assert suite.patch(f"{METHODS}/{id}", {"name": "Card", **change}).status == 200

    assert "defaultPaymentMethod" not in suite.get(f"{ACCOUNTS}/a1").json


def test_a_method_that_is_deleted_is_no_default(suite):
    account(suite)
    id = card(suite)

    assert suite.delete(f"{METHODS}/{id}").status == 204

    assert "defaultPaymentMethod" not in suite.get(f"{ACCOUNTS}/a1").json


def test_states_move_by_the_table_and_are_dated(suite):
    made = suite.created(METHODS, method("cash", statusDate="2026-01-01T00:00:00Z"))
    path = f"{METHODS}/{made['id']}"

    expired = suite.patch(path, {"name": "cash", "status": "Expired"}).json
    again = suite.patch(path, {"name": "cash", "status": "Active"})

    assert (expired["status"], expired["statusDate"]) == ("Expired", NOW)
    assert (again.status, again.json["code"]) == (409, "lifecycle.illegal")
    assert told(suite) == [
        *("PaymentMethodCreateEvent", "PaymentMethodAttributeValueChangeEvent", "PaymentMethodStatusChangeEvent")
    ]


def test_the_kind_stays(suite):
    made = suite.created(METHODS, method("cash"))

    answer = suite.patch(f"{METHODS}/{made['id']}", {"name": "cash", "@type": "voucher"})

    assert answer.status == 400
