"""How TMF622 v4 documents say what the stored v5 documents say."""

from common.v4.shapes import ApiMapping, Rename, Shape, States
from common.v4.shared import EXTERNAL_ID

# v4 has no order that may still be edited, and no second stage of progress.
_ORDER = States("state", up={}, down={"draft": "pending", "inProgress.accepted": "inProgress"})
# An item of which a part failed: to say `completed` would hide that.
_ITEM = States("state", up={}, down={"partial": "failed"})
_TASK = States("state", up={}, down={"rejected": "terminatedWithError", "cancelled": "done"})

_PRODUCT = Shape((Rename("agreement", "agreementItem"),))

V4 = ApiMapping(
    shapes={
        "ProductOrder": Shape((Rename("orderDate", "creationDate"), EXTERNAL_ID, _ORDER)),
        "ProductOrderItem": Shape((_ITEM,)),
        "CancelProductOrder": Shape((_TASK,)),
        "ProductRefOrValue": _PRODUCT,
        "ProductOfferingQualificationItemRef": Shape((Rename("id", "itemId"),)),
        "QuoteItemRef": Shape((Rename("id", "quoteItemId"),)),
    },
)
