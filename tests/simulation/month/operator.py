"""A month of an operator, played by chance on the suite and told to the model: orders, usage, mistakes, deaths.

The process may die before and after each commit of what has to do with usage; whoever got no answer does it again.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from common import exact_json
from common.domain.clock import instant_text
from common.domain.query import Document
from common.jobs.patience import Stopped
from common.store.unit_of_work import UnitOfWork
from tests.scenarios.charging import USAGES, USAGES_V4, Network, in_v4, product_price, usage
from tests.scenarios.kit import Shop, change, characteristic_list
from tests.simulation.month.model import Model
from tests.simulation.month.plans import plan
from tests.simulation.month.world import Account, Price, Record, Sold, Span
from tests.tmf654_balance.kit import BASE, of
from tmf635_usage.feed import Feed
from tmf635_usage.ingest import UNKNOWN_PRODUCT, Ingest
from tmf635_usage.recycle import Recycle
from tmf635_usage.rerate import rerate

BATCH = "/tmf-api/productUsageManagement/v5/productUsageBatch"
BATCH_V4 = "/tmf-api/usageManagement/v4/usageBatch"
BEGIN = datetime(2026, 3, 1, 9, tzinfo=UTC)
ZONES = ("Europe/Vienna", "America/New_York")  # clocks go forward on 29 and on 8 March
CHUNK = 7
DEATH = 0.06
_DESTINATIONS = ("+4366412345", "+43112345", "+442079460000", "+12025550100", "+819012345678")
_UNITS = {"voice": ("s", 1, 400), "data": ("B", 50_000, 9_000_000), "sms": ("event", 1, 6), "mms": ("event", 1, 2)}


@dataclass
class Line:
    """A product as the operator has it."""

    id: str
    number: str
    account: Account
    currency: str
    status: str = "active"
    is_prepaid: bool = False


@dataclass
class Operator:
    """Plays days; `size` is how many products there are in the end."""

    shop: Shop
    chance: Random
    folder: Path
    size: int
    model: Model = field(default_factory=Model)
    plans: dict[str, list[Price]] = field(default_factory=dict)
    accounts: list[tuple[Account, str]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    sent: list[Record] = field(default_factory=list)
    times: set[datetime] = field(default_factory=set)
    commits: int = 0
    deaths: int = 0
    files: int = 0
    is_mortal: bool = False

    def __post_init__(self) -> None:
        self.network = Network(self.shop)

    # -- death --------------------------------------------------------------------------------------------

    def commit(self, commit: Callable[[UnitOfWork], None], uow: UnitOfWork) -> None:
        """What takes the place of a commit while the month is played."""
        self._maybe_die()
        commit(uow)
        self.commits += 1
        self._maybe_die()

    def _maybe_die(self) -> None:
        if self.is_mortal and self.chance.random() < DEATH:
            self.deaths += 1
            raise Stopped

    def _until_done(self, work: Callable[[], object]) -> int:
        """Again and again until it is acknowledged; how many transactions were made."""
        before, self.is_mortal = self.commits, True
        while True:
            try:
                work()
                break
            except Stopped:
                continue
        self.is_mortal = False
        return self.commits - before

    # -- the month ----------------------------------------------------------------------------------------

    def play(self, days: int, records_each: int) -> None:
        self.shop.wait_until(instant_text(BEGIN))
        self._open()
        for day in range(days):
            for _ in range(2):
                self._wait(BEGIN + timedelta(days=day))
                self._happen(day / days)
            self._report([self._record() for _ in range(records_each)])
        self._recycle()
        for line in self.lines:
            if self.chance.random() < 0.5:
                self._rerate(line.id, None)

    def _wait(self, day: datetime) -> None:
        """On to some whole second of the day."""
        now = self.shop.clock.now()
        end = day + timedelta(hours=14)
        if now < end:
            self.shop.wait_until(
                instant_text(now + timedelta(seconds=self.chance.randint(1, 40_000)) if now > day else day)
            )

    def _open(self) -> None:
        """Accounts in both zones and all currencies, plans for each currency."""
        cycle = {"@type": "BillingCycleSpecification", "name": "from the 15th", "billingDateShift": 14}
        shifted = self.shop.suite.created("/tmf-api/accountManagement/v5/billingCycleSpecification", cycle)
        reference = {"@type": "BillingCycleSpecificationRef", "id": shifted["id"]}
        structure = {
            "@type": "BillStructure",
            "cycleSpecification": {**reference, "@referredType": "BillingCycleSpecification"},
        }
        for number, currency in enumerate(("EUR", "EUR", "JPY", "KWD")):
            account = Account(f"account-{number}", ZoneInfo(ZONES[number % 2]), 14 * (number // 2))
            more = {"billStructure": structure} if account.shift else {}
            self.network.account(account.id, timeZone=account.zone.key, **more)
            self.accounts.append((account, currency))
            for _ in range(2 if currency == "EUR" else 1):
                name = f"plan-{len(self.plans)}-{currency}"
                self.plans[name] = plan(name, currency, self.chance)
                for price in self.plans[name]:
                    self._price(price)
                self.network.plan(name, *(price.id for price in self.plans[name]))
        for _ in range(min(4, self.size)):
            self._sell()

    def _price(self, price: Price) -> None:
        if price.is_allowance:
            self.network.allowance(price.id, price.usage_type, str(price.quantity), **price.attributes())
        else:
            value = None if price.tiers else price.amount
            self.network.price(price.id, price.usage_type, value, price.per, **price.attributes())
        self.model.prices[price.id].append(price)

    def _happen(self, part: float) -> None:
        """One thing of a day."""
        choices: list[Callable[[], None]] = [self._change_plan, self._correct_price, self._recycle, self._top_up]
        choices += [self._suspend_or_resume, self._rerate_some, self._look]
        if len(self.lines) < self.size * min(1.0, 0.4 + part):
            choices += [self._sell] * 6
        if part > 0.3:
            choices.append(self._terminate)
        self.chance.choice(choices)()

    # -- products -----------------------------------------------------------------------------------------

    def _sell(self) -> None:
        """By an order, which keeps the versions that are on sale; or as somebody else made it, who keeps to none."""
        account, currency = self.accounts[len(self.lines) % len(self.accounts)]
        name = self.chance.choice([one for one in self.plans if one.endswith(currency)])
        number = f"+4367600{len(self.lines):04}"
        if self.chance.random() < 0.6:
            id = self.network.sell(name, number, account.id)
            sold = self._latest(name)
        else:
            id = f"product-{len(self.lines)}"
            sold = tuple(Sold(price.id, None) for price in self.plans[name])
            holder = {"@type": "BillingAccountRef", "id": account.id, "@referredType": "BillingAccount"}
            prices = [_without_version(one.price) for one in sold]
            self.network.product(id, msisdn=number, billingAccount=holder, productPrice=prices)
        line = Line(id, number, account, currency)
        self.lines.append(line)
        self._note(line, sold)
        self.model.numbers.append((number, self.shop.clock.now(), None, id))
        if self.chance.random() < 0.4:
            line.is_prepaid = True
            self._fill(line)

    def _latest(self, name: str) -> tuple[Sold, ...]:
        return tuple(Sold(price.id, self.model.prices[price.id][-1].version) for price in self.plans[name])

    def _note(self, line: Line, sold: tuple[Sold, ...] | None = None) -> None:
        spans = self.model.spans[line.id]
        spans.append(Span(self.shop.clock.now(), line.status, line.account, spans[-1].sold if sold is None else sold))

    def _change_plan(self) -> None:
        """Of those who ordered one."""
        line = self.chance.choice(self.lines)
        here = self.model.spans[line.id][-1].sold
        now = here[0].price.rpartition("-")[0]
        others = [one for one in self.plans if one.endswith(line.currency) and one != now]
        if line.status == "active" and here[0].version is not None and others:
            name = self.chance.choice(others)
            number = characteristic_list(msisdn=line.number)
            self.shop.deliver(change("other", "modify", line.id, name, productCharacteristic=number))
            self._note(line, self._latest(name))

    def _suspend_or_resume(self) -> None:
        line = self.chance.choice(self.lines)
        if line.status != "terminated":
            line.status = "suspended" if line.status == "active" else "active"
            self.shop.patch_product(line.id, status=line.status)
            self._note(line)

    def _terminate(self) -> None:
        line = self.chance.choice(self.lines)
        if line.status == "active":
            self.shop.deliver(change("end", "delete", line.id))
            line.status = "terminated"
            self._note(line)
            now, numbers = self.shop.clock.now(), self.model.numbers
            numbers[:] = [(n, since, now if id == line.id else until, id) for n, since, until, id in numbers]

    def _top_up(self) -> None:
        prepaid = [line for line in self.lines if line.is_prepaid]
        if prepaid:
            self._fill(self.chance.choice(prepaid))

    def _fill(self, line: Line) -> None:
        amount = {"EUR": "1.5", "JPY": "240", "KWD": "0.55"}[line.currency]
        body = of(f"credit-{line.id}", Decimal(amount), line.currency, product=[{"id": line.id}])
        headers = {"idempotency-key": f"top-up-{len(self.model.top_ups)}"}

        def send() -> None:
            answer = self.shop.suite.post(f"{BASE}/topupBalance", body, headers=headers)
            assert (answer.status, answer.json["status"]) == (201, "completed"), answer.content

        self._until_done(send)
        self.model.top_ups.append((line.id, Fraction(amount)))

    # -- rating over --------------------------------------------------------------------------------------

    def _correct_price(self) -> None:
        """A new version of a price, and who has it is rated over."""
        price = self.chance.choice([p for prices in self.plans.values() for p in prices if not p.is_allowance])
        latest = self.model.prices[price.id][-1].times(self.chance.choice(["0.5", "1.5", "2"]))
        self._price(latest)
        for line in self.lines:
            if any(sold.price == price.id for span in self.model.spans[line.id] for sold in span.sold):
                self._rerate(line.id, self._some_instant())

    def _rerate_some(self) -> None:
        self._rerate(self.chance.choice(self.lines).id, self._some_instant())

    def _some_instant(self) -> datetime | None:
        since = self.shop.clock.now() - timedelta(hours=self.chance.randint(1, 400))
        return self.chance.choice([None, None, since])

    def _rerate(self, product: str, since: datetime | None) -> None:
        installation = self.shop.suite.installation
        for _ in range(self._until_done(lambda: rerate(installation, product, since))):
            self.model.rerate(product, since)

    def _recycle(self) -> None:
        """All in one transaction; done twice when the process dies after it."""
        for _ in range(self._until_done(Recycle(self.shop.suite.installation).run)):
            self.model.recycle()

    def _look(self) -> None:
        """What would become of it: nothing is kept."""
        installation = self.shop.suite.installation
        before = self.commits
        Recycle(installation, dry_run=True).run()
        rerate(installation, self.chance.choice(self.lines).id, dry_run=True)
        assert self.commits == before

    # -- usage --------------------------------------------------------------------------------------------

    def _record(self) -> Record:
        """Of any product and type, mostly of the last day, some of it late; some come twice, or say something else."""
        if self.sent and self.chance.random() < 0.08:
            again = self.chance.choice(self.sent)
            return again if self.chance.random() < 0.6 else replace(again, quantity=f"{again.quantity}1")
        line = self.chance.choice(self.lines)
        if line.status == "terminated":
            line = self.chance.choice(self.lines)
        usage_type = self.chance.choice(("voice", "voice", "voice", "data", "data", "data", "sms", "mms", "fax"))
        unit, least, most = _UNITS.get(usage_type, ("event", 1, 1))
        quantity = str(self.chance.randint(least, most))
        if usage_type == "voice" and self.chance.random() < 0.3:
            quantity += ".25"
        is_by_number = self.chance.random() < 0.5
        record = Record(
            key=f"k{len(self.sent)}",
            usage_type=usage_type,
            at=self._time(line),
            quantity=quantity,
            unit=unit,
            product=None if is_by_number else line.id,
            number=line.number if is_by_number else None,
            destination=self.chance.choice(_DESTINATIONS) if usage_type == "voice" else None,
            is_roaming=self.chance.random() < 0.3,
        )
        self.sent.append(record)
        return record

    def _time(self, line: Line) -> datetime:
        """In the last day, or late: any time since the product began, or just before it did.

        No two usages begin at the same time: which of them is first would be anybody's guess.
        """
        now, begun = self.shop.clock.now(), self.model.spans[line.id][0].since
        life = int((now - begun).total_seconds()) + 1
        while True:
            seconds = life + 7_000 if self.chance.random() < 0.25 else min(life, 86_400)
            at = now - timedelta(seconds=self.chance.randint(0, seconds))
            if at not in self.times:
                self.times.add(at)
                return at

    def _report(self, records: Sequence[Record]) -> None:
        """Some one by one, some in batches, some in files."""
        by_product = [one for one in records if one.product is not None]
        by_number = [one for one in records if one.product is None]
        for path, batch_path, group in ((USAGES, BATCH, by_product), (USAGES_V4, BATCH_V4, by_number)):
            way = self.chance.choice(["single", "batch", "file"])
            if way == "single":
                for record in group:
                    self._until_done(lambda record=record, path=path: self._send(path, record))  # type: ignore[misc]
                    self.model.report([record])
                continue
            if way == "batch":
                self._until_done(lambda path=batch_path, group=group: self._send_all(path, group))  # type: ignore[misc]
            else:
                self._take_file(group)
            for start in range(0, len(group), CHUNK):
                self.model.report(group[start : start + CHUNK])

    def _send(self, path: str, record: Record) -> None:
        answer = self.shop.suite.post(path, self._document(record, is_v4=path == USAGES_V4))
        codes = ("usage.duplicate", "usage.other-content")
        assert answer.status == 201 or answer.json["code"] in codes, answer.content

    def _send_all(self, path: str, records: Sequence[Record]) -> None:
        sent = [exact_json.encode(self._document(one, is_v4=path == BATCH_V4)) for one in records]
        answer = self.shop.suite.post(path, content=b"\n".join(sent), media_type="application/x-ndjson")
        assert answer.status == 200, answer.content
        told = [exact_json.decode(line) for line in answer.content.splitlines()]
        assert len(told) == len(records)
        assert all(one["result"] in ("created", "duplicate") or one["code"] == "usage.other-content" for one in told), (
            told
        )

    def _take_file(self, records: Sequence[Record]) -> None:
        self.files += 1
        file = self.folder / f"usage-{self.files}.csv"
        names = ["externalId", "source", "usageType", "usageSpecification", "product"]
        with file.open("w", newline="") as opened:
            writer = csv.writer(opened)
            names += ["startDateTime", "quantity", "unit", "msisdn", "calledNumber", "visitedNetwork"]
            writer.writerow(names)
            for one in records:
                at, visited = self._written(one), "26201" if one.is_roaming else ""
                known = [one.key, "mediation", one.usage_type, f"usage-spec-{one.usage_type}", one.product or ""]
                writer.writerow([*known, at, one.quantity, one.unit, one.number or "", one.destination or "", visited])
        take = Ingest.of(self.shop.suite.installation, assumed=UNKNOWN_PRODUCT).take
        rejects, checkpoint = file.with_suffix(".rejects"), file.with_suffix(".checkpoint")

        def run() -> None:
            *_, last = Feed(file, rejects, checkpoint, take, size=CHUNK).run()
            assert last.received == sum(last.results.values()) == len(records)
            refused = rejects.read_bytes().splitlines() if rejects.exists() else []
            assert {exact_json.decode(line)["code"] for line in refused} <= {"usage.other-content"}, refused

        self._until_done(run)

    def _document(self, record: Record, *, is_v4: bool) -> Document:
        characteristics = {
            "msisdn": record.number,
            "calledNumber": record.destination,
            "visitedNetwork": "26201" if record.is_roaming else None,
        }
        document = usage(
            record.usage_type,
            self._written(record),
            f"{record.quantity} {record.unit}",
            record.product,
            record=record.key,
            **{name: value for name, value in characteristics.items() if value is not None},
        )
        return in_v4(document) if is_v4 else document

    def _written(self, record: Record) -> str:
        """As UTC, or by some clock's time."""
        zone = (UTC, ZoneInfo(ZONES[0]), ZoneInfo(ZONES[1]))[int(record.key[1:]) % 3]
        return record.at.astimezone(zone).isoformat()


def _without_version(price: str) -> Document:
    known = product_price(price)
    return {**known, "productOfferingPrice": {**known["productOfferingPrice"], "version": None}}
