"""What a product was at any time, and whose identifiers were its: what charging asks, by the usage's own time.

A span begins when a product is made, activated, suspended, resumed, terminated, agreed anew (offering, prices,
account, characteristics), or bundled otherwise, and lasts until the next one. Identifiers are the characteristics that
`BSS_IDENTIFIER_CHARACTERISTICS` names (msisdn, imsi ...): a value leads to one product at a time, however it is
written (`+49 170 1234567` and `491701234567` are one number).
Written by the rules of products, so that it does not matter who changes one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.component import Recording, RuleContext
from common.domain.clock import normal_instant
from common.domain.query import Document
from common.store.description import Of, RecordTable
from common.store.records import Between
from common.store.statements import Outcome, Question

SPANS = RecordTable(
    "tmf637_product_span",
    {
        "product": Of.TEXT,
        "since": Of.INSTANT,
        "status": Of.TEXT,
        "offering": Of.TEXT,
        "account": Of.TEXT,
        "doc": Of.DOCUMENT,
    },
    key=("product", "since"),
    indexes=(("account", "product"),),
    optional=frozenset({"offering", "account"}),
)
IDENTIFIERS = RecordTable(
    "tmf637_identifier",
    {"name": Of.TEXT, "value": Of.TEXT, "since": Of.INSTANT, "until": Of.INSTANT, "product": Of.TEXT},
    key=("name", "value", "since"),
    indexes=(("product",),),
    optional=frozenset({"until"}),
)
# What of a product charging asks for.
_KEPT = ("productOffering", "productPrice", "billingAccount", "productCharacteristic", "relatedParty", "startDate")
# How related products say, in the words of people, that one is bundled in the other.
_PART_OF = frozenset({"bundledby", "ispartof", "containedin"})
_HAS_PARTS = frozenset({"bundles", "contains", "haspart"})
# Accounts in one question to the database.
_ACCOUNTS_AT_ONCE = 500
_IN_TURN = ("product", "since")
_LIVE = frozenset({"active", "suspended", "pendingTerminate"})
# What stands between the digits of a number that people write.
_WRITING = dict.fromkeys(map(ord, " -()/\u00a0"))


Owner = tuple[datetime, datetime | None, str]


@dataclass(frozen=True)
class Span:
    """What a product was from an instant on.

    Shapes: `doc` has offering, prices, account, characteristics, parties and start date, as the product had them; and
            the ids of the products that it said it consists of (`bundles`), and is a part of (`bundledBy`).
    """

    product: str
    since: datetime
    status: str
    offering: str | None
    account: str | None
    doc: Document


def note(before: Document | None, after: Document, context: RuleContext) -> None:
    """Write what has changed, as of when it took effect."""
    if context.records is None:
        return
    if before is not None and _facts(before) == _facts(after):
        return
    moment = _effective(before, after, context.now)
    spans = context.records(SPANS.name)
    # A product that is ended as of an earlier date was nothing after it; what it begins or ends anew has no other date.
    spans.delete({"product": after["id"], "since": Between(min(moment, _open_from(before, context.now)))})
    spans.put([_span(after, moment)])
    _note_identifiers(before, after, moment, context)


def forget(product_id: str, context: RuleContext) -> None:
    """Nothing is known of a product that was deleted."""
    if context.records is not None:
        context.records(SPANS.name).delete({"product": product_id})
        context.records(IDENTIFIERS.name).delete({"product": product_id})


class ProductHistory:
    """What other components ask (`Component.offers`), in their transaction."""

    def __init__(self, records: Recording) -> None:
        self._spans, self._identifiers = records(SPANS.name), records(IDENTIFIERS.name)

    def foresee(self, accounts: Iterable[str]) -> set[str]:
        """These accounts will be asked for; the products that were ever charged to them."""
        wanted = tuple(sorted(set(accounts)))
        self._spans.foresee({"account": wanted})
        products = {id for listed in self.of_account(wanted).values() for id in listed}
        self._spans.foresee({"product": tuple(sorted(products))})
        return products

    def spans(self, products: Iterable[str]) -> dict[str, list[Span]]:
        """The spans of each product that has any, from the first to the last."""
        return _by_product(self._spans.find({"product": tuple(sorted(set(products)))}, order=_IN_TURN))

    def asking(
        self, identifiers: Iterable[tuple[str, str]], products: Iterable[str]
    ) -> Question[tuple[dict[tuple[str, str], list[Owner]], dict[str, list[Span]]]]:
        """`owners` of identifiers, and `spans` of these products and of all that ever had one of those, at once."""
        wanted, named = sorted(set(identifiers)), tuple(sorted(set(products)))
        of_identifiers = _at(wanted)
        asked = []
        if wanted:
            asked.append(self._identifiers.asking(of_identifiers, order=["since"]))
            owned = self._identifiers.among("product", of_identifiers)
            asked.append(self._spans.asking({"product": owned}, order=_IN_TURN))
        if named:
            asked.append(self._spans.asking({"product": named}, order=_IN_TURN))

        def read(outcomes: list[Outcome]) -> tuple[dict[tuple[str, str], list[Owner]], dict[str, list[Span]]]:
            found = [question.read([outcome]) for question, outcome in zip(asked, outcomes, strict=True)]
            owners = _owners(wanted, found.pop(0)) if wanted else {}
            return owners, {id: spans for rows in found for id, spans in _by_product(rows).items()}

        return Question([step for question in asked for step in question.steps], read)

    def of_account(self, accounts: Iterable[str]) -> dict[str, list[str]]:
        """The ids of the products that were ever charged to each account that has any, in order."""
        wanted = sorted(set(accounts))
        found: dict[str, set[str]] = {}
        for start in range(0, len(wanted), _ACCOUNTS_AT_ONCE):
            where = {"account": tuple(wanted[start : start + _ACCOUNTS_AT_ONCE])}
            for group in self._spans.sum((), where, by=("account", "product")):
                found.setdefault(group.group["account"], set()).add(group.group["product"])
        return {account: sorted(found[account]) for account in wanted if account in found}

    def owners(self, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], list[Owner]]:
        """Whose each identifier (name, value) was: since when, until when, which product; the first owner first."""
        asked = sorted(set(wanted))
        return _owners(asked, self._identifiers.find(_at(asked), order=["since"]) if asked else ())


def _by_product(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for row in rows:
        found.setdefault(row["product"], []).append(Span(**row))
    return found


def _at(identifiers: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Where identifiers are found, and what else has a name of one and a value of another."""
    names, values = {name for name, _ in identifiers}, {bare(value) for _, value in identifiers}
    return {"name": tuple(sorted(names)), "value": tuple(sorted(values))}


