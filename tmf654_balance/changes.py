"""How each kind of change moves balances. Everything is asked before anything is moved (`Refused`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from common.component import RuleContext
from common.domain.query import Document
from tmf654_balance.amounts import ZERO, Refused, added, number, stated, taken, units
from tmf654_balance.ledger import Balance, Ledger, moment, owners_of
from tmf654_balance.tables import COMMITTED, HELD, MONEY, OWNERS, RELEASED, RESERVATIONS

RESERVATION = "balance.reservation"
# A reservation that does not say how long it is wanted for. Longer than a quota of a session is usually valid.
HELD_FOR = timedelta(hours=1)
# Of a top-up, for the bucket that it makes.
_OF_BUCKET = ("usageType", "partyAccount", "product", "logicalResource", "relatedParty", "validFor")


def top_up(action: Document, ledger: Ledger, context: RuleContext) -> str:
    """Fill a bucket; one that is not there is made, by the id that the client gives it."""
    amount, unit, id = stated(action), units(action), action["bucket"]["id"]
    end = moment(action.get("validFor"), "endDateTime")
    if end is not None and end <= ledger.now:
        raise Refused("bucket.expired", "validFor has ended already")
    _check_discounts(action, context)
    if not ledger.is_here(id):
        if unit is None:
            raise Refused("unit.missing", "a new bucket needs a unit, as in {amount: 10, units: EUR}")
        of = {name: action[name] for name in _OF_BUCKET if name in action}
        name = action["bucket"].get("name")
        dates = {"requestedDate": action["requestedDate"], "confirmationDate": action["requestedDate"]}
        named = {} if name is None else {"name": name}
        ledger.open({"id": id, **named, **of, **dates, "isShared": False, "remainingValue": {"units": unit}})
    balance = _of(ledger.hold([id]), id)
    _check_unit(balance, unit)
    if balance.status == "expired" or (balance.expires is not None and balance.expires <= ledger.now):
        raise Refused("bucket.expired", f"bucket {id[:80]!r} has expired; fill a new one")
    ledger.move(balance, amount, "bonus" if _is_bonus(action) else "topup", action["id"])
    if end is not None and balance.expires is not None:
        balance.expires = max(balance.expires, end)
    return "completed"


def adjust(action: Document, ledger: Ledger, context: RuleContext) -> str:
    """Correct what a bucket holds, upwards or downwards."""
    amount, id = stated(action, signs="either"), action["bucket"]["id"]
    balance = _of(ledger.hold([id]), id)
    _check_unit(balance, units(action))
    if balance.status == "expired":
        raise Refused("bucket.expired", f"bucket {id[:80]!r} has expired")
    if amount < 0:
        _check_enough(balance, -amount, balance.unreserved)
    ledger.move(balance, amount, "adjustment", action["id"])
    return "completed"


def transfer(action: Document, ledger: Ledger, context: RuleContext) -> str:
    """Move from one bucket to another; what that costs is taken from whoever pays for it."""
    amount, id, receiver = stated(action), action["bucket"]["id"], action["receiverBucket"]["id"]
    if id == receiver:
        raise Refused("bucket.same", "give two different buckets")
    held = ledger.hold([id, receiver])
    giving, taking = _of(held, id), _of(held, receiver)
    for balance in (giving, taking):
        _check_unit(balance, units(action))
        if problem := balance.problem(ledger.now):
            raise problem
    if giving.unit != taking.unit:
        raise Refused("unit.other", f"one bucket is in {giving.unit!r}, the other in {taking.unit!r}")
    cost = _cost(action, giving)
    is_receivers = action.get("costOwner") == "receiver"
    _check_enough(giving, amount if is_receivers else added(amount, cost), giving.unreserved)
    if is_receivers:
        _check_enough(taking, cost, added(taking.unreserved, amount))
    ledger.move(giving, -amount, "transferOut", action["id"])
    ledger.move(taking, amount, "transferIn", action["id"])
    if cost:
        ledger.move(taking if is_receivers else giving, -cost, "transferCost", action["id"])
    return "completed"


def reserve(action: Document, ledger: Ledger, context: RuleContext) -> str:
    """Hold back an amount for a use that is under way."""
    amount, id = stated(action), action["bucket"]["id"]
    expires = moment(action.get("validFor"), "endDateTime") or ledger.now + HELD_FOR
    if expires <= ledger.now:
        raise Refused("reservation.lapsed", "validFor has ended already")
    balance = _of(ledger.hold([id]), id)
    _check_unit(balance, units(action))
    if problem := balance.problem(ledger.now):
        raise problem
    _check_enough(balance, amount, balance.available(ledger.month))
    balance.reserved = added(balance.reserved, amount)
    assert context.records is not None, "balances change where they are stored"
    row = {"id": action["id"], "bucket": id, "amount": amount, "used": ZERO, "expires": expires, "state": HELD}
    context.records(RESERVATIONS.name).insert([row])
    if context.schedule is not None:
        context.schedule(RESERVATION, action["id"], expires)
    return "created"


CARRIED_OUT: Mapping[str, Callable[[Document, Ledger, RuleContext], str]] = {
    "topupBalance": top_up,
    "adjustBalance": adjust,
    "transferBalance": transfer,
    "reserveBalance": reserve,
}


# -- a reservation that is held ---------------------------------------------------------------------------------------


def commit(action: Document, ledger: Ledger, context: RuleContext) -> None:
    """Take what was used, which the action's amount says, and let go of the rest. Nothing used is 0."""
    row, balance = _held(action, ledger, context)
    quantity = action.get("amount")
    used = number(quantity.get("amount")) if isinstance(quantity, Mapping) else None
    if used is None or used < 0:
        raise Refused("amount.invalid", "the amount is what was used: 0 or more")
    _check_unit(balance, units(action))
    balance.reserved = taken(balance.reserved, row["amount"])
    if used > row["amount"]:
        _check_enough(balance, used, balance.available(ledger.month))
    if used:
        ledger.use(balance, used, action["id"])
    _end(row, COMMITTED, used, context)


