"""Of whose consumption a request speaks: products, accounts, numbers, parties, and which usage types of them.

What `searchCriteria` names comes first; a request that names nothing there is about the account, else the party, that
it says it is of (the standard's own examples write both). Several kinds together are added up, not narrowed down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.component import RuleContext
from common.domain.clock import normal_instant
from common.domain.query import Compare, FieldPath, Kind, Operator
from common.errors import ClientError

PRODUCTS_MAX = 500
ACCOUNTS = ("billingAccount", "partyAccount", "financialAccount", "settlementAccount")
_PARTIES = ("individual", "organization", "customer", "partyRole")
_PARTY = FieldPath(("relatedParty", "partyOrPartyRole", "id"), Kind.STRING, many=True)


class TooManyProducts(ClientError):
    code, status, reason = "consumption.too-many-products", 400, "Too many products"

    def __init__(self) -> None:
        super().__init__(f"one report is of {PRODUCTS_MAX} products at most; name those that you want")


@dataclass(frozen=True)
class Named:
    """What a request names, by kind, each id once and in order; `numbers` are values such as an MSISDN."""

    products: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    parties: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.products) + len(self.accounts) + len(self.numbers) + len(self.parties)


@dataclass(frozen=True)
class Asked:
    """What a report is to show.

    Shapes: `products` are those that were named, themselves or by a number; `of_parties` and `of_accounts` those that
            came with a party or an account, which may have had them long ago; `unknown` has the kind and id of what
            nobody here knows, and `is_known` is whether anything else was named; no `usage_types` and no
            `buckets` (ids) are all of them; `at` is None for now.
    """

    products: tuple[str, ...]
    of_parties: tuple[str, ...]
    of_accounts: tuple[str, ...]
    accounts: tuple[str, ...]
    unknown: tuple[tuple[str, str], ...]
    is_known: bool
    usage_types: frozenset[str]
    buckets: frozenset[str]
    at: datetime | None


def named(criteria: Mapping[str, Any]) -> Named:
    """What a document names as its subject."""
    return Named(
        _ids(criteria.get("product")),
        _ids(criteria.get("partyAccount")),
        _numbers(criteria.get("logicalResource")),
        _ids(_party(one) for one in _objects(criteria.get("relatedParty"))),
    )


def asked(subject: Named, criteria: Mapping[str, Any], context: RuleContext) -> Asked:
    """The products and accounts that are meant. Errors: TooManyProducts."""
    assert context.offered is not None, "who asks is in a transaction"
    history = context.offered("productHistory")
    numbered = _numbered(subject.numbers, history, context)
    charged: Mapping[str, list[str]] = history.of_account(subject.accounts) if history is not None else {}
    theirs, their_accounts = _of_parties(subject.parties, context)
    charged_to_them = history.of_account(their_accounts) if history is not None else {}
    products = _once(subject.products, numbered.values())
    of_accounts = {id for listed in (*charged.values(), *charged_to_them.values()) for id in listed}
    if len({*products, *theirs, *of_accounts}) > PRODUCTS_MAX:
        raise TooManyProducts
    strangers = [] if theirs or their_accounts else _not_here(subject.parties, _PARTIES, context)
    unknown = [
        *(("product", id) for id in _not_here(subject.products, ("product",), context)),
        *(("partyAccount", id) for id in _not_here(subject.accounts, ACCOUNTS, context) if id not in charged),
        *(("logicalResource", number) for number in subject.numbers if number not in numbered),
        *(("relatedParty", id) for id in strangers),
    ]
    return Asked(
        products,
        tuple(theirs),
        tuple(sorted(of_accounts)),
        _once(subject.accounts, their_accounts),
        tuple(unknown),
        len(unknown) < len(subject),
        _texts(criteria.get("bucket"), "usageType"),
        _texts(criteria.get("bucket"), "id"),
        start_of(criteria),
    )


def start_of(criteria: Mapping[str, Any]) -> datetime | None:
    """The instant that a report is asked for: where its period begins."""
    period = criteria.get("validPeriod")
    text = period.get("startDateTime") if isinstance(period, Mapping) else None
    normal = normal_instant(text) if isinstance(text, str) else None
    return None if normal is None else datetime.fromisoformat(normal)


def _numbered(numbers: Iterable[str], history: Any, context: RuleContext) -> dict[str, str]:
    """The product that each number leads to now."""
    if history is None:
        return {}
    names = [name.strip() for name in context.settings.identifier_characteristics.split(",") if name.strip()]
    owners = history.owners((name, number) for name in names for number in numbers)
    found: dict[str, str] = {}
    for (_, number), spans in owners.items():
        for since, until, product in spans:
            if since <= context.now and (until is None or context.now < until):
                found.setdefault(number, product)
    return found


def _of_parties(parties: tuple[str, ...], context: RuleContext) -> tuple[list[str], list[str]]:
    """The products and the accounts that name one of these parties. Errors: TooManyProducts."""
    if not parties:
        return [], []
    where = Compare(_PARTY, Operator.EQ, parties)
    products = context.library.find("product", where, PRODUCTS_MAX + 1)
    accounts = [one for name in ACCOUNTS for one in context.library.find(name, where, PRODUCTS_MAX + 1)]
    if max(len(products), len(accounts)) > PRODUCTS_MAX:
        raise TooManyProducts
    return [one["id"] for one in products], sorted({one["id"] for one in accounts})


def _not_here(ids: tuple[str, ...], resources: Iterable[str], context: RuleContext) -> list[str]:
    known = {id for name in resources for id in context.library.get_many(name, set(ids))}
    return [id for id in ids if id not in known]


def _numbers(listed: Any) -> tuple[str, ...]:
    return _once(str(one["value"] if "value" in one else one.get("id", "")) for one in _objects(listed))


def _party(related: Mapping[str, Any]) -> Any:
    return related.get("partyOrPartyRole")


def _ids(listed: Any) -> tuple[str, ...]:
    return _once(one["id"] for one in _objects(listed) if isinstance(one.get("id"), str))


def _texts(listed: Any, name: str) -> frozenset[str]:
    return frozenset(one[name] for one in _objects(listed) if isinstance(one.get(name), str))


def _objects(listed: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(listed, Iterable) and not isinstance(listed, str | Mapping):
        yield from (one for one in listed if isinstance(one, Mapping))


def _once(*listed: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for ids in listed for one in ids if one))
