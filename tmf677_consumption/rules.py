"""TMF677 v5.1.0 requests and reports: computed as they are created.

- A request is answered at once: what was consumed of the products, accounts, numbers and parties that its
  `searchCriteria` name, else of the account or party that it says it is of; without any of them it is refused.
- What nobody here knows is told of in `errorMessage` (reference modes `process` and `off`); where that is all that was
  named, the request is `terminatedWithError`. In `strict` an unknown reference is refused like everywhere.
- A report that is created with a subject and without buckets or counters is computed in the same way. One that has
  some was written by another system, and is kept as it is.
"""

from __future__ import annotations

from typing import Any

from common.component import RuleContext
from common.domain.query import Document
from tmf677_consumption.report import Facts, errors, failure, report
from tmf677_consumption.subject import ACCOUNTS, Asked, asked, named, start_of

_STATE = "state"
_DONE, _FAILED = "done", "terminatedWithError"
_CHANGED = "QueryUsageConsumptionStateChangeEvent"


def create_query(query: Document, context: RuleContext) -> None:
    """Errors: TooManyProducts."""
    criteria = query.get("searchCriteria") or {}
    is_named_there = bool(named(criteria))
    subject = named(criteria) or named({"partyAccount": query.get("partyAccount")}) or named(query)
    if not subject:
        pointer = "/searchCriteria"
        message = "say whose consumption: a product, partyAccount, logicalResource (a number) or relatedParty"
        context.refuse(pointer, "required", message)
        return
    for name in ("usageConsumption", "errorMessage"):
        query.pop(name, None)
    if context.offered is None or not _has_begun(criteria, context):
        return
    what = asked(subject, criteria, context)
    strict = context.settings.reference_mode == "strict"
    for kind, id in what.unknown if strict else ():
        context.refuse("/searchCriteria" if is_named_there else "", "reference", f"there is no {kind} {id[:80]!r}")
    query[_STATE] = _DONE if what.is_known else _FAILED
    told = errors(what.unknown)
    if told:
        query["errorMessage"] = told
    answer = report(_facts(what, context)) if what.is_known else failure(told)
    # v4 has the state in the report, and no state and no messages in the request.
    query["usageConsumption"] = [{**answer, "~state": query[_STATE]}]
    if not context.violations:
        context.raise_event(_CHANGED)


def create_report(given: Document, context: RuleContext) -> None:
    """Errors: TooManyProducts."""
    subject = named(given)
    if not subject or _is_written(given) or context.offered is None or not _has_begun(given, context):
        return
    what = asked(subject, given, context)
    if what.is_known:
        _complete(given, report(_facts(what, context)))


def _is_written(given: Document) -> bool:
    """Whether it says itself what was consumed."""
    return "bucket" in given or any("consumptionSummary" in one for one in given.get("product", ()))


def _complete(given: Document, computed: Document) -> None:
    """Write what was computed under what the report says of itself."""
    known = {one["id"] for one in computed.get("product", ())}
    unknown = [one for one in given.get("product", ()) if one.get("id") not in known]
    products = [*computed.get("product", ()), *unknown]
    given.update({name: value for name, value in computed.items() if name not in given})
    if products:
        given["product"] = products


def _has_begun(criteria: Document, context: RuleContext) -> bool:
    start = start_of(criteria)
    if start is not None and start > context.now:
        pointer = "/validPeriod" if criteria.get("@type") == context.resource else "/searchCriteria/validPeriod"
        context.refuse(f"{pointer}/startDateTime", "period", "nothing was consumed yet; name a period that has begun")
        return False
    return True


def _facts(what: Asked, context: RuleContext) -> Facts:
    assert context.offered is not None, "who asks is in a transaction"
    at = what.at or context.now
    consumption, balances = context.offered("consumption"), context.offered("balances")
    consumed: dict[str, Any] = {}
    if consumption is not None:
        consumed = consumption.of(context, {*what.products, *what.of_parties, *what.of_accounts}, at)
    shown = [one for one in consumed.values() if _is_shown(one, what)]
    held: list[Any] = []
    # Balances are known as they are now.
    if balances is not None and all(one.period.start <= context.now < one.period.end for one in shown):
        held = _held(balances, what, shown, context)
    return Facts(
        at=at,
        now=context.now,
        consumed=tuple(shown),
        balances=tuple(held),
        accounts=what.accounts,
        names=_names(shown, what, context),
        usage_types=what.usage_types,
        buckets=what.buckets,
    )


def _is_shown(consumed: Any, what: Asked) -> bool:
    """Products that were named; of others those that an account or party had then, or that were used in that cycle."""
    if consumed.product in what.products:
        return True
    is_theirs = consumed.product in what.of_parties or consumed.account in what.accounts
    return is_theirs and bool(consumed.is_charged or consumed.used)


def _held(balances: Any, what: Asked, shown: list[Any], context: RuleContext) -> list[Any]:
    """The balances of the accounts that were named, and those that usage of the other products is paid from.

    Those are the product's own or, where it has none, those of its account that name no product (docs/balances.md).
    """
    accounts = {one.account for one in shown if one.account is not None}
    found = balances.standing(context, [one.product for one in shown], {*what.accounts, *accounts})
    own = {product for balance in found for product in balance.products}
    paying = {*what.accounts, *(one.account for one in shown if one.product not in own)}
    products = {one.product for one in shown}
    return [
        one
        for one in found
        if one.account in what.accounts or products & {*one.products} or (not one.products and one.account in paying)
    ]


def _names(shown: list[Any], what: Asked, context: RuleContext) -> dict[str, str]:
    allowances = {grant.allowance for one in shown for grant in one.grants}
    accounts = {*what.accounts, *(one.account for one in shown if one.account is not None)}
    wanted = [("product", {one.product for one in shown}), ("productOfferingPrice", allowances)]
    wanted += [(resource, accounts) for resource in ACCOUNTS]
    found: dict[str, str] = {}
    for resource, ids in wanted:
        for id, document in context.library.get_many(resource, ids).items():
            if isinstance(document.get("name"), str):
                found.setdefault(id, document["name"])
    return found
