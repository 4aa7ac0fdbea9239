"""Billing, payments and dunning for half a year, in which fifty processes are killed at moments that a seed decides.

How: the server has a clock that stands still; after each kill it is begun again some days later, and so is, beside it,
`bss bill run`. Bank transfers and webhooks that were not acknowledged are sent again. In the end each account has one
bill for each period, no number is missing, each payment counts once, and nobody was charged twice.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from common import exact_json
from common.domain.clock import SettableClock, instant_text
from common.domain.cycles import months_later
from common.domain.query import Document
from common.installation import Installation
from common.jobs.inline import Inline
from common.settings import Settings
from tests.client import Suite
from tests.postgres import postgres_server, postgres_url  # noqa: F401
from tests.scenarios.billing import account_ref
from tests.scenarios.cashier import Cashier
from tests.scenarios.charging import ACCOUNTS
from tests.scenarios.kit import PRODUCTS
from tests.server import Server
from tests.simulation.field import migrate, opened, wait_until
from tests.tmf676_payment.kit import METHODS, PAYMENTS, SECRET, WEBHOOK, paying
from tmf676_payment.providers.sandbox import captured
from tmf676_payment.tables import ALLOCATIONS, CHARGES, CREDITS, RETURNS, SANDBOX, STEPS
from tmf676_payment.webhook import HEADER, signature
from tmf678_bill.batch import BillRun, Result
from tmf678_bill.tables import HEADS, NUMBERS, OUTCOMES

KILLS, SEED = 50, 20261128
BEGIN = datetime(2026, 1, 1, 9, tzinfo=UTC)
READY_SECONDS_MAX, WORK_SECONDS_MAX = 20, 3
# Debits by the token, and how the provider answers; the others pay by transfer, or do not.
TOKENS = ("good", "fine", "slow", "lossy", "early", "poor")
PAYERS = 6
RULES = [
    {"when": {"token": "poor"}, "outcome": "declined", "code": "insufficientFunds"},
    {"when": {"token": "slow", "operation": "capture"}, "delay": "P1D", "webhooks": 2},
    {"when": {"token": "lossy", "operation": "capture"}, "lost": 2, "webhooks": 1},
    {"when": {"token": "early"}, "isEarly": True, "webhooks": 2},
]
PRICE = {"@type": "ProductPrice", "name": "line", "priceType": "recurring", "recurringChargePeriod": "month"}


@dataclass
class Sender:
    """Sends payments and webhooks, one after the other; one that was not acknowledged comes again."""

    waiting: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    repeated: int = 0
    has_to_stop: threading.Event = field(default_factory=threading.Event)

    def send(self, url: str) -> None:
        with httpx.Client(base_url=url, timeout=30) as client:
            while self.waiting and not self.has_to_stop.is_set():
                path, content, headers = self.waiting[0]
                try:
                    answer = client.post(path, content=content, headers={"content-type": "application/json", **headers})
                except httpx.TransportError:
                    self.repeated += 1
                    self.has_to_stop.wait(0.02)
                    continue
                if answer.status_code == 503:  # others were in the way for long
                    self.repeated += 1
                    continue
                is_again = answer.status_code == 409 and answer.json()["code"] == "payment.duplicate"
                assert answer.status_code in (201, 204) or is_again, answer.text
                del self.waiting[0]


class Field:
    """The server, the bill run beside it, and who pays."""

    def __init__(self, environment: dict[str, str], installation: Installation) -> None:
        self.environment, self.installation = environment, installation
        self.chance = random.Random(SEED)
        self.now = BEGIN
        self.server, self.run = self._process("serve"), self._process("bill", "run", "--due")
        self.senders = [Sender() for _ in range(3)]
        self.threads: list[threading.Thread] = []
        self.sent: dict[str, Document] = {}
        self.taken_back: dict[str, str] = {}
        self.kills: Counter[str] = Counter()

    def _process(self, *arguments: str) -> Server:
        return Server(self.environment | {"BSS_CLOCK": instant_text(self.now)}, *arguments)

    # -- a round ------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Some days later; one time in three the same instant, at which what was broken off is done."""
        if self.chance.random() < 0.7:
            self.now += timedelta(hours=self.chance.randint(1, 24 * 14))
        if not self.run.is_running or self.run.has_ended:
            self.run = self._process("bill", "run", "--due")
            self.run.start()
        self.server = self._process("serve")
        self.server.start()
        self._plan()
        for sender in self.senders:
            sender.has_to_stop.clear()
        self.threads = [threading.Thread(target=one.send, args=(self.server.url,)) for one in self.senders]
        for thread in self.threads:
            thread.start()

    def _plan(self) -> None:
        """Some transfers, part of them named twice; the bank takes back what the provider collected."""
        for _ in range(self.chance.randint(1, 4)):
            id, account = f"bank-{len(self.sent)}", f"payer-{self.chance.randrange(PAYERS - 1)}"
            body = paying(self.chance.choice((40, 100, 100, 120)), account, correlatorId=id)
            headers = {"idempotency-key": id} if self.chance.random() < 0.5 else {}
            self.sent[id] = body
            self._put(PAYMENTS, exact_json.encode(body), headers)
        collected = sorted(captured(self.installation).keys() - self.taken_back.keys())
        if collected and self.chance.random() < 0.25:
            key = self.chance.choice(collected)
            self.taken_back[key] = id = f"bank-says-{len(self.taken_back)}"
            content = exact_json.encode({"id": id, "key": key, "type": "chargeBack", "reason": "not mine"})
            for _ in range(self.chance.randint(1, 2)):
                self._put(WEBHOOK, content, {HEADER: signature(content, SECRET)})

    def _put(self, path: str, content: bytes, headers: dict[str, str]) -> None:
        self.chance.choice(self.senders).waiting.append((path, content, headers))

    def wait(self) -> None:
        """Until the moment of the next kill: while processes begin, or after something was seen to be done."""
        if self.chance.random() < 0.15:
            time.sleep(self.chance.uniform(0, 2))
            return
        before, wanted = self._done(), self.chance.randint(1, 40)
        end = time.monotonic() + READY_SECONDS_MAX
        while self._done() == before and time.monotonic() < end:
            time.sleep(0.01)
        end = time.monotonic() + WORK_SECONDS_MAX
        while self._done() < before + wanted and time.monotonic() < end:
            time.sleep(0.005)
        time.sleep(self.chance.uniform(0, 0.05))

    def _done(self) -> int:
        """How many things there are that bill runs, payments and dunning leave behind."""
        tables = (HEADS, OUTCOMES, CREDITS, ALLOCATIONS, CHARGES, SANDBOX, STEPS, RETURNS)
        with self.installation.database.read() as uow:
            return sum(one.count for table in tables for one in uow.records(table.name).sum([], {}))

    def kill(self) -> None:
        if self.run.is_running and not self.run.has_ended:
            self.run.kill()
            self.kills["bill run"] += 1
        self.server.kill()
        self.kills["server"] += 1
        for sender in self.senders:
            sender.has_to_stop.set()
        for thread in self.threads:
            thread.join()

    # -- the end ------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Everything is acknowledged, and all that is due is done."""
        self.begin()
        self.server.wait_ready()
        wait_until(lambda: not any(thread.is_alive() for thread in self.threads))
        wait_until(self._is_settled)
        self.server.kill()
        self.run.kill()
        assert not any(sender.waiting for sender in self.senders)

    def _is_settled(self) -> bool:
        with self.installation.database.read() as uow:
            due = uow.agenda.next_due()
        return due is None or due > self.now

    def close(self) -> None:
        for sender in self.senders:
            sender.has_to_stop.set()
        for one in (self.server, self.run):
            one.kill()


