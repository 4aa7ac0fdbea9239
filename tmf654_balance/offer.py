"""What other components may do with balances, in their own transaction (`Component.offers`: `balances`).

    rows = balances.owned(owners)                which buckets these are; can be asked before anything is locked
    purse = balances.open(context, owned)       everything that may change is locked here, at once
    purse.charge(...)                            any number of times, as are reserve and release
    purse.close()                                before the transaction commits

Whoever locks other things as well locks everything in one round trip: `asking(rows, ...)` are the questions, and
`opened(context, rows, answers, ...)` is the purse.

Whoever has no bucket of money is not prepaid: nothing is taken from them and nothing is refused. Money is taken from
the buckets of the product, or else from those of its account that name no product; what expires first is used first.
A bucket that has expired is none, but one who had one stays prepaid, unless the account is said to be postpaid (TMF666
`ratingType`): nobody who has no bill is to get one because a top-up has expired.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from common.component import Recording, RuleContext
from common.store.statements import Question
from tmf654_balance.amounts import ZERO, Refused, added, fits, taken
from tmf654_balance.changes import RESERVATION
from tmf654_balance.ledger import Balance, Ledger
from tmf654_balance.standing import Standing, standing
from tmf654_balance.tables import BALANCES, HELD, MONEY, MOVEMENTS, OWNERS, RELEASED, RESERVATIONS, TOTALS

# Values in one question to the database.
_AT_ONCE = 500
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Refusal:
    """Why nothing was taken. `code` is balance.insufficient, balance.currency, bucket.expired ..."""

    code: str
    message: str


class Balances:
    """What is offered."""

    def __init__(self, records: Recording) -> None:
        self._records = records

    def owned(self, owners: Iterable[tuple[str | None, str | None]]) -> list[dict[str, Any]]:
        """The buckets of these products and accounts, as `open` takes them."""
        return [row for rows in self._records(OWNERS.name).answers(*self.asking_owned(owners)) for row in rows]

    def asking_owned(self, owners: Iterable[tuple[str | None, str | None]]) -> list[Question[list[dict[str, Any]]]]:
        """`owned`, to be asked together with others; the rows of all answers."""
        names = tuple(sorted({name for product, account in owners for name in _names(product, account)}))
        parts = [names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE)]
        return [self._records(OWNERS.name).asking({"owner": part}) for part in parts]

    def open(
        self,
        context: RuleContext,
        owned: Sequence[Mapping[str, Any]],
        causes: Iterable[str] = (),
    ) -> Purse:
        """Hold buckets (`owned`), and those that charges for these causes took from."""
        undone = tuple(sorted(set(causes)))
        others: set[str] = set()
        for start in range(0, len(undone), _AT_ONCE):
            part = undone[start : start + _AT_ONCE]
            others |= {row["bucket"] for row in self._records(MOVEMENTS.name).find({"cause": part, "kind": "usage"})}
        ledger = Ledger(context)
        ledger.lock({*others, *(row["bucket"] for row in owned)})
        return Purse(context, ledger, owned)

    def asking(
        self, owned: Iterable[Mapping[str, Any]], sessions: Iterable[str], accounts: Iterable[str]
    ) -> list[Question[Any]]:
        """Questions that hold these buckets, to be asked with others, and in this order.

        Shapes: `owned` is what `owned` said; `sessions` are those that will be released or reserved for; `accounts`
                those whose sums may change.
        """
        buckets = sorted({row["bucket"] for row in owned})
        ids = [(_reservation(session, bucket),) for session in sessions for bucket in buckets]
        return [
            self._records(BALANCES.name).asking_many([(bucket,) for bucket in buckets], for_update=True),
            self._records(TOTALS.name).asking({"account": tuple(sorted(accounts))}, for_update=True),
            self._records(RESERVATIONS.name).asking_many(ids),
        ]

    def opened(
        self,
        context: RuleContext,
        owned: Iterable[Mapping[str, Any]],
        answers: Sequence[Any],
        sessions: Iterable[str],
    ) -> Purse:
        """The purse of what was asked by `asking`."""
        balances, totals, reserved = answers
        ledger = Ledger(context)
        ledger.take(balances.values(), totals)
        purse = Purse(context, ledger, owned)
        purse.know(sessions, reserved)
        return purse

    def standing(self, context: RuleContext, products: Iterable[str], accounts: Iterable[str]) -> list[Standing]:
        """The buckets of these products and accounts that have not expired, by id; nothing is locked."""
        return standing(context, self._records, products, accounts)

    def charge(
        self,
        context: RuleContext,
        *,
        product: str | None,
        account: str | None,
        amount: Decimal,
        currency: str,
        cause: str,
    ) -> Refusal | None:
        """One charge, whole or not at all. `cause` counts once."""
        purse = self.open(context, self.owned([(product, account)]))
        refusal = purse.charge(product, account, amount, currency, cause)
        purse.close()
        return refusal


class Purse:
    """The money that one transaction holds."""

    def __init__(self, context: RuleContext, ledger: Ledger, owned: Iterable[Mapping[str, Any]]) -> None:
        self._context = context
        self._ledger = ledger
        self._of: dict[str, list[Balance]] = {}
        self._all = ledger.held
        for row in owned:
            balance = self._all[row["bucket"]]
            if balance.usage_type == MONEY:
                self._of.setdefault(row["owner"], []).append(balance)
        for balances in self._of.values():
            balances.sort(key=lambda one: (one.expires or _NEVER, one.bucket))
        # What sessions hold, by session: as it was read, and as it is to be written.
        self._reserved: dict[str, dict[str, dict[str, Any]]] = {}
        self._lapsing: set[str] = set()
        self._rewritten: dict[str, dict[str, Any]] = {}
        # What a session let go of, or usage gave back, in buckets that nobody may take anything out of: they may.
        self._freed: dict[str, Decimal] = {}
        # Who stays prepaid when everything has expired, by account, as far as that was asked.
        self._staying: dict[str | None, bool] = {}

    def is_prepaid(self, product: str | None, account: str | None) -> bool:
        return bool(self._of) and bool(self._buckets(product, account))

    def available(self, product: str | None, account: str | None, currency: str) -> Decimal:
        """What usage may take now, and not less than nothing; with what a session has just let go of."""
        usable = self._usable(product, account, currency)
        return added(*(self._left(one) for one in usable)) if usable else ZERO

    def reservable(self, product: str | None, account: str | None, currency: str) -> Decimal:
        """What may be held back now: of a bucket that has expired nothing."""
        sound = self._sound(product, account, currency)
        return added(*(self._left(one) for one in sound)) if sound else ZERO

    def charge(
        self, product: str | None, account: str | None, amount: Decimal, currency: str, cause: str
    ) -> Refusal | None:
        """Take it, whole or not at all. A cause that was charged before is not charged again."""
        buckets = tuple(one.bucket for one in self._buckets(product, account))
        if amount == 0 or not buckets or self._ledger.is_noted(buckets, "usage", cause):
            return None
        if amount < 0:
            return Refusal("amount.invalid", f"{amount} cannot be charged")
        return self.pay(product, account, amount, currency, cause)

    def pay(
        self, product: str | None, account: str | None, amount: Decimal, currency: str, cause: str
    ) -> Refusal | None:
        """The same for a cause that is new, as whoever asks knows. What is below nothing is given back."""
        if amount == 0 or not self.is_prepaid(product, account):
            return None
        if not fits(amount):
            return Refusal("amount.invalid", f"{amount} cannot be charged")
        try:
            return self._charge(product, account, amount, currency, cause)
        except Refused as refused:
            return Refusal(refused.code, refused.message)

    def reverse(self, cause: str, by: str) -> Decimal:
        """Put back what a charge took, where it was taken; how much. `by` is the cause of doing so, and counts once.

        Where nobody may take anything out any more, what is charged next may still use what was put back.
        """
        table = self._records(MOVEMENTS.name)
        done = {row["bucket"] for row in table.find({"cause": by, "kind": "reversal"})}
        back = ZERO
        for row in table.find({"cause": cause, "kind": "usage"}):
            if row["bucket"] not in done:
                balance = self._all[row["bucket"]]
                self._ledger.move(balance, -row["amount"], "reversal", by)
                balance.unspend(-row["amount"], self._ledger.month)
                if balance.problem(self._ledger.now) is not None:
                    self._freed[balance.bucket] = added(self._freed.get(balance.bucket, ZERO), -row["amount"])
                back = added(back, -row["amount"])
        return back

    def reserve(
        self, product: str | None, account: str | None, amount: Decimal, currency: str, session: str, expires: datetime
    ) -> Refusal | None:
        """Hold back an amount for a session, from one bucket after the other, instead of what it held before."""
        self.release(session)
        if amount == 0 or not self.is_prepaid(product, account):
            return None
        left = amount
        rows: list[dict[str, Any]] = []
        for balance in self._sound(product, account, currency):
            part = min(left, self._left(balance))
            if part > 0:
                balance.reserved = added(balance.reserved, part)
                left = taken(left, part)
                of = {"id": _reservation(session, balance.bucket), "bucket": balance.bucket, "state": HELD}
                rows.append({**of, "amount": part, "used": ZERO, "expires": expires})
        if left:
            for row in rows:
                balance = self._all[row["bucket"]]
                balance.reserved = taken(balance.reserved, row["amount"])
            return self._too_little(amount, currency, taken(amount, left))
        for row in rows:
            self._reserved[session][row["id"]] = self._rewritten[row["id"]] = row
        return None

    def release(self, session: str) -> None:
        """Let go of what a session holds, before it is charged or asks for more."""
        self._read_reserved([session])
        for id, row in self._reserved[session].items():
            if row["state"] == HELD:
                balance = self._all[row["bucket"]]
                balance.reserved = taken(balance.reserved, row["amount"])
                if balance.problem(self._ledger.now) is not None:
                    self._freed[balance.bucket] = added(self._freed.get(balance.bucket, ZERO), row["amount"])
                self._reserved[session][id] = self._rewritten[id] = {**row, "state": RELEASED}

    def know(self, sessions: Iterable[str], rows: Mapping[tuple[Any, ...], dict[str, Any]]) -> None:
        """What sessions hold in the buckets here, as it was read."""
        for session in sessions:
            held = self._reserved[session] = {}
            for bucket in self._all:
                id = _reservation(session, bucket)
                if (id,) in rows:
                    held[id] = rows[id,]
                    if held[id]["state"] == HELD:
                        self._lapsing.add(id)

    def close(self) -> None:
        """Write what changed."""
        self._records(RESERVATIONS.name).put(self._rewritten[id] for id in sorted(self._rewritten))
        for id, row in sorted(self._rewritten.items()):
            # What was held before has its work, which looks again when it is due.
            if row["state"] == HELD and id not in self._lapsing:
                assert self._context.schedule is not None, "what is held lapses"
                self._context.schedule(RESERVATION, id, row["expires"])
        self._ledger.close()

    # -- the parts ----------------------------------------------------------------------------------------------------

    def _charge(
        self, product: str | None, account: str | None, amount: Decimal, currency: str, cause: str
    ) -> Refusal | None:
        usable = self._usable(product, account, currency)
        if amount < 0 and usable:
            self._ledger.use(usable[0], amount, cause)
            return None
        enough = added(*(self._left(one) for one in usable))
        if enough < amount:
            return self._too_little(amount, currency, enough)
        left = amount
        for balance in usable:
            part = min(left, self._left(balance))
            if part > 0:
                if balance.bucket in self._freed:
                    self._freed[balance.bucket] = taken(self._freed[balance.bucket], part)
                self._ledger.use(balance, part, cause)
                left = taken(left, part)
        return None

    def _too_little(self, amount: Decimal, currency: str, enough: Decimal) -> Refusal:
        return Refusal("balance.insufficient", f"{amount:f} {currency} are asked for, {enough:f} can be given")

    def _read_reserved(self, sessions: Iterable[str]) -> None:
        """What sessions hold in the buckets here, read once."""
        unknown = [session for session in sessions if session not in self._reserved]
        ids = [(_reservation(session, bucket),) for session in unknown for bucket in self._all]
        if unknown:
            self.know(unknown, self._records(RESERVATIONS.name).get_many(ids))

    def _sound(self, product: str | None, account: str | None, currency: str) -> list[Balance]:
        buckets = self._buckets(product, account)
        return [one for one in buckets if one.unit == currency and one.problem(self._ledger.now) is None]

    def _usable(self, product: str | None, account: str | None, currency: str) -> list[Balance]:
        """What is sound, after what a session let go of in others."""
        buckets = self._buckets(product, account)
        freed = [one for one in buckets if one.unit == currency and self._freed.get(one.bucket)]
        return [*freed, *self._sound(product, account, currency)]

    def _left(self, balance: Balance) -> Decimal:
        left = max(balance.available(self._ledger.month), ZERO)
        return min(left, self._freed[balance.bucket]) if balance.bucket in self._freed else left

    def _buckets(self, product: str | None, account: str | None) -> list[Balance]:
        """Those of the product that have not expired, or else of its account; before them what was let go of in others.

        Of who stays prepaid without any, those that have expired.
        """
        now, owned = self._ledger.now, [found for name in _names(product, account) if (found := self._of.get(name))]
        freed = [one for found in owned for one in found if one.bucket in self._freed and one.is_expired(now)]
        living = ([one for one in found if not one.is_expired(now)] for found in owned)
        counting = [*(one for one in freed if self._freed[one.bucket]), *next(filter(None, living), ())]
        return counting or (owned[0] if owned and self._stays_prepaid(account) else [])

    def _stays_prepaid(self, account: str | None) -> bool:
        """Whether usage is refused, and not billed, once all buckets have expired."""
        if account not in self._staying:
            document = None if account is None else self._context.library.get("billingAccount", account)
            self._staying[account] = document is None or str(document.get("ratingType", "")).casefold() != "postpaid"
        return self._staying[account]

    def _records(self, name: str) -> Any:
        assert self._context.records is not None, "balances change where they are stored"
        return self._context.records(name)


def lapse(context: RuleContext, row: Mapping[str, Any]) -> None:
    """A session's reservation that nobody ended."""
    ledger = Ledger(context)
    balance = ledger.hold([row["bucket"]])[row["bucket"]]
    assert context.records is not None, "balances change where they are stored"
    table = context.records(RESERVATIONS.name)
    now = table.get(row["id"])
    if now is not None and now["state"] == HELD and now["expires"] <= ledger.now:
        balance.reserved = taken(balance.reserved, now["amount"])
        table.put([{**now, "state": RELEASED}])
    ledger.close()


def _reservation(session: str, bucket: str) -> str:
    """The id of what a session holds in a bucket."""
    return f"{session}/{bucket}"


def _names(product: str | None, account: str | None) -> list[str]:
    named = [] if product is None else [f"product/{product}"]
    return named if account is None else [*named, f"account/{account}"]
