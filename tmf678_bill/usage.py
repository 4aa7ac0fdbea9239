"""The usage behind an item of a bill over HTTP (`openapi/extensions/billing.yaml`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.domain.clock import instant_text
from common.domain.query import Document
from common.errors import InvalidParameter, NotFound
from common.installation import Installation
from common.rest.actions import acting
from common.rest.headers import check_accept
from common.rest.messages import Request, Response
from common.rest.own_lists import page, read_page
from common.store.keys import is_storable
from tmf678_bill.tables import ITEMS


class BilledUsage:
    """GET: the lines of rated usage that an item charges, a page of them, in the order of time."""

    def __init__(self, installation: Installation, committed: Callable[[], None]) -> None:
        self._installation = installation

    def __call__(self, request: Request) -> Response:
        """Errors: InvalidParameter; NotFound when there is no such item."""
        check_accept(request)
        settings = self._installation.settings
        asked = read_page(request, settings, ("item",))
        item = asked.values.get("item")
        if not item:
            raise InvalidParameter("item", "names an item of a bill: the id of its appliedCustomerBillingRate")
        with self._installation.database.read(request.tenant) as uow:
            row = uow.records(ITEMS.name).get(item) if is_storable(item) else None
            if row is None:
                raise NotFound("item", item)
            usage = acting(self._installation, uow).offered("ratedUsage")
            lines = usage.lines_of([row["id"]]) if usage is not None else []
        shown = [_line(one) for one in lines[asked.offset : asked.offset + asked.limit]]
        return page(request, settings, asked, len(lines), shown)


def _line(line: Any) -> Document:
    """Amounts are as they were rated: unrounded, and before tax unless the price includes it."""
    money = {} if line.currency is None else {"amount": {"unit": line.currency, "value": line.amount}}
    return {
        "id": line.id,
        "usage": {"id": line.usage},
        "product": {"id": line.product},
        "date": instant_text(line.at),
        "usageType": line.usage_type,
        "kind": line.kind,
        "quantity": {"amount": line.quantity, "units": line.unit},
        "price": {"id": line.price, "version": line.version},
        **money,
    }
