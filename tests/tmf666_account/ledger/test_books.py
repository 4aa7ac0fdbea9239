"""The books are right at every point: after any facts in any order, and with many who post at once."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal

import pytest

from common.assurance import assure
from common.domain.accounting import Part, Service
from common.domain.money import Money, minor_units
from common.rest.actions import acting
from tests.tmf666_account.ledger.kit import account, balances, check, euro, sums, telling
from tmf666_account.assure import CHECKS
from tmf666_account.ledger.tables import DEFERRALS, ENTRIES, LINES, SUMS

ACCOUNTS, CURRENCIES = ("a1", "a2", "stranger"), ("EUR", "JPY", "KWD")
FACTS_MAX = 40
KINDS = (
    *("bill", "bill", "bill", "credit", "credit", "payment", "allocated", "deallocated", "refunded", "refund"),
    *("charged_back", "written_off", "recovered", "topped_up"),
)
THREADS, ROUNDS = 8, 6


def money(chance, currency, sign=1):
    return Money(Decimal(chance.randrange(1, 100_000) * sign).scaleb(-minor_units(currency)), currency)


def parts_of(chance, id, currency, today):
    found = []
    for position in range(chance.randrange(1, 4)):
        sign = chance.choice((1, 1, -1))
        start = today + timedelta(days=chance.randrange(-40, 10))
        service = Service(start, start + timedelta(days=chance.randrange(1, 90)))
        net, tax = money(chance, currency, sign), money(chance, currency, sign)
        found.append(Part(f"{id}/{position}", net, tax, chance.choice((None, service))))
    return found


def findings(suite):
    """What `bss assure` has to say of the books."""
    names = [check.name for check in CHECKS]
    return [
        (result.check.name, finding.records, finding.message)
        for result in assure(suite.installation, names)
        for finding in result.findings
    ]


class Chance:
    """Facts at random; what was billed is remembered, so that credit notes take back what there was."""

    def __init__(self, seed: int) -> None:
        self.chance, self.number = random.Random(seed), 0
        self.billed: list[tuple[dict, Part]] = []

    def tell(self, ledger, context, where) -> None:
        chance, currency = self.chance, self.chance.choice(CURRENCIES)
        self.number += 1
        id, amount = f"f{self.number}", money(chance, currency)
        where = {**where, "account": chance.choice(ACCOUNTS), "entity": chance.choice(("main", "other"))}
        kind = chance.choice(KINDS)
        if kind == "bill":
            parts = parts_of(chance, id, currency, where["at"].date())
            self.billed += [(where, one) for one in parts]
            assert ledger.bill_issued(context, bill=id, number=id, currency=currency, parts=parts, **where)
        elif kind == "credit" and self.billed:
            whose, one = self.billed.pop(chance.randrange(len(self.billed)))
            share = chance.choice((100, 50, 10))
            back = Part(f"{id}/c", one.net.share(share).rounded(), one.tax.share(share).rounded(), corrects=one.id)
            gross = back.net + back.tax
            given = {"currency": gross.currency, "applied": gross.share(chance.choice((0, 100))), "parts": [back]}
            assert ledger.credit_issued(context, credit=id, number=id, **given, **{**whose, "at": where["at"]})
        elif kind == "payment":
            assert ledger.payment_received(context, payment=id, amount=amount, fee=amount.share(2).rounded(), **where)
        elif kind in ("allocated", "deallocated"):
            assert getattr(ledger, kind)(context, allocation=id, amount=amount, **where)
        elif kind == "refund":
            assert ledger.refund_promised(context, refund=id, amount=amount, **where)
            assert ledger.refund_paid(context, refund=id, amount=amount, **where)
        elif kind == "refunded":
            assert ledger.refunded(context, refund=id, amount=amount, **where)
        elif kind == "charged_back":
            assert ledger.charged_back(context, payment=id, amount=amount, fee=money(chance, currency), **where)
        elif kind == "written_off":
            assert ledger.written_off(context, write_off=id, net=amount, tax=money(chance, currency), **where)
        elif kind == "recovered":
            assert ledger.recovered(context, recovery=id, net=amount, tax=money(chance, currency), **where)
        elif kind == "topped_up":
            assert ledger.topped_up(context, posting=id, amount=amount, **where)


@pytest.mark.parametrize("seed", range(3))
def test_the_trial_balance_is_zero_after_every_fact(books, seed):
    account(books, "a1")
    account(books, "a2")
    chance = Chance(seed)

    for _ in range(FACTS_MAX):
        if chance.chance.random() < 0.2:
            books.advance(timedelta(days=chance.chance.randrange(1, 20)))
        with telling(books) as (ledger, context, where):
            chance.tell(ledger, context, where)
        check(books)
        with books.installation.database.read() as uow:
            for told in (None, books.installation.clock.now()):
                totals = {}
                for one in books.installation.offered("ledger", uow).trial_balance(told):
                    key = (one.entity, one.amount.currency)
                    totals[key] = totals.get(key, Decimal(0)) + one.amount.amount
                assert set(totals.values()) <= {0}, f"seed {seed}"
    books.advance(timedelta(days=200))

    check(books)
    for id in ACCOUNTS:
        assert "deferredRevenue" not in sums(books, id), f"seed {seed}"
    assert findings(books) == []


def test_eight_who_post_on_one_account_lose_nothing(books):
    """Each bill is told by two of them at once, and half of the postings begin with sums that nobody has made yet."""
    account(books)

    def post(number):
        made = 0
        for turn in range(ROUNDS):
            with books.installation.database.write() as uow:
                act = acting(books.installation, uow)
                context, ledger = act.context("billingAccount"), act.offered("ledger")
                where = {"account": "a1", "entity": f"e{turn % 2}", "at": act.now}
                id = f"{number // 2}/{turn}"
                service = Service(date(2030, 1, 1), date(2030, 2, 1))
                one = Part(id, euro("100.00"), euro("19.00"), service if turn % 2 else None)
                made += ledger.bill_issued(context, bill=id, number=id, currency="EUR", parts=[one], **where)
                made += ledger.payment_received(context, payment=f"{number}/{turn}", amount=euro("1.00"), **where)
                uow.commit()
        return made

    with ThreadPoolExecutor(THREADS) as pool:
        made = sum(pool.map(post, range(THREADS)))

    bills, payments = THREADS // 2 * ROUNDS, THREADS * ROUNDS
    assert made == bills + payments
    assert balances(books) == {
        ("receivableBalance", "EUR"): Decimal("119.00") * bills,
        ("customerCreditBalance", "EUR"): Decimal("1.00") * payments,
    }
    check(books)


def test_eight_who_post_on_an_account_that_is_not_here_lose_nothing(books):
    def post(number):
        for turn in range(ROUNDS):
            with telling(books) as (ledger, context, where):
                ledger.payment_received(context, payment=f"{number}/{turn}", amount=euro("1.00"), **where)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(post, range(THREADS)))

    assert sums(books) == {"cash": f"{THREADS * ROUNDS}.00 EUR", "customerCredit": f"-{THREADS * ROUNDS}.00 EUR"}
    check(books)


def test_books_that_do_not_agree_are_found(books):
    """Each table is spoilt once; the account's document is spoilt by what is entered behind its back."""
    account(books)
    with telling(books) as (ledger, context, where):
        days = Service(date(2030, 1, 1), date(2030, 2, 1))
        listed = [Part("i", euro("100.00"), euro("19.00"), days)]
        ledger.bill_issued(context, bill="b1", number="R-1", currency="EUR", parts=listed, **where)
    assert findings(books) == []

    def spoil(table, where, **values):
        with books.installation.database.write() as uow:
            assert uow.records(table.name).update(where, values) == 1
            uow.commit()
        found = [name for name, _, _ in findings(books)]
        return sorted(set(found))

    whose = ("billingAccount a1",)
    assert spoil(LINES, {"account": "a1"}, amount=Decimal("118.00")) == ["ledger.statement"]
    assert spoil(LINES, {"account": "a1"}, amount=Decimal("119.00")) == []
    assert spoil(DEFERRALS, {"item": "i"}, recognised=Decimal("1.00")) == ["ledger.deferred"]
    assert spoil(DEFERRALS, {"item": "i"}, recognised=Decimal("0.00")) == []
    owed = {"account": "a1", "ledger_account": "receivable"}
    assert spoil(SUMS, owed, amount=Decimal("120.00")) == ["ledger.shown", "ledger.statement", "ledger.sums"]
    assert ("ledger.sums", whose, "120.00 main receivable EUR is kept, and 119.00 its entries come to") in findings(
        books
    )
    assert spoil(SUMS, owed, amount=Decimal("119.00")) == []
    assert spoil(ENTRIES, owed, amount=Decimal("119.01")) == ["ledger.balanced", "ledger.sums"]