def _owners(asked: Iterable[tuple[str, str]], rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[Owner]]:
    found: dict[tuple[str, str], list[Owner]] = {}
    for row in rows:
        found.setdefault((row["name"], row["value"]), []).append((row["since"], row["until"], row["product"]))
    bared = {(name, value): (name, bare(value)) for name, value in asked}
    return {key: found[one] for key, one in bared.items() if one in found}


def bare(identifier: str) -> str:
    """A number without what writing adds to it; anything else as it is."""
    digits = identifier.removeprefix("tel:").translate(_WRITING).removeprefix("+")
    return digits if digits.isascii() and digits.isdecimal() else identifier


def _facts(product: Document) -> dict[str, Any]:
    return {name: product.get(name) for name in (*_KEPT, "status", "terminationDate")} | _bundling(product)


def _effective(before: Document | None, after: Document, now: datetime) -> datetime:
    """When a change took effect: activations and terminations say so themselves.

    What was made active as of a day that lies ahead is that from then on, whatever changes meanwhile.
    """
    status, start = after.get("status"), _instant(after, "startDate")
    if status == "terminated":
        return min(_instant(after, "terminationDate") or now, now)
    if start is None or status not in _LIVE:
        return now
    was = None if before is None else before.get("status")
    if status == "active" and was not in _LIVE:
        return start
    return max(start, now) if before is not None and _is_ahead(before, now) else now


