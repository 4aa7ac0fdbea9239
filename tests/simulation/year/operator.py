"""A year of an operator, played by chance on the suite and told to the model: sales, usage, money, mistakes, deaths.

The process may die before and after any commit of what happens by itself, and of what people send; then another one
goes on, and who got no answer sends it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from zoneinfo import ZoneInfo

from common.domain.clock import instant_text
from common.domain.query import Document
from common.jobs.inline import Inline
from common.jobs.patience import Stopped
from common.store.unit_of_work import UnitOfWork
from tests.scenarios.billing import DEMANDS, account_ref
from tests.scenarios.charging import ACCOUNTS, USAGES, usage
from tests.scenarios.corrections import CREDIT_NOTES, DISPUTES, WRITE_OFFS, Clerk
from tests.scenarios.kit import change, characteristic_list, found
from tests.simulation.year.bills import Charging, Rates, rounded
from tests.simulation.year.books import Account, Bill, Credit, Year
from tests.simulation.year.offers import MAIN, NORTH, certificate, parties, plans, publish
from tests.simulation.year.world import DIGITS, VAT, Line, Product, Tariff, Terms, amount, decimal_of
from tests.tmf676_payment.kit import PAYMENTS, REFUNDS, SECRET, item, paying, tell
from tmf635_usage.rerate import rerate
from tmf676_payment.tables import CHARGES
from tmf678_bill import taxes
from tmf678_bill.tables import HEADS

DEATH, TRIES = 0.02, 3
CURRENCIES = ("EUR", "EUR", "JPY", "KWD", "EUR", "EUR", "KWD", "EUR", "JPY", "EUR")
ZONES = ("Europe/Vienna", "America/New_York", "Asia/Tokyo", "UTC", "Australia/Lord_Howe")
SHIFTS = (0, 30, 14, 0, 29)


@dataclass
class Operator:
    """Plays days; `size` is how many accounts there are."""

    clerk: Clerk
    chance: Random
    size: int
    begin: datetime
    model: Year = field(default_factory=Year)
    # Every version of each tariff, the latest last.
    tariffs: dict[str, list[Tariff]] = field(default_factory=dict)
    # Products by where they are, and whether they were ordered.
    ordered: dict[str, bool] = field(default_factory=dict)
    # The line of each usage that stands, and the disputes that are not decided.
    current: dict[str, Line] = field(default_factory=dict)
    open_disputes: list[tuple[Account, Bill, int, str]] = field(default_factory=list)
    rates: Rates = field(default_factory=list)
    times: set[datetime] = field(default_factory=set)
    done: dict[str, int] = field(default_factory=dict)
    deaths: int = 0
    sent: int = 0
    is_mortal: bool = False

    # -- death --------------------------------------------------------------------------------------------

    def commit(self, commit: Callable[[UnitOfWork], None], uow: UnitOfWork) -> None:
        """What takes the place of a commit while the year is played."""
        self._maybe_die()
        commit(uow)
        self._maybe_die()

    def _maybe_die(self) -> None:
        if self.is_mortal and self.chance.random() < DEATH:
            self.deaths += 1
            raise Stopped

    def safely(self, work: Callable[[], object]) -> None:
        """Again and again until it is done, by the same process or by another."""
        self.is_mortal = True
        while True:
            try:
                work()
                break
            except Stopped:
                if self.chance.random() < 0.5:
                    self.clerk.shop.carrier = Inline(self.clerk.shop.suite.installation)
        self.is_mortal = False

    def run(self) -> None:
        self.safely(self.clerk.shop.run)
        self.model.pass_to(self.now)

    @property
    def now(self) -> datetime:
        return self.clerk.shop.clock.now()

    def wait_until(self, moment: datetime) -> None:
        self.safely(lambda: self.clerk.shop.wait_until(instant_text(moment)))
        self.model.pass_to(moment)

    # -- the year -----------------------------------------------------------------------------------------

    def play(self, days: int, check: Callable[[Operator], None]) -> None:
        self.clerk.provider()
        self.wait_until(self.begin)
        self.model.begin(self.begin)
        self._open()
        month = self.begin.month
        for number in range(days):
            day = self.begin + timedelta(days=number)
            for hours in sorted(self.chance.sample(range(1, 22 * 60), 2)):
                self.wait_until(day + timedelta(minutes=hours))
                self._happen()
            if self.now.month != month:
                month = self.now.month
                check(self)
        check(self)

    def _open(self) -> None:
        with self.clerk.shop.suite.installation.database.write() as uow:
            middle = (self.begin + timedelta(days=50)).date()
            rows = ["category,place,since,until,rate", f"VAT,,2025-01-01,{middle},19", f"VAT,,{middle},,20"]
            taxes.load(taxes.read_rates(rows), uow.records)
            uow.commit()
        self.rates = [(date(2025, 1, 1), 19), (middle, 20)]
        for shift in sorted(set(SHIFTS) - {0}):
            self.clerk.cycle(f"shift-{shift}", frequency="monthly", billingDateShift=shift)
        for currency in dict.fromkeys(CURRENCIES[: self.size]):
            for tariff in plans(currency, self.chance):
                self._publish(tariff)
        for number in range(self.size):
            self._account(number)

    def _publish(self, tariff: Tariff) -> None:
        publish(self.clerk, tariff)
        self.tariffs.setdefault(tariff.id, []).append(tariff)

    def _account(self, number: int) -> None:
        currency, zone = CURRENCIES[number % len(CURRENCIES)], ZoneInfo(ZONES[number % len(ZONES)])
        shift, entity = SHIFTS[number % len(SHIFTS)], (MAIN, NORTH)[number // 2 % 2]
        exempt = None
        more: Document = {"timeZone": zone.key, "accountType": "billing"}
        if number % 4 == 1:
            begin = (self.begin + timedelta(days=20)).date()
            exempt = (begin, begin + timedelta(days=45))
            more["taxExemption"] = [certificate(exempt, zone)]
        terms = Terms(
            f"account-{number}", currency, zone, entity, shift, f"mandate-{number}" if number % 2 else None, exempt
        )
        if shift:
            reference = {"@type": "BillingCycleSpecificationRef", "id": f"shift-{shift}"}
            more["billStructure"] = {"@type": "BillStructure", "cycleSpecification": reference}
        self.clerk.account(terms.id, relatedParty=parties(entity), **more)
        if terms.token is not None:
            self.clerk.pays_by(terms.token, terms.id)
        account = self.model.open(terms, Charging(terms, self.rates))
        self.run()
        self._sell(account, "abcdei"[number % 6])
        if number % 3 == 0:
            self._bundle(account)

    # -- what happens -------------------------------------------------------------------------------------

    def _happen(self) -> None:
        """One thing, if there is an occasion for it."""
        choices = [self._sell_some, *[self._use] * 4, self._change, self._sleep, self._end, self._dearer, self._rerate]
        choices += [*[self._pay] * 3, self._poor, self._bounce, self._refund]
        choices += [self._credit, self._dispute, self._decide, self._demand, self._adjust, self._recover, self._recycle]
        for one in self.chance.choices(choices, k=TRIES):
            if one():
                name = one.__name__.removeprefix("_")
                self.done[name] = self.done.get(name, 0) + 1
                break
        self.run()

    def _some(self) -> Account:
        return self.chance.choice(list(self.model.accounts.values()))

    def _sell_some(self) -> bool:
        account = self._some()
        if len(account.charging.products) >= 4:
            return False
        if self.chance.random() < 0.25 and not any(one.off for one in account.charging.products.values()):
            self._bundle(account)
        else:
            self._sell(account, self.chance.choice("abcdefghi"))
        return True

    def _sell(self, account: Account, kind: str) -> None:
        tariff = self.tariffs[f"{kind}-{account.terms.currency}"][-1]
        id = self.clerk.sell(tariff.id, self._number(), account.terms.id)
        account.charging.products[id] = product = Product(id)
        product.note(self.now, "active", tariff)
        self.ordered[id] = True

    def _bundle(self, account: Account) -> None:
        """Two products that somebody else made, who keeps to no version of usage prices; a tenth off both."""
        tariff = self.tariffs[f"h-{account.terms.currency}"][-1]
        whole, part = (f"{name}-{account.terms.id}-{self._next()}" for name in ("whole", "part"))
        off = {
            "@type": "ProductPrice",
            "name": "off",
            "priceType": "discount",
            "price": {"@type": "Price", "percentage": 10},
        }
        base, voice = self._entry(tariff, "base", tariff.base), self._entry(tariff, "voice", str(tariff.voice))
        voice["productOfferingPrice"]["version"] = None
        of: Document = {"billingAccount": account_ref(account.terms.id)}
        bundled = [{"@type": "ProductRelationship", "id": whole, "relationshipType": "bundledBy"}]
        self.clerk.product(whole, productPrice=[base, off], **of)
        self.clerk.product(part, productPrice=[base, voice], productRelationship=bundled, **of)
        for id in (whole, part):
            account.charging.products[id] = product = Product(id)
            product.note(self.now, "active", tariff)
            self.ordered[id] = False
        account.charging.products[whole].off, account.charging.products[whole].parts = 10, (part,)

    def _entry(self, tariff: Tariff, part: str, value: str) -> Document:
        money = {"unit": tariff.currency, "value": Decimal(value)}
        id, kind = tariff.price(part), {"base": "recurring", "voice": "usage"}[part]
        ref = {"@type": "ProductOfferingPriceRef", "id": id, "version": f"{tariff.version}.0"}
        price = {"@type": "Price", "dutyFreeAmount": money}
        of: Document = {"@type": "ProductPrice", "name": id, "priceType": kind, "price": price}
        return {**of, "productOfferingPrice": {**ref, "@referredType": "ProductOfferingPrice"}}

    def _number(self) -> str:
        return f"+4367{self._next():06}"

    def _next(self) -> int:
        self.sent += 1
        return self.sent

    def _products(self, *states: str) -> list[tuple[Account, Product]]:
        accounts = [one for one in self.model.accounts.values() if not one.is_dunned]
        return [(one, two) for one in accounts for two in one.charging.products.values() if two.status in states]

    def _change(self) -> bool:
        """Another plan, or the present version of the same."""
        listed = [(one, two) for one, two in self._products("active") if self.ordered[two.id]]
        if not listed:
            return False
        account, product = self.chance.choice(listed)
        tariff = self.tariffs[f"{self.chance.choice('abcdfghi')}-{account.terms.currency}"][-1]
        if tariff.id == product.tariff.id or product.tariff.least is not None:
            return False
        number = characteristic_list(msisdn=self._number())
        wanted = change("other", "modify", product.id, tariff.id, productCharacteristic=number)
        self.clerk.shop.deliver(wanted, billingAccount=account_ref(account.terms.id))
        product.note(self.now, tariff=tariff)
        return True

    def _sleep(self) -> bool:
        """Suspended, or resumed; a bundle is so in both its parts."""
        listed = [one for one in self._products("active", "suspended") if self._is_whole(*one)]
        if not listed:
            return False
        account, product = self.chance.choice(listed)
        status = "suspended" if product.status == "active" else "active"
        for one in self._bundled(account, product):
            self.clerk.shop.patch_product(one.id, status=status)
            one.note(self.now, status)
        return True

    def _end(self) -> bool:
        listed = [one for one in self._products("active") if self._is_whole(*one)]
        if len(listed) < 4 or self.chance.random() < 0.5:
            return False
        account, product = self.chance.choice(listed)
        for one in self._bundled(account, product):
            if self.ordered[one.id]:
                self.clerk.end(one.id, account.terms.id)
            else:
                self.clerk.shop.patch_product(one.id, status="terminated")
            one.note(self.now, "terminated")
        return True

    def _is_whole(self, account: Account, product: Product) -> bool:
        return not any(product.id in one.parts for one in account.charging.products.values())

    def _bundled(self, account: Account, product: Product) -> list[Product]:
        return [product, *(account.charging.products[id] for id in product.parts)]

    # -- prices and usage ---------------------------------------------------------------------------------

    def _dearer(self) -> bool:
        """A new version of a tariff in the catalogue; those who have it keep theirs, but for usage of bundles."""
        latest = self.chance.choice(list(self.tariffs.values()))[-1]
        if latest.version == 9 or latest.is_inclusive:
            return False
        base = rounded(Fraction(latest.base) * self.chance.choice((Fraction(11, 10), Fraction(9, 10))), latest.currency)
        voice = None if latest.voice is None else f"{Decimal(latest.voice) * 2:f}"
        text = f"{Decimal(base.numerator) / Decimal(base.denominator):.{DIGITS[latest.currency]}f}"
        self._publish(replace(latest, base=text, voice=voice, version=latest.version + 1))
        return True

    def _rerate(self) -> bool:
        """A product is rated over; what of it was billed is taken back on the next bill, and charged anew."""
        listed = [
            (one, two)
            for one in self.model.accounts.values()
            for two in one.charging.products.values()
            if any(line.product == two.id for line in one.charging.lines)
        ]
        if not listed:
            return False
        # Those who keep to no version have something to be rated over.
        free = [(one, two) for one, two in listed if not self.ordered[two.id]]
        account, product = self.chance.choice(free if free and self.chance.random() < 0.7 else listed)
        rerate(self.clerk.shop.suite.installation, product.id)
        kept = account.charging.lines
        present = [line for line in kept if line.product == product.id and line.usage in self.current]
        for line in present:
            if self.current[line.usage] is not line:
                continue
            tariff = self._rated_by(product, line.at)
            if tariff.version == line.version:
                continue
            fresh = replace(line, version=tariff.version, is_billed=False, is_void=False)
            fresh.amount = line.amount / Fraction(str(self._version(line).voice)) * Fraction(str(tariff.voice))
            if line.is_billed:
                kept.append(replace(line, amount=-line.amount, is_billed=False))
            else:
                line.is_void = True
            kept.append(fresh)
            self.current[line.usage] = fresh
        return True

    def _version(self, line: Line) -> Tariff:
        return self.tariffs[line.price.removesuffix("-voice")][line.version - 1]

    def _rated_by(self, product: Product, at: datetime) -> Tariff:
        """The version that the product had then; who keeps to none has what is the latest now."""
        span = product.at(at)
        assert span is not None
        assert span.tariff is not None
        return span.tariff if self.ordered[product.id] else self.tariffs[span.tariff.id][-1]

    def _use(self) -> bool:
        """Some calls of one product, at any time at which it was active, some of them weeks ago."""
        account = self._some()
        listed = [one for one in account.charging.products.values() if one.off is None and one.tariff.voice is not None]
        if not listed:
            return False
        product = self.chance.choice(listed)
        used = False
        for _ in range(self.chance.randint(2, 8)):
            at = self.now - timedelta(seconds=self.chance.randint(1, self.chance.choice((90_000, 3_000_000))))
            span = product.at(at)
            if span is None or span.status != "active" or at in self.times or at.replace(microsecond=0) != at:
                continue
            tariff = self._rated_by(product, at)
            if tariff.voice is None or product.off is not None:
                continue
            self.times.add(at)
            seconds, key = self.chance.randint(1, 5_000), f"call-{len(self.current)}"
            document = usage("voice", instant_text(at), f"{seconds} s", product.id, record=key)
            self.safely(lambda document=document: self._send(document))  # type: ignore[misc]
            cost = Fraction(tariff.voice) * seconds
            line = Line(product.id, key, at, tariff.price("voice"), tariff.version, cost)
            account.charging.lines.append(line)
            self.current[key] = line
            used = True
        return used

    def _send(self, document: Document) -> None:
        answer = self.clerk.shop.suite.post(USAGES, document)
        is_again = answer.status == 409 and answer.json["code"] == "usage.duplicate"
        assert is_again or (answer.status, answer.json["status"]) == (201, "rated"), answer.content

    # -- money --------------------------------------------------------------------------------------------

    def _amount(self, exact: Fraction, account: Account) -> Fraction:
        return rounded(exact, account.terms.currency)

    def _pay(self) -> bool:
        """All that is open, a part of it, more than that, or one bill by its name."""
        listed = [one for one in self.model.accounts.values() if one.open()]
        if not listed:
            return False
        account = self.chance.choice(listed)
        # Who is debited, and who does not pay, seldom does so by himself.
        if (account.terms.token is not None or account.is_dunned) and self.chance.random() < 0.8:
            return False
        bills, named = account.open(), []
        whole = sum((one.remaining for one in bills), Fraction(0))
        part = self.chance.choice((Fraction(1), Fraction(1), Fraction(1, 3), Fraction(5, 4)))
        if self.chance.random() < 0.3:
            named = [self.chance.choice(bills)]
            whole = named[0].remaining
        value = self._amount(whole * part, account)
        if value <= 0:
            return False
        name = f"bank-{self._next()}"
        told = {"paymentItem": [item(self._id(one.number)) for one in named]} if named else {}
        body = paying(decimal_of(value), account.terms.id, account.terms.currency, correlatorId=name, name=name, **told)
        self.safely(lambda: self._sent(PAYMENTS, body, "payment.duplicate"))
        self.model.pay(account, name, value, named)
        return True

    def _sent(self, path: str, body: Document, again: str) -> None:
        answer = self.clerk.shop.suite.post(path, body)
        assert answer.status == 201 or (answer.status, answer.json["code"]) == (409, again), answer.content

    def _poor(self) -> bool:
        """From now on the provider takes nothing of some customer, or takes it again."""
        tokens = [one.terms.token for one in self.model.accounts.values() if one.terms.token is not None]
        if not tokens or self.chance.random() < 0.5:
            return False
        self.model.poor ^= {self.chance.choice(tokens)}
        self.clerk.provider(
            *(
                {"when": {"token": one}, "outcome": "declined", "code": "insufficientFunds"}
                for one in sorted(self.model.poor)
            )
        )
        return True

    def _bounce(self) -> bool:
        """The customer's bank takes a debit back."""
        found = self._credits(lambda one: one.is_collected and not one.gone)
        if found is None:
            return False
        account, credit = found
        payment = self._collected(account, credit)
        body = {"id": f"back-{self._next()}", "key": payment, "type": "chargeBack", "reason": "not mine"}
        self.safely(lambda: self._told(body))
        self.model.take_back(account, credit, credit.amount)
        return True

    def _told(self, body: Document) -> None:
        assert tell(self.clerk.shop.suite, body, SECRET).status == 204

    def _refund(self) -> bool:
        """A part of a transfer goes back."""
        found = self._credits(lambda one: one.name.startswith("bank-") and not one.gone)
        if found is None or self.chance.random() < 0.5:
            return False
        account, credit = found
        value = self._amount(credit.amount * self.chance.choice((Fraction(1), Fraction(2, 5))), account)
        if value <= 0:
            return False
        body = paying(
            decimal_of(value), account.terms.id, account.terms.currency, correlatorId=f"refund-{self._next()}"
        )
        answer = self.clerk.shop.suite.get(f"{PAYMENTS}?correlatorId={credit.name}")
        body["payment"] = {"id": answer.json[0]["id"]}
        self.safely(lambda: self._sent(REFUNDS, body, "payment.duplicate"))
        self.model.take_back(account, credit, value)
        return True

    def _credits(self, fits: Callable[[Credit], bool]) -> tuple[Account, Credit] | None:
        listed = [(one, two) for one in self.model.accounts.values() for two in one.credits if fits(two)]
        return self.chance.choice(listed) if listed else None

    def _collected(self, account: Account, credit: Credit) -> str:
        bill = self._id(credit.name.removeprefix("collection "))
        rows = self.clerk._table(CHARGES.name, {"bill": bill, "state": "done"})
        amounts = [row["id"] for row in rows if Fraction(row["amount"]) == credit.amount]
        same = [one for one in account.credits if one.name == credit.name and one.amount == credit.amount]
        return str(sorted(amounts)[same.index(credit)])

    # -- corrections --------------------------------------------------------------------------------------

    def _bills(self, fits: Callable[[Bill], bool]) -> tuple[Account, Bill] | None:
        listed = [
            (one, two)
            for one in self.model.accounts.values()
            for two in one.bills
            if two.gross > 0 and not two.written_off and two.creditable > two.open_disputes and fits(two)
        ]
        return self.chance.choice(listed) if listed else None

    def _share(self, account: Account, bill: Bill) -> Fraction:
        free = bill.creditable - bill.open_disputes
        return self._amount(free * self.chance.choice((Fraction(1), Fraction(1, 2), Fraction(1, 7))), account)

    def _credit(self) -> bool:
        found = self._bills(lambda bill: True)
        if found is None or self.chance.random() < 0.5:
            return False
        account, bill = found
        value = self._share(account, bill)
        if value <= 0:
            return False
        body = {"bill": {"id": self._id(bill.number)}, "reason": "as agreed", "externalId": f"crm-{self._next()}"}
        self.safely(lambda: self._decided("POST", CREDIT_NOTES, body | self._money(account, value)))
        self.model.credit(account, bill, value)
        return True

    def _dispute(self) -> bool:
        found = self._bills(lambda bill: bill.remaining > 0 or self.chance.random() < 0.2)
        if found is None:
            return False
        account, bill = found
        value = self._share(account, bill)
        if value <= 0:
            return False
        external = f"crm-{self._next()}"
        body = {"bill": {"id": self._id(bill.number)}, "reason": "not used", "externalId": external}
        self.safely(lambda: self._decided("POST", DISPUTES, body | self._money(account, value)))
        self.model.dispute(account, bill, value)
        self.open_disputes.append((account, bill, len(bill.disputes) - 1, external))
        return True

    def _decide(self) -> bool:
        """Won, in whole or in part, or lost."""
        if not self.open_disputes:
            return False
        account, bill, place, external = self.open_disputes.pop(self.chance.randrange(len(self.open_disputes)))
        path = f"{DISPUTES}/{self.clerk.shop.suite.get(f'{DISPUTES}?externalId={external}').json[0]['id']}"
        value = bill.disputes[place].amount
        granted = (
            Fraction(0)
            if bill.written_off
            else self._amount(value * self.chance.choice((0, 1, Fraction(1, 2))), account)
        )
        change: Document = {"state": "won", **self._money(account, granted)} if granted else {"state": "lost"}
        self._decided("PATCH", path, change)
        self.model.decide(account, bill, place, granted)
        return True

    def _decided(self, method: str, path: str, body: Document) -> None:
        answer = self.clerk.shop.suite.request(method, path, body)
        assert answer.status in (200, 201), answer.content

    def _money(self, account: Account, value: Fraction) -> Document:
        return {"amount": {"unit": account.terms.currency, "value": decimal_of(value)}}

    def _demand(self) -> bool:
        account = self._some()
        body = {"@type": "CustomerBillOnDemand", "name": "now", "billingAccount": account_ref(account.terms.id)}
        self.clerk.shop.suite.created(DEMANDS, body)
        self.model.bill(account, self.now)
        return True

    def _adjust(self) -> bool:
        """Goodwill, or a fee: on the next bill or at once, with tax in it or on top."""
        account = self._some()
        terms, kind = account.terms, self.chance.choice(("credit", "debit"))
        value = amount(self.chance.choice(("5", "3.33", "12.34")), terms.currency)
        is_inclusive, at_once = self.chance.random() < 0.5, self.chance.random() < 0.5
        name = f"decision-{self._next()}"
        self.clerk.adjusts(
            kind,
            value,
            terms.id,
            unit=terms.currency,
            name=name,
            when="atOnce" if at_once else "nextBill",
            taxCategory="VAT",
            taxRate=VAT,
            isTaxIncluded=is_inclusive,
        )
        signed = Fraction(value) if kind == "debit" else -Fraction(value)
        one = account.charging.adjustment(name, signed, terms.day(self.now), is_inclusive=is_inclusive)
        if at_once:
            account.charging.tax([one])
            self.model.issue(account, [one])
        else:
            account.charging.pending.append(one)
        return True

    def _recover(self) -> bool:
        """What was written off is to be paid after all."""
        listed = [(one, two) for one in self.model.accounts.values() for two in one.bills if two.written_off]
        if not listed or self.chance.random() < 0.7:
            return False
        account, bill = self.chance.choice(listed)
        one = self.chance.choice([one for one in bill.write_offs if not one.is_recovered])
        kept = self.clerk.shop.suite.get(f"{WRITE_OFFS}?bill.id={self._id(bill.number)}").json
        row = next(
            row for row in kept if row["state"] == "writtenOff" and Fraction(row["amount"]["value"]) == one.amount
        )
        self._decided("PATCH", f"{WRITE_OFFS}/{row['id']}", {"state": "recovered"})
        self.model.recover(account, bill, one)
        return True

    def _recycle(self) -> bool:
        """Another bill cycle, once a year at most; it counts from the end of the present period."""
        listed = [one for one in self.model.accounts.values() if one.cycles and not one.charging.changes]
        if not listed or self.chance.random() < 0.5:
            return False
        account = self.chance.choice(listed)
        shift = self.chance.choice(sorted({*SHIFTS} - {0, account.terms.shift}))
        reference = {"@type": "BillingCycleSpecificationRef", "id": f"shift-{shift}"}
        structure = {"@type": "BillStructure", "cycleSpecification": reference}
        change = {"@type": "BillingAccount", "billStructure": structure}
        found(self.clerk.shop.suite.patch(f"{ACCOUNTS}/{account.terms.id}", change))
        day = account.terms.day(account.next)
        account.charging.changes.append((day, date(2024, 1, 1) + timedelta(days=shift)))
        return True

    # -- what is what -------------------------------------------------------------------------------------

    def _id(self, number: str) -> str:
        (row,) = self.clerk._table(HEADS.name, {"number": number})
        return str(row["bill"])
