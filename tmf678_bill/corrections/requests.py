"""What is asked, read from bodies: every thing wrong is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from common.domain.money import Money, is_currency, minor_units, money_of
from common.errors import InvalidBody, Violation
from common.rules import CURRENCY
from tmf678_bill.billing.values import TaxClass
from tmf678_bill.corrections.adjustments import AT_ONCE, CANCELLED, CREDIT, DEBIT, NEXT_BILL, Adjustment
from tmf678_bill.corrections.credit import Selection
from tmf678_bill.corrections.disputes import ENDS, LOST, Decision
from tmf678_bill.corrections.kept import Asked, mark_of
from tmf678_bill.corrections.write_offs import RECOVERED

TEXT_MAX, ITEMS_MAX = 1_000, 1_000
# 15 digits before the point are more than anybody is billed.
_AMOUNT_MAX = Decimal(10) ** 15
_SELECTION = ("amount", "percentage", "item")
_COMMON = ("@type", "reason", "externalId")


@dataclass
class _Body:
    """One object of a request."""

    given: Mapping[str, Any]
    names: Iterable[str]
    wrong: list[Violation] = field(default_factory=list)

    def __post_init__(self) -> None:
        known = sorted(self.names)
        for name in sorted(self.given.keys() - set(known)):
            self.refuse(f"/{name}", "unknown", f"is not known here; there are {', '.join(known)}")

    def refuse(self, pointer: str, rule: str, message: str) -> None:
        self.wrong.append(Violation(pointer, rule, message))

    def settle(self) -> None:
        if self.wrong:
            raise InvalidBody(self.wrong)

    def text(self, name: str, *, is_needed: bool = False) -> str | None:
        value = self.given.get(name)
        if value is None and not is_needed:
            return None
        if not isinstance(value, str) or not 0 < len(value) <= TEXT_MAX or not value.isprintable():
            self.refuse(f"/{name}", "text", f"a text of 1 to {TEXT_MAX} characters")
            return None
        return value

    def choice(self, name: str, choices: tuple[str, ...], usual: str | None = None) -> str:
        value = self.given.get(name, usual)
        if value not in choices:
            self.refuse(f"/{name}", "enum", f"one of {', '.join(choices)}")
            return choices[0]
        return str(value)

    def reference(self, name: str, *, is_needed: bool = True) -> str:
        value = self.given.get(name)
        id = value.get("id") if isinstance(value, Mapping) else None
        if value is None and not is_needed:
            return ""
        if not isinstance(id, str) or not id:
            self.refuse(f"/{name}", "required", 'a reference with an id, as in {"id": "7"}')
            return ""
        return id

    def money(self, name: str, *, is_needed: bool = False) -> Money | None:
        return self.amount(self.given.get(name), f"/{name}", is_needed=is_needed)

    def amount(self, value: Any, pointer: str, *, is_needed: bool, is_signed: bool = False) -> Money | None:
        if value is None and not is_needed:
            return None
        money = money_of(value)
        if money is None or not money.amount.is_finite() or abs(money.amount) >= _AMOUNT_MAX:
            self.refuse(pointer, "amount", 'an amount with its currency, as in {"unit": "EUR", "value": 10.00}')
            return None
        if not is_currency(money.currency):
            self.refuse(f"{pointer}/unit", "currency", CURRENCY)
            return None
        if money.rounded().amount != money.amount:
            digits = minor_units(money.currency)
            self.refuse(pointer, "amount", f"{money.currency[:20]} has {digits} decimals at most")
            return None
        if money.amount == 0 or (money.amount < 0 and not is_signed):
            self.refuse(pointer, "amount", "an amount above zero")
            return None
        return money.rounded()

    def asked(self) -> Asked:
        reason, external = self.text("reason", is_needed=True), self.text("externalId")
        return Asked(reason or "", external, mark_of(self.given))


def read_selection(body: Mapping[str, Any]) -> tuple[str, Selection, Asked]:
    """The bill, what of it, and why: of a credit note or a dispute. Errors: InvalidBody."""
    asked = _Body(body, (*_COMMON, "bill", *_SELECTION))
    bill, why, amount = asked.reference("bill"), asked.asked(), asked.money("amount")
    percentage = body.get("percentage")
    if percentage is not None and not (_is_number(percentage) and 0 < percentage <= 100):
        asked.refuse("/percentage", "amount", "a number above 0 and up to 100")
    items = _items(asked, body.get("item"))
    if sum(body.get(name) is not None for name in _SELECTION) > 1:
        asked.refuse("", "ambiguous", "say an amount, a percentage or items; without any all that is left is taken")
    asked.settle()
    return bill, Selection(amount, None if percentage is None else Decimal(percentage), items), why


def read_decision(body: Mapping[str, Any]) -> Decision:
    """How a dispute ends. Errors: InvalidBody."""
    asked = _Body(body, ("@type", "state", "resolution", "amount"))
    state, amount = asked.choice("state", ENDS), asked.money("amount")
    resolution = asked.text("resolution") or ""
    if amount is not None and state == LOST:
        asked.refuse("/amount", "ambiguous", "nothing is granted of a dispute that is lost")
    asked.settle()
    return Decision(state, resolution, amount)


def read_adjustment(body: Mapping[str, Any]) -> tuple[Adjustment, Asked]:
    """Errors: InvalidBody."""
    names = ("billingAccount", "adjustmentType", "amount", "name", "when", "taxCategory", "taxRate", "isTaxIncluded")
    asked = _Body(body, (*_COMMON, *names, "product"))
    account, product = asked.reference("billingAccount"), asked.reference("product", is_needed=False)
    kind, when = asked.choice("adjustmentType", (CREDIT, DEBIT)), asked.choice("when", (NEXT_BILL, AT_ONCE), NEXT_BILL)
    amount, name, why = asked.money("amount", is_needed=True), asked.text("name", is_needed=True), asked.asked()
    rate, is_inclusive = body.get("taxRate"), body.get("isTaxIncluded", True)
    if rate is not None and not (_is_number(rate) and 0 <= rate < 1000):
        asked.refuse("/taxRate", "amount", "a percentage from 0 on")
    if not isinstance(is_inclusive, bool):
        asked.refuse("/isTaxIncluded", "type", "true or false")
    category = asked.text("taxCategory")
    asked.settle()
    assert amount is not None, "it was asked for"
    tax = TaxClass(category, None if rate is None else Decimal(rate), is_inclusive)
    return Adjustment(account, kind, amount, name or "", when, tax, product or None), why


def read_cancellation(body: Mapping[str, Any]) -> None:
    """Errors: InvalidBody."""
    asked = _Body(body, ("@type", "state"))
    asked.choice("state", (CANCELLED,))
    asked.settle()


def read_write_off(body: Mapping[str, Any]) -> tuple[str, Money | None, Asked]:
    """Errors: InvalidBody."""
    asked = _Body(body, (*_COMMON, "bill", "amount"))
    bill, amount, why = asked.reference("bill"), asked.money("amount"), asked.asked()
    asked.settle()
    return bill, amount, why


def read_recovery(body: Mapping[str, Any]) -> Money | None:
    """Errors: InvalidBody."""
    asked = _Body(body, ("@type", "state", "amount"))
    asked.choice("state", (RECOVERED,))
    amount = asked.money("amount")
    asked.settle()
    return amount


def _items(asked: _Body, given: Any) -> tuple[tuple[str, Money | None], ...]:
    if given is None:
        return ()
    if not isinstance(given, list) or not 0 < len(given) <= ITEMS_MAX:
        asked.refuse("/item", "type", f"a list of 1 to {ITEMS_MAX} items of the bill")
        return ()
    found: dict[str, Money | None] = {}
    for place, one in enumerate(given):
        id = one.get("id") if isinstance(one, Mapping) else None
        if not isinstance(id, str) or not id:
            asked.refuse(f"/item/{place}/id", "required", "the id of an item of the bill (an applied billing rate)")
        elif id in found:
            asked.refuse(f"/item/{place}/id", "unique", "this item is listed already")
        else:
            found[id] = asked.amount(one.get("amount"), f"/item/{place}/amount", is_needed=False, is_signed=True)
    return tuple(found.items())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite()