def release(action: Document, ledger: Ledger, context: RuleContext) -> None:
    """Let go of all of it."""
    row, balance = _held(action, ledger, context)
    balance.reserved = taken(balance.reserved, row["amount"])
    _end(row, RELEASED, ZERO, context)


def resize(action: Document, ledger: Ledger, context: RuleContext) -> None:
    """Hold back more, less, or for longer."""
    row, balance = _held(action, ledger, context)
    amount = stated(action)
    _check_unit(balance, units(action))
    expires = moment(action.get("validFor"), "endDateTime") or row["expires"]
    if amount > row["amount"]:
        if problem := balance.problem(ledger.now):
            raise problem
        _check_enough(balance, taken(amount, row["amount"]), balance.available(ledger.month))
    balance.reserved = added(balance.reserved, amount, -row["amount"])
    assert context.records is not None, "balances change where they are stored"
    context.records(RESERVATIONS.name).put([{**row, "amount": amount, "expires": expires}])
    if context.schedule is not None:
        context.schedule(RESERVATION, action["id"], expires)


def _held(action: Document, ledger: Ledger, context: RuleContext) -> tuple[dict[str, Any], Balance]:
    assert context.records is not None, "balances change where they are stored"
    held = ledger.hold([action["bucket"]["id"]])
    row = context.records(RESERVATIONS.name).get(action["id"])
    if row is None or row["state"] != HELD:
        raise Refused("reservation.none", "nothing is held for it")
    return row, held[row["bucket"]]


def _end(row: Mapping[str, Any], state: str, used: Decimal, context: RuleContext) -> None:
    assert context.records is not None, "balances change where they are stored"
    context.records(RESERVATIONS.name).put([{**row, "state": state, "used": used}])


def _is_bonus(action: Document) -> bool:
    """Whether it belongs to another top-up as what nobody paid for."""
    of = action.get("balanceTopup")
    return isinstance(of, Mapping) and str(of.get("role", "")).casefold() == "bonus"


# -- what is asked ----------------------------------------------------------------------------------------------------


def _of(held: Mapping[str, Balance], id: str) -> Balance:
    if id not in held:
        raise Refused("bucket.unknown", f"there is no bucket {id[:80]!r}; a top-up makes one")
    return held[id]


def _check_discounts(action: Document, context: RuleContext) -> None:
    """What a balance pays for has no discount taken off: whoever was promised one is not to find out when they call."""
    prices = None if context.offered is None else context.offered("prepaidUsage")
    if prices is None or action.get("usageType") != MONEY:
        return
    assert context.records is not None, "balances change where they are stored"
    known = context.records(OWNERS.name).find({"bucket": action["bucket"]["id"]})
    owners = [row["owner"] for row in known] or owners_of(action)
    products, accounts = (
        {owner.removeprefix(kind) for owner in owners if owner.startswith(kind)} for kind in ("product/", "account/")
    )
    if (product := prices.discounted(context, products, accounts)) is not None:
        message = f"product {product[:80]!r} has a discount on usage, which bills take off and balances do not"
        raise Refused("usage.discounted", f"{message}; agree on a lower price with it instead")


def _check_unit(balance: Balance, unit: str | None) -> None:
    if unit is not None and unit != balance.unit:
        raise Refused("unit.other", f"bucket {balance.bucket[:80]!r} is in {balance.unit!r}, not in {unit[:80]!r}")


def _check_enough(balance: Balance, amount: Decimal, available: Decimal) -> None:
    if amount > available:
        raise Refused(
            "balance.insufficient",
            f"bucket {balance.bucket[:80]!r} has {max(available, ZERO):f} {balance.unit} to give, not {amount:f}",
        )


def _cost(action: Document, balance: Balance) -> Decimal:
    cost = action.get("transferCost")
    if not isinstance(cost, Mapping):
        return ZERO
    value = number(cost.get("value"))
    if value is None or value < 0:
        raise Refused("cost.invalid", "transferCost is 0 or more, as in {unit: EUR, value: 0.5}")
    if value and cost.get("unit") != balance.unit:
        raise Refused("cost.unit", f"the cost is in another unit than the buckets ({balance.unit!r})")
    return value