@pytest.fixture(params=["sqlite", "postgresql"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    is_sqlite = request.param == "sqlite"
    script = tmp_path / "sandbox.json"
    script.write_text(json.dumps({"rules": RULES}))
    return {
        "BSS_DATABASE_URL": f"sqlite:///{tmp_path}/bss.db" if is_sqlite else request.getfixturevalue("postgres_url"),
        "BSS_JOB_DIR": str(tmp_path / "jobs"),
        "BSS_PAYMENT_SANDBOX_FILE": str(script),
        "BSS_PAYMENT_WEBHOOK_SECRET": SECRET,
        "BSS_LOG_LEVEL": "error",
    }


@pytest.mark.soak
def test_fifty_kills_leave_one_bill_for_each_period_and_every_payment_once(environment: dict[str, str]) -> None:
    migrate(environment)
    began = time.monotonic()
    with opened(environment) as installation:
        field = Field(environment, installation)
        try:
            with Server(environment | {"BSS_CLOCK": instant_text(BEGIN)}) as first:
                _stock(_posting(first.url))
            while field.kills.total() < KILLS:
                field.begin()
                field.wait()
                field.kill()
            field.finish()
        finally:
            field.close()
        repeated = sum(sender.repeated for sender in field.senders)
        print(f"seed {SEED}", dict(field.kills), f"until {field.now:%Y-%m-%d}, {repeated} repeated,", end=" ")
    found = _check(environment, field)
    print(found, f"{time.monotonic() - began:.0f} s")


# -- what is there in the end -----------------------------------------------------------------------------------------


def _check(environment: dict[str, str], field: Field) -> dict[str, int]:
    clock = SettableClock(field.now)
    # What found others in the way is done by and by.
    suite = Suite(Settings.from_environment(environment), clock)
    worker = Inline(suite.installation)
    worker.move(clock, field.now + timedelta(days=1))
    cashier = Cashier(SimpleNamespace(suite=suite, clock=clock, carrier=worker))  # type: ignore[arg-type]
    try:
        cashier.check()
        cashier.check_payments()
        _check_bills(cashier)
        _check_payments(cashier, field)
        rows = {name: len(cashier._table(name, {})) for name in (HEADS.name, CREDITS.name, STEPS.name, RETURNS.name)}
        actions = {row["action"] for row in cashier._table(STEPS.name, {})}
        assert {"reminder", "restrict", "suspend"} <= actions, "dunning went as far as that"
        return rows
    finally:
        suite.close()


def _check_bills(cashier: Cashier) -> None:
    """One bill for each account and period, and nothing that was to be charged is missing."""
    heads = cashier._table(HEADS.name, {})
    periods = Counter((row["account"], row["end"]) for row in heads if row["run_type"] == "onCycle")
    assert set(periods.values()) == {1}
    for row in cashier._table(NUMBERS.name, {}):
        given = [one["sequence"] for one in heads if one["series"] == row["series"]]
        assert sorted(given) == list(range(1, row["last"] + 1))
    # Who pays was never suspended, and has every month.
    ends = [row["end"].date() for row in heads if row["account"] == "debit-good"]
    assert sorted(ends) == [months_later(BEGIN.date(), number) for number in range(1, len(ends) + 1)]
    assert len(ends) > 3
    rest = BillRun(cashier.shop.suite.installation, dry_run=True).run()
    assert [one for one in rest.outcomes if one.result is not Result.NOTHING] == []


def _check_payments(cashier: Cashier, field: Field) -> None:
    credits = cashier._table(CREDITS.name, {})
    payments = {row["id"]: row["amount"] for row in credits if row["kind"] == "payment"}
    taken = {key: money.amount for key, money in captured(cashier.shop.suite.installation).items()}
    transfers = sorted(amount for id, amount in payments.items() if id not in taken)
    assert transfers == sorted(Decimal(body["totalAmount"]["value"]) for body in field.sent.values())
    assert {id: amount for id, amount in payments.items() if id in taken} == taken
    # A bill is collected by one payment at most, whatever became of the processes that asked.
    done = Counter(row["bill"] for row in cashier._table(CHARGES.name, {"state": "done"}) if row["bill"] is not None)
    assert set(done.values()) == {1}
    assert sum(done.values()) == len(taken)
    # What the bank took back it took back once.
    backs = {row["credit"]: row["amount"] for row in cashier._table(RETURNS.name, {"kind": "chargeBack"})}
    assert backs == {key: taken[key] for key in field.taken_back}
    assert len(backs) == len(cashier._table(RETURNS.name, {"kind": "chargeBack"}))


# -- what there is at first -------------------------------------------------------------------------------------------


def _posting(url: str) -> Callable[[str, Any], Any]:
    def post(path: str, body: Any) -> Any:
        answer = httpx.post(
            url + path, content=exact_json.encode(body), headers={"content-type": "application/json"}, timeout=60
        )
        assert answer.status_code == 201, answer.text
        return answer.json()

    return post


def _stock(create: Callable[[str, Any], Any]) -> None:
    for token in TOKENS:
        _account(create, f"debit-{token}")
        create(METHODS, _debit(token))
    for number in range(PAYERS):
        _account(create, f"payer-{number}")


def _account(create: Callable[[str, Any], Any], id: str) -> None:
    person = {"@type": "PartyRef", "id": "anna", "name": "Anna", "@referredType": "Individual"}
    owner = {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole": person}
    account = {"@type": "BillingAccount", "id": id, "name": id, "state": "Active", "relatedParty": [owner]}
    create(ACCOUNTS, account)
    price = {"@type": "Price", "dutyFreeAmount": {"unit": "EUR", "value": 100}}
    product = {"@type": "Product", "id": f"line-{id}", "name": "line", "status": "active"}
    started = {"startDate": instant_text(BEGIN), "billingAccount": account_ref(id)}
    create(PRODUCTS, {**product, **started, "productPrice": [{**PRICE, "price": price}]})


def _debit(token: str) -> Document:
    return {
        "@type": "directDebit",
        "name": "Debit",
        "mandateType": "SEPA core",
        "mandateId": token,
        "accountNumber": "DE02",
        "firstDebitDate": "2026-01-01T00:00:00Z",
        "owner": token,
        "bank": "Bank",
        "isPreferred": True,
        "account": [{"id": f"debit-{token}"}],
    }