def _open_from(before: Document | None, now: datetime) -> datetime:
    """From when on it may still change what a product is: now; or its end, or its start if that lies ahead."""
    ended = before is not None and before.get("status") == "terminated"
    moment = None if before is None else _instant(before, "terminationDate" if ended else "startDate")
    return moment if moment is not None and before is not None and (ended or _is_ahead(before, now)) else now


def _is_ahead(product: Document, now: datetime) -> bool:
    """Whether a product is there from a day on that is still to come."""
    start = _instant(product, "startDate")
    return product.get("status") in _LIVE and start is not None and start > now


def _instant(product: Document, name: str) -> datetime | None:
    text = normal_instant(product.get(name, ""))
    return None if text is None else datetime.fromisoformat(text)


def _span(product: Document, moment: datetime) -> dict[str, Any]:
    def id_of(name: str) -> str | None:
        reference = product.get(name)
        id = reference.get("id") if isinstance(reference, dict) else None
        return id if isinstance(id, str) else None

    return {
        "product": product["id"],
        "since": moment,
        "status": str(product.get("status")),
        "offering": id_of("productOffering"),
        "account": id_of("billingAccount"),
        "doc": {name: product[name] for name in _KEPT if name in product} | _bundling(product),
    }


def _bundling(product: Document) -> dict[str, list[str]]:
    """The products that are bundled in this one, and that this one is bundled in, as far as it says so."""
    bundles = {part["id"] for part in product.get("product", ()) if isinstance(part, dict) and _is_named(part)}
    bundled_by: set[str] = set()
    for related in product.get("productRelationship", ()):
        other = related if _is_named(related) else related.get("product") or {}
        word = str(related.get("relationshipType", "")).casefold().replace("-", "").replace("_", "")
        if _is_named(other) and word in _HAS_PARTS:
            bundles.add(other["id"])
        elif _is_named(other) and word in _PART_OF:
            bundled_by.add(other["id"])
    found = {"bundles": sorted(bundles), "bundledBy": sorted(bundled_by)}
    return {name: ids for name, ids in found.items() if ids}


def _is_named(product: Mapping[str, Any]) -> bool:
    return isinstance(product.get("id"), str)


def _note_identifiers(before: Document | None, product: Document, moment: datetime, context: RuleContext) -> None:
    assert context.records is not None, "who notes identifiers has records"
    identifiers = context.records(IDENTIFIERS.name)
    wanted, had = _live_identifiers(product, context), _live_identifiers(before, context)
    for row in identifiers.find({"product": product["id"], "until": None}):
        if wanted.get(row["name"]) == row["value"]:
            del wanted[row["name"]]
        else:
            identifiers.put([{**row, "until": max(moment, row["since"])}])
    for name, value in wanted.items():
        if had.get(name) == value:
            continue  # it went to another product, which keeps it whatever else changes here
        # One that another product has gives way: the network knows the last one only.
        for row in identifiers.find({"name": name, "value": value, "until": None}):
            identifiers.put([{**row, "until": max(moment, row["since"])}])
        identifiers.put([{"name": name, "value": value, "since": moment, "until": None, "product": product["id"]}])


def _live_identifiers(product: Document | None, context: RuleContext) -> dict[str, str]:
    return _identifiers(product, context) if product is not None and product.get("status") in _LIVE else {}


def _identifiers(product: Mapping[str, Any], context: RuleContext) -> dict[str, str]:
    listed = product.get("productCharacteristic")
    given = {str(one.get("name")): one.get("value") for one in (listed or ()) if isinstance(one, dict)}
    names = [name.strip() for name in context.settings.identifier_characteristics.split(",")]
    found = {name: given.get(name) for name in names if name}
    return {name: bare(str(value)) for name, value in found.items() if isinstance(value, str | int) and str(value)}
