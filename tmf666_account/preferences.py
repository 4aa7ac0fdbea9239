"""How accounts are billed and pay, as far as it can be wrong: time zone, bill cycle, media, instalments, limits.

What cannot be read here would be passed over when bills are made, so it is refused when it is written. Proposals: the
standard has no text on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from common.component import RuleContext
from common.domain.cycles import recurring
from common.domain.money import money_of
from common.domain.periods import covers
from common.domain.query import Document
from common.rules import check_currency, reference_id

# The day of a month that a cycle begins on, counted from 0: the 31st is the last of shorter months.
_SHIFT_MAX = 30
# Days after or before the billing date: a year, so that a slip of the pen is seen.
_OFFSET_MAX = 366
_OFFSETS = ("chargeDateOffset", "creditDateOffset", "mailingDateOffset", "paymentDueDateOffset")
_LENGTHS = ("billingPeriod", "frequency")
_WORDS = "say day, week, month, quarter or year, daily ... yearly, or a number of them as in '3 months'"
# TMF670 v4.0.0 PaymentMethodStatusType: a method in these states pays nothing.
_UNUSABLE = frozenset({"Expired", "Cancelled", "Rejected", "Terminated"})


def check_cycle(specification: Mapping[str, Any], context: RuleContext, pointer: str = "") -> None:
    """Days that are there, and one length said twice where it is said twice.

    Words that mean no length are let through: a specification that nobody is billed by may say anything.
    """
    period, frequency = (recurring(specification.get(name)) for name in _LENGTHS)
    if period is not None and frequency is not None and period != frequency:
        context.refuse(f"{pointer}/frequency", "cycle", "a bill covers one billing period: say the same length in both")
    _check_days(specification, "billingDateShift", _SHIFT_MAX, context, pointer)
    for name in _OFFSETS:
        _check_days(specification, name, _OFFSET_MAX, context, pointer)


def check_cycle_patch(before: Document, after: Document, context: RuleContext) -> None:
    """A length that could be read is not changed to words that cannot."""
    for name in unreadable_lengths(after):
        if name not in unreadable_lengths(before):
            context.refuse(f"/{name}", "cycle", _WORDS)


def unreadable_lengths(specification: Mapping[str, Any]) -> list[str]:
    """Which of its attributes say how often in words that mean nothing."""
    return [name for name in _LENGTHS if specification.get(name) and recurring(specification[name]) is None]


def check_cycle_in_use(account: Document, context: RuleContext) -> None:
    """An account is billed by a cycle that can be read."""
    structure = account.get("billStructure")
    named = structure.get("cycleSpecification") if isinstance(structure, Mapping) else None
    if not isinstance(named, Mapping):
        return
    id = reference_id(account["billStructure"], "cycleSpecification")
    kept = context.library.get("billingCycleSpecification", id) if id is not None else None
    if kept is None:
        check_cycle(named, context, "/billStructure/cycleSpecification")
    unreadable = unreadable_lengths(kept or named)
    if unreadable:
        where = "/billStructure/cycleSpecification" + ("/id" if kept is not None else f"/{unreadable[0]}")
        context.refuse(where, "cycle", f"bills cannot be made by its {unreadable[0]}; {_WORDS}")


def check_preferences(account: Document, context: RuleContext) -> None:
    """Everything of this page that an account says itself."""
    _check_zone(account, context)
    limit = money_of(account.get("creditLimit"))
    if limit is not None:
        check_currency(limit.currency, "/creditLimit/unit", context)
    if limit is not None and limit.amount < 0:
        context.refuse("/creditLimit/value", "amount", "a credit limit is 0 or more")
    for index, plan in enumerate(account.get("paymentPlan", ())):
        _check_plan(plan, f"/paymentPlan/{index}", context)


def check_payment_method(account: Document, context: RuleContext) -> None:
    """The default payment method, where payment methods are served here, is one that pays."""
    id = reference_id(account, "defaultPaymentMethod")
    if context.settings.reference_mode == "off" or id is None:
        return
    method = context.library.get("paymentMethod", id)
    if method is None:
        return
    if method.get("status") in _UNUSABLE or not covers(method.get("validFor"), context.now):
        message = f"this payment method is {method.get('status', 'not valid now')}; name one that is active"
        context.refuse("/defaultPaymentMethod/id", "paymentMethod", message)


def _check_zone(account: Document, context: RuleContext) -> None:
    zone = account.get("timeZone")
    if zone is None:
        return
    try:
        is_known = isinstance(zone, str) and ZoneInfo(zone).key == zone
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder of the zones is an OSError
        is_known = False
    if not is_known:
        context.refuse("/timeZone", "timeZone", "an IANA time zone, such as Europe/Berlin")


def _check_plan(plan: Mapping[str, Any], pointer: str, context: RuleContext) -> None:
    number = plan.get("numberOfPayments")
    if isinstance(number, int | Decimal) and number < 1:
        context.refuse(f"{pointer}/numberOfPayments", "paymentPlan", "a plan has one payment at least")
    total = money_of(plan.get("totalAmount"))
    if total is not None and total.amount < 0:
        context.refuse(f"{pointer}/totalAmount/value", "paymentPlan", "what is paid in instalments is 0 or more")


def _check_days(specification: Mapping[str, Any], name: str, largest: int, context: RuleContext, pointer: str) -> None:
    days = specification.get(name)
    if isinstance(days, int | Decimal) and not isinstance(days, bool) and not 0 <= days <= largest:
        context.refuse(f"{pointer}/{name}", "cycle", f"from 0 to {largest} days")
