"""GET of a usage summary (`component.Route`), described by openapi/extensions/usage-summary.yaml."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from urllib.parse import parse_qsl

from common import exact_json
from common.domain.clock import instant_text, read_instant
from common.domain.query import Document
from common.errors import InvalidParameter
from common.installation import Installation, extension
from common.rest.headers import check_accept
from common.rest.messages import Request, Response
from common.rest.render import CONTENT_TYPE
from common.rest.routes import ROOT
from tmf635_usage.summary import GROUPINGS, Asked, Group, Summary, summary

_OWNERS = ("product", "account", "customer")
_ENDS = ("from", "until")
_PARAMETERS = (*_OWNERS, *_ENDS, "by")
_ID_CHARACTERS_MAX = 255


class UsageSummary:
    """What rated usage comes to."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation = installation

    def __call__(self, request: Request) -> Response:
        """Errors: InvalidParameter; TooMuch; NotAcceptable."""
        check_accept(request)
        asked = read_asked(request.query)
        with self._installation.database.read(request.tenant) as uow:
            found = summary(asked, uow.records, self._installation.library(uow))
        return Response(200, exact_json.encode(shown(asked, found)), (CONTENT_TYPE,))


class Description:
    """The OpenAPI document of this path."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._document = extension("usage-summary")

    def __call__(self, request: Request) -> Response:
        server = {"url": request.origin + ROOT}
        return Response(200, exact_json.encode({**self._document, "servers": [server]}), (CONTENT_TYPE,))


def read_asked(query: str) -> Asked:
    """The question in a query string. Errors: InvalidParameter."""
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _PARAMETERS:
            raise InvalidParameter(name, f"is unknown here; there are {', '.join(_PARAMETERS)}")
        if name in given:
            raise InvalidParameter(name, "is said twice; say it once")
        given[name] = value
    owners = [name for name in _OWNERS if name in given]
    if len(owners) != 1:
        raise InvalidParameter(" or ".join(_OWNERS), "is whose usage is meant; say one of them")
    id = given[owners[0]]
    if not 0 < len(id) <= _ID_CHARACTERS_MAX:
        raise InvalidParameter(owners[0], f"is an id of 1 to {_ID_CHARACTERS_MAX} characters")
    start, end = (_instant(given, name) for name in _ENDS)
    if start is not None and end is not None and end <= start:
        raise InvalidParameter("until", "is not after from; the period is from it until before the other")
    return Asked(**{owners[0]: id}, start=start, end=end, by=read_groupings(given.get("by", "")))


def read_groupings(text: str) -> tuple[str, ...]:
    """`usageType,day`. Errors: InvalidParameter."""
    names = tuple(name.strip() for name in text.split(",")) if text.strip() else ()
    for name in names:
        if name not in GROUPINGS:
            raise InvalidParameter("by", f"{name[:40]!r} is nothing to group by; there are {', '.join(GROUPINGS)}")
        if names.count(name) > 1:
            raise InvalidParameter("by", f"names {name} twice; say it once")
    return names


def shown(asked: Asked, found: Summary) -> Document:
    """The answer: the question, the groups in order, and all of them together."""
    document: Document = {name: getattr(asked, name) for name in _OWNERS if getattr(asked, name) is not None}
    for name, moment in zip(_ENDS, (asked.start, asked.end), strict=True):
        if moment is not None:
            document[name] = instant_text(moment)
    document["by"] = list(asked.by)
    document["group"] = [_group(asked, one) for one in found.groups]
    return {**document, "total": _group(Asked(), found.whole)}


def _group(asked: Asked, group: Group) -> Document:
    return {
        **dict(zip(asked.by, group.key, strict=True)),
        "usages": group.usages,
        "quantity": _quantities(group.quantities, "amount", "units"),
        "free": _quantities(group.free, "amount", "units"),
        "amount": _quantities(group.amounts, "value", "unit"),
    }


def _quantities(sums: dict[str, Decimal], number: str, unit: str) -> list[Document]:
    """TMF Quantity (amount, units) or Money (value, unit)."""
    return [{number: plain(amount), unit: name} for name, amount in sorted(sums.items())]


def plain(amount: Decimal) -> Decimal:
    """The same number without zeros at its end, however many digits it has."""
    text = f"{amount:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def _instant(given: dict[str, str], name: str) -> datetime | None:
    if name not in given:
        return None
    moment = read_instant(given[name])
    if moment is None:
        raise InvalidParameter(name, f"{given[name][:40]!r} is no date-time such as 2026-02-01T00:00:00Z")
    return moment
