"""A slow and obvious model of the money of an operator's year: who owes what, who pays it, and what the books say.

A list of accounts, each with its bills and its credit; and one list of all that was entered. What happens by itself
(bills, collections, dunning, the close of a month) happens in the order of time, at the instants that the accounts say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction

from tests.simulation.year.bills import DAY, KINDS, Charging, Item, rounded
from tests.simulation.year.world import Terms

ZERO = Fraction(0)
# What is revenue, or lowers it, by its days.
FOR_DAYS = ("recurring", "discount")
Entries = dict[str, Fraction]


@dataclass
class Dispute:
    amount: Fraction
    is_open: bool = True


@dataclass
class WriteOff:
    amount: Fraction
    tax: Fraction
    is_recovered: bool = False


@dataclass
class Bill:
    """A bill or credit note; `items` are as they were issued."""

    number: str
    account: str
    issued: datetime
    due: datetime
    items: list[Item]
    remaining: Fraction = ZERO
    # What was written off at any time, also what was to be paid after all.
    write_offs: list[WriteOff] = field(default_factory=list)
    # Collection: when it is asked for next, and how often it was.
    asked: int = 0
    ask: datetime | None = None
    disputes: list[Dispute] = field(default_factory=list)

    @property
    def net(self) -> Fraction:
        return sum((one.net for one in self.items), ZERO)

    @property
    def tax(self) -> Fraction:
        return sum((one.tax for one in self.items), ZERO)

    @property
    def gross(self) -> Fraction:
        return self.net + self.tax

    @property
    def disputed(self) -> Fraction:
        """What nobody asks for meanwhile: as much of it as remains, also when a payment of it went back."""
        return min(self.open_disputes, self.remaining)

    @property
    def collectable(self) -> Fraction:
        return self.remaining - self.disputed

    @property
    def creditable(self) -> Fraction:
        return sum((one.left for one in self.items), ZERO)

    @property
    def written_off(self) -> Fraction:
        return sum((one.amount for one in self.write_offs if not one.is_recovered), ZERO)

    @property
    def open_disputes(self) -> Fraction:
        return sum((one.amount for one in self.disputes if one.is_open), ZERO)


@dataclass
class Credit:
    """Money of the customer: what of it paid which bill, the latest last."""

    name: str
    amount: Fraction
    is_collected: bool = False
    left: Fraction = ZERO
    gone: Fraction = ZERO
    paid: list[tuple[Bill, Fraction]] = field(default_factory=list)


@dataclass
class Deferral:
    net: Fraction
    first: date
    last: date
    recognised: Fraction = ZERO


@dataclass
class Account:
    terms: Terms
    charging: Charging
    next: datetime
    cycles: int = 0
    bills: list[Bill] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)
    deferrals: dict[int, Deferral] = field(default_factory=dict)
    # Dunning: the steps of the present case, all steps ever, when it is looked at.
    is_dunned: bool = False
    case: list[str] = field(default_factory=list)
    stepped: datetime | None = None
    asleep: list[str] = field(default_factory=list)
    steps: list[tuple[datetime, str, Fraction]] = field(default_factory=list)
    look: datetime | None = None

    def open(self) -> list[Bill]:
        return sorted((one for one in self.bills if one.remaining > 0), key=lambda one: (one.due, one.issued))

    def look_at(self, moment: datetime) -> None:
        self.look = moment if self.look is None else min(self.look, moment)


@dataclass
class Year:
    """Everything that there is. `poor` are the tokens that the provider takes nothing from at present."""

    accounts: dict[str, Account] = field(default_factory=dict)
    entered: list[tuple[str, str, Fraction]] = field(default_factory=list)
    numbers: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    poor: set[str] = field(default_factory=set)
    now: datetime = datetime(2000, 1, 1, tzinfo=UTC)
    closes: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    # -- time ---------------------------------------------------------------------------------------------

    def begin(self, now: datetime) -> None:
        self.now, self.closes = now, _month_begin(now.date().replace(day=28) + 4 * DAY)

    def open(self, terms: Terms, charging: Charging) -> Account:
        """A new account; its first cycle ends when the period that today is in does."""
        first = _midnight(charging.period(terms.day(self.now))[1], terms)
        self.accounts[terms.id] = account = Account(terms, charging, first)
        return account

    def pass_to(self, moment: datetime) -> None:
        """Everything that happens by itself until an instant, that one included."""
        while True:
            due = sorted(one for one in self._upcoming() if one[0] <= moment)
            if not due:
                break
            self.now = max(self.now, due[0][0])
            self._happen(*due[0][1:])
        self.now = moment

    def _upcoming(self) -> Iterator[tuple[datetime, int, str, int]]:
        yield self.closes, 2, "", 0
        for id, account in self.accounts.items():
            yield account.next, 0, id, 0
            if account.look is not None:
                yield account.look, 1, id, 0
            for place, bill in enumerate(account.bills):
                if bill.ask is not None:
                    yield bill.ask, 3, id, place

    def _happen(self, kind: int, id: str, place: int) -> None:
        if kind == 2:
            for account in self.accounts.values():
                self._recognise(account)
            self.closes = _month_begin(self.closes.date() + 32 * DAY)
            return
        account = self.accounts[id]
        if kind == 0:
            cutoff = account.next
            account.next = _midnight(account.charging.period(account.terms.day(cutoff))[1], account.terms)
            account.cycles += 1
            self.bill(account, cutoff)
        elif kind == 1:
            account.look = None
            again = self._look(account)
            if again is not None:
                account.look_at(again)
        else:
            self._collect(account, account.bills[place])

    # -- bills --------------------------------------------------------------------------------------------

    def bill(self, account: Account, cutoff: datetime) -> Bill | None:
        items = account.charging.bill(cutoff)
        return self.issue(account, items) if items else None

    def issue(self, account: Account, items: list[Item]) -> Bill:
        bill = self._issue(account, items)
        for item in items:
            if KINDS[item.key[1]] in FOR_DAYS and item.net and self.now.date() < item.last:
                account.deferrals[id(item)] = Deferral(item.net, item.first, item.last)
        later = sum((one.net for one in items if id(one) in account.deferrals), ZERO)
        self._enter(
            account, receivable=bill.gross, revenue=later - bill.net, deferredRevenue=-later, taxPayable=-bill.tax
        )
        self._recognise(account)
        if bill.gross > 0:
            bill.remaining, bill.ask = bill.gross, bill.due
            self._settle(account)
            account.look_at(bill.due + DAY)
            self._touched(account)
        elif bill.gross < 0:
            self._enter(account, receivable=-bill.gross, customerCredit=bill.gross)
            self._credit(account, Credit(bill.number, -bill.gross))
            self._touched(account)
        return bill

    def _issue(self, account: Account, items: list[Item]) -> Bill:
        terms = account.terms
        series = "C" if sum((one.gross for one in items), ZERO) < 0 else "B"
        self.numbers[terms.entity.id, series] += 1
        due = _midnight(terms.day(self.now) + terms.entity.payment_days * DAY, terms)
        number = f"{terms.entity.id}-{series}-{self.numbers[terms.entity.id, series]}"
        bill = Bill(number, terms.id, self.now, max(due, self.now), items)
        account.bills.append(bill)
        return bill

    def _recognise(self, account: Account) -> None:
        """What of charges for days is revenue when this month begins."""
        first = self.now.date().replace(day=1)
        for one in account.deferrals.values():
            length = (one.last - one.first).days
            gone = min(max((first - one.first).days, 0), length)
            total = one.net if gone == length else rounded(one.net * gone / length, account.terms.currency)
            self._enter(account, deferredRevenue=total - one.recognised, revenue=one.recognised - total)
            one.recognised = total

    def _enter(self, account: Account, **entries: Fraction) -> None:
        assert sum(entries.values(), ZERO) == 0
        self.entered += [(account.terms.id, name, amount) for name, amount in entries.items() if amount]

    # -- payments -----------------------------------------------------------------------------------------

    def pay(
        self, account: Account, name: str, amount: Fraction, bills: Iterable[Bill] = (), *, by_us: bool = False
    ) -> None:
        """Money comes in: what it is told to pay first, then what is due for longest."""
        credit = Credit(name, amount, by_us)
        self._enter(account, cash=amount, customerCredit=-amount)
        credit.left = amount
        account.credits.append(credit)
        for bill in bills:
            self._allocate(account, credit, bill, min(credit.left, bill.remaining))
        self._settle(account)
        self._touched(account)

    def _credit(self, account: Account, credit: Credit) -> None:
        credit.left = credit.amount
        account.credits.append(credit)
        self._settle(account)

    def _settle(self, account: Account) -> None:
        for credit in account.credits:
            for bill in account.open():
                self._allocate(account, credit, bill, min(credit.left, bill.collectable))

    def _allocate(self, account: Account, credit: Credit, bill: Bill, part: Fraction) -> None:
        if part <= 0:
            return
        before = sum((paid for one, paid in credit.paid if one is bill), ZERO)
        credit.paid = [(one, paid) for one, paid in credit.paid if one is not bill] + [(bill, before + part)]
        credit.left -= part
        bill.remaining -= part
        self._enter(account, customerCredit=part, receivable=-part)

    def take_back(self, account: Account, credit: Credit, amount: Fraction) -> None:
        """A refund or a charge-back: what pays nothing first, then what paid last."""
        from_left = min(credit.left, amount)
        credit.left -= from_left
        credit.gone += amount
        missing = amount - from_left
        while missing > 0:
            bill, paid = credit.paid.pop()
            part = min(paid, missing)
            if paid > part:
                credit.paid.append((bill, paid - part))
            bill.remaining += part
            missing -= part
            self._enter(account, receivable=part, customerCredit=-part)
        self._enter(account, customerCredit=amount, cash=-amount)
        self._settle(account)
        account.look_at(self.now)

    def _collect(self, account: Account, bill: Bill) -> None:
        bill.ask = None
        token, amount = account.terms.token, bill.collectable
        if token is None or amount <= 0:
            return
        bill.asked += 1
        if token not in self.poor:
            self.pay(account, f"collection {bill.number}", amount, [bill], by_us=True)
            return
        retries = account.terms.entity.retries
        if bill.asked <= len(retries):
            bill.ask = self.now + retries[bill.asked - 1] * DAY
        account.look_at(self.now)

    # -- corrections --------------------------------------------------------------------------------------

    def credit(self, account: Account, bill: Bill, amount: Fraction) -> Bill:
        """So much of a bill is taken back, of each item what it has of what is left."""
        currency, total, seen, given = account.terms.currency, bill.creditable, ZERO, ZERO
        items, unearned = [], ZERO
        for item in bill.items:
            seen += item.left
            until = amount if seen == total else rounded(amount * seen / total, currency)
            part, given = until - given, until
            if part:
                items.append(_taken(item, part, currency))
                unearned += self._undefer(account, item, -items[-1].net)
        note = self._issue(account, items)
        applied = min(amount, bill.remaining)
        bill.remaining -= applied
        self._enter(
            account,
            revenue=-note.net - unearned,
            deferredRevenue=unearned,
            taxPayable=-note.tax,
            receivable=-applied,
            customerCredit=applied - amount,
        )
        if applied:
            self._touched(account)
        if amount > applied:
            self._credit(account, Credit(note.number, amount - applied))
            self._touched(account)
        return note

    def _undefer(self, account: Account, item: Item, net: Fraction) -> Fraction:
        """How much of what is taken back had not been earned."""
        one = account.deferrals.get(id(item))
        if one is None:
            return ZERO
        rest = one.net - net
        still = rounded(one.recognised * rest / one.net, account.terms.currency) if one.net and rest else ZERO
        unearned = net - (one.recognised - still)
        one.net, one.recognised = rest, still
        return unearned

    def dispute(self, account: Account, bill: Bill, amount: Fraction) -> None:
        bill.disputes.append(Dispute(amount))
        self._touched(account)

    def decide(self, account: Account, bill: Bill, place: int, granted: Fraction) -> Bill | None:
        """A dispute ends: so much is credited, the rest is due again."""
        amount = bill.disputes[place].amount
        bill.disputes[place].is_open = False
        note = self.credit(account, bill, granted) if granted else None
        if granted != amount and bill.remaining > 0:
            terms = account.terms
            due = _midnight(terms.day(self.now) + terms.entity.payment_days * DAY, terms)
            bill.due = max(bill.due, due)
            self._due_again(account, bill)
        return note

    def _due_again(self, account: Account, bill: Bill) -> None:
        bill.asked, bill.ask = 0, max(bill.due, self.now)
        self._settle(account)
        account.look_at(max(bill.due + DAY, self.now))
        self._touched(account)

    # -- dunning ------------------------------------------------------------------------------------------

    def _touched(self, account: Account) -> None:
        if account.is_dunned:
            account.look_at(self.now)

    def _look(self, account: Account) -> datetime | None:
        overdue = [one for one in account.open() if one.due + DAY <= self.now and one.collectable > 0]
        amount = sum((one.collectable for one in overdue), ZERO)
        if amount >= 1:
            return self._pursue(account, overdue, amount)
        self._recover(account)
        later = [one.due + DAY for one in account.open() if one.collectable > 0 and one.due + DAY > self.now]
        return min(later, default=None)

    def _pursue(self, account: Account, overdue: list[Bill], amount: Fraction) -> datetime:
        steps = account.terms.entity.steps
        if not account.is_dunned:
            account.is_dunned, account.case, account.stepped, account.asleep = True, [], None, []
        due = self._due(account, overdue)
        if due is None or due > self.now:
            return due or self.now + DAY
        action = steps[len(account.case)][1]
        if action in ("suspend", "terminate"):
            from_states = ("active",) if action == "suspend" else ("active", "suspended")
            for product in account.charging.products.values():
                if product.status in from_states:
                    product.note(self.now, "suspended" if action == "suspend" else "terminated")
                    account.asleep += [product.id] if action == "suspend" else []
        elif action == "writeOff":
            for bill in overdue:
                self._write_off(account, bill, bill.collectable)
        account.steps.append((self.now, action, amount))
        account.case.append(action)
        account.stepped = self.now
        if action == "writeOff":
            return self.now
        return self._due(account, overdue) or self.now + DAY

    def _due(self, account: Account, overdue: list[Bill]) -> datetime | None:
        """When the next step is: by its days, and as long after the one before as their days lie apart."""
        steps, place = account.terms.entity.steps, len(account.case)
        if place >= len(steps):
            return None
        due = overdue[0].due + steps[place][0] * DAY
        if account.stepped is None:
            return due
        return max(due, account.stepped + (steps[place][0] - steps[place - 1][0]) * DAY)

    def _write_off(self, account: Account, bill: Bill, amount: Fraction) -> None:
        tax = ZERO
        if account.terms.entity.has_tax_relief and bill.gross:

            def of(part: Fraction) -> Fraction:
                return bill.tax if part == bill.gross else rounded(bill.tax * part / bill.gross, account.terms.currency)

            before = sum((one.amount for one in bill.write_offs), ZERO)
            tax = of(before + amount) - of(before)
        bill.write_offs.append(WriteOff(amount, tax))
        bill.remaining -= amount
        self._enter(account, badDebt=amount - tax, taxPayable=tax, receivable=-amount)

    def recover(self, account: Account, bill: Bill, one: WriteOff) -> None:
        """What was written off is owed again."""
        one.is_recovered = True
        bill.remaining += one.amount
        self._enter(account, receivable=one.amount, badDebt=one.tax - one.amount, taxPayable=-one.tax)
        self._due_again(account, bill)

    def _recover(self, account: Account) -> None:
        if not account.is_dunned:
            return
        account.is_dunned = False
        if account.case and account.case[-1] == "writeOff":
            return
        for product in account.charging.products.values():
            if product.id in account.asleep and product.status == "suspended":
                product.note(self.now, "active")

    # -- what it comes to ---------------------------------------------------------------------------------

    def owed(self, account: str) -> Entries:
        """What each ledger account comes to for an account, without zeros."""
        sums: dict[str, Fraction] = defaultdict(Fraction)
        for of, name, amount in self.entered:
            if of == account:
                sums[name] += amount
        return {name: amount for name, amount in sums.items() if amount}

    def standing(self, entity: str, currency: str) -> Entries:
        sums: dict[str, Fraction] = defaultdict(Fraction)
        for of, name, amount in self.entered:
            terms = self.accounts[of].terms
            if (terms.entity.id, terms.currency) == (entity, currency):
                sums[name] += amount
        return {name: amount for name, amount in sums.items() if amount}


def _taken(item: Item, gross: Fraction, currency: str) -> Item:
    """The item of a credit note; tax in the proportion of what is credited by then."""
    until = item.credited_net + item.credited_tax + gross
    tax = item.tax if until == item.gross else rounded(item.tax * until / item.gross, currency)
    of_tax = tax - item.credited_tax
    net = gross - of_tax
    item.credited_net, item.credited_tax = item.credited_net + net, item.credited_tax + of_tax
    taken = Item(
        item.key, item.period, item.name, item.first, item.last, -gross, item.tax_class, item.rate, item.is_exempt
    )
    taken.net, taken.tax = -net, -of_tax
    return taken


def _midnight(day: date, terms: Terms) -> datetime:
    return datetime.combine(day, time(), terms.zone).astimezone(UTC)


def _month_begin(day: date) -> datetime:
    return datetime.combine(day.replace(day=1), time(), UTC)


__all__ = ["Account", "Bill", "Credit", "Year", "timedelta"]
